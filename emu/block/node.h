/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is behind block.h: a node does one request at a time per thread, and
 * may hand parts of it to the nodes below.  Everything here runs in threads of
 * the pool, any number at once, but for what says otherwise.
 */
#ifndef BLOCK_NODE_H
#define BLOCK_NODE_H

#include "block/block.h"
#include "block/range.h"

struct block_io {
	enum block_op op;
	bool may_unmap;         /* ZERO */
	bool at_once;           /* READ: -EAGAIN rather than wait */
	uint64_t at, len;       /* bytes */
	struct range_bufs bufs; /* READ, WRITE: len bytes */
};

struct block_ops {
	/* NULL: a job of the pool that calls execute(). */
	void (*submit)(struct block *b, struct block_request *req);
	/* 0 or -errno. */
	int (*execute)(struct block *b, const struct block_io *io);
	/* In the loop's thread; NULL: cannot be.  size is larger than now. */
	int (*resize)(struct block *b, uint64_t size, struct err *err);
	/* In the loop's thread: add what is known here.  0 or -errno. */
	int (*info)(struct block *b, struct block_info *info);
	/* Does it know at_once, as everything below it does? */
	bool at_once;
	/* Frees all but what node_init() made, and b. */
	void (*close)(struct block *b);
};

/* b is zeroed, within a structure from the heap of which it is the first. */
void node_init(struct block *b, const struct block_ops *ops, const char *driver,
	       const struct block_options *opt, struct pool *pool);

/* Do and count it; -EROFS where b is only read. */
int node_execute(struct block *b, const struct block_io *io);

/* Bytes in one buffer. */
int node_read(struct block *b, void *buf, uint64_t len, uint64_t at);
int node_write(struct block *b, const void *buf, uint64_t len, uint64_t at);
int node_flush(struct block *b);

/* Let a number that several threads look at grow to n. */
void node_raise(uint64_t *mark, uint64_t n);

/* Tell who set block_set_event(). */
void node_event(struct block *b, const struct block_event *event);

/* raw.c, qcow2_open.c: block_format_open() of each. */
int node_raw_open(struct block **ret_block, const struct block_options *opt,
		  const struct block_below *below, struct err *err);
int node_qcow2_open(struct block **ret_block, const struct block_options *opt,
		    const struct block_below *below, struct err *err);

#endif
