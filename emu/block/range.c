/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * preadv and pwritev may do less than asked.  Each turn makes the list of what
 * is left afresh in an array of its own: the request's iovecs stay as they
 * are, which the caller needs, and short counts are no special case.
 */
#include "block/range.h"

#include <errno.h>
#include <string.h>

#include "block/block.h"

/* The buffers of len bytes after skip, in part; returns how many. */
static unsigned int slice(struct iovec *part, const struct range_bufs *bufs,
			  uint64_t skip, uint64_t len)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < bufs->iovcnt && len; i++) {
		uint64_t size = bufs->iov[i].iov_len;
		uint8_t *base = bufs->iov[i].iov_base;

		if (skip >= size) {
			skip -= size;
			continue;
		}
		size -= skip;
		if (size > len)
			size = len;
		part[n++] = (struct iovec){ base + skip, size };
		len -= size;
		skip = 0;
	}
	return n;
}

static int transfer(int fd, bool write, const struct range_bufs *bufs,
		    uint64_t len, uint64_t at)
{
	struct iovec part[BLOCK_IOV_MAX];
	uint64_t done = 0;

	while (done < len) {
		int n = (int)slice(part, bufs, bufs->skip + done, len - done);
		ssize_t got = write ? pwritev(fd, part, n, (off_t)(at + done))
				    : preadv(fd, part, n, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		done += (uint64_t)got;
	}
	return 0;
}

int range_read(int fd, const struct range_bufs *bufs, uint64_t len, uint64_t at)
{
	return transfer(fd, false, bufs, len, at);
}

int range_read_now(int fd, const struct range_bufs *bufs, uint64_t len,
		   uint64_t at)
{
	struct iovec part[BLOCK_IOV_MAX];
	int n = (int)slice(part, bufs, bufs->skip, len);
	ssize_t got = preadv2(fd, part, n, (off_t)at, RWF_NOWAIT);

	return got >= 0 && (uint64_t)got == len ? 0 : -EAGAIN;
}

int range_write(int fd, const struct range_bufs *bufs, uint64_t len,
		uint64_t at)
{
	return transfer(fd, true, bufs, len, at);
}

/* from NULL: zeroes */
static void fill(const struct range_bufs *bufs, const uint8_t *from,
		 uint64_t len)
{
	uint64_t skip = bufs->skip;

	for (unsigned int i = 0; i < bufs->iovcnt && len; i++) {
		uint64_t n = bufs->iov[i].iov_len;
		uint8_t *to = bufs->iov[i].iov_base;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		to += skip;
		n = n - skip < len ? n - skip : len;
		if (from) {
			memcpy(to, from, n);
			from += n;
		} else {
			memset(to, 0, n);
		}
		len -= n;
		skip = 0;
	}
}

void range_clear(const struct range_bufs *bufs, uint64_t len)
{
	fill(bufs, NULL, len);
}

void range_put(const struct range_bufs *bufs, const void *from, uint64_t len)
{
	fill(bufs, from, len);
}

int range_zero(int fd, uint64_t len, uint64_t at)
{
	static const uint8_t zeroes[65536];
	struct iovec iov[16];
	const struct range_bufs bufs = { .iov = iov, .iovcnt = 16 };

	for (unsigned int i = 0; i < 16; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)zeroes,
					 sizeof(zeroes) };
	while (len) {
		uint64_t n = len < 16 * sizeof(zeroes) ? len
						       : 16 * sizeof(zeroes);
		int code = range_write(fd, &bufs, n, at);

		if (code < 0)
			return code;
		len -= n;
		at += n;
	}
	return 0;
}
