/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport and the queues, with a driver in RAM and hostile rings. */
#include <string.h>

#include "virtio_driver.h"

/* A device that copies what a chain gives it to where the chain can take it,
 * and adds 1 to each byte. */
enum {
	IOV = 300 /* with all of RAM in each: more than 2^32 bytes */
};

static unsigned int resets, starts, served;
static struct iovec iov[IOV];
static int last_pop;

static void echo_reset(struct virtio_device *vdev)
{
	(void)vdev;
	resets++;
}

static void echo_start(struct virtio_device *vdev)
{
	(void)vdev;
	starts++;
}

static void echo_config(struct virtio_device *vdev, uint32_t off, uint32_t len,
			uint32_t val)
{
	if (off == 4 && len == 1)
		vdev->config[4] = (uint8_t)val;
}

static void echo_notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtqueue *q = &vdev->queue[n];
	struct virtq_chain c = { .iov = iov, .iov_max = IOV };
	uint8_t buf[256];
	size_t len;

	while ((last_pop = virtq_pop(q, &c)) > 0) {
		served++;
		len = virtq_from_iov(buf, c.iov, c.out, 0, sizeof(buf));
		for (size_t i = 0; i < len; i++)
			buf[i]++;
		len = virtq_to_iov(c.iov + c.out, c.in, 0, buf, len);
		virtq_push(q, &c, (uint32_t)len);
	}
	virtio_notify_used(vdev, q);
}

static const struct virtio_class echo = {
	.name = "echo",
	.id = 42,
	.queues = 2,
	.queue_size = 256,
	.config_size = 8,
	.reset = echo_reset,
	.start = echo_start,
	.config_write = echo_config,
	.notify = echo_notify,
};

#define ALL (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

static struct virtio_device dev;
static struct drv drv;

static void test_registers(void)
{
	check_eq(drv_rd(&drv, 0x000), 0x74726976);
	check_eq(drv_rd(&drv, 0x004), 2);
	check_eq(drv_rd(&drv, 0x008), 42);
	check_eq(virtio_mmio_ops.read(&dev, 0x000, 2), 0); /* 32 bits only */
	check_eq(drv_rd(&drv, 0x0b0), 0xffffffff);
	drv_wr(&drv, 0x014, 1);
	check_eq(drv_rd(&drv, 0x010), 1);
	drv_wr(&drv, 0x014, 0);
	check_eq(drv_rd(&drv, 0x010), 0x30000020);
	drv_wr(&drv, 0x014, 77);
	check_eq(drv_rd(&drv, 0x010), 0);
	drv_wr(&drv, 0x030, 1);
	check_eq(drv_rd(&drv, 0x034), 256);
	drv_wr(&drv, 0x030, 2);
	check_eq(drv_rd(&drv, 0x034), 0);
	drv_wr(&drv, 0x044, 1); /* a queue that there is not */
	drv_wr(&drv, 0x030, 0xffffffff);
	drv_wr(&drv, 0x044, 1);
	drv_wr(&drv, 0x050, 0xffffffff);
	check_eq(drv_rd(&drv, 0x070), 0);

	check_eq(virtio_mmio_empty_ops.read(NULL, 0x000, 4), 0x74726976);
	check_eq(virtio_mmio_empty_ops.read(NULL, 0x008, 4), 0);
}

static void test_config(void)
{
	uint32_t gen;

	memcpy(dev.config, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	check_eq(drv_rd(&drv, 0x100), 0x44332211);
	check_eq(virtio_mmio_ops.read(&dev, 0x102, 2), 0x4433);
	check_eq(virtio_mmio_ops.read(&dev, 0x107, 1), 0x88);
	check_eq(virtio_mmio_ops.read(&dev, 0x107, 2), 0);
	check_eq(drv_rd(&drv, 0x108), 0);
	check_eq(drv_rd(&drv, 0x1fc), 0);
	virtio_mmio_ops.write(&dev, 0x104, 0xaa, 1);
	virtio_mmio_ops.write(&dev, 0x105, 0xbb, 1);
	virtio_mmio_ops.write(&dev, 0x108, 0xcc, 1);
	check_eq(drv_rd(&drv, 0x104), 0x887766aa);

	drv_start(&drv, ALL, 8);
	gen = drv_rd(&drv, 0x0fc);
	virtio_config_changed(&dev);
	check(drv_rd(&drv, 0x0fc) != gen);
	check_eq(drv_rd(&drv, 0x060), 2);
	check(drv.line);
	drv_wr(&drv, 0x064, 2);
	check(!drv.line);
	check_eq(drv_rd(&drv, 0x060), 0);
}

static void test_status(void)
{
	check(!drv_features(&drv, 0)); /* without VERSION_1 */
	drv_wr(&drv, 0x070, 15);
	check_eq(drv_rd(&drv, 0x070), 3); /* and no DRIVER_OK then */
	check(!drv_features(&drv, VIRTIO_F_VERSION_1 | 2)); /* not offered */
	check(drv_features(&drv, ALL));
	drv_wr(&drv, 0x024, 0);
	drv_wr(&drv, 0x020, 0xffffffff); /* too late */
	check_eq(dev.features, ALL);
	starts = 0;
	drv_wr(&drv, 0x070, 15);
	check_eq(starts, 1);
	drv_wr(&drv, 0x070, 15);
	check_eq(starts, 1);
	drv_wr(&drv, 0x070, 64); /* not the driver's to set, none cleared */
	check_eq(drv_rd(&drv, 0x070), 15);
	resets = 0;
	drv_wr(&drv, 0x070, 0);
	check_eq(resets, 1);
	check_eq(drv_rd(&drv, 0x070), 0);
	check_eq(dev.features, 0);
}

static uint16_t echo_add(uint64_t at, const char *text)
{
	const struct drv_buf buf[] = {
		{ at, 3, false },
		{ at + 3, (uint32_t)strlen(text) - 3, false },
		{ at + 0x100, 2, true },
		{ at + 0x200, 100, true },
	};

	memcpy(drv_at(&drv, at), text, strlen(text));
	return drv_add(&drv, 0, buf, 4);
}

static void test_chains(uint64_t features)
{
	uint32_t len = 0;
	uint16_t head;

	drv_start(&drv, features, 16);
	drv.edges = 0;
	for (unsigned int i = 0; i < 100000; i++) { /* both indexes wrap */
		head = echo_add(DRV_BUF, "hello");
		drv_p16(&drv, drv_avail(0) + 4 + 2 * 16, drv.q[0].used);
		drv_kick(&drv, 0);
		check_eq(drv_poll(&drv, 0, &len), head);
		check_eq(drv_poll(&drv, 0, NULL), -1);
		drv_wr(&drv, 0x064, 1);
	}
	check_eq(len, 5);
	check(!memcmp(drv_at(&drv, DRV_BUF + 0x100), "if", 2));
	check(!memcmp(drv_at(&drv, DRV_BUF + 0x200), "mmp", 3));
	check_eq(drv.edges, 100000);
}

/* As Linux 5.10's virtio-rng does: its one notification is not lost. */
static void test_early(void)
{
	uint16_t head;

	check(drv_features(&drv, VIRTIO_F_VERSION_1));
	drv_set_queue(&drv, 0, 16);
	drv_set_queue(&drv, 1, 16);
	head = echo_add(DRV_BUF, "hello");
	served = 0;
	drv_kick(&drv, 0);
	check_eq(served, 0);
	drv_go(&drv);
	check_eq(served, 1);
	check_eq(drv_poll(&drv, 0, NULL), head);
	drv_wr(&drv, 0x064, 1);
}

static void test_event_idx(void)
{
	drv_start(&drv, ALL, 16);
	drv.edges = 0;
	/* Notify when entry 2 is used: not for the first two. */
	drv_p16(&drv, drv_avail(0) + 4 + 2 * 16, 2);
	for (unsigned int i = 0; i < 4; i++) {
		echo_add(DRV_BUF, "abcde");
		/* The first question is always answered yes. */
		drv_kick(&drv, 0);
		drv_wr(&drv, 0x064, 1);
	}
	check_eq(drv.edges, 2);
	/* avail_event: where the device sleeps. */
	check_eq(drv_g16(&drv, drv_used(0) + 4 + 8 * 16), 4);

	drv_start(&drv, VIRTIO_F_VERSION_1, 16);
	drv.edges = 0;
	drv_p16(&drv, drv_avail(0), 1); /* NO_INTERRUPT */
	echo_add(DRV_BUF, "abcde");
	drv_kick(&drv, 0);
	check_eq(drv.edges, 0);
	virtq_set_notify(&dev.queue[0], false);
	check_eq(drv_g16(&drv, drv_used(0)), 1);
	virtq_set_notify(&dev.queue[0], true);
	check_eq(drv_g16(&drv, drv_used(0)), 0);
}

/* isr set again between the driver's look and its acknowledgement. */
static void test_ack_edge(void)
{
	drv_start(&drv, ALL, 16);
	virtio_config_changed(&dev);
	echo_add(DRV_BUF, "abcde");
	drv_kick(&drv, 0);
	drv.edges = 0;
	drv_wr(&drv, 0x064, 1);
	check_eq(drv.edges, 1);
	check(drv.line);
}

static void test_indirect(void)
{
	const uint64_t table = DRV_BASE + 0x200001; /* any alignment */
	uint32_t len = 0;

	drv_start(&drv, ALL, 16);
	memcpy(drv_at(&drv, DRV_BUF), "xyz", 3);
	drv_put_desc(&drv, table, DRV_BUF, 0, DRV_NEXT, 2); /* empty */
	drv_put_desc(&drv, table + 16, DRV_BUF + 64, 3, DRV_WRITE, 0);
	drv_put_desc(&drv, table + 32, DRV_BUF + 1, 2, DRV_NEXT, 1);
	/* A direct buffer first, then the table (§2.7.5.3.2). */
	drv_put_desc(&drv, drv_desc(0), DRV_BUF, 1, DRV_NEXT, 5);
	drv_put_desc(&drv, drv_desc(0) + 5 * 16, table, 48,
		     DRV_INDIRECT | DRV_WRITE, 0);
	drv_offer(&drv, 0, 0);
	drv_kick(&drv, 0);
	check_eq(drv_poll(&drv, 0, &len), 0);
	check_eq(len, 3);
	check(!memcmp(drv_at(&drv, DRV_BUF + 64), "yz{", 3));
}

static void test_unpop(void)
{
	struct virtqueue *q = &dev.queue[1];
	struct virtq_chain a = { .iov = iov, .iov_max = IOV }, b = a;
	struct drv_buf buf = { DRV_BUF, 8, true };
	uint32_t len = 0;

	drv_start(&drv, ALL, 16);
	drv_add(&drv, 1, &buf, 1);
	drv_add(&drv, 1, &buf, 1);
	check_eq(virtq_pop(q, &a), 1);
	virtq_put(q, &a, 8);
	check_eq(virtq_pop(q, &b), 1);
	check_eq(virtq_pop(q, &b), 0);
	virtq_unpop(q, 2);
	virtq_publish(q);
	check_eq(drv_poll(&drv, 1, NULL), -1);
	check_eq(virtq_pop(q, &b), 1);
	check_eq(b.head, a.head);
	virtq_put(q, &b, 5);
	check_eq(virtq_pop(q, &b), 1);
	virtq_put(q, &b, 6);
	check_eq(drv_poll(&drv, 1, NULL), -1);
	virtq_publish(q);
	check_eq(drv_poll(&drv, 1, &len), 0);
	check_eq(len, 5);
	check_eq(drv_poll(&drv, 1, &len), 1);
	check_eq(len, 6);
}

/* Each row writes something forbidden and expects the device to stop, once,
 * with a configuration interrupt, and to work again after a reset. */
static void hostile(const char *what, void (*write)(void), unsigned int size)
{
	int failures = test_failures;

	drv_start(&drv, ALL, size);
	drv.edges = 0;
	write();
	served = 0;
	drv_kick(&drv, 0);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	check_eq(served, 0);
	check_eq(last_pop, (unsigned long long)-1);
	check_eq(drv.edges, 1);
	check_eq(drv_rd(&drv, 0x060), 2);
	last_pop = 7;
	drv_kick(&drv, 0); /* not even called any more */
	check_eq(last_pop, 7);
	drv_start(&drv, ALL, 16);
	echo_add(DRV_BUF, "hello");
	drv_kick(&drv, 0);
	check(drv_poll(&drv, 0, NULL) >= 0);
	if (test_failures != failures)
		fprintf(stderr, "... in \"%s\"\n", what);
}

static void offer(uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	drv_put_desc(&drv, drv_desc(0), addr, len, flags, next);
	drv_offer(&drv, 0, 0);
}

static void bad_loop(void)
{
	drv_put_desc(&drv, drv_desc(0) + 16, DRV_BUF, 1, DRV_NEXT, 0);
	offer(DRV_BUF, 1, DRV_NEXT, 1);
}

static void bad_empty_loop(void)
{
	offer(DRV_BUF, 0, DRV_NEXT, 0);
}

static void bad_next(void)
{
	offer(DRV_BUF, 1, DRV_NEXT, 16);
}

static void bad_head(void)
{
	drv_offer(&drv, 0, 0xffff);
}

static void bad_index(void)
{
	drv_p16(&drv, drv_avail(0) + 2, 17);
}

static void bad_index_back(void)
{
	drv_p16(&drv, drv_avail(0) + 2, 0xffff);
}

static void bad_address(void)
{
	offer(UINT64_C(0xfffffffffffff000), 0x2000, 0, 0);
}

static void bad_below(void)
{
	offer(DRV_BASE - 1, 2, 0, 0);
}

static void bad_end(void)
{
	offer(DRV_BASE + DRV_SIZE - 1, 2, DRV_WRITE, 0);
}

static void bad_length(void)
{
	offer(DRV_BUF, UINT32_MAX, DRV_WRITE, 0);
}

static void bad_order(void)
{
	drv_put_desc(&drv, drv_desc(0) + 16, DRV_BUF, 1, 0, 0);
	offer(DRV_BUF, 1, DRV_WRITE | DRV_NEXT, 1);
}

static void bad_nested(void)
{
	const uint64_t table = DRV_BASE + 0x200000;

	drv_put_desc(&drv, table, table, 16, DRV_INDIRECT, 0);
	offer(table, 16, DRV_INDIRECT, 0);
}

static void bad_indirect_next(void)
{
	offer(DRV_BASE + 0x200000, 16, DRV_INDIRECT | DRV_NEXT, 1);
}

static void bad_indirect_empty(void)
{
	offer(DRV_BASE + 0x200000, 0, DRV_INDIRECT, 0);
}

static void bad_indirect_odd(void)
{
	offer(DRV_BASE + 0x200000, 24, DRV_INDIRECT, 0);
}

static void bad_indirect_huge(void)
{
	offer(DRV_BASE, 16 * (CHAIN_MAX + 1), DRV_INDIRECT, 0);
}

static void bad_indirect_outside(void)
{
	offer(DRV_BASE + DRV_SIZE - 16, 32, DRV_INDIRECT, 0);
}

static void bad_indirect_loop(void)
{
	const uint64_t table = DRV_BASE + 0x200000;

	drv_put_desc(&drv, table, DRV_BUF, 1, DRV_NEXT, 0);
	offer(table, 16, DRV_INDIRECT, 0);
}

static void bad_many(void) /* more buffers than the device's array */
{
	const uint64_t table = DRV_BASE + 0x200000;

	for (unsigned int i = 0; i < IOV + 1; i++)
		drv_put_desc(&drv, table + 16 * i, DRV_BUF, 1,
			     i < IOV ? DRV_NEXT : 0, (uint16_t)(i + 1));
	offer(table, 16 * (IOV + 1), DRV_INDIRECT, 0);
}

/* All of RAM so many times, and some bytes. */
static void offer_ram(unsigned int times, uint32_t and_bytes)
{
	const uint64_t table = DRV_BASE + 0x200000;

	for (unsigned int i = 0; i < times; i++)
		drv_put_desc(&drv, table + 16 * i, DRV_BASE, DRV_SIZE,
			     DRV_WRITE | DRV_NEXT, (uint16_t)(i + 1));
	drv_put_desc(&drv, table + 16 * times, DRV_BASE, and_bytes, DRV_WRITE,
		     0);
	offer(table, 16 * (times + 1), DRV_INDIRECT, 0);
}

static void bad_long(void) /* more than 2^32 bytes */
{
	offer_ram(256, 1);
}

static void test_hostile(void)
{
	static const struct {
		const char *what;
		void (*write)(void);
	} rows[] = {
		{ "loop", bad_loop },
		{ "loop of empty buffers", bad_empty_loop },
		{ "next", bad_next },
		{ "head", bad_head },
		{ "index", bad_index },
		{ "index back", bad_index_back },
		{ "address", bad_address },
		{ "below RAM", bad_below },
		{ "over the end", bad_end },
		{ "length", bad_length },
		{ "order", bad_order },
		{ "nested", bad_nested },
		{ "indirect next", bad_indirect_next },
		{ "indirect empty", bad_indirect_empty },
		{ "indirect odd", bad_indirect_odd },
		{ "indirect huge", bad_indirect_huge },
		{ "indirect outside", bad_indirect_outside },
		{ "indirect loop", bad_indirect_loop },
		{ "many", bad_many },
		{ "long", bad_long },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		hostile(rows[i].what, rows[i].write, 16);

	/* The longest chain that is allowed. */
	drv_start(&drv, ALL, 16);
	offer_ram(256, 0);
	drv_kick(&drv, 0);
	check_eq(drv_poll(&drv, 0, NULL), 0);

	/* Not negotiated. */
	drv_start(&drv, VIRTIO_F_VERSION_1, 16);
	offer(DRV_BASE + 0x200000, 16, DRV_INDIRECT, 0);
	drv_kick(&drv, 0);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
}

static void bad_ring(unsigned int size, uint64_t desc, uint64_t avail,
		     uint64_t used)
{
	check(drv_features(&drv, ALL));
	drv_wr(&drv, 0x030, 0);
	drv_wr(&drv, 0x038, size);
	drv_wr(&drv, 0x080, (uint32_t)desc);
	drv_wr(&drv, 0x084, (uint32_t)(desc >> 32));
	drv_wr(&drv, 0x090, (uint32_t)avail);
	drv_wr(&drv, 0x094, (uint32_t)(avail >> 32));
	drv_wr(&drv, 0x0a0, (uint32_t)used);
	drv_wr(&drv, 0x0a4, (uint32_t)(used >> 32));
	drv_wr(&drv, 0x044, 1);
	check_eq(drv_rd(&drv, 0x044), 0);
	check_eq(drv_rd(&drv, 0x070), 11 | 64);
	drv_wr(&drv, 0x070, 15);
	drv_kick(&drv, 0);
	virtio_reset(&dev);
	check_eq(drv_rd(&drv, 0x070), 0);
}

static void test_bad_rings(void)
{
	const uint64_t b = DRV_BASE, end = DRV_BASE + DRV_SIZE;

	bad_ring(0, b, b, b);
	bad_ring(12, b, b, b);
	bad_ring(512, b, b, b);
	bad_ring(0xffffffff, b, b, b);
	bad_ring(16, b + 8, b, b);
	bad_ring(16, b, b + 1, b);
	bad_ring(16, b, b, b + 2);
	bad_ring(16, end - 16 * 16 + 16, b, b);
	bad_ring(16, b, end - 4 - 2 * 16, b);
	bad_ring(16, b, b, end - 4 - 8 * 16);
	bad_ring(16, 0, b, b);
	bad_ring(16, b + (UINT64_C(1) << 32), b, b);
	bad_ring(16, UINT64_MAX - 15, b, b);

	/* Rings that lie over each other harm only the driver. */
	drv_start(&drv, ALL, 16);
	drv_wr(&drv, 0x030, 0);
	drv_wr(&drv, 0x044, 0);
	drv_wr(&drv, 0x090, DRV_BASE);
	drv_wr(&drv, 0x0a0, DRV_BASE);
	drv_wr(&drv, 0x044, 1);
	memset(drv_at(&drv, DRV_BASE), 1, 0x100);
	drv_kick(&drv, 0);
	virtio_reset(&dev);
}

/* Random bytes in all rings: nothing may happen but a stopped device. */
static void test_random(void)
{
	uint32_t seed = 1;

	for (unsigned int run = 0; run < 2000; run++) {
		uint8_t *p = drv_at(&drv, drv_desc(0));

		drv_start(&drv, ALL, 16);
		for (unsigned int i = 0; i < 0x8000; i += 2) {
			seed = seed * 1664525 + 1013904223;
			if (i >= 0x200 && i < 0x4000)
				continue;
			/* Often small numbers: those get further. */
			p[i] = (uint8_t)(seed >> 24 &
					 (seed & 0x10000 ? 0x3 : 0xff));
			p[i + 1] = seed & 0x60000 ? 0 : (uint8_t)(seed >> 8);
			if (i < 0x200 && i % 16 == 2 && seed & 0x80000)
				p[i + 1] = 0x40; /* an address in RAM */
		}
		drv_p16(&drv, drv_avail(0) + 2, (uint16_t)(seed >> 28));
		for (unsigned int i = 0; i < 3; i++)
			drv_kick(&drv, 0);
	}
	virtio_reset(&dev);
}

int main(void)
{
	struct err err;
	struct loop *loop = loop_new(&err);
	struct virtio_env env;

	drv_ram(&drv);
	env = drv_env(&drv, loop);
	virtio_init(&dev, &echo, 1 << 5, &env);
	drv.vdev = &dev;
	test_registers();
	test_config();
	test_status();
	test_chains(ALL);
	test_chains(VIRTIO_F_VERSION_1);
	test_early();
	test_event_idx();
	test_ack_edge();
	test_indirect();
	test_unpop();
	test_hostile();
	test_bad_rings();
	test_random();
	virtio_fini(&dev);
	loop_free(loop);
	return test_done();
}
