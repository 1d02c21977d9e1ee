/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An empty qcow2 image in memory, and a file node that is memory, too, and
 * remembers what was written and flushed.
 */
#ifndef QCOW2_IMAGE_H
#define QCOW2_IMAGE_H

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/node.h"
#include "block/qcow2_header.h"
#include "common/mem.h"
#include "common/vec.h"

struct qcow2_shape {
	unsigned int version, cluster_bits, refcount_order;
	uint64_t size; /* bytes of the disk */
};

static inline void put_be(uint8_t *p, unsigned int n, uint64_t v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* Header, refcount table, refcount block, L1 table: a cluster each, the last
 * perhaps more.  Returns the bytes used. */
static inline size_t qcow2_empty(uint8_t *p, const struct qcow2_shape *s)
{
	uint64_t cluster = UINT64_C(1) << s->cluster_bits;
	struct qcow2_header h = { .cluster_bits = s->cluster_bits };
	uint64_t l1 = qcow2_l1_needed(&h, s->size);
	uint64_t clusters = 3 + (l1 * 8 + cluster - 1) / cluster;

	memset(p, 0, clusters * cluster);
	put_be(p, 4, 0x514649fb);
	put_be(p + 4, 4, s->version);
	put_be(p + 20, 4, s->cluster_bits);
	put_be(p + 24, 8, s->size);
	put_be(p + 36, 4, l1);
	put_be(p + 40, 8, 3 * cluster);
	put_be(p + 48, 8, cluster);
	put_be(p + 56, 4, 1);
	if (s->version == 3) {
		put_be(p + 96, 4, s->refcount_order);
		put_be(p + 100, 4, 104);
	}
	put_be(p + cluster, 8, 2 * cluster);
	for (uint64_t i = 0; i < clusters; i++)
		qcow2_set_count(p + 2 * cluster, s->refcount_order, i, 1);
	return clusters * cluster;
}

struct memory_write {
	bool flush;
	uint64_t at, len;
	uint8_t *data;
};

/* Its log owns the data of each write. */
struct memory_file {
	struct block b; /* first */
	uint8_t *data;
	uint64_t room;
	bool logs, full; /* full: writes fail */
	bool unreadable; /* reads fail */
	struct vec_of(struct memory_write) log;
};

static inline int memory_write(struct memory_file *f, const struct block_io *io)
{
	uint8_t *copy = xcalloc(1, io->len + 1);
	uint64_t skip = io->bufs.skip, n = 0;

	if (f->full || io->at + io->len > f->room) {
		free(copy);
		return -ENOSPC;
	}
	for (unsigned int i = 0;
	     io->op == BLOCK_WRITE && i < io->bufs.iovcnt && n < io->len; i++) {
		const uint8_t *from = io->bufs.iov[i].iov_base;
		uint64_t some = io->bufs.iov[i].iov_len;

		if (skip >= some) {
			skip -= some;
			continue;
		}
		some -= skip;
		if (some > io->len - n)
			some = io->len - n;
		memcpy(copy + n, from + skip, some);
		n += some;
		skip = 0;
	}
	memcpy(f->data + io->at, copy, io->len);
	if (io->op != BLOCK_DISCARD)
		node_raise(&f->b.size, io->at + io->len);
	if (f->logs)
		*vec_add(&f->log) = (struct memory_write){ .at = io->at,
							   .len = io->len,
							   .data = copy };
	else
		free(copy);
	return 0;
}

static inline int memory_execute(struct block *b, const struct block_io *io)
{
	struct memory_file *f = (struct memory_file *)b;

	switch (io->op) {
	case BLOCK_READ:
		if (f->unreadable || io->at + io->len > b->size)
			return -EIO;
		range_put(&io->bufs, f->data + io->at, io->len);
		return 0;
	case BLOCK_WRITE:
	case BLOCK_ZERO:
	case BLOCK_DISCARD:
		return memory_write(f, io);
	case BLOCK_FLUSH:
		if (f->logs)
			*vec_add(&f->log) =
				(struct memory_write){ .flush = true };
		return 0;
	case BLOCK_OPS:
		break;
	}
	return -EINVAL;
}

static inline void memory_close(struct block *b)
{
	struct memory_file *f = (struct memory_file *)b;

	for (size_t i = 0; i < f->log.n; i++)
		free(f->log.at[i].data);
	vec_free(&f->log);
	free(f->data);
}

static inline int memory_info(struct block *b, struct block_info *info)
{
	info->actual_size = b->size;
	return 0;
}

/* data is copied. */
static inline struct block *memory_file(const uint8_t *data, uint64_t size,
					uint64_t room)
{
	static const struct block_ops ops = { .execute = memory_execute,
					      .info = memory_info,
					      .close = memory_close };
	const struct block_options opt = { .filename = "memory" };
	struct memory_file *f = xnew(struct memory_file);

	node_init(&f->b, &ops, "file", &opt, NULL);
	f->b.discard = true;
	f->b.size = size;
	f->room = room;
	f->data = xcalloc(1, room);
	memcpy(f->data, data, size);
	return &f->b;
}

#endif
