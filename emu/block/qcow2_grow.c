/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A larger disk.  The header changes last, and each of its changes lies within
 * one sector: a power cut leaves the old size or the new one.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "block/qcow2.h"
#include "common/cleanup.h"
#include "common/mem.h"

/* Size, encryption, L1 table: 24 bytes, one sector. */
static int write_header(struct qcow2 *q, uint64_t size)
{
	struct {
		uint64_t size;
		uint32_t crypt, l1_entries;
		uint64_t l1_at;
	} head = { htobe64(size), 0, htobe32(q->h.l1_entries),
		   htobe64(q->h.l1_at) };
	int code = node_flush(q->b.file);

	static_assert(sizeof(head) == 24, "as in the file");
	if (!code)
		code = node_write(q->b.file, &head, sizeof(head),
				  QCOW2_AT_SIZE);
	return code ? code : node_flush(q->b.file);
}

static int write_l1(struct qcow2 *q, const uint64_t *l1, uint64_t first,
		    uint64_t clusters)
{
	uint64_t n = clusters << q->bits;
	autofree uint64_t *buf = xmalloc(n);

	for (uint64_t i = 0; i < n / 8; i++)
		buf[i] = htobe64(l1[i]);
	return node_write(q->b.file, buf, n, first << q->bits);
}

static uint64_t l1_clusters(const struct qcow2 *q, uint64_t entries)
{
	return (entries * 8 + q->cluster - 1) >> q->bits;
}

static int grow_l1(struct qcow2 *q, uint64_t entries)
{
	uint64_t clusters = l1_clusters(q, entries), first;
	const struct qcow2_header old = q->h;
	uint64_t *l1;
	int code;

	with_lock(&q->meta);
	code = qcow2_alloc_all(q, clusters, &first);
	if (!code)
		code = qcow2_write_refcounts(q);
	if (code < 0)
		return code;
	l1 = xcalloc(clusters << q->bits, 1);
	memcpy(l1, q->l1, q->l1_entries * sizeof(*l1));
	code = write_l1(q, l1, first, clusters);
	q->h.l1_entries = (uint32_t)entries;
	q->h.l1_at = first << q->bits;
	if (!code)
		code = write_header(q, q->h.size);
	if (code < 0) {
		q->h = old;
		free(l1);
		return code;
	}
	pthread_mutex_lock(&q->map);
	free(q->l1);
	q->l1 = l1;
	q->l1_entries = (uint32_t)entries;
	for (uint64_t i = 0; i < clusters; i++)
		qcow2_set_add(&q->metadata, first + i);
	pthread_mutex_unlock(&q->map);
	node_raise(&q->file_end, (first + clusters) << q->bits);
	return qcow2_unref(q, old.l1_at >> q->bits,
			   l1_clusters(q, old.l1_entries));
}

/* What lies behind the old end, in its last cluster and below, is no part of
 * the disk and must not come to light. */
static int clear_behind(struct qcow2 *q, uint64_t size)
{
	uint64_t old = q->b.size, end = qcow2_whole_end(q, old);
	struct qcow2_claim claim;
	int code;

	if (q->b.backing && q->b.backing->size > end)
		end = q->b.backing->size;
	if (end > size)
		end = size;
	if (end == old)
		return 0;
	qcow2_begin(q, &claim, old, end - old, true);
	code = qcow2_zero(q, old, end, false);
	qcow2_end(q, &claim);
	return code;
}

int qcow2_resize(struct block *b, uint64_t size, struct err *err)
{
	struct qcow2 *q = qcow2_of(b);
	uint64_t needed = qcow2_l1_needed(&q->h, size);
	int code = 0;

	if (needed > QCOW2_L1_MAX / 8 ||
	    (needed > q->l1_entries &&
	     l1_clusters(q, needed) > qcow2_longest_run(q)))
		return err_set(err, EFBIG,
			       "\"%s\" cannot have %llu bytes: too many for "
			       "its clusters of %u bytes; copy it with larger "
			       "ones (qemu-img convert -o cluster_size=64k)",
			       b->filename, (unsigned long long)size,
			       q->cluster);
	if (needed > q->l1_entries)
		code = grow_l1(q, needed);
	if (!code)
		code = clear_behind(q, size);
	if (!code)
		code = node_flush(b);
	if (!code) {
		with_lock(&q->meta);
		code = write_header(q, size);
	}
	if (code < 0)
		return err_errno(err, -code,
				 "cannot make \"%s\" %llu bytes large",
				 b->filename, (unsigned long long)size);
	q->h.size = size;
	return 0;
}
