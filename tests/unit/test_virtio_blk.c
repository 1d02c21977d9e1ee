/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-blk against a real file, and against a block that takes its time. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "qcow2_image.h"
#include "virtio/blk.h"
#include "virtio_driver.h"

enum {
	DISK = 4 << 20,
	HEAD = DRV_BUF,
	DATA = DRV_BUF + 0x1000,
	STATUS_AT = DRV_BUF + 0x80000,
};

#define F_FLUSH (UINT64_C(1) << 9)
#define F_WCE   (UINT64_C(1) << 11)
#define COMMON  (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

static struct drv drv;
static struct virtio_blk blk;
static struct virtio_env env;

static void put_head(uint64_t at, uint32_t type, uint64_t sector)
{
	uint8_t *p = drv_at(&drv, at);

	memset(p, 0, 16);
	memcpy(p, &type, 4);
	memcpy(p + 8, &sector, 8);
}

/* One request; out: data is to be read by the device.  Returns the status. */
static int request_on(unsigned int q, uint32_t type, uint64_t sector, bool out,
		      uint32_t len)
{
	struct drv_buf buf[] = { { HEAD, 16, false },
				 { DATA, len, !out },
				 { STATUS_AT, 1, true } };
	uint8_t *status = drv_at(&drv, STATUS_AT);
	uint32_t used = 0;

	put_head(HEAD, type, sector);
	*status = 0xee;
	drv_add(&drv, q, buf, 3);
	drv_kick(&drv, q);
	check(drv_wait(&drv, q, &used) >= 0);
	check_eq(used, (out ? 0 : len) + 1);
	return *status;
}

static int request(uint32_t type, uint64_t sector, bool out, uint32_t len)
{
	return request_on(0, type, sector, out, len);
}

static void test_data(void)
{
	uint8_t *data = drv_at(&drv, DATA);

	check_eq(drv_rd(&drv, 0x100), DISK / 512);
	check_eq(drv_rd(&drv, 0x10c), 254);
	check_eq(virtio_mmio_ops.read(&blk.vdev, 0x122, 2), 2); /* queues */
	for (unsigned int i = 0; i < 8192; i++)
		data[i] = (uint8_t)(i * 3 + i / 256);
	check_eq(request(1, 3, true, 8192), 0);
	memset(data, 0, 8192);
	check_eq(request(0, 4, false, 4096), 0);
	check_eq(data[1], (uint8_t)(513 * 3 + 2));
	check_eq(request_on(1, 0, 4, false, 4096), 0);
	check_eq(request(4, 0, true, 0), 0);
	check_eq(blk.block->stats.ops[BLOCK_FLUSH], 1);

	memset(data, 0x55, 20);
	check_eq(request(8, 0, false, 20), 0);
	check(!memcmp(data, "0123456789abcdefghij", 20));
	check_eq(request(8, 0, false, 4), 0);

	check_eq(request(0, DISK / 512 - 1, false, 1024), 1);
	check_eq(request(0, UINT64_MAX / 512, false, 512), 1);
	check_eq(request(1, UINT64_MAX, true, 512), 1);
	check_eq(request(0, 0, false, 511), 1);
	check_eq(request(77, 0, false, 512), 2);
}

static int clear(uint32_t type, uint64_t sector, uint32_t n, uint32_t flags,
		 uint32_t len)
{
	uint8_t *p = drv_at(&drv, DATA);

	memcpy(p, &sector, 8);
	memcpy(p + 8, &n, 4);
	memcpy(p + 12, &flags, 4);
	return request(type, 0, true, len);
}

static void test_clear(void)
{
	uint8_t *data = drv_at(&drv, DATA);

	memset(data, 7, 4096);
	check_eq(request(1, 16, true, 4096), 0);
	check_eq(clear(13, 17, 2, 0, 16), 0);
	check_eq(request(0, 16, false, 4096), 0);
	check_eq(data[511], 7);
	check_eq(data[512], 0);
	check_eq(data[1535], 0);
	check_eq(data[1536], 7);
	check_eq(clear(13, 16, 8, 1, 16), 0); /* may unmap */
	check_eq(request(0, 16, false, 4096), 0);
	check_eq(data[0], 0);
	check_eq(clear(11, 16, 8, 0, 16), 0);
	check_eq(clear(11, 16, 8, 1, 16), 2);
	check_eq(clear(13, 16, 8, 2, 16), 2);
	check_eq(clear(13, DISK / 512, 1, 0, 16), 1);
	check_eq(clear(13, UINT64_MAX, 0xffffffff, 0, 16), 1);
	check_eq(clear(11, 0, 8, 0, 32), 1);
	check_eq(clear(11, 0, 8, 0, 8), 1);
}

/* Header and data in one buffer, status behind data: §2.7.4. */
static void test_layout(void)
{
	struct drv_buf out[] = { { DATA - 16, 16 + 512, false },
				 { STATUS_AT, 1, true } };
	struct drv_buf in[] = { { HEAD, 3, false },
				{ HEAD + 3, 13, false },
				{ DATA + 0x2000, 513, true } };
	uint8_t *p = drv_at(&drv, DATA), *back = drv_at(&drv, DATA + 0x2000);

	memset(p, 0x3c, 512);
	put_head(DATA - 16, 1, 40);
	drv_add(&drv, 0, out, 2);
	drv_kick(&drv, 0);
	check(drv_wait(&drv, 0, NULL) >= 0);
	check_eq(*(uint8_t *)drv_at(&drv, STATUS_AT), 0);
	memset(back, 0xee, 513);
	put_head(HEAD, 0, 40);
	drv_add(&drv, 0, in, 3);
	drv_kick(&drv, 0);
	check(drv_wait(&drv, 0, NULL) >= 0);
	check_eq(back[0], 0x3c);
	check_eq(back[511], 0x3c);
	check_eq(back[512], 0);
}

static void test_write_through(void)
{
	uint64_t flushes;

	drv_start(&drv, COMMON, 64); /* FLUSH was not accepted */
	flushes = blk.block->stats.ops[BLOCK_FLUSH];
	check_eq(request(1, 0, true, 512), 0);
	check_eq(blk.block->stats.ops[BLOCK_FLUSH], flushes + 1);
	drv_start(&drv, COMMON | F_FLUSH, 64);
	check_eq(request(1, 0, true, 512), 0);
	check_eq(blk.block->stats.ops[BLOCK_FLUSH], flushes + 1);
	drv_start(&drv, COMMON | F_FLUSH | F_WCE, 64);
	check_eq(request(1, 0, true, 512), 0);
	check_eq(blk.block->stats.ops[BLOCK_FLUSH], flushes + 1);
	virtio_mmio_ops.write(&blk.vdev, 0x120, 0, 1);
	virtio_mmio_ops.write(&blk.vdev, 0x100, 0, 1); /* not its to write */
	check_eq(drv_rd(&drv, 0x100), DISK / 512);
	check_eq(request(1, 0, true, 512), 0);
	check_eq(blk.block->stats.ops[BLOCK_FLUSH], flushes + 2);
}

/* Header too short, no status: the device stops. */
static void test_broken(void)
{
	struct drv_buf shorty[] = { { HEAD, 15, false }, { DATA, 512, true } };
	struct drv_buf mute[] = { { HEAD, 16, false }, { DATA, 512, false } };

	drv_start(&drv, COMMON, 64);
	drv_add(&drv, 0, shorty, 2);
	drv_kick(&drv, 0);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	drv_start(&drv, COMMON, 64);
	drv_add(&drv, 0, mute, 2);
	drv_kick(&drv, 0);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	drv_start(&drv, COMMON, 64);
	check_eq(request(0, 0, false, 512), 0);
}

static void test_file(bool read_only)
{
	char path[] = "/tmp/test_virtio_blk.XXXXXX";
	struct err err;
	struct pool *pool = pool_new(2, &err);
	struct block *b;
	int fd = mkstemp(path);

	check(ftruncate(fd, DISK) == 0);
	check(block_raw_open(&b,
			     &(struct block_options){ .filename = path,
						      .discard = true,
						      .read_only = read_only },
			     pool, &err) == 0);
	virtio_blk_init(&blk, &env,
			&(struct virtio_blk_options){
				.block = b,
				.serial = "0123456789abcdefghijkl",
				.queues = 2 });
	drv.vdev = &blk.vdev;
	if (read_only) {
		drv_wr(&drv, 0x014, 0);
		check_eq(drv_rd(&drv, 0x010) & (1 << 5 | 1 << 13), 1 << 5);
		drv_start(&drv, COMMON, 64);
		check_eq(request(1, 0, true, 512), 1);
		check_eq(clear(11, 0, 8, 0, 16), 1);
		check_eq(request(0, 0, false, 512), 0);
	} else {
		drv_start(&drv, COMMON | F_FLUSH, 64);
		test_data();
		test_clear();
		test_layout();
		test_write_through();
		test_broken();
	}
	virtio_reset(&blk.vdev);
	pool_free(pool);
	virtio_blk_fini(&blk);
	block_free(b);
	close(fd);
	unlink(path);
}

/* A block whose requests wait until they are let go. */
static struct block_request *held[1024];
static unsigned int held_n;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;

static void slow_submit(struct block *b, struct block_request *req)
{
	(void)b;
	with_lock(&held_lock);
	check(held_n < 1024);
	held[held_n++] = req;
}

static unsigned int held_count(void)
{
	with_lock(&held_lock);
	return held_n;
}

static void let_go(int result)
{
	struct block_request *req = NULL;

	pthread_mutex_lock(&held_lock);
	if (held_n)
		req = held[--held_n];
	pthread_mutex_unlock(&held_lock);
	if (req)
		req->done(req, result);
}

static const struct block_ops slow_ops = { .submit = slow_submit };

static void *reset_thread(void *arg)
{
	drv_wr(&drv, 0x070, 0);
	__atomic_store_n((bool *)arg, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* A reset returns when the last request no longer uses guest memory. */
static void test_reset_waits(void)
{
	struct drv_buf buf[] = { { HEAD, 16, false },
				 { DATA, 512, true },
				 { STATUS_AT, 1, true } };
	const struct timespec some = { .tv_nsec = 20000000 };
	bool over = false;
	pthread_t t;

	drv_start(&drv, COMMON, 64);
	put_head(HEAD, 0, 0);
	drv_add(&drv, 0, buf, 3);
	drv_add(&drv, 0, buf, 3);
	drv_kick(&drv, 0);
	check_eq(held_count(), 2);
	pthread_create(&t, NULL, reset_thread, &over);
	nanosleep(&some, NULL);
	check(!__atomic_load_n(&over, __ATOMIC_SEQ_CST));
	check_eq(drv_rd(&drv, 0x070), 15);
	drv_wr(&drv, 0x070, 15); /* ignored meanwhile */
	drv_kick(&drv, 0);
	let_go(0);
	nanosleep(&some, NULL);
	check(!__atomic_load_n(&over, __ATOMIC_SEQ_CST));
	let_go(-5);
	pthread_join(t, NULL);
	check(over);
	check_eq(drv_rd(&drv, 0x070), 0);
	check_eq(held_count(), 0);
}

/* One head made available again and again: the queue waits, nothing breaks. */
static void test_same_head(void)
{
	struct drv_buf buf[] = { { HEAD, 16, false },
				 { DATA, 512, true },
				 { STATUS_AT, 1, true } };
	uint16_t head;

	drv_start(&drv, COMMON, 256);
	put_head(HEAD, 0, 0);
	head = drv_add(&drv, 0, buf, 3);
	drv_kick(&drv, 0);
	for (unsigned int i = 0; i < 700; i++) {
		drv_offer(&drv, 0, head);
		if (i % 50 == 0)
			drv_kick(&drv, 0);
		if (drv.q[0].avail - blk.vdev.queue[0].last_avail == 256)
			break;
	}
	check_eq(held_count(), 256);
	for (unsigned int i = 0; i < 10; i++)
		let_go(0);
	check_eq(held_count(), 256); /* the next ones came in */
	while (held_count())
		let_go(0);
	virtio_reset(&blk.vdev);
}

static void test_slow(void)
{
	struct block slow = { .ops = &slow_ops, .size = DISK };

	virtio_blk_init(&blk, &env,
			&(struct virtio_blk_options){ .block = &slow });
	drv.vdev = &blk.vdev;
	test_reset_waits();
	test_same_head();
	virtio_blk_fini(&blk);
}

static void count_event(void *arg, const struct block_event *event)
{
	check_eq(event->action, BLOCK_STOP);
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void wait_for_count(atomic_uint *n, unsigned int want)
{
	for (unsigned int i = 0; *n < want && i < 10000; i++)
		usleep(1000);
	check_eq(*n, want);
}

/* A full disk: the request waits, is done when there is room, and is no
 * obstacle to a reset.  And the disk grows. */
static void test_full_disk(struct pool *pool)
{
	static uint8_t bytes[DISK];
	const struct block_options opt = { .filename = "memory" };
	struct memory_file *f = (struct memory_file *)memory_file(bytes, DISK,
								  2 * DISK);
	const struct block_below below = { .file = &f->b };
	struct drv_buf buf[] = { { HEAD, 16, false },
				 { DATA, 512, false },
				 { STATUS_AT, 1, true } };
	const uint8_t *status = drv_at(&drv, STATUS_AT);
	struct block *b = NULL;
	atomic_uint events = 0;
	uint32_t used = 0;
	struct err err;

	f->b.pool = pool;
	check_eq(block_format_open(&b, BLOCK_RAW, &opt, &below, &err), 0);
	block_set_errors(b, BLOCK_REPORT, BLOCK_ENOSPC);
	block_set_event(b, count_event, &events);
	virtio_blk_init(&blk, &env, &(struct virtio_blk_options){ .block = b });
	drv.vdev = &blk.vdev;
	drv_start(&drv, COMMON, 64);
	f->full = true;
	put_head(HEAD, 1, 7);
	drv_add(&drv, 0, buf, 3);
	drv_kick(&drv, 0);
	wait_for_count(&events, 1);
	f->full = false;
	block_retry(b);
	check(drv_wait(&drv, 0, &used) >= 0);
	check_eq(*status, 0);

	f->full = true;
	drv_add(&drv, 0, buf, 3);
	drv_kick(&drv, 0);
	wait_for_count(&events, 2);
	drv_wr(&drv, 0x070, 0);
	check_eq(drv_rd(&drv, 0x070), 0);
	f->full = false;

	check_eq(drv_rd(&drv, 0x100), DISK / 512);
	check_eq(block_resize(b, DISK + 4096, &err),
		 (unsigned long long)-EROFS); /* memory cannot */
	b->size += 4096;
	b->resized(b->resized_arg);
	check_eq(drv_rd(&drv, 0x100), DISK / 512 + 8);
	virtio_blk_fini(&blk);
	block_free(b);
	block_free(&f->b);
}

int main(void)
{
	struct err err;
	struct loop *loop = loop_new(&err);
	struct pool *pool = pool_new(2, &err);

	log_init("test_virtio_blk", LOG_QUIET);
	drv_ram(&drv);
	env = drv_env(&drv, loop);
	test_file(false);
	test_file(true);
	test_slow();
	test_full_disk(pool);
	pool_free(pool);
	loop_free(loop);
	return test_done();
}
