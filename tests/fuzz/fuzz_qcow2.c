/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emu/block/qcow2*.c over any bytes: check it, read all of it, write to it,
 * mend it.  Nothing may crash, hang or become large, whatever the header and
 * the tables say.
 */
#include "../unit/qcow2_image.h"
#include "block/qcow2.h"
#include "common/log.h"
#include "fuzz.h"

enum {
	DISK = 256 << 10,
	ROOM = 4 << 20,
	SOME = 64 << 10, /* bytes in one request */
};

static void request(struct block *b, enum block_op op, uint64_t at,
		    uint64_t len)
{
	static uint8_t buf[SOME];
	const struct iovec iov = { buf, sizeof(buf) };
	const struct block_io io = { .op = op,
				     .at = at,
				     .len = len < SOME ? len : SOME,
				     .may_unmap = true,
				     .bufs = { .iov = &iov, .iovcnt = 1 } };

	if (io.at < b->size && io.len <= b->size - io.at)
		(void)node_execute(b, &io);
}

/* At the beginning, in the middle, at the end of disks of any size. */
static void use(struct block *b)
{
	for (uint64_t at = 0; at < DISK; at += SOME)
		request(b, BLOCK_READ, at, SOME);
	for (unsigned int shift = 0; shift < 8; shift++) {
		uint64_t at = (b->size >> shift) - BLOCK_SECTOR;

		at -= at % BLOCK_SECTOR;
		request(b, BLOCK_READ, at, BLOCK_SECTOR);
		request(b, BLOCK_WRITE, at, BLOCK_SECTOR);
		request(b, BLOCK_DISCARD, at, SOME);
	}
	for (uint64_t at = 0; at < DISK; at += DISK / 8) {
		request(b, BLOCK_WRITE, at + 512, 4096);
		request(b, BLOCK_ZERO, at + 8192, 12288);
		request(b, BLOCK_DISCARD, at, SOME);
	}
	(void)node_flush(b);
	request(b, BLOCK_READ, 0, SOME);
}

static void try(const uint8_t *data, size_t size, bool read_only)
{
	const struct block_options opt = { .filename = "fuzz",
					   .read_only = read_only,
					   .discard = true };
	struct block_below below = { .no_backing = true };
	struct block *b;
	struct err err;

	below.file = memory_file(data, size, ROOM);
	if (block_format_open(&b, BLOCK_QCOW2, &opt, &below, &err) >= 0) {
		use(b);
		if (!read_only)
			(void)block_resize(b, b->size + 65536, &err);
		block_free(b);
	}
	block_free(below.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_check sum;
	struct block *file;
	struct err err;

	log_init("fuzz", LOG_QUIET);
	if (size > ROOM / 2)
		size = ROOM / 2;
	file = memory_file(data, size, ROOM);
	if (qcow2_check(file, false, NULL, NULL, &sum, &err) == 0)
		(void)qcow2_check(file, true, NULL, NULL, &sum, &err);
	block_free(file);
	try(data, size, true);
	try(data, size, false);
	return 0;
}

static const struct qcow2_shape shapes[] = {
	{ 3, 9, 4, DISK },
	{ 2, 12, 4, DISK },
	{ 3, 9, 6, DISK },
	{ 3, 9, 0, DISK },
};

/* An image with data; the last also with compressed entries of any kind, which
 * lead to what is no deflate and no zstd. */
size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	enum {
		SHAPES = sizeof(shapes) / sizeof(shapes[0])
	};
	const struct block_options opt = { .filename = "seed" };
	struct block_below below = { .no_backing = true };
	struct memory_file *f;
	struct block *b;
	struct err err;
	size_t len;

	if (n >= SHAPES + 2 || size < ROOM)
		return 0;
	len = qcow2_empty(buf, &shapes[n % SHAPES]);
	below.file = memory_file(buf, len, ROOM);
	if (block_format_open(&b, BLOCK_QCOW2, &opt, &below, &err) < 0)
		abort();
	use(b);
	block_free(b);
	f = (struct memory_file *)below.file;
	len = f->b.size;
	memcpy(buf, f->data, len);
	block_free(below.file);
	if (n >= SHAPES) {
		uint64_t cluster = UINT64_C(1)
				   << shapes[n % SHAPES].cluster_bits;
		uint64_t l1, l2;

		memcpy(&l1, buf + 3 * cluster, 8);
		l2 = be64toh(l1) & QCOW2_OFFSET_MASK;
		for (unsigned int i = 0; i < 16; i++)
			put_be(buf + l2 + 8 * i, 8,
			       QCOW2_COMPRESSED | (5 * cluster + 100 * i));
		if (n == SHAPES) { /* zstd */
			put_be(buf + 72, 8, QCOW2_COMPRESSION);
			put_be(buf + 100, 4, 112);
			buf[104] = QCOW2_ZSTD;
		}
	}
	return len;
}
