/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is counted, and what is free.
 *
 * The refcount table leads to refcount blocks, each of which counts the
 * clusters of one region of the file.  A region without a block is free as a
 * whole; its block is made in its first cluster and counts itself.  When the
 * table is full a longer one is made behind everything it can count.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/qcow2.h"
#include "common/mem.h"

static uint64_t per_block(const struct qcow2 *q)
{
	return UINT64_C(8) << q->bits >> q->h.refcount_order;
}

/* The slice with this cluster's counter, and its index there. */
static int find_count(struct qcow2 *q, uint64_t cluster, void **ret_slice,
		      uint64_t *ret_i, uint64_t *ret_at)
{
	uint64_t block = q->reftable[cluster / per_block(q)];
	uint64_t per_slice = UINT64_C(8) * q->refcounts.slice >>
			     q->h.refcount_order;
	uint64_t i = cluster % per_block(q);

	*ret_at = block + i / per_slice * q->refcounts.slice;
	*ret_i = i % per_slice;
	return qcow2_cache_get(&q->refcounts, q->b.file, *ret_at, ret_slice);
}

static bool has_block(const struct qcow2 *q, uint64_t cluster)
{
	uint64_t n = cluster / per_block(q);

	return n < q->reftable_entries && q->reftable[n];
}

int qcow2_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *ret_count)
{
	uint64_t i, at;
	void *slice;
	int code;

	*ret_count = 0;
	if (!has_block(q, cluster))
		return 0;
	code = find_count(q, cluster, &slice, &i, &at);
	if (code < 0)
		return code;
	*ret_count = qcow2_get_count(slice, q->h.refcount_order, i);
	return 0;
}

static int change_count(struct qcow2 *q, uint64_t cluster, uint64_t count)
{
	uint64_t i, at;
	void *slice;
	int code = find_count(q, cluster, &slice, &i, &at);

	if (code < 0)
		return code;
	qcow2_set_count(slice, q->h.refcount_order, i, count);
	qcow2_cache_mark(&q->refcounts, at);
	return 0;
}

static void add_metadata(struct qcow2 *q, uint64_t cluster)
{
	pthread_mutex_lock(&q->map);
	qcow2_set_add(&q->metadata, cluster);
	pthread_mutex_unlock(&q->map);
}

static void used_up_to(struct qcow2 *q, uint64_t cluster)
{
	if (cluster > q->fresh_from)
		q->fresh_from = cluster;
}

/* A block for a region that has none.  It is entered when nothing can fail any
 * more: who tries again must find no trace of it. */
static int new_block(struct qcow2 *q, uint64_t n)
{
	uint64_t cluster = n * per_block(q), at = cluster << q->bits;
	void *slice;
	int code;

	if (qcow2_set_has(&q->metadata, cluster))
		return qcow2_corrupt(q, "uncounted metadata", at);
	code = qcow2_file_write(q, NULL, q->cluster, at);
	if (!code)
		code = qcow2_cache_get(&q->refcounts, q->b.file, at, &slice);
	if (code < 0)
		return code;
	qcow2_set_count(slice, q->h.refcount_order, 0, 1);
	qcow2_cache_mark(&q->refcounts, at);
	q->reftable[n] = at;
	if (q->reftable_dirty[0] == q->reftable_dirty[1])
		q->reftable_dirty[0] = q->reftable_dirty[1] = n;
	if (n < q->reftable_dirty[0])
		q->reftable_dirty[0] = n;
	if (n >= q->reftable_dirty[1])
		q->reftable_dirty[1] = n + 1;
	add_metadata(q, cluster);
	used_up_to(q, cluster + 1);
	return 0;
}

/* A longer table: its blocks, then itself, from the first cluster that the
 * old one cannot count. */
struct growth {
	uint64_t first, blocks, table, entries;
};

static struct growth plan_growth(const struct qcow2 *q)
{
	uint64_t per_table = q->cluster / 8, entries = q->reftable_entries;
	struct growth g = { .first = entries * per_block(q) };

	g.table = (entries + entries / 2) / per_table + 1;
	do {
		g.entries = g.table * per_table;
		g.blocks = (g.table + g.blocks) / per_block(q) + 1;
	} while (g.table + g.blocks > g.blocks * per_block(q));
	while (g.entries < entries + g.blocks) {
		g.table++;
		g.entries = g.table * per_table;
	}
	return g;
}

static int write_growth(struct qcow2 *q, const struct growth *g)
{
	uint8_t *buf = xcalloc(1, q->cluster);
	uint64_t left = g->blocks + g->table, at = g->first;
	int code = 0;

	for (uint64_t n = 0; n < g->blocks && !code; n++, at++) {
		memset(buf, 0, q->cluster);
		for (uint64_t i = 0; i < per_block(q) && left; i++, left--)
			qcow2_set_count(buf, q->h.refcount_order, i, 1);
		code = node_write(q->b.file, buf, q->cluster, at << q->bits);
	}
	for (uint64_t n = 0; n < g->table && !code; n++, at++) {
		uint64_t *entry = (uint64_t *)(void *)buf;

		for (uint64_t i = 0; i < q->cluster / 8; i++)
			entry[i] = htobe64(
				q->reftable[n * (q->cluster / 8) + i]);
		code = node_write(q->b.file, buf, q->cluster, at << q->bits);
	}
	free(buf);
	return code ? code : node_flush(q->b.file);
}

static int grow_table(struct qcow2 *q)
{
	struct growth g = plan_growth(q);
	uint64_t old = q->h.reftable_at >> q->bits;
	uint64_t old_n = q->h.reftable_clusters, end;
	int code;

	if (g.entries > QCOW2_REFTABLE_MAX / 8)
		return -EFBIG;
	code = qcow2_write_refcounts(q);
	if (code < 0)
		return code;
	for (uint64_t n = 0; n < g.blocks; n++)
		q->reftable[q->reftable_entries + n] = (g.first + n) << q->bits;
	code = write_growth(q, &g);
	if (code >= 0)
		code = qcow2_header_reftable(q->b.file,
					     (g.first + g.blocks) << q->bits,
					     (uint32_t)g.table);
	if (code < 0) {
		memset(&q->reftable[q->reftable_entries], 0, g.blocks * 8);
		return code;
	}
	q->reftable_entries = g.entries;
	q->h.reftable_at = (g.first + g.blocks) << q->bits;
	q->h.reftable_clusters = (uint32_t)g.table;
	end = g.first + g.blocks + g.table;
	for (uint64_t c = g.first; c < end; c++)
		add_metadata(q, c);
	used_up_to(q, end);
	node_raise(&q->file_end, end << q->bits);
	/* The old one's clusters stay in the set of metadata: they are never
	 * used again by this process, but free for the next. */
	return qcow2_unref(q, old, old_n);
}

/* Is it free?  Its region gets a block if need be. */
static int is_free(struct qcow2 *q, uint64_t cluster, bool *ret_free)
{
	uint64_t count;
	int code = 0;

	if (cluster >> (56 - q->bits))
		return -EFBIG;
	if (cluster / per_block(q) >= q->reftable_entries)
		code = grow_table(q);
	if (!code && !has_block(q, cluster))
		code = new_block(q, cluster / per_block(q));
	if (!code)
		code = qcow2_refcount(q, cluster, &count);
	if (code < 0)
		return code;
	*ret_free = !count && !qcow2_set_has(&q->metadata, cluster);
	return 0;
}

/* A write behind the end makes the file longer. */
int qcow2_alloc(struct qcow2 *q, uint64_t want, uint64_t *ret_first,
		uint64_t *ret_n, bool *ret_fresh)
{
	uint64_t first = q->free_hint, n = 0;
	bool free_there = false;
	int code;

	if (q->corrupt)
		return -EIO;
	for (;;) {
		code = is_free(q, first, &free_there);
		if (code < 0)
			return code;
		if (free_there)
			break;
		first++;
	}
	while (n < want && free_there && !code) {
		code = change_count(q, first + n, 1);
		if (!code && ++n < want && has_block(q, first + n))
			code = is_free(q, first + n, &free_there);
		else
			free_there = false;
	}
	if (code < 0) {
		qcow2_unref(q, first, n);
		return code;
	}
	*ret_first = first;
	*ret_n = n;
	*ret_fresh = first >= q->fresh_from;
	q->free_hint = first + n;
	used_up_to(q, first + n);
	return 0;
}

uint64_t qcow2_longest_run(const struct qcow2 *q)
{
	return per_block(q) - 1;
}

int qcow2_alloc_all(struct qcow2 *q, uint64_t n, uint64_t *ret_first)
{
	uint64_t hint = q->free_hint, first = 0, got = 0, before;
	bool fresh;
	int code;

	assert(n <= qcow2_longest_run(q));
	do {
		before = first;
		code = got ? qcow2_unref(q, before, got) : 0;
		q->free_hint = got ? before + got : hint;
		if (!code)
			code = qcow2_alloc(q, n, &first, &got, &fresh);
	} while (!code && got < n);
	if (q->free_hint > hint)
		q->free_hint = hint;
	if (!code)
		*ret_first = first;
	return code;
}

static void give_back(struct qcow2 *q, uint64_t first, uint64_t n)
{
	const struct block_io io = { .op = BLOCK_DISCARD,
				     .at = first << q->bits,
				     .len = n << q->bits };

	if (n && q->b.file->discard)
		(void)node_execute(q->b.file, &io);
}

int qcow2_unref(struct qcow2 *q, uint64_t first, uint64_t n)
{
	uint64_t run = first;
	int code = 0;

	for (uint64_t c = first; c < first + n && !code; c++) {
		uint64_t count;

		code = qcow2_refcount(q, c, &count);
		if (!code && !count)
			code = qcow2_corrupt(q, "uncounted cluster",
					     c << q->bits);
		if (!code)
			code = change_count(q, c, count - 1);
		if (code || count > 1) {
			give_back(q, run, c - run);
			run = c + 1;
		} else if (c < q->free_hint) {
			q->free_hint = c;
		}
	}
	if (!code)
		give_back(q, run, first + n - run);
	return code;
}

int qcow2_unref_later(struct qcow2 *q, uint64_t cluster)
{
	bool flushed;
	int code = 0;

	if (q->pending_n == QCOW2_PENDING)
		code = qcow2_write_back(q, &flushed);
	if (!code)
		q->pending[q->pending_n++] = cluster;
	return code;
}

/* Nothing on the disk refers to them any more. */
static int settle(struct qcow2 *q)
{
	int code = 0;

	while (q->pending_n && !code) {
		unsigned int n = q->pending_n, from = n - 1;

		while (from && q->pending[from - 1] + 1 == q->pending[from])
			from--;
		q->pending_n = from;
		code = qcow2_unref(q, q->pending[from], n - from);
	}
	return code;
}

/* Whole sectors around the entries from, to of a table. */
static int write_entries(struct qcow2 *q, const uint64_t *table,
			 uint64_t entries, uint64_t at, uint64_t dirty[2])
{
	uint64_t buf[BLOCK_SECTOR / 8];
	enum {
		PER = BLOCK_SECTOR / 8
	};

	for (uint64_t n = dirty[0] - dirty[0] % PER; n < dirty[1]; n += PER) {
		uint64_t some = entries - n < PER ? entries - n : PER;
		int code;

		for (uint64_t i = 0; i < some; i++)
			buf[i] = htobe64(table[n + i]);
		code = node_write(q->b.file, buf, 8 * some, at + 8 * n);
		if (code < 0)
			return code;
	}
	dirty[0] = dirty[1] = 0;
	return 0;
}

int qcow2_write_refcounts(struct qcow2 *q)
{
	int code = qcow2_cache_write(&q->refcounts, q->b.file);

	if (code < 0 || q->reftable_dirty[0] == q->reftable_dirty[1])
		return code;
	code = node_flush(q->b.file);
	return code ? code
		    : write_entries(q, q->reftable, q->reftable_entries,
				    q->h.reftable_at, q->reftable_dirty);
}

int qcow2_write_tables(struct qcow2 *q)
{
	int code = qcow2_write_refcounts(q);

	if (code || (q->l1_dirty[0] == q->l1_dirty[1] && !q->l2.dirty_slots))
		return code;
	code = node_flush(q->b.file);
	if (!code)
		code = qcow2_cache_write(&q->l2, q->b.file);
	return code ? code
		    : write_entries(q, q->l1, q->l1_entries, q->h.l1_at,
				    q->l1_dirty);
}

int qcow2_write_back(struct qcow2 *q, bool *ret_flushed)
{
	int code = qcow2_write_tables(q);

	*ret_flushed = !code && q->pending_n;
	if (!*ret_flushed)
		return code;
	code = node_flush(q->b.file);
	return code ? code : settle(q);
}
