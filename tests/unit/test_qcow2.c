/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 images against qemu-img: what it writes reads the same here, and what
 * is written here it finds whole and reads the same.
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/log.h"
#include "qcow2_image.h"
#include "test.h"

enum {
	DISK = 3 * 1024 * 1024 + 1536, /* no whole number of clusters */
	SECTORS = DISK / 512,
};

static struct pool *pool;
static struct err err;
static uint8_t model[8 << 20], buf[8 << 20];

static uint32_t any(uint32_t n)
{
	static uint32_t seed = 20;

	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

/* The exit status of a command, in the tests' folder. */
static int sh(const char *fmt, ...) printf_like(1, 2);

static int sh(const char *fmt, ...)
{
	char cmd[1000];
	va_list ap;
	int n, status;

	va_start(ap, fmt);
	n = vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	snprintf(cmd + n, sizeof(cmd) - (size_t)n, " >log 2>&1");
	status = system(cmd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A command that must work. */
#define run(...)                                                        \
	do {                                                            \
		int run_ = sh(__VA_ARGS__);                             \
		if (run_) {                                             \
			fprintf(stderr, "%s:%d: status %d\n", __FILE__, \
				__LINE__, run_);                        \
			(void)!system("cat log >&2");                   \
			test_failed();                                  \
		}                                                       \
	} while (0)

static int open_code(struct block **ret_block, struct block_options opt,
		     enum block_format format)
{
	*ret_block = NULL;
	err.text[0] = 0;
	return block_image_open(ret_block, format, &opt, pool, &err);
}

static struct block *opened(const char *name, bool read_only)
{
	struct block *b;

	if (open_code(&b,
		      (struct block_options){ .filename = name,
					      .read_only = read_only,
					      .discard = true },
		      BLOCK_QCOW2) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return b;
}

static int request(struct block *b, enum block_op op, uint64_t at, uint64_t len,
		   uint8_t *data)
{
	const struct iovec iov[2] = { { data, len / 3 },
				      { data ? data + len / 3 : NULL,
					len - len / 3 } };
	struct block_request req = { .op = op,
				     .at = at,
				     .len = len,
				     .may_unmap = any(2),
				     .iov = iov,
				     .iovcnt = 2 };

	return block_wait(b, &req);
}

static void put_file(const char *name, const void *data, size_t n, uint64_t at)
{
	autoclose int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	check_eq(io_pwrite(fd, data, n, at), 0);
}

static size_t get_file(const char *name, void *data, size_t n, uint64_t at)
{
	autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);

	return (size_t)io_pread(fd, data, n, at);
}

/* Some of it zeroes, some that packs well, some that does not. */
static void fill(uint8_t *p, size_t n)
{
	while (n) {
		size_t some = 512 * (1 + any(300));
		uint32_t kind = any(3);

		if (some > n)
			some = n;
		for (size_t i = 0; i < some; i++)
			p[i] = kind == 0   ? 0
			       : kind == 1 ? (uint8_t)(some + i / 64)
					   : (uint8_t)any(256);
		p += some;
		n -= some;
	}
}

static void compare(struct block *b, const uint8_t *want, uint64_t size)
{
	check_eq(b->size, size);
	memset(buf, 0xee, size);
	for (uint64_t at = 0; at < size;) {
		uint64_t len = 512 * (1 + any(600));

		if (len > size - at)
			len = size - at;
		check_eq(request(b, BLOCK_READ, at, len, buf + at), 0);
		at += len;
	}
	check(!memcmp(buf, want, size));
}

/* qemu-img finds no fault, not even a leak, and reads this. */
static void compare_by_qemu(const char *name, const uint8_t *want,
			    uint64_t size)
{
	static uint8_t raw[sizeof(buf)];

	run("qemu-img check -f qcow2 %s", name);
	run("qemu-img convert -f qcow2 -O raw %s back.raw", name);
	check_eq(get_file("back.raw", raw, sizeof(raw), 0), size);
	check(!memcmp(raw, want, size));
}

static const struct variant {
	const char *options;
	bool packed, backed;
} variants[] = {
	{ "compat=1.1", false, false },
	{ "compat=0.10", false, false },
	{ "compat=1.1", true, true },
	{ "compat=0.10", true, true },
	{ "compat=1.1,compression_type=zstd", true, true },
	{ "compat=1.1,cluster_size=512", false, true },
	{ "compat=0.10,cluster_size=512", true, false },
	{ "compat=1.1,cluster_size=2M", true, true },
	{ "compat=1.1,cluster_size=4k,refcount_bits=1", false, true },
	{ "compat=1.1,cluster_size=512,refcount_bits=64", true, false },
	{ "compat=1.1,cluster_size=512,refcount_bits=2", false, false },
	{ "compat=1.1,refcount_bits=8,lazy_refcounts=on", true, true },
	{ "compat=1.1,cluster_size=8k,refcount_bits=32", true, true },
	{ "compat=1.1,preallocation=metadata", false, false },
	{ "compat=1.1,cluster_size=16k,preallocation=falloc", false, false },
	{ "compat=1.1,preallocation=full", false, false },
};

enum {
	VARIANTS = sizeof(variants) / sizeof(variants[0])
};

static void test_reading(void)
{
	for (unsigned int i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct block *b;

		fill(model, DISK);
		put_file("disk.raw", model, DISK, 0);
		run("qemu-img convert -f raw -O qcow2 %s -o %s disk.raw "
		    "disk.qcow2",
		    v->packed ? "-c" : "", v->options);
		b = opened("disk.qcow2", true);
		compare(b, model, DISK);
		check_eq(request(b, BLOCK_WRITE, 0, 512, buf),
			 (unsigned long long)-EROFS);
		block_free(b);
	}
}

/* One request, and the model follows. */
static void random_request(struct block *b, uint64_t size)
{
	static uint8_t data[1 << 20], was[1 << 20];
	uint64_t at = (uint64_t)any((uint32_t)(size / 512)) * 512;
	uint64_t len = 512 * (uint64_t)(1 + any(any(6) ? 40 : 1500));

	if (len > size - at)
		len = size - at;
	switch (any(8)) {
	case 0 ... 3:
		memset(data, (int)any(256), len);
		check_eq(request(b, BLOCK_WRITE, at, len, data), 0);
		memcpy(model + at, data, len);
		break;
	case 4:
		check_eq(request(b, BLOCK_ZERO, at, len, NULL), 0);
		memset(model + at, 0, len);
		break;
	case 5:
		memcpy(was, model + at, len);
		check_eq(request(b, BLOCK_DISCARD, at, len, NULL), 0);
		check_eq(request(b, BLOCK_READ, at, len, model + at), 0);
		for (uint64_t i = 0; i < len; i++)
			if (model[at + i] && model[at + i] != was[i])
				check(false);
		break;
	case 6:
		check_eq(request(b, BLOCK_FLUSH, 0, 0, NULL), 0);
		break;
	default:
		check_eq(request(b, BLOCK_READ, at, len, data), 0);
		check(!memcmp(data, model + at, len));
		break;
	}
}

/* Over a backing file that is shorter, itself over another. */
static void make_backed(const struct variant *v)
{
	fill(model, DISK);
	put_file("base.raw", model, DISK, 0);
	run("qemu-img create -f qcow2 -b base.raw -F raw middle.qcow2 2M");
	memset(model + (2 << 20), 0, DISK - (2 << 20));
	memset(model + 70000, 0x77, 200000);
	run("qemu-io -f qcow2 -c 'write -P 0x77 70000 200000' middle.qcow2");
	run("qemu-img create -f qcow2 -b middle.qcow2 -F qcow2 -o %s "
	    "disk.qcow2 %d",
	    v->options, DISK);
}

static void test_writing(void)
{
	for (unsigned int i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct block *b;

		unlink("disk.qcow2");
		memset(model, 0, DISK);
		if (v->backed) {
			make_backed(v);
		} else if (v->packed) {
			fill(model, DISK);
			put_file("disk.raw", model, DISK, 0);
			run("qemu-img convert -c -f raw -O qcow2 -o %s "
			    "disk.raw disk.qcow2",
			    v->options);
		} else {
			run("qemu-img create -f qcow2 -o %s disk.qcow2 %d",
			    v->options, DISK);
		}
		b = opened("disk.qcow2", false);
		for (unsigned int n = 0; n < 120; n++)
			random_request(b, DISK);
		compare(b, model, DISK);
		block_free(b);
		compare_by_qemu("disk.qcow2", model, DISK);
		b = opened("disk.qcow2", false);
		compare(b, model, DISK);
		block_free(b);
	}
}

/* Many at a time, each request on sectors of its own. */
struct many {
	struct block_request req;
	struct iovec iov;
	uint8_t data[8192];
	sem_t *done;
};

static void many_done(struct block_request *req, int result)
{
	const struct many *m = (const struct many *)req;

	check_eq(result, 0);
	sem_post(m->done);
}

static void test_threads(const char *options)
{
	enum {
		N = 128
	};
	struct many *many = xcalloc(N, sizeof(*many));
	struct block *b;
	sem_t done;

	sem_init(&done, 0, 0);
	memset(model, 0, DISK);
	run("qemu-img create -f qcow2 -o %s disk.qcow2 %d", options, DISK);
	b = opened("disk.qcow2", false);
	for (unsigned int turn = 0; turn < 20; turn++) {
		for (unsigned int i = 0; i < N; i++) {
			struct many *m = &many[i];
			uint64_t at = (i * 16 + any(8)) * 512 +
				      (turn % 3) * N * 8192;
			uint64_t len = 512 * (uint64_t)(1 + any(8));

			m->done = &done;
			m->iov = (struct iovec){ m->data, len };
			m->req = (struct block_request){
				.op = any(4) ? BLOCK_WRITE : BLOCK_ZERO,
				.at = at,
				.len = len,
				.iov = &m->iov,
				.iovcnt = 1,
				.may_unmap = any(2),
				.done = many_done
			};
			if (i % 50 == 7)
				m->req.op = BLOCK_FLUSH;
			memset(m->data, (int)(1 + any(255)), len);
			if (m->req.op == BLOCK_WRITE)
				memcpy(model + at, m->data, len);
			else if (m->req.op == BLOCK_ZERO)
				memset(model + at, 0, len);
		}
		for (unsigned int i = 0; i < N; i++)
			block_submit(b, &many[i].req);
		for (unsigned int i = 0; i < N; i++)
			sem_wait(&done);
	}
	compare(b, model, DISK);
	block_free(b);
	compare_by_qemu("disk.qcow2", model, DISK);
	sem_destroy(&done);
	free(many);
}

static void refused(const char *name, const char *word)
{
	const struct block_options opt = { .filename = name };
	struct block *b;

	check(open_code(&b, opt, BLOCK_QCOW2) < 0);
	block_free(b);
	if (!strstr(err.text, word)) {
		fprintf(stderr, "\"%s\" says nothing of %s\n", err.text, word);
		test_failed();
	}
}

static void test_refusals(void)
{
	const struct block_options ro = { .filename = "a.qcow2",
					  .read_only = true };
	struct block *b;
	static const uint8_t unknown[8] = { 0, 0, 1 }, corrupt[8] = { [7] = 2 },
			     luks[4] = { [3] = 2 };

	run("qemu-img create -f qcow2 a.qcow2 1M");
	run("qemu-img snapshot -c before a.qcow2");
	refused("a.qcow2", "internal snapshots");
	/* crypt_method 2: LUKS.  qemu-img itself would first measure how fast
	 * it is, and now and then refuses to. */
	run("qemu-img create -f qcow2 a.qcow2 1M");
	put_file("a.qcow2", luks, 4, 32);
	refused("a.qcow2", "encrypted");
	run("qemu-img create -f qcow2 -o data_file=a.data a.qcow2 1M");
	refused("a.qcow2", "external data file");
	run("qemu-img create -f qcow2 -o extended_l2=on a.qcow2 1M");
	refused("a.qcow2", "extended L2");
	run("qemu-img create -f qcow2 a.qcow2 1M");
	put_file("a.qcow2", unknown, 8, 72);
	refused("a.qcow2", "number 40");
	put_file("a.qcow2", corrupt, 8, 72);
	refused("a.qcow2", "--check-image");
	block_free(opened("a.qcow2", true));
	run("qemu-img create -f raw a.qcow2 1M");
	refused("a.qcow2", "no qcow2 image");
	run("qemu-img create -f qcow2 -u -b b.vmdk -F vmdk a.qcow2 1M");
	refused("a.qcow2", "vmdk");
	run("qemu-img create -f qcow2 -u -b nbd://h/x -F raw a.qcow2 1M");
	refused("a.qcow2", "no file on this host");
	run("qemu-img create -f qcow2 -u -b nowhere.raw -F raw a.qcow2 1M");
	refused("a.qcow2", "nowhere.raw");
	run("qemu-img create -f qcow2 -u -b b.qcow2 -F qcow2 a.qcow2 1M");
	run("qemu-img create -f qcow2 -u -b a.qcow2 -F qcow2 b.qcow2 1M");
	refused("a.qcow2", "a.qcow2");
	check(open_code(&b, ro, BLOCK_QCOW2) < 0);
	check(strstr(err.text, "stand on itself"));
	run("qemu-img create -f qcow2 -o compat=0.10 -u -b x.raw -F raw "
	    "a.qcow2 1M");
	put_file("a.qcow2", unknown + 3, 4, 72); /* no extension any more */
	refused("a.qcow2", "format");
}

/* Locks: a backing file may be another's, too, but nobody may write it. */
static void test_locks(void)
{
	struct block *b, *other;

	run("qemu-img create -f qcow2 base.qcow2 1M");
	run("qemu-img create -f qcow2 -b base.qcow2 -F qcow2 a.qcow2");
	run("qemu-img create -f qcow2 -b base.qcow2 -F qcow2 b.qcow2");
	b = opened("a.qcow2", false);
	other = opened("b.qcow2", false);
	refused("base.qcow2", "base.qcow2");
	refused("a.qcow2", "a.qcow2");
	check(sh("qemu-io -f qcow2 -c 'write 0 512' a.qcow2") != 0);
	check(sh("qemu-io -f qcow2 -c 'write 0 512' base.qcow2") != 0);
	check(sh("qemu-img resize base.qcow2 2M") != 0);
	run("qemu-io -r -f qcow2 -c 'read 0 512' base.qcow2");
	block_free(b);
	block_free(other);
	block_free(opened("base.qcow2", false));
}

static void test_resizing(void)
{
	struct block_info info;
	struct block *b;

	for (unsigned int i = 0; i < 2; i++) {
		/* what is below comes not to light */
		run("qemu-img create -f raw base.raw 4M");
		run("qemu-io -f raw -c 'write -P 9 0 4M' base.raw");
		run("qemu-img create -f qcow2 -b base.raw -F raw -o "
		    "cluster_size=%s,compat=%s a.qcow2 1000k",
		    i ? "64k" : "512", i ? "0.10" : "1.1");
		memset(model, 0, sizeof(model));
		memset(model, 9, 1000 << 10);
		b = opened("a.qcow2", false);
		memset(model + 5000 * 100, 3, 512);
		check_eq(request(b, BLOCK_WRITE, 999 << 10, 512,
				 model + 5000 * 100),
			 0);
		memset(model + 5000 * 100, 9, 512);
		memset(model + (999 << 10), 3, 512);
		check(block_resize(b, 999 << 10, &err) < 0);
		check(block_resize(b, 8191 * 1024 + 100, &err) < 0);
		check_eq(block_resize(b, 2 << 20, &err), 0);
		check_eq(block_resize(b, 8 << 20, &err), 0);
		compare(b, model, 8 << 20);
		for (unsigned int n = 0; n < 50; n++)
			random_request(b, 8 << 20);
		check_eq(block_info(b, &info), 0);
		check_eq(info.virtual_size, 8 << 20);
		check_eq(info.version, i ? 2 : 3);
		check(!strcmp(info.backing_file, "base.raw"));
		block_free(b);
		compare_by_qemu("a.qcow2", model, 8 << 20);
	}
}

/* The L1 table is one run, and a run ends where a refcount block's region
 * does: more is refused at once, and nothing is changed. */
static void test_tiny_clusters(void)
{
	struct block *b;

	run("qemu-img create -f qcow2 -o cluster_size=512 a.qcow2 1M");
	b = opened("a.qcow2", false);
	/* 255 clusters of 64 entries, each for 32 KiB */
	check_eq(block_resize(b, 510 << 20, &err), 0);
	check(block_resize(b, (510 << 20) + 512, &err) < 0);
	check(strstr(err.text, "clusters of 512 bytes"));
	check_eq(b->size, 510 << 20);
	block_free(b);
	run("qemu-img check -f qcow2 a.qcow2");
}

/* Lazy refcounts, and nobody closed it. */
static void test_dirty(void)
{
	static const uint8_t dirty[8] = { [7] = 1 }, none[64];
	struct block *b;

	fill(model, DISK);
	put_file("disk.raw", model, DISK, 0);
	run("qemu-img convert -f raw -O qcow2 -o lazy_refcounts=on disk.raw "
	    "a.qcow2");
	put_file("a.qcow2", dirty, 8, 72);
	put_file("a.qcow2", none, 64, 2 * 65536 + 8);
	b = opened("a.qcow2", true); /* to read it, nothing is needed */
	compare(b, model, DISK);
	block_free(b);
	b = opened("a.qcow2", false);
	for (unsigned int n = 0; n < 50; n++)
		random_request(b, DISK);
	block_free(b);
	compare_by_qemu("a.qcow2", model, DISK);
}

static void test_checking(void)
{
	static const uint8_t two[2] = { 0, 2 }, none[2], one[2] = { 0, 1 };
	struct block_check sum;

	fill(model, DISK);
	put_file("disk.raw", model, DISK, 0);
	run("qemu-img convert -f raw -O qcow2 disk.raw a.qcow2");
	check_eq(block_check("a.qcow2", false, NULL, NULL, &sum, &err), 0);
	check_eq(sum.leaks + sum.corruptions, 0);
	check_eq(sum.clusters, 49);

	put_file("a.qcow2", one, 2, 2 * 65536 + 2 * 3000);
	put_file("a.qcow2", one, 2, 2 * 65536 + 2 * 3003);
	check_eq(block_check("a.qcow2", false, NULL, NULL, &sum, &err), 0);
	check_eq(sum.leaks, 2);
	check_eq(block_check("a.qcow2", true, NULL, NULL, &sum, &err), 0);
	check_eq(sum.fixed_leaks, 2);
	compare_by_qemu("a.qcow2", model, DISK);

	put_file("a.qcow2", none, 2, 2 * 65536 + 2 * 8);
	put_file("a.qcow2", two, 2, 2 * 65536 + 2 * 9);
	check_eq(block_check("a.qcow2", false, NULL, NULL, &sum, &err), 0);
	check_eq(sum.corruptions, 1);
	check_eq(sum.leaks, 1);
	check_eq(block_check("a.qcow2", true, NULL, NULL, &sum, &err), 0);
	check_eq(sum.fixed_corruptions, 1);
	compare_by_qemu("a.qcow2", model, DISK);

	/* Two entries of an L2 table lead to the first data cluster. */
	run("qemu-img create -f qcow2 a.qcow2 1M");
	run("qemu-io -f qcow2 -c 'write -P 5 0 128k' a.qcow2");
	check_eq(get_file("a.qcow2", buf, 16, 4 * 65536), 16);
	put_file("a.qcow2", buf, 8, 4 * 65536 + 8);
	check_eq(block_check("a.qcow2", true, NULL, NULL, &sum, &err), 0);
	check(sum.corruptions && sum.fixed_corruptions == sum.corruptions);
	run("qemu-img check a.qcow2");

	/* Data in place of the refcount table: nothing is touched. */
	run("qemu-img create -f qcow2 a.qcow2 1M");
	run("qemu-io -f qcow2 -c 'write -P 5 0 128k' a.qcow2");
	memcpy(buf, "\x80\0\0\0\0\1\0\0", 8);
	put_file("a.qcow2", buf, 8, 4 * 65536);
	check_eq(block_check("a.qcow2", true, NULL, NULL, &sum, &err), 0);
	check(sum.corruptions > sum.fixed_corruptions);
	{
		struct block *b = opened("a.qcow2", false);

		memset(buf, 0xff, 512);
		check_eq(request(b, BLOCK_WRITE, 0, 512, buf),
			 (unsigned long long)-EIO);
		block_free(b);
	}
	check_eq(get_file("a.qcow2", buf, 8, 65536), 8);
	check(!memcmp(buf, "\0\0\0\0\0\2\0\0", 8));
	check(block_check("disk.raw", false, NULL, NULL, &sum, &err) < 0);
}

/* snapshot=on over qcow2, and zeroes found in what is written. */
static void test_modes(void)
{
	struct block *b;

	fill(model, DISK);
	put_file("disk.raw", model, DISK, 0);
	run("qemu-img convert -f raw -O qcow2 disk.raw a.qcow2");
	run("cp a.qcow2 copy.qcow2");
	check_eq(open_code(&b,
			   (struct block_options){ .filename = "a.qcow2",
						   .snapshot = true },
			   BLOCK_QCOW2),
		 0);
	for (unsigned int n = 0; n < 50; n++)
		random_request(b, DISK);
	compare(b, model, DISK);
	block_free(b);
	run("cmp a.qcow2 copy.qcow2");

	run("qemu-img create -f qcow2 a.qcow2 %d", DISK);
	check_eq(open_code(&b,
			   (struct block_options){
				   .filename = "a.qcow2",
				   .detect_zeroes = BLOCK_DETECT_ON },
			   BLOCK_QCOW2),
		 0);
	memset(buf, 0, 1 << 20);
	check_eq(request(b, BLOCK_WRITE, 0, 1 << 20, buf), 0);
	check_eq(b->file->stats.ops[BLOCK_WRITE], 0);
	buf[1 << 19] = 1;
	check_eq(request(b, BLOCK_WRITE, 0, 1 << 20, buf), 0);
	check(b->file->stats.bytes[BLOCK_WRITE] >= 1 << 20);
	block_free(b);
}

int main(void)
{
	/* in memory: it is not the disk that is tried here */
	char shm[] = "/dev/shm/test_qcow2-XXXXXX";
	char tmp[] = "/tmp/test_qcow2-XXXXXX";
	const char *dir;

	log_init("test_qcow2", LOG_QUIET);
	if (system("command -v qemu-img qemu-io >/dev/null") != 0) {
		fprintf(stderr, "not tested: no qemu-img, no qemu-io\n");
		return 77;
	}
	pool = pool_new(4, &err);
	dir = mkdtemp(shm) ? shm : mkdtemp(tmp);
	check(dir && chdir(dir) == 0);
	test_reading();
	test_writing();
	test_threads("cluster_size=4k");
	test_threads("cluster_size=64k,compat=0.10");
	test_refusals();
	test_locks();
	test_resizing();
	test_tiny_clusters();
	test_dirty();
	test_checking();
	test_modes();
	pool_free(pool);
	check(chdir("/") == 0);
	if (!test_failures) {
		char cmd[80];

		snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
		check(system(cmd) == 0);
	}
	return test_done();
}
