/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole reads and writes of byte ranges between a descriptor and iovecs. */
#ifndef BLOCK_RANGE_H
#define BLOCK_RANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* Buffers of a request: len bytes after the first skip. */
struct range_bufs {
	const struct iovec *iov;
	unsigned int iovcnt;
	uint64_t skip;
};

/* 0, or -errno; -EIO where the file ends early. */
int range_read(int fd, const struct range_bufs *bufs, uint64_t len,
	       uint64_t at);
/* The same if the host need not wait for a disk (Linux's RWF_NOWAIT), else
 * -EAGAIN, and what is in the buffers is anything. */
int range_read_now(int fd, const struct range_bufs *bufs, uint64_t len,
		   uint64_t at);
int range_write(int fd, const struct range_bufs *bufs, uint64_t len,
		uint64_t at);

/* The same without a file: zeroes, or bytes from memory. */
void range_clear(const struct range_bufs *bufs, uint64_t len);
void range_put(const struct range_bufs *bufs, const void *from, uint64_t len);

/* Zeroes by writing them. */
int range_zero(int fd, uint64_t len, uint64_t at);

#endif
