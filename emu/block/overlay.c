/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bitmap has a bit for each 64 KiB cluster that lies in the overlay; bits
 * are only ever set.  So reading needs no lock: a set bit stays true, and a
 * clear one means that the base's bytes are right, unless a write is under
 * way at the same time, which then has no order with the read.
 *
 * A write to clusters that all lie in the overlay needs no lock either.  One
 * that touches others holds the lock throughout: it copies what it does not
 * fill of its first and last cluster, writes, and sets the bits at the end.
 */
#include "block/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "block/node.h"
#include "common/cleanup.h"
#include "common/mem.h"

enum {
	CLUSTER = 65536
};

struct overlay {
	struct block b;
	int fd;
	pthread_mutex_t lock;
	uint8_t *copy; /* one cluster, under the lock */
	_Atomic uint64_t present[];
};

static bool present(const struct overlay *ov, uint64_t cluster)
{
	return atomic_load_explicit(&ov->present[cluster / 64],
				    memory_order_acquire) >>
		       cluster % 64 &
	       1;
}

/* Bytes from at, at most len, whose clusters are all there or all not. */
static uint64_t run(const struct overlay *ov, uint64_t at, uint64_t len,
		    bool *ret_present)
{
	bool there = present(ov, at / CLUSTER);
	uint64_t n = CLUSTER - at % CLUSTER;

	while (n < len && present(ov, (at + n) / CLUSTER) == there)
		n += CLUSTER;
	*ret_present = there;
	return n < len ? n : len;
}

static bool all_present(const struct overlay *ov, uint64_t at, uint64_t len)
{
	bool there;

	return run(ov, at, len, &there) == len && there;
}

static int read_some(struct overlay *ov, const struct block_io *io)
{
	struct block_io rest = *io;
	uint64_t left = io->len;
	int code = 0;

	while (left && !code) {
		bool there;

		rest.len = run(ov, rest.at, left, &there);
		code = there ? range_read(ov->fd, &rest.bufs, rest.len, rest.at)
			     : node_execute(ov->b.file, &rest);
		rest.bufs.skip += rest.len;
		rest.at += rest.len;
		left -= rest.len;
	}
	return code;
}

/* Lock held: bring in a cluster of which a write fills only a part. */
static int bring_in(struct overlay *ov, uint64_t at)
{
	uint64_t from = at - at % CLUSTER;
	uint64_t n = ov->b.size - from < CLUSTER ? ov->b.size - from : CLUSTER;
	const struct iovec iov = { ov->copy, n };
	const struct range_bufs bufs = { .iov = &iov, .iovcnt = 1 };
	int code;

	if (present(ov, at / CLUSTER))
		return 0;
	code = node_read(ov->b.file, ov->copy, n, from);
	return code ? code : range_write(ov->fd, &bufs, n, from);
}

/* Lock held. */
static int prepare(struct overlay *ov, uint64_t len, uint64_t at)
{
	uint64_t end = at + len;
	int code = 0;

	if (at % CLUSTER || len < CLUSTER)
		code = bring_in(ov, at);
	if (!code && end % CLUSTER && end < ov->b.size)
		code = bring_in(ov, end - 1);
	return code;
}

/* Lock held. */
static void set_present(struct overlay *ov, uint64_t len, uint64_t at)
{
	for (uint64_t n = at / CLUSTER; n <= (at + len - 1) / CLUSTER; n++)
		atomic_fetch_or_explicit(&ov->present[n / 64],
					 UINT64_C(1) << n % 64,
					 memory_order_release);
}

/* bufs is NULL for zeroes. */
static int put(struct overlay *ov, const struct range_bufs *bufs, uint64_t len,
	       uint64_t at)
{
	return bufs ? range_write(ov->fd, bufs, len, at)
		    : range_zero(ov->fd, len, at);
}

static int change(struct overlay *ov, const struct range_bufs *bufs,
		  uint64_t len, uint64_t at)
{
	int code;

	if (!len || all_present(ov, at, len))
		return put(ov, bufs, len, at);
	with_lock(&ov->lock);
	code = prepare(ov, len, at);
	if (!code)
		code = put(ov, bufs, len, at);
	if (!code)
		set_present(ov, len, at);
	return code;
}

static int execute(struct block *b, const struct block_io *io)
{
	struct overlay *ov = (struct overlay *)b;

	switch (io->op) {
	case BLOCK_READ:
		return read_some(ov, io);
	case BLOCK_WRITE:
		return change(ov, &io->bufs, io->len, io->at);
	case BLOCK_ZERO:
		return change(ov, NULL, io->len, io->at);
	case BLOCK_FLUSH:
	case BLOCK_DISCARD:
	case BLOCK_OPS:
		break;
	}
	return 0;
}

static int info(struct block *b, struct block_info *ret)
{
	return b->file->ops->info(b->file, ret);
}

static void close_overlay(struct block *b)
{
	struct overlay *ov = (struct overlay *)b;

	close(ov->fd);
	pthread_mutex_destroy(&ov->lock);
	free(ov->copy);
}

static const struct block_ops overlay_ops = {
	.execute = execute,
	.info = info,
	.close = close_overlay,
};

static int temporary(const char *dir)
{
	autofree char *name = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	name = xasprintf("%s/pimigrate-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

int overlay_open(struct block **ret_block, const struct block_options *opt,
		 struct block *base, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	uint64_t clusters = base->size / CLUSTER + 1;
	autoclose int fd = -1;
	struct overlay *ov;

	if (!dir || !*dir)
		dir = "/var/tmp";
	fd = temporary(dir);
	if (fd < 0)
		return err_errno(err, errno,
				 "cannot make a file for snapshot=on in \"%s\"",
				 dir);
	if (ftruncate(fd, (off_t)base->size) < 0)
		return err_errno(err, errno,
				 "cannot make a file of %llu bytes in \"%s\"",
				 (unsigned long long)base->size, dir);
	ov = xcalloc(1, sizeof(*ov) +
				(clusters / 64 + 1) * sizeof(ov->present[0]));
	node_init(&ov->b, &overlay_ops, base->driver, opt, base->pool);
	ov->b.file = block_ref(base);
	ov->b.size = base->size;
	ov->fd = steal_fd(&fd);
	ov->copy = xmalloc(CLUSTER);
	pthread_mutex_init(&ov->lock, NULL);
	*ret_block = &ov->b;
	return 0;
}
