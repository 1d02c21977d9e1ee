/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast requests go through emu/block, without a guest:
 *
 *	bench_block_io FILE raw|qcow2 read|write seq|rand [BYTES [DEPTH [N]]]
 *
 * N requests of BYTES (4096), DEPTH (64) of them at a time; writes end with a
 * flush.  qemu-img bench does the same to the same file:
 *
 *	qemu-img bench -f qcow2 -t writeback -c N -d DEPTH -s BYTES [-w] FILE
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/block.h"
#include "common/log.h"
#include "common/mem.h"

struct bench {
	struct block *block;
	enum block_op op;
	bool random;
	uint64_t bytes;
	long left; /* requests to start; atomic */
	uint64_t next;
	sem_t ended;
};

struct slot {
	struct block_request req;
	struct iovec iov;
	struct bench *bench;
	uint64_t seed;
};

static void start(struct slot *s);

static void done(struct block_request *req, int result)
{
	struct slot *s = (struct slot *)req;

	if (result < 0) {
		fprintf(stderr, "error: %s\n", strerror(-result));
		exit(1);
	}
	start(s);
}

static void start(struct slot *s)
{
	struct bench *b = s->bench;
	uint64_t places = b->block->size / b->bytes, at;

	if (__atomic_sub_fetch(&b->left, 1, __ATOMIC_RELAXED) < 0) {
		sem_post(&b->ended);
		return;
	}
	at = __atomic_fetch_add(&b->next, 1, __ATOMIC_RELAXED);
	if (b->random) {
		s->seed = s->seed * UINT64_C(6364136223846793005) + 1;
		at = s->seed >> 20;
	}
	s->req = (struct block_request){ .op = b->op,
					 .at = at % places * b->bytes,
					 .len = b->bytes,
					 .iov = &s->iov,
					 .iovcnt = 1,
					 .done = done };
	block_submit(b->block, &s->req);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(struct bench *b, unsigned long depth)
{
	struct block_request flush = { .op = BLOCK_FLUSH };
	long n = b->left;
	double t = now();

	sem_init(&b->ended, 0, 0);
	for (unsigned long i = 0; i < depth; i++) {
		struct slot *s = xnew(struct slot);

		s->bench = b;
		s->seed = i * 7919 + 1;
		s->iov = (struct iovec){ aligned_alloc(4096, b->bytes),
					 b->bytes };
		memset(s->iov.iov_base, (int)i + 1, b->bytes);
		start(s);
	}
	for (unsigned long i = 0; i < depth; i++)
		sem_wait(&b->ended);
	if (b->op == BLOCK_WRITE && block_wait(b->block, &flush) < 0)
		exit(1);
	t = now() - t;
	printf("%.0f IO/s, %.0f MB/s\n", (double)n / t,
	       (double)n * (double)b->bytes / t / 1e6);
}

int main(int argc, char **argv)
{
	struct bench b = { .bytes = 4096, .left = 100000 };
	struct block_options opt = { 0 };
	unsigned long depth = 64;
	struct pool *pool;
	struct err err;

	if (argc < 5)
		return 2;
	if (argc > 5)
		b.bytes = strtoul(argv[5], NULL, 0);
	if (argc > 6)
		depth = strtoul(argv[6], NULL, 0);
	if (argc > 7)
		b.left = strtol(argv[7], NULL, 0);
	log_init("bench_block_io", LOG_WARN);
	opt.filename = argv[1];
	b.op = !strcmp(argv[3], "write") ? BLOCK_WRITE : BLOCK_READ;
	b.random = !strcmp(argv[4], "rand");
	opt.read_only = b.op == BLOCK_READ;
	pool = pool_new(4, &err);
	if (block_image_open(&b.block,
			     !strcmp(argv[2], "qcow2") ? BLOCK_QCOW2
						       : BLOCK_RAW,
			     &opt, pool, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	run(&b, depth);
	block_free(b.block);
	pool_free(pool);
	return 0;
}
