/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed clusters: raw deflate, or frames of zstd.
 *
 * Whoever reads such a cluster in pieces wants it unpacked once: each set of
 * buffers keeps what it unpacked last.  Compressed clusters are never written
 * here, so what was kept cannot become wrong.
 */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "block/qcow2.h"
#include "common/cleanup.h"
#include "common/mem.h"

struct buffers {
	uint8_t *packed; /* up to two clusters */
	uint8_t *plain;  /* one */
	uint64_t entry;  /* what plain is; 0: nothing */
	bool busy;
	z_stream zlib;
	ZSTD_DCtx *zstd;
};

struct qcow2_unpacker {
	pthread_mutex_t lock; /* who is busy */
	pthread_cond_t free;
	struct buffers buf[QCOW2_BUFFERS];
};

struct qcow2_unpacker *qcow2_unpacker_new(const struct qcow2 *q)
{
	struct qcow2_unpacker *u = xnew(struct qcow2_unpacker);

	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->free, NULL);
	for (int i = 0; i < QCOW2_BUFFERS; i++) {
		struct buffers *b = &u->buf[i];

		bool good;

		b->packed = xmalloc(2 * (size_t)q->cluster);
		b->plain = xmalloc(q->cluster);
		if (q->h.compression == QCOW2_ZSTD)
			good = (b->zstd = ZSTD_createDCtx());
		else
			good = inflateInit2(&b->zlib, -12) == Z_OK;
		if (!good)
			abort();
	}
	return u;
}

void qcow2_unpacker_free(struct qcow2_unpacker *u)
{
	if (!u)
		return;
	for (int i = 0; i < QCOW2_BUFFERS; i++) {
		free(u->buf[i].packed);
		free(u->buf[i].plain);
		inflateEnd(&u->buf[i].zlib);
		ZSTD_freeDCtx(u->buf[i].zstd);
	}
	pthread_cond_destroy(&u->free);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

/* Those that have it, or any. */
static struct buffers *take(struct qcow2_unpacker *u, uint64_t entry)
{
	struct buffers *b = NULL;

	with_lock(&u->lock);
	while (!b) {
		for (int i = 0; i < QCOW2_BUFFERS; i++)
			if (!u->buf[i].busy && (!b || u->buf[i].entry == entry))
				b = &u->buf[i];
		if (!b)
			pthread_cond_wait(&u->free, &u->lock);
	}
	b->busy = true;
	return b;
}

static void put(struct qcow2_unpacker *u, struct buffers *b)
{
	with_lock(&u->lock);
	b->busy = false;
	pthread_cond_signal(&u->free);
}

static bool inflate_all(struct buffers *b, uint64_t packed, uint32_t cluster)
{
	int ret;

	inflateReset(&b->zlib);
	b->zlib.next_in = b->packed;
	b->zlib.avail_in = (uInt)packed;
	b->zlib.next_out = b->plain;
	b->zlib.avail_out = cluster;
	ret = inflate(&b->zlib, Z_FINISH);
	/* the sectors may be longer than what is packed */
	return (ret == Z_STREAM_END || ret == Z_BUF_ERROR) &&
	       !b->zlib.avail_out;
}

static bool unzstd_all(struct buffers *b, uint64_t packed, uint32_t cluster)
{
	size_t in = 0, out = 0;

	while (out < cluster) {
		size_t frame = ZSTD_findFrameCompressedSize(b->packed + in,
							    packed - in);
		size_t n;

		if (ZSTD_isError(frame))
			return false;
		n = ZSTD_decompressDCtx(b->zstd, b->plain + out, cluster - out,
					b->packed + in, frame);
		if (ZSTD_isError(n) || !n)
			return false;
		in += frame;
		out += n;
	}
	return true;
}

static int unpack_to(struct qcow2 *q, struct buffers *b, uint64_t entry)
{
	uint64_t at, len = qcow2_packed(&q->h, entry, &at);
	const struct iovec iov = { b->packed, len };
	const struct range_bufs bufs = { .iov = &iov, .iovcnt = 1 };
	bool good;
	int code;

	if (b->entry == entry)
		return 0;
	b->entry = 0;
	if (at >= __atomic_load_n(&q->file_end, __ATOMIC_RELAXED))
		return qcow2_corrupt(q, "compressed data behind the end", at);
	code = qcow2_file_read(q, &bufs, len, at);
	if (code < 0)
		return code;
	good = q->h.compression == QCOW2_ZSTD ? unzstd_all(b, len, q->cluster)
					      : inflate_all(b, len, q->cluster);
	if (!good)
		return qcow2_corrupt(q, "compressed data", at);
	b->entry = entry;
	return 0;
}

int qcow2_unpack(struct qcow2 *q, uint64_t entry, uint64_t skip, uint64_t len,
		 const struct range_bufs *bufs)
{
	struct buffers *b = take(q->unpacker, entry);
	int code = unpack_to(q, b, entry);

	if (!code)
		range_put(bufs, b->plain + skip, len);
	put(q->unpacker, b);
	return code;
}
