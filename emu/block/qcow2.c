/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to a qcow2 image.  How it stays whole is in qcow2.h.
 *
 * Written to are images of version 2 and 3 with refcounts of any width.
 * Refcounts are always kept exact, whether the image allows lazy ones or not;
 * an image that somebody else left dirty is repaired before it is written.
 * Internal snapshots, encryption, external data files and subclusters are
 * refused; bitmaps are declared out of date, as the standard asks for.
 *
 * A cluster of which only a part is written, and that had no place of its own
 * so far, gets the rest from where it was ("padding").  New clusters at the
 * end of a file need no zeroes: they are a hole.
 */
#include "block/qcow2.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

int qcow2_corrupt(struct qcow2 *q, const char *what, uint64_t at)
{
	const struct block_event event = { .kind = BLOCK_EVENT_CORRUPTED,
					   .block = &q->b };

	if (__atomic_exchange_n(&q->corrupt, true, __ATOMIC_RELAXED))
		return -EIO;
	log_warn("\"%s\" is damaged (%s, %#llx): it is not written any more; "
		 "see pimigrate-emu --check-image",
		 q->b.filename, what, (unsigned long long)at);
	node_event(&q->b, &event);
	return -EIO;
}

/* The file of clusters */

int qcow2_file_read(struct qcow2 *q, const struct range_bufs *bufs,
		    uint64_t len, uint64_t at)
{
	uint64_t end = __atomic_load_n(&q->file_end, __ATOMIC_RELAXED);
	struct block_io io = { .op = BLOCK_READ, .at = at, .bufs = *bufs };
	struct range_bufs rest = *bufs;
	int code = 0;

	if (at < end)
		io.len = end - at < len ? end - at : len;
	if (io.len)
		code = node_execute(q->b.file, &io);
	rest.skip += io.len;
	range_clear(&rest, len - io.len);
	return code;
}

int qcow2_file_write(struct qcow2 *q, const struct range_bufs *bufs,
		     uint64_t len, uint64_t at)
{
	struct block_io io = { .op = BLOCK_ZERO, .at = at, .len = len };
	int code;

	if (bufs) {
		io.op = BLOCK_WRITE;
		io.bufs = *bufs;
	}
	code = node_execute(q->b.file, &io);
	if (!code)
		node_raise(&q->file_end, at + len);
	return code;
}

/* Reading */

/* From below; zeroes where there is nothing. */
static int read_backing(struct qcow2 *q, const struct range_bufs *bufs,
			uint64_t len, uint64_t at)
{
	struct block *backing = q->b.backing;
	struct block_io io = { .op = BLOCK_READ, .at = at, .bufs = *bufs };
	struct range_bufs rest = *bufs;
	int code = 0;

	if (backing && at < backing->size)
		io.len = backing->size - at < len ? backing->size - at : len;
	if (io.len)
		code = node_execute(backing, &io);
	rest.skip += io.len;
	range_clear(&rest, len - io.len);
	return code;
}

static int read_run(struct qcow2 *q, const struct qcow2_run *run,
		    const struct range_bufs *bufs, uint64_t at)
{
	switch (run->kind) {
	case QCOW2_UNALLOCATED:
		return read_backing(q, bufs, run->len, at);
	case QCOW2_ZEROES:
		range_clear(bufs, run->len);
		return 0;
	case QCOW2_NORMAL:
		return qcow2_file_read(q, bufs, run->len, run->host);
	case QCOW2_PACKED:
		return qcow2_unpack(q, run->entry, at % q->cluster, run->len,
				    bufs);
	}
	return -EINVAL;
}

/* The clusters are claimed. */
static int read_claimed(struct qcow2 *q, const struct range_bufs *bufs,
			uint64_t len, uint64_t at)
{
	struct range_bufs rest = *bufs;
	int code = 0;

	while (len && !code) {
		struct qcow2_run run;

		code = qcow2_look_up(q, at, len, &run);
		if (!code)
			code = read_run(q, &run, &rest, at);
		rest.skip += run.len;
		at += run.len;
		len -= run.len;
	}
	return code;
}

static int do_read(struct qcow2 *q, const struct block_io *io)
{
	struct qcow2_claim claim;
	int code;

	qcow2_begin(q, &claim, io->at, io->len, false);
	code = read_claimed(q, &io->bufs, io->len, io->at);
	qcow2_end(q, &claim);
	return code;
}

/* Writing */

static uint8_t *take_pad(struct qcow2 *q)
{
	with_lock(&q->pads_lock);
	for (;;) {
		for (int i = 0; i < QCOW2_BUFFERS; i++)
			if (q->pads[i])
				return steal_ptr(q->pads[i]);
		pthread_cond_wait(&q->pad_free, &q->pads_lock);
	}
}

static void put_pad(struct qcow2 *q, uint8_t *pad)
{
	int i = 0;

	with_lock(&q->pads_lock);
	while (q->pads[i])
		i++;
	q->pads[i] = pad;
	pthread_cond_signal(&q->pad_free);
}

/* New clusters of the file for a part of the disk. */
struct piece {
	struct qcow2_run old; /* what is there so far */
	uint64_t at, len;     /* of the disk */
	uint64_t host;        /* place in the file of the first cluster */
	uint64_t clusters;
	bool fresh; /* they read as zeroes */
	bool kept;  /* they are the old ones */
};

static bool was_zero(const struct qcow2 *q, const struct piece *p, uint64_t at)
{
	return p->old.kind == QCOW2_ZEROES ||
	       (p->old.kind == QCOW2_UNALLOCATED &&
		(!q->b.backing || at >= q->b.backing->size));
}

/* Bring what is not written of a cluster along. */
static int pad(struct qcow2 *q, const struct piece *p, uint64_t at,
	       uint64_t len)
{
	uint64_t host = p->host + (at - (p->at & -(uint64_t)q->cluster));
	uint64_t there = at < q->b.size ? q->b.size - at : 0;
	struct iovec iov = { NULL, len };
	const struct range_bufs bufs = { .iov = &iov, .iovcnt = 1 };
	int code;

	if (!len || (was_zero(q, p, at) && p->fresh))
		return 0;
	if (was_zero(q, p, at))
		return qcow2_file_write(q, NULL, len, host);
	iov.iov_base = take_pad(q);
	if (there < len)
		memset((uint8_t *)iov.iov_base + there, 0, len - there);
	code = read_claimed(q, &bufs, there < len ? there : len, at);
	if (!code)
		code = qcow2_file_write(q, &bufs, len, host);
	put_pad(q, iov.iov_base);
	return code;
}

/* bufs NULL: zeroes */
static int fill(struct qcow2 *q, const struct piece *p,
		const struct range_bufs *bufs)
{
	uint64_t in = p->at % q->cluster, end = p->at + p->len;
	uint64_t rest = -end % q->cluster;
	int code = pad(q, p, p->at - in, in);

	if (!code)
		code = pad(q, p, end, rest);
	return code ? code : qcow2_file_write(q, bufs, p->len, p->host + in);
}

static int get_clusters(struct qcow2 *q, struct piece *p)
{
	uint64_t in = p->at % q->cluster, first;
	int code;

	p->clusters = (in + p->len + q->cluster - 1) >> q->bits;
	p->kept = p->old.kind == QCOW2_ZEROES && p->old.own;
	if (p->kept) {
		p->host = p->old.host;
		return 0;
	}
	with_lock(&q->meta);
	code = qcow2_alloc(q, p->clusters, &first, &p->clusters, &p->fresh);
	if (code < 0)
		return code;
	p->host = first << q->bits;
	if (p->len > (p->clusters << q->bits) - in)
		p->len = (p->clusters << q->bits) - in;
	return 0;
}

static int link_piece(struct qcow2 *q, const struct piece *p)
{
	uint64_t first = p->at >> q->bits, n = 0;
	int code = 0;

	with_lock(&q->meta);
	for (; n < p->clusters && !code; n++)
		code = qcow2_set_entry(q, first + n,
				       (p->host + (n << q->bits)) |
					       QCOW2_COPIED);
	/* What could not be linked is a leak, which a check finds. */
	return code;
}

static int write_new(struct qcow2 *q, struct piece *p,
		     const struct range_bufs *bufs)
{
	int code = get_clusters(q, p);

	if (code < 0)
		return code;
	code = fill(q, p, bufs);
	if (!code)
		return link_piece(q, p);
	if (!p->kept) {
		with_lock(&q->meta);
		qcow2_unref(q, p->host >> q->bits, p->clusters);
	}
	return code;
}

/* The clusters are claimed; alone: they may get new places, else -EAGAIN
 * where that is needed.  What is done is taken off from io. */
static int write_claimed(struct qcow2 *q, struct block_io *io, bool alone)
{
	const struct range_bufs *bufs = io->op == BLOCK_ZERO ? NULL : &io->bufs;

	while (io->len) {
		struct piece p = { .at = io->at };
		int code = qcow2_look_up(q, io->at, io->len, &p.old);

		if (code < 0)
			return code;
		p.len = p.old.len;
		if (p.old.kind == QCOW2_NORMAL && p.old.own)
			code = qcow2_file_write(q, bufs, p.len, p.old.host);
		else if (alone)
			code = write_new(q, &p, bufs);
		else
			code = -EAGAIN;
		if (code < 0)
			return code;
		io->bufs.skip += p.len;
		io->at += p.len;
		io->len -= p.len;
	}
	return 0;
}

static int do_write(struct qcow2 *q, const struct block_io *io)
{
	struct block_io rest = *io;
	struct qcow2_claim claim;
	int code;

	qcow2_begin(q, &claim, rest.at, rest.len, false);
	code = write_claimed(q, &rest, false);
	qcow2_end(q, &claim);
	if (code != -EAGAIN)
		return code;
	qcow2_begin(q, &claim, rest.at, rest.len, true);
	code = write_claimed(q, &rest, true);
	qcow2_end(q, &claim);
	return code;
}

/* Zeroes */

/* A part of a cluster; it is claimed alone. */
static int zero_part(struct qcow2 *q, uint64_t at, uint64_t len)
{
	struct block_io io = { .op = BLOCK_ZERO, .at = at, .len = len };
	struct piece p = { 0 };
	int code;

	if (!len)
		return 0;
	code = qcow2_look_up(q, at, len, &p.old);
	if (code < 0 || was_zero(q, &p, at))
		return code;
	return write_claimed(q, &io, true);
}

/* What a cluster's entry becomes. */
static uint64_t cleared(const struct qcow2 *q, uint64_t old, bool unmap)
{
	if (!unmap && q->h.version >= 3 && !(old & QCOW2_COMPRESSED) &&
	    old & QCOW2_COPIED)
		return old | QCOW2_ZERO;
	return q->b.backing ? QCOW2_ZERO : 0;
}

/* Whole clusters, claimed alone.  create: also where there is no table. */
static int clear_clusters(struct qcow2 *q, uint64_t first, uint64_t end,
			  bool unmap, bool create)
{
	int code = 0;

	with_lock(&q->meta);
	while (first < end && !code) {
		uint64_t skip = qcow2_without_table(q, first), old, new;

		if (skip && !(create && q->b.backing)) {
			first += skip;
			continue;
		}
		code = qcow2_get_entry(q, first, &old);
		new = cleared(q, old, unmap);
		if (!code && new != old)
			code = qcow2_set_entry(q, first, new);
		first++;
	}
	return code;
}

/* No clusters can be marked as zeroes over a backing file in version 2. */
static bool can_clear(const struct qcow2 *q)
{
	return q->h.version >= 3 || !q->b.backing;
}

int qcow2_zero(struct qcow2 *q, uint64_t at, uint64_t end, bool unmap)
{
	uint64_t first = (at + q->cluster - 1) >> q->bits;
	uint64_t last = end >> q->bits;
	struct block_io io = { .op = BLOCK_ZERO, .at = at, .len = end - at };
	int code;

	if (!can_clear(q))
		return write_claimed(q, &io, true);
	if (first > last)
		return zero_part(q, at, end - at);
	code = zero_part(q, at, (first << q->bits) - at);
	if (!code)
		code = clear_clusters(q, first, last, unmap, true);
	return code ? code
		    : zero_part(q, last << q->bits, end - (last << q->bits));
}

uint64_t qcow2_whole_end(const struct qcow2 *q, uint64_t end)
{
	return end == q->b.size ? end + (-end % q->cluster) : end;
}

static int do_zero(struct qcow2 *q, const struct block_io *io)
{
	struct qcow2_claim claim;
	uint64_t end = io->at + io->len;
	int code;

	if (can_clear(q))
		end = qcow2_whole_end(q, end);
	qcow2_begin(q, &claim, io->at, io->len, true);
	code = qcow2_zero(q, io->at, end, io->may_unmap && q->b.discard);
	qcow2_end(q, &claim);
	return code;
}

static int do_discard(struct qcow2 *q, const struct block_io *io)
{
	uint64_t first = (io->at + q->cluster - 1) >> q->bits;
	uint64_t end = qcow2_whole_end(q, io->at + io->len) >> q->bits;
	struct qcow2_claim claim;
	int code;

	if (!q->b.discard || !can_clear(q) || first >= end)
		return 0;
	qcow2_begin(q, &claim, io->at, io->len, true);
	code = clear_clusters(q, first, end, true, false);
	qcow2_end(q, &claim);
	return code;
}

static int do_flush(struct qcow2 *q)
{
	bool flushed;
	int code;

	if (q->b.read_only)
		return 0;
	pthread_mutex_lock(&q->meta);
	code = qcow2_write_back(q, &flushed);
	pthread_mutex_unlock(&q->meta);
	return code || flushed ? code : node_flush(q->b.file);
}

int qcow2_execute(struct block *b, const struct block_io *io)
{
	struct qcow2 *q = qcow2_of(b);

	if (io->op == BLOCK_FLUSH)
		return do_flush(q);
	if (!io->len)
		return 0;
	if (io->op != BLOCK_READ &&
	    __atomic_load_n(&q->corrupt, __ATOMIC_RELAXED))
		return -EIO;
	switch (io->op) {
	case BLOCK_READ:
		return do_read(q, io);
	case BLOCK_WRITE:
		return do_write(q, io);
	case BLOCK_DISCARD:
		return do_discard(q, io);
	case BLOCK_ZERO:
		return do_zero(q, io);
	case BLOCK_FLUSH:
	case BLOCK_OPS:
		break;
	}
	return -EINVAL;
}
