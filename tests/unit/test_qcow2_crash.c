/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random requests to a qcow2 image, and power cuts.
 *
 * The image lies in memory and remembers each write.  After every one of them
 * the power is cut: all that was flushed is there, of what came later any
 * sectors are and the others are not.  Then the image must have no fault but
 * leaks, and each sector of the disk must hold what it held at the last flush
 * that ended before, or something that was written later.
 *
 *	test_qcow2_crash [ROUNDS [SEED]]
 */
#include <stdlib.h>

#include "block/qcow2.h"
#include "common/log.h"
#include "qcow2_image.h"
#include "test.h"

enum {
	DISK = 1 << 19, /* in the end */
	SECTORS = DISK / 512,
	SMALL = SECTORS / 4, /* sectors at the beginning */
	ROOM = 8 << 20,
	STEPS = 80,
};

static uint64_t state;

static uint64_t any(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

/* A sector's content is a number: 0 all zeroes, else which request. */
struct version {
	uint32_t value;
	size_t from; /* log entries when it began */
};

struct run {
	bool crowded; /* only some clusters can be counted without growing */
	struct block *file, *backing, *disk;
	uint64_t sectors; /* of the disk, now */
	size_t grown;     /* log entries when it had grown */
	uint8_t *first;   /* the image at the beginning */
	uint64_t first_size;
	struct vec_of(struct version) history[SECTORS];
	/* flushes that ended: log entries then, and versions of each sector */
	struct vec_of(struct flushed {
		size_t at;
		uint32_t versions[SECTORS];
	}) flushes;
};

static uint32_t value_now(const struct run *r, uint64_t sector)
{
	return r->history[sector].at[r->history[sector].n - 1].value;
}

static struct memory_file *log_of(const struct run *r)
{
	return (struct memory_file *)r->file;
}

static void set(struct run *r, uint64_t sector, uint32_t value, size_t from)
{
	*vec_add(&r->history[sector]) = (struct version){ value, from };
}

static void fill(uint8_t *sector, uint32_t value)
{
	uint32_t *words = (uint32_t *)(void *)sector;

	for (unsigned int i = 0; i < 128; i++)
		words[i] = value;
}

/* The number in a sector; UINT32_MAX: not all of it is the same. */
static uint32_t value_in(const uint8_t *sector)
{
	const uint32_t *words = (const uint32_t *)(const void *)sector;

	for (unsigned int i = 1; i < 128; i++)
		if (words[i] != words[0])
			return UINT32_MAX;
	return words[0];
}

static int request(struct block *b, enum block_op op, uint64_t sector,
		   uint64_t n, uint8_t *buf)
{
	const struct iovec iov = { buf, n * 512 };
	const struct block_io io = { .op = op,
				     .may_unmap = any(2),
				     .at = sector * 512,
				     .len = n * 512,
				     .bufs = { .iov = &iov, .iovcnt = 1 } };

	return node_execute(b, &io);
}

static struct block *open_disk(struct block *file, struct block *backing,
			       bool read_only)
{
	const struct block_options opt = { .filename = "memory",
					   .discard = true,
					   .read_only = read_only };
	const struct block_below below = { .file = file,
					   .backing = backing,
					   .no_backing = true };
	struct block *b = NULL;
	struct err err;

	if (block_format_open(&b, BLOCK_QCOW2, &opt, &below, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return b;
}

static void write_some(struct run *r, uint64_t sector, uint64_t n,
		       uint32_t value)
{
	static uint8_t buf[DISK];
	size_t from = log_of(r)->log.n;
	enum block_op op = any(5) ? BLOCK_WRITE : BLOCK_ZERO;

	for (uint64_t i = 0; i < n; i++) {
		if (op == BLOCK_ZERO)
			value = 0;
		fill(buf + i * 512, value);
		set(r, sector + i, value, from);
	}
	check_eq(request(r->disk, op, sector, n, buf), 0);
}

/* What is read afterwards is what was there, or zeroes. */
static void discard_some(struct run *r, uint64_t sector, uint64_t n)
{
	static uint8_t buf[DISK];
	size_t from = log_of(r)->log.n;

	check_eq(request(r->disk, BLOCK_DISCARD, sector, n, NULL), 0);
	check_eq(request(r->disk, BLOCK_READ, sector, n, buf), 0);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t now = value_in(buf + i * 512);

		check(!now || now == value_now(r, sector + i));
		if (now != value_now(r, sector + i))
			set(r, sector + i, now, from);
	}
}

static void read_some(const struct run *r, uint64_t sector, uint64_t n)
{
	static uint8_t buf[DISK];

	check_eq(request(r->disk, BLOCK_READ, sector, n, buf), 0);
	for (uint64_t i = 0; i < n; i++)
		check_eq(value_in(buf + i * 512), value_now(r, sector + i));
}

static void flush_all(struct run *r)
{
	struct flushed *f;

	check_eq(node_flush(r->disk), 0);
	f = vec_add(&r->flushes);
	f->at = log_of(r)->log.n;
	for (unsigned int i = 0; i < SECTORS; i++)
		f->versions[i] = (uint32_t)r->history[i].n - 1;
}

static void grow(struct run *r)
{
	struct err err;

	check_eq(block_resize(r->disk, DISK, &err), 0);
	r->grown = log_of(r)->log.n;
	r->sectors = SECTORS;
}

static void step(struct run *r, uint32_t value)
{
	uint64_t sector = any(r->sectors), n = 1 + any(any(8) ? 24 : 400);

	if (n > r->sectors - sector)
		n = r->sectors - sector;
	switch (any(16)) {
	case 0 ... 8:
		write_some(r, sector, n, value);
		break;
	case 9 ... 10:
		discard_some(r, sector, n);
		break;
	case 11 ... 13:
		read_some(r, sector, n);
		break;
	default:
		flush_all(r);
		break;
	}
}

/* Sector by sector, each or only some. */
static void apply(uint8_t *image, uint64_t *size, const struct memory_write *w,
		  bool some)
{
	for (uint64_t done = 0, n; done < w->len; done += n) {
		uint64_t at = w->at + done;

		n = 512 - at % 512;
		if (n > w->len - done)
			n = w->len - done;
		if (some && any(2))
			continue;
		memcpy(image + at, w->data + done, n);
		if (at + n > *size)
			*size = at + n;
	}
}

/* The image is cut off after log entry `end`. */
static void check_disk(const struct run *r, struct block *disk, size_t end)
{
	static uint8_t buf[DISK];
	const struct flushed *f = NULL;
	uint64_t n = disk->size / 512;

	check(n == SECTORS || (n == SMALL && end < r->grown));
	for (size_t i = 0; i < r->flushes.n && r->flushes.at[i].at <= end; i++)
		f = &r->flushes.at[i];
	check_eq(request(disk, BLOCK_READ, 0, n, buf), 0);
	for (unsigned int i = 0; i < n; i++) {
		uint32_t now = value_in(buf + (size_t)i * 512);
		bool good = false;

		for (size_t v = f ? f->versions[i] : 0;
		     v < r->history[i].n && r->history[i].at[v].from <= end;
		     v++)
			good |= r->history[i].at[v].value == now;
		check(good);
	}
}

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static void check_faults(struct block *file, bool leaks)
{
	struct block_check sum = { 0 };
	struct err err;
	int code = qcow2_check(file, false, NULL, NULL, &sum, &err);

	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	check_eq(code, 0);
	check_eq(sum.corruptions, 0);
	check(leaks || !sum.leaks);
	if (sum.corruptions)
		(void)qcow2_check(file, false, say, NULL, &sum, &err);
}

/* It goes on from here: written, repaired, whole. */
static void go_on(const struct run *r, struct block *file)
{
	static uint8_t buf[64 * 512];
	struct block *disk = open_disk(file, r->backing, false);
	struct block_check sum;
	struct err err;

	check(disk);
	for (unsigned int i = 0; disk && i < 8; i++)
		check_eq(request(disk, BLOCK_WRITE, any(SMALL - 64), 64, buf),
			 0);
	block_free(disk);
	check_faults(file, true);
	check_eq(qcow2_check(file, true, NULL, NULL, &sum, &err), 0);
	check_eq(sum.fixed_leaks, sum.leaks);
	check_faults(file, false);
}

static void cut(const struct run *r, const uint8_t *image, uint64_t size,
		size_t end)
{
	struct block *file = memory_file(image, size, ROOM);
	struct block *disk;

	check_faults(file, true);
	disk = open_disk(file, r->backing, true);
	check(disk);
	if (disk)
		check_disk(r, disk, end);
	block_free(disk);
	if (end % 16 == 0)
		go_on(r, file);
	block_free(file);
}

static void cut_everywhere(struct run *r)
{
	const struct memory_file *f = log_of(r);
	uint8_t *durable = xcalloc(1, ROOM), *image = xcalloc(1, ROOM);
	uint64_t durable_size = r->first_size;
	size_t flushed = 0;

	memcpy(durable, r->first, r->first_size);
	for (size_t end = 0; end <= f->log.n && !test_failures; end++) {
		/* of the header's changes, which are few, more is tried */
		unsigned int times = end && !f->log.at[end - 1].flush &&
						     f->log.at[end - 1].at < 104
					     ? 8
					     : 1;

		if (end && f->log.at[end - 1].flush) {
			for (; flushed < end; flushed++)
				apply(durable, &durable_size,
				      &f->log.at[flushed], false);
		}
		while (times--) {
			uint64_t size = durable_size;

			memcpy(image, durable, f->b.size);
			for (size_t i = flushed; i < end; i++)
				apply(image, &size, &f->log.at[i],
				      (end + times) % 3 != 0);
			cut(r, image, size, end);
		}
	}
	free(durable);
	free(image);
}

static struct block *make_backing(struct run *r)
{
	static uint8_t buf[DISK / 2];
	const struct block_options opt = { .filename = "memory", .base = true };
	struct block_below below = { 0 };
	struct block *b = NULL;
	struct err err;

	for (unsigned int i = 0; i < SECTORS / 2; i++) {
		fill(buf + (size_t)i * 512, 1000000 + i);
		if (i < SMALL)
			set(r, i, 1000000 + i, 0);
	}
	below.file = memory_file(buf, sizeof(buf), sizeof(buf));
	check_eq(block_format_open(&b, BLOCK_RAW, &opt, &below, &err), 0);
	block_free(below.file);
	return b;
}

/* All clusters that the table can count are in use but for the first hundred:
 * leaks, but that does not matter. */
static void crowd(struct run *r, const struct qcow2_shape *shape)
{
	uint64_t cluster = UINT64_C(1) << shape->cluster_bits;
	uint64_t per = cluster * 8 >> shape->refcount_order;

	for (uint64_t n = 1; n < cluster / 8; n++)
		put_be(r->first + cluster + 8 * n, 8, n * per * cluster);
	for (uint64_t c = 100; c < cluster / 8 * per; c++) {
		uint8_t *block = r->first + c / per * per * cluster;

		if (c < per)
			block = r->first + 2 * cluster;
		qcow2_set_count(block, shape->refcount_order, c % per, 1);
	}
	for (uint64_t n = 1; n < cluster / 8; n++)
		qcow2_set_count(r->first + n * per * cluster,
				shape->refcount_order, 0, 1);
	r->first_size = cluster / 8 * per * cluster;
	r->crowded = true;
}

static void test(struct qcow2_shape shape, bool backed, bool crowded)
{
	struct run *r = xnew(struct run);

	shape.size = UINT64_C(512) * SMALL;
	r->sectors = SMALL;
	r->first = xcalloc(1, ROOM);
	r->first_size = qcow2_empty(r->first, &shape);
	if (crowded)
		crowd(r, &shape);
	for (unsigned int i = 0; i < SECTORS; i++)
		set(r, i, 0, 0);
	if (backed)
		r->backing = make_backing(r);
	r->file = memory_file(r->first, r->first_size, ROOM);
	log_of(r)->logs = true;
	r->disk = open_disk(r->file, r->backing, false);
	check(r->disk);
	for (uint32_t i = 1; r->disk && i <= STEPS && !test_failures; i++) {
		if (i == STEPS / 3)
			grow(r);
		step(r, i);
	}
	read_some(r, 0, SECTORS);
	cut_everywhere(r);
	block_free(r->disk);
	check_faults(r->file, r->crowded);
	block_free(r->file);
	block_free(r->backing);
	for (unsigned int i = 0; i < SECTORS; i++)
		vec_free(&r->history[i]);
	vec_free(&r->flushes);
	free(r->first);
	free(r);
}

/* Now and then the host's disk is full: then a request fails, each sector has
 * its old or its new content, and the image stays whole. */
static void test_full(struct qcow2_shape shape)
{
	static uint8_t buf[DISK], back[DISK];
	static uint32_t now[SECTORS];
	uint8_t *first = xcalloc(1, ROOM);
	struct memory_file *f;
	struct block *disk;

	shape.size = DISK;
	f = (struct memory_file *)memory_file(first, qcow2_empty(first, &shape),
					      ROOM);
	disk = open_disk(&f->b, NULL, false);
	memset(now, 0, sizeof(now));
	for (uint32_t value = 1; value < 600 && !test_failures; value++) {
		uint64_t sector = any(SECTORS), n = 1 + any(100);
		bool zero = !any(4);
		int code;

		if (n > SECTORS - sector)
			n = SECTORS - sector;
		for (uint64_t i = 0; i < n; i++)
			fill(buf + i * 512, value);
		f->full = !any(3);
		code = any(10) ? request(disk, zero ? BLOCK_ZERO : BLOCK_WRITE,
					 sector, n, buf)
			       : node_flush(disk);
		check(!code || (code == -ENOSPC && f->full));
		f->full = false;
		check_eq(request(disk, BLOCK_READ, sector, n, back), 0);
		for (uint64_t i = 0; i < n; i++) {
			uint32_t got = value_in(back + i * 512);

			check(got == (zero ? 0 : value) ||
			      got == now[sector + i]);
			now[sector + i] = got;
		}
	}
	block_free(disk);
	check_faults(&f->b, true);
	disk = open_disk(&f->b, NULL, true);
	check_eq(request(disk, BLOCK_READ, 0, SECTORS, back), 0);
	for (unsigned int i = 0; i < SECTORS; i++)
		check_eq(value_in(back + (size_t)i * 512), now[i]);
	block_free(disk);
	block_free(&f->b);
	free(first);
}

/* What reading a table fails once for works the next time. */
static void test_unreadable(void)
{
	static uint8_t buf[512], first[1 << 16];
	const struct qcow2_shape shape = { 3, 9, 4, DISK };
	struct memory_file *f = (struct memory_file *)memory_file(
		first, qcow2_empty(first, &shape), ROOM);
	struct block *disk = open_disk(&f->b, NULL, false);
	unsigned int failed = 0;

	for (uint32_t i = 0; i < SECTORS && !test_failures; i++) {
		int code;

		fill(buf, i + 1);
		f->unreadable = true;
		code = request(disk, BLOCK_WRITE, i, 1, buf);
		f->unreadable = false;
		if (!code)
			continue;
		failed++;
		check_eq(code, (unsigned long long)-EIO);
		check_eq(request(disk, BLOCK_WRITE, i, 1, buf), 0);
	}
	check(failed);
	for (uint32_t i = 0; i < SECTORS && !test_failures; i++) {
		check_eq(request(disk, BLOCK_READ, i, 1, buf), 0);
		check_eq(value_in(buf), i + 1);
	}
	block_free(disk);
	check_faults(&f->b, true);
	block_free(&f->b);
}

int main(int argc, char **argv)
{
	static const struct qcow2_shape shapes[] = {
		{ 3, 12, 4 }, { 3, 9, 4 },  { 3, 9, 6 }, { 2, 12, 4 },
		{ 3, 9, 0 },  { 3, 16, 1 }, { 3, 9, 6 },
	};
	enum {
		RUNS = 2 * sizeof(shapes) / sizeof(shapes[0])
	};
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	log_init("test_qcow2_crash", LOG_WARN);
	test_unreadable();
	for (; rounds-- && !test_failures; seed++) {
		for (unsigned int i = 0; i < RUNS && !test_failures; i++) {
			state = seed * 0x9e3779b97f4a7c15 + i + 1;
			test(shapes[i / 2], i % 2, i / 2 == RUNS / 2 - 1);
			if (test_failures)
				fprintf(stderr, "seed %llu, shape %u\n",
					(unsigned long long)seed, i);
			else if (i % 2)
				test_full(shapes[i / 2]);
		}
	}
	return test_done();
}
