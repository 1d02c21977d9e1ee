/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk image behind one interface: asynchronous read, write, flush and
 * discard of byte ranges, into host buffers.
 *
 * Requests are embedded in their users, so nothing is allocated once the
 * guest runs.  The completion is called in a thread of the pool, with no lock
 * held; the request may be submitted again from there.  Host errors come back
 * as -errno and go to the guest as I/O errors.
 *
 * A flush covers the writes that were completed before it was submitted.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"
#include "loop/pool.h"

enum {
	BLOCK_SECTOR = 512,
	BLOCK_IOV_MAX = 512, /* buffers of one request */
};

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,
	BLOCK_DISCARD,
	BLOCK_ZERO, /* write zeroes; may unmap if may_unmap */
};

struct block;

struct block_request {
	struct pool_job job; /* the back end's */
	struct block *block; /* the back end's */
	enum block_op op;
	uint64_t at, len; /* bytes; inside of the image, checked there too */
	/* READ, WRITE: len bytes of it after the first skip; at most
	 * BLOCK_IOV_MAX entries; never changed. */
	const struct iovec *iov;
	unsigned int iovcnt;
	uint32_t skip;
	bool may_unmap;
	void (*done)(struct block_request *req, int result); /* 0 or -errno */
	void *arg;
};

struct block_stats {
	uint64_t rd_bytes, wr_bytes, rd_ops, wr_ops, flush_ops, errors;
};

struct block_ops {
	void (*submit)(struct block *b, struct block_request *req);
	void (*free)(struct block *b);
};

struct block {
	const struct block_ops *ops;
	char *node_name;    /* of -blockdev, or made; owned */
	char *filename;     /* owned */
	const char *format; /* "raw" */
	uint64_t size;      /* bytes, a multiple of 512 */
	bool read_only, discard, no_flush, host_device;
	struct block_stats stats; /* updated atomically */
};

static inline void block_submit(struct block *b, struct block_request *req)
{
	b->ops->submit(b, req);
}

void block_free(struct block *b); /* NULL is allowed */

struct block_options {
	const char *filename;
	const char *node_name;
	bool read_only;
	bool snapshot; /* writes go to an unlinked sparse file in $TMPDIR or
			* /var/tmp; the image is only read */
	bool discard;  /* guest's discards reach the file */
	bool no_flush; /* cache=unsafe */
	bool direct;   /* O_DIRECT where it works */
	bool no_lock;  /* file.locking=off */
};

/*
 * A raw file or block device, locked by QEMU's bytes (block/lock.h), so that
 * no two emulators of either kind write one image.  Of a file whose size is
 * no multiple of 512 the last bytes are not reached.
 */
int block_raw_open(struct block **ret_block, const struct block_options *opt,
		   struct pool *pool, struct err *err);

#endif
