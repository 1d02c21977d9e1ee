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

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	CLUSTER = 65536
};

struct overlay {
	int base, fd;
	uint64_t size; /* bytes */
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

int overlay_read(struct overlay *ov, const struct range_bufs *bufs,
		 uint64_t len, uint64_t at)
{
	struct range_bufs rest = *bufs;
	int code = 0;

	while (len && !code) {
		bool there;
		uint64_t n = run(ov, at, len, &there);

		code = range_read(there ? ov->fd : ov->base, &rest, n, at);
		rest.skip += n;
		at += n;
		len -= n;
	}
	return code;
}

/* Lock held: bring in a cluster of which a write fills only a part. */
static int bring_in(struct overlay *ov, uint64_t at)
{
	uint64_t from = at - at % CLUSTER;
	uint64_t n = ov->size - from < CLUSTER ? ov->size - from : CLUSTER;
	const struct iovec iov = { ov->copy, n };
	const struct range_bufs bufs = { .iov = &iov, .iovcnt = 1 };
	int code;

	if (present(ov, at / CLUSTER))
		return 0;
	code = range_read(ov->base, &bufs, n, from);
	return code ? code : range_write(ov->fd, &bufs, n, from);
}

/* Lock held. */
static int prepare(struct overlay *ov, uint64_t len, uint64_t at)
{
	uint64_t end = at + len;
	int code = 0;

	if (at % CLUSTER || len < CLUSTER)
		code = bring_in(ov, at);
	if (!code && end % CLUSTER && end < ov->size)
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

int overlay_write(struct overlay *ov, const struct range_bufs *bufs,
		  uint64_t len, uint64_t at)
{
	return change(ov, bufs, len, at);
}

int overlay_zero(struct overlay *ov, uint64_t len, uint64_t at)
{
	return change(ov, NULL, len, at);
}

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

int overlay_new(struct overlay **ret_ov, int base, uint64_t size,
		struct err *err)
{
	const char *dir = getenv("TMPDIR");
	uint64_t clusters = size / CLUSTER + 1;
	autoclose int fd = -1;
	struct overlay *ov;

	if (!dir || !*dir)
		dir = "/var/tmp";
	fd = temporary(dir);
	if (fd < 0)
		return err_errno(err, errno,
				 "cannot make a file for snapshot=on in \"%s\"",
				 dir);
	if (ftruncate(fd, (off_t)size) < 0)
		return err_errno(err, errno,
				 "cannot make a file of %llu bytes in \"%s\"",
				 (unsigned long long)size, dir);
	ov = xcalloc(1, sizeof(*ov) +
				(clusters / 64 + 1) * sizeof(ov->present[0]));
	ov->base = base;
	ov->fd = steal_fd(&fd);
	ov->size = size;
	ov->copy = xmalloc(CLUSTER);
	pthread_mutex_init(&ov->lock, NULL);
	*ret_ov = ov;
	return 0;
}

void overlay_free(struct overlay *ov)
{
	if (!ov)
		return;
	close(ov->fd);
	pthread_mutex_destroy(&ov->lock);
	free(ov->copy);
	free(ov);
}
