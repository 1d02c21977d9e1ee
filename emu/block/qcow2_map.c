/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a place on the guest's disk to one in the file.
 *
 * Looking up takes the lock `map` only: the L1 table is in memory, the L2
 * slice in the cache most of the time.  If it is not, the lock is let go,
 * the slice is read under `meta`, and the look-up begins anew.
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>

#include "block/qcow2.h"
#include "common/cleanup.h"

static bool conflict(const struct qcow2 *q, const struct qcow2_claim *c)
{
	for (const struct qcow2_claim *o = q->claims; o; o = o->next)
		if ((o->alone || c->alone) && o->first <= c->last &&
		    c->first <= o->last)
			return true;
	return false;
}

void qcow2_begin(struct qcow2 *q, struct qcow2_claim *c, uint64_t at,
		 uint64_t len, bool alone)
{
	c->first = at >> q->bits;
	c->last = (at + len - 1) >> q->bits;
	c->alone = alone;
	with_lock(&q->map);
	while (conflict(q, c))
		pthread_cond_wait(&q->ended, &q->map);
	c->next = q->claims;
	q->claims = c;
}

void qcow2_end(struct qcow2 *q, struct qcow2_claim *c)
{
	struct qcow2_claim **at = &q->claims;

	with_lock(&q->map);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	pthread_cond_broadcast(&q->ended);
}

static unsigned int l2_bits(const struct qcow2 *q)
{
	return q->bits - 3;
}

static uint64_t l2_index(const struct qcow2 *q, uint64_t cluster)
{
	return cluster & ((UINT64_C(1) << l2_bits(q)) - 1);
}

/* map held.  Place of the L2 entry in the file; 0: there is no table. */
static int entry_place(struct qcow2 *q, uint64_t cluster, uint64_t *ret_at)
{
	uint64_t n = cluster >> l2_bits(q), table;

	if (n >= q->l1_entries)
		return qcow2_corrupt(q, "L1 table", n);
	table = q->l1[n] & QCOW2_OFFSET_MASK;
	if (table & (q->cluster - 1u))
		return qcow2_corrupt(q, "L1 entry", n);
	*ret_at = table ? table + 8 * l2_index(q, cluster) : 0;
	return 0;
}

static int decode(struct qcow2 *q, uint64_t entry, struct qcow2_run *run)
{
	uint64_t host = entry & QCOW2_OFFSET_MASK;

	*run = (struct qcow2_run){ .entry = entry };
	if (entry & QCOW2_COMPRESSED) {
		run->kind = QCOW2_PACKED;
		return 0;
	}
	if (host & (q->cluster - 1u))
		return qcow2_corrupt(q, "L2 entry", entry);
	/* Behind the end, where QEMU's writes never came: never written. */
	if (host && host >= __atomic_load_n(&q->file_end, __ATOMIC_RELAXED)) {
		run->kind = QCOW2_ZEROES;
		return 0;
	}
	if (host && qcow2_set_has(&q->metadata, host >> q->bits))
		return qcow2_corrupt(q, "data in place of metadata", host);
	run->host = host;
	run->own = host && entry & QCOW2_COPIED;
	if (entry & QCOW2_ZERO && q->h.version >= 3)
		run->kind = QCOW2_ZEROES;
	else
		run->kind = host ? QCOW2_NORMAL : QCOW2_UNALLOCATED;
	return 0;
}

/* Does the cluster b, n clusters later, continue a? */
static bool continues(const struct qcow2 *q, const struct qcow2_run *a,
		      const struct qcow2_run *b, uint64_t n)
{
	if (a->kind != b->kind || a->own != b->own || a->kind == QCOW2_PACKED)
		return false;
	if (a->kind == QCOW2_UNALLOCATED || !a->host)
		return !b->host;
	return b->host == a->host + (n << q->bits);
}

/* map held: clusters like the first, up to the end of its slice. */
static int extent(struct qcow2 *q, const uint64_t *slice, uint64_t i,
		  uint64_t max, struct qcow2_run *run, uint64_t *ret_n)
{
	uint64_t n = 1, entries = q->l2.slice / 8;
	int code = decode(q, be64toh(slice[i]), run);

	for (; !code && n < max && i + n < entries; n++) {
		uint64_t entry = be64toh(slice[i + n]);
		struct qcow2_run next;

		/* an error there is that cluster's, when it is its turn */
		if (entry & QCOW2_COMPRESSED || decode(q, entry, &next) < 0 ||
		    !continues(q, run, &next, n))
			break;
	}
	*ret_n = n;
	return code;
}

/* map held.  -EAGAIN: the slice at *ret_missing must be read first. */
static int try_look_up(struct qcow2 *q, uint64_t at, uint64_t len,
		       struct qcow2_run *run, uint64_t *ret_missing)
{
	uint64_t cluster = at >> q->bits, in = at & (q->cluster - 1u);
	uint64_t max = (in + len + q->cluster - 1) >> q->bits, n, place = 0;
	int code = entry_place(q, cluster, &place);
	const uint64_t *slice;

	if (code < 0)
		return code;
	if (place) {
		slice = qcow2_cache_peek(&q->l2, place);
		*ret_missing = place;
		if (!slice)
			return -EAGAIN;
		code = extent(q, slice, place % q->l2.slice / 8, max, run, &n);
	} else {
		*run = (struct qcow2_run){ .kind = QCOW2_UNALLOCATED };
		n = (UINT64_C(1) << l2_bits(q)) - l2_index(q, cluster);
	}
	run->len = (n << q->bits) - in < len ? (n << q->bits) - in : len;
	if (run->kind == QCOW2_NORMAL)
		run->host += in;
	return code;
}

static int load(struct qcow2 *q, uint64_t place)
{
	void *slice;

	with_lock(&q->meta);
	if (place >= __atomic_load_n(&q->file_end, __ATOMIC_RELAXED))
		return qcow2_corrupt(q, "L2 table behind the end", place);
	return qcow2_cache_get(&q->l2, q->b.file, place, &slice);
}

int qcow2_look_up(struct qcow2 *q, uint64_t at, uint64_t len,
		  struct qcow2_run *ret_run)
{
	uint64_t missing = 0;
	int code;

	for (;;) {
		pthread_mutex_lock(&q->map);
		code = try_look_up(q, at, len, ret_run, &missing);
		pthread_mutex_unlock(&q->map);
		if (code != -EAGAIN)
			return code;
		code = load(q, missing);
		if (code < 0)
			return code;
	}
}

/* meta held. */
static int new_table(struct qcow2 *q, uint64_t n)
{
	uint64_t first, got;
	bool fresh;
	int code = qcow2_alloc(q, 1, &first, &got, &fresh);

	if (code < 0)
		return code;
	code = qcow2_file_write(q, NULL, q->cluster, first << q->bits);
	if (code < 0) {
		qcow2_unref(q, first, 1);
		return code;
	}
	with_lock(&q->map);
	qcow2_set_add(&q->metadata, first);
	q->l1[n] = first << q->bits | QCOW2_COPIED;
	if (q->l1_dirty[0] == q->l1_dirty[1])
		q->l1_dirty[0] = q->l1_dirty[1] = n;
	if (n < q->l1_dirty[0])
		q->l1_dirty[0] = n;
	if (n >= q->l1_dirty[1])
		q->l1_dirty[1] = n + 1;
	return 0;
}

/* meta held. */
static int release(struct qcow2 *q, uint64_t entry, uint64_t kept)
{
	uint64_t at = entry & QCOW2_OFFSET_MASK, len = 1;
	int code = 0;

	if (entry & QCOW2_COMPRESSED)
		len = qcow2_packed(&q->h, entry, &at);
	else if (!at || at == (kept & QCOW2_OFFSET_MASK))
		return 0;
	for (uint64_t c = at >> q->bits;
	     c <= (at + len - 1) >> q->bits && !code; c++)
		code = qcow2_unref_later(q, c);
	return code;
}

uint64_t qcow2_without_table(struct qcow2 *q, uint64_t cluster)
{
	uint64_t n = cluster >> l2_bits(q);

	if (n >= q->l1_entries || q->l1[n] & QCOW2_OFFSET_MASK)
		return 0;
	return (UINT64_C(1) << l2_bits(q)) - l2_index(q, cluster);
}

int qcow2_get_entry(struct qcow2 *q, uint64_t cluster, uint64_t *ret_entry)
{
	uint64_t place = 0;
	void *slice;
	int code = entry_place(q, cluster, &place);

	*ret_entry = 0;
	if (code < 0 || !place)
		return code;
	code = qcow2_cache_get(&q->l2, q->b.file, place, &slice);
	if (code < 0)
		return code;
	*ret_entry = be64toh(((uint64_t *)slice)[place % q->l2.slice / 8]);
	return 0;
}

int qcow2_set_entry(struct qcow2 *q, uint64_t cluster, uint64_t entry)
{
	uint64_t place = 0, old, *slot;
	void *slice;
	int code = 0;

	if (qcow2_without_table(q, cluster))
		code = new_table(q, cluster >> l2_bits(q));
	if (!code)
		code = entry_place(q, cluster, &place);
	if (!code)
		code = qcow2_cache_get(&q->l2, q->b.file, place, &slice);
	if (code < 0)
		return code;
	slot = (uint64_t *)slice + place % q->l2.slice / 8;
	pthread_mutex_lock(&q->map);
	old = be64toh(*slot);
	*slot = htobe64(entry);
	pthread_mutex_unlock(&q->map);
	qcow2_cache_mark(&q->l2, place);
	return release(q, old, entry);
}
