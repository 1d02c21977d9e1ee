/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-balloon: pages given back, statistics, sizes. */
#include "virtio/balloon.h"
#include "virtio_driver.h"

#define F_STATS     (UINT64_C(1) << 1)
#define F_OOM       (UINT64_C(1) << 2)
#define F_REPORTING (UINT64_C(1) << 5)

enum {
	CONFIG = 0x100,
	PAGE = 4096,
	PAGES = DRV_BASE + 0x800000, /* to be given away */
};

static struct drv drv;
static struct virtio_balloon balloon;
static struct loop *loop;
static unsigned int changes;

static void changed(void *arg)
{
	changes++;
	loop_quit(arg, 0);
}

static void offer(unsigned int q, uint64_t at, uint32_t len, bool in)
{
	struct drv_buf buf = { at, len, in };

	drv_add(&drv, q, &buf, 1);
	drv_kick(&drv, q);
}

static void inflate(const uint32_t *pfns, unsigned int n)
{
	uint32_t len;

	memcpy(drv_at(&drv, DRV_BUF), pfns, n * sizeof(*pfns));
	offer(0, DRV_BUF, n * (uint32_t)sizeof(*pfns), false);
	check(drv_poll(&drv, 0, &len) >= 0);
}

static bool is_zero(uint64_t pa)
{
	const uint8_t *p = drv_at(&drv, pa);

	return !p[0] && !memcmp(p, p + 1, PAGE - 1);
}

static void test_pages(void)
{
	const uint32_t some[] = { htole32(PAGES / PAGE),
				  htole32(PAGES / PAGE + 2),
				  htole32(0), /* flash */
				  htole32(0xffffffff) };
	uint32_t many[300], len;

	check_eq(drv_rd(&drv, 0x010) & (F_STATS | F_OOM | F_REPORTING),
		 F_STATS | F_OOM | F_REPORTING);
	drv_start(&drv, F_STATS | F_OOM | F_REPORTING, 64);
	memset(drv_at(&drv, PAGES), 0x55, 4 * PAGE);
	inflate(some, 4);
	check(is_zero(PAGES));
	check(!is_zero(PAGES + PAGE));
	check(is_zero(PAGES + 2 * PAGE));
	/* more than are copied at once */
	memset(drv_at(&drv, PAGES), 0x55, 300 * PAGE);
	for (unsigned int i = 0; i < 300; i++)
		many[i] = htole32(PAGES / PAGE + i);
	inflate(many, 300);
	for (unsigned int i = 0; i < 300; i++)
		check(is_zero(PAGES + i * PAGE));
	/* free pages: whole ones of what is reported */
	memset(drv_at(&drv, PAGES), 0x55, 4 * PAGE);
	offer(3, PAGES + 100, 3 * PAGE, true);
	check(drv_poll(&drv, 3, &len) >= 0);
	check(!is_zero(PAGES));
	check(is_zero(PAGES + PAGE));
	check(is_zero(PAGES + 2 * PAGE));
	check(!is_zero(PAGES + 3 * PAGE));
	check_eq(((uint8_t *)drv_at(&drv, PAGES + 3 * PAGE))[0], 0x55);
	offer(3, PAGES + 4 * PAGE - 8, 8, true); /* no whole one */
	check(drv_poll(&drv, 3, &len) >= 0);
	check_eq(((uint8_t *)drv_at(&drv, PAGES + 4 * PAGE))[-1], 0x55);
	check_eq(drv_rd(&drv, 0x070), 15);
}

/* A list of pages that would keep the device busy for long. */
static void test_long_list(void)
{
	uint32_t len;

	drv_start(&drv, 0, 8);
	memset(drv_at(&drv, DRV_BUF), 0, 65536);
	offer(0, DRV_BUF, 65536, false);
	check(drv_poll(&drv, 0, &len) >= 0);
	offer(0, DRV_BUF, 65536 + 4, false);
	check(drv_poll(&drv, 0, &len) < 0);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
}

static void test_sizes(void)
{
	check_eq(virtio_balloon_actual(&balloon), DRV_SIZE);
	virtio_balloon_set(&balloon, DRV_SIZE - 3 * PAGE);
	check_eq(drv_rd(&drv, CONFIG), 3);
	drv_wr(&drv, CONFIG + 4, 3);
	loop_run(loop);
	check_eq(changes, 1);
	check_eq(virtio_balloon_actual(&balloon), DRV_SIZE - 3 * PAGE);
	drv_wr(&drv, CONFIG, 7); /* not the driver's */
	check_eq(drv_rd(&drv, CONFIG), 3);
	drv_wr(&drv, CONFIG + 4, 0xffffffff);
	check_eq(virtio_balloon_actual(&balloon), 0);
	virtio_balloon_set(&balloon, UINT64_MAX);
	check_eq(drv_rd(&drv, CONFIG), 0);
	drv_wr(&drv, 0x070, 0);
	check_eq(virtio_balloon_actual(&balloon), DRV_SIZE);
}

static void put_stat(unsigned int n, uint16_t tag, uint64_t value)
{
	uint8_t *p = drv_at(&drv, DRV_BUF + n * 10);

	tag = htole16(tag);
	value = htole64(value);
	memcpy(p, &tag, 2);
	memcpy(p + 2, &value, 8);
}

static void stop(void *arg)
{
	loop_quit(arg, 0);
}

static void test_stats(void)
{
	uint64_t stats[BALLOON_STATS];
	struct loop_timer end;
	uint32_t len;

	drv_start(&drv, F_STATS, 8);
	check_eq(virtio_balloon_stats(&balloon, stats), 0);
	check_eq(stats[BALLOON_FREE], UINT64_MAX);
	put_stat(0, BALLOON_FREE, 123456);
	put_stat(1, 999, 1);
	put_stat(2, BALLOON_TOTAL, 234567);
	offer(2, DRV_BUF, 35, false);       /* and half of one */
	check(drv_poll(&drv, 2, &len) < 0); /* kept, to ask with */
	check(virtio_balloon_stats(&balloon, stats) > 0);
	check_eq(stats[BALLOON_FREE], 123456);
	check_eq(stats[BALLOON_TOTAL], 234567);
	check_eq(stats[BALLOON_SWAP_IN], UINT64_MAX);
	/* asked: the buffer comes back */
	virtio_balloon_poll(&balloon, 1000);
	loop_timer_init(loop, &end, stop, loop);
	loop_timer_arm(&end, loop_now() + 1000000);
	loop_run(loop);
	check(drv_poll(&drv, 2, &len) >= 0);
	check_eq(len, 0);
	check_eq(balloon.poll_seconds, 1000);
	virtio_balloon_poll(&balloon, 0);
	/* a driver that gives two gets one back */
	offer(2, DRV_BUF, 10, false);
	offer(2, DRV_BUF, 10, false);
	check(drv_poll(&drv, 2, &len) >= 0);
	check(drv_poll(&drv, 2, &len) < 0);
	virtio_reset(&balloon.vdev);
	check_eq(virtio_balloon_stats(&balloon, stats), 0);
}

/* As Linux does it: the buffer is there before the driver is ready. */
static void test_early_stats(void)
{
	uint64_t stats[BALLOON_STATS];

	check(drv_features(&drv, F_STATS | VIRTIO_F_VERSION_1));
	drv_set_queue(&drv, 2, 8);
	put_stat(0, BALLOON_AVAILABLE, 77);
	offer(2, DRV_BUF, 10, false);
	check_eq(virtio_balloon_stats(&balloon, stats), 0);
	drv_go(&drv);
	check(virtio_balloon_stats(&balloon, stats) > 0);
	check_eq(stats[BALLOON_AVAILABLE], 77);
}

/* Without statistics the reports move up. */
static void test_queues(void)
{
	uint32_t len;

	drv_start(&drv, F_REPORTING, 8);
	memset(drv_at(&drv, PAGES), 0x55, PAGE);
	offer(2, PAGES, PAGE, true);
	check(drv_poll(&drv, 2, &len) >= 0);
	check(is_zero(PAGES));
	offer(1, PAGES, PAGE, false);
	check(drv_poll(&drv, 1, &len) >= 0);
}

int main(void)
{
	const struct virtio_balloon_options opt = { true, true };
	struct virtio_env env;
	struct err err;

	loop = loop_new(&err);
	drv_ram(&drv);
	check(codepages_init(&drv.cp, &drv.ram, &err) >= 0);
	env = drv_env(&drv, loop);
	virtio_balloon_init(&balloon, &env, &opt);
	virtio_balloon_watch(&balloon, changed, loop);
	drv.vdev = &balloon.vdev;
	test_pages();
	test_long_list();
	test_sizes();
	test_stats();
	test_early_stats();
	test_queues();
	virtio_reset(&balloon.vdev);
	virtio_balloon_fini(&balloon);
	codepages_fini(&drv.cp);
	munmap(drv.ram.host, DRV_SIZE);
	loop_free(loop);
	return test_done();
}
