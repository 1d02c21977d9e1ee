/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-net between the driver in RAM and a back end made here. */
#include "virtio/net.h"
#include "virtio_driver.h"

#define COMMON     (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)
#define BIT(n)     (UINT64_C(1) << (n))
#define F_MRG      BIT(15)
#define F_CTRL     (BIT(17) | BIT(18) | BIT(20) | BIT(23))
#define F_CSUM     BIT(0)
#define F_GUEST    (BIT(1) | BIT(7))
#define F_OFFLOADS BIT(2)

static struct drv drv;
static struct virtio_net net;
static struct virtio_env env;

/* The back end. */
static uint8_t sent[70000];
static size_t sent_n;
static unsigned int sends, kicks, offloads;

static void far_send(struct netdev *nd, const struct iovec *iov, int n,
		     size_t bytes)
{
	(void)nd;
	sent_n = 0;
	for (int i = 0; i < n; i++) {
		memcpy(sent + sent_n, iov[i].iov_base, iov[i].iov_len);
		sent_n += iov[i].iov_len;
	}
	check_eq(sent_n, bytes);
	sends++;
}

static void far_kick(struct netdev *nd)
{
	(void)nd;
	kicks++;
}

static void far_offload(struct netdev *nd, unsigned int want)
{
	(void)nd;
	offloads = want;
}

static const struct netdev_ops far_ops = { .send = far_send,
					   .kick = far_kick,
					   .set_offload = far_offload };
static struct netdev far = { .ops = &far_ops, .id = NULL };

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

static void begin(unsigned int vnet_hdr, unsigned int can, uint64_t features)
{
	struct virtio_net_options opt = { .nd = &far, .mtu = 1400 };

	far = (struct netdev){ .ops = &far_ops,
			       .vnet_hdr = vnet_hdr,
			       .offloads = can,
			       .link_up = true };
	memcpy(opt.mac, mac, 6);
	virtio_net_init(&net, &env, &opt);
	drv.vdev = &net.vdev;
	drv_start(&drv, COMMON | features, 16);
}

static void end(void)
{
	virtio_reset(&net.vdev);
	check_eq(offloads, 0);
	virtio_net_fini(&net);
}

static bool arrives(const uint8_t *frame, size_t n)
{
	return far.front.receive(far.front.arg, frame, n);
}

static void test_config(void)
{
	begin(12, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4, 0);
	drv_wr(&drv, 0x014, 0);
	check_eq(drv_rd(&drv, 0x010) & 0x1983, 0x883); /* no TSO6 */
	check_eq(drv_rd(&drv, 0x100), 0x01005452);
	check_eq(drv_rd(&drv, 0x104), 0x00010302);
	check_eq(virtio_mmio_ops.read(&net.vdev, 0x10a, 2), 1400);
	far.front.link(far.front.arg, false);
	check_eq(virtio_mmio_ops.read(&net.vdev, 0x106, 2), 0);
	check_eq(drv_rd(&drv, 0x060), 2);
	end();
	begin(0, NET_OFFLOAD_CSUM, 0);
	drv_wr(&drv, 0x014, 0);
	check_eq(drv_rd(&drv, 0x010) & 0x1983, 0);
	end();
}

/* The guest's header of 12 bytes becomes the back end's. */
static void test_send(unsigned int vnet_hdr)
{
	struct drv_buf buf[] = { { DRV_BUF, 8, false },
				 { DRV_BUF + 8, 24, false },
				 { DRV_BUF + 32, 80, false } };
	struct drv_buf one = { DRV_BUF, 11, false };
	uint8_t *p = drv_at(&drv, DRV_BUF);

	begin(vnet_hdr, vnet_hdr ? NET_OFFLOAD_CSUM : 0, vnet_hdr ? F_CSUM : 0);
	for (unsigned int i = 0; i < 112; i++)
		p[i] = (uint8_t)i;
	memset(p, 0, 12);
	p[0] = vnet_hdr ? 1 : 0;
	p[6] = 34;
	drv_add(&drv, 1, buf, 3);
	sends = 0;
	drv_kick(&drv, 1);
	check(drv_poll(&drv, 1, NULL) >= 0);
	check_eq(sends, 1);
	check_eq(sent_n, vnet_hdr + 100);
	check(!memcmp(sent + vnet_hdr, p + 12, 100));
	if (vnet_hdr)
		check(!memcmp(sent, p, 10));

	/* Too short to be a frame; too long; an offload not negotiated. */
	buf[2].len = 0;
	buf[1].len = 17;
	drv_add(&drv, 1, buf, 2);
	drv_kick(&drv, 1);
	buf[1].len = 70000;
	drv_add(&drv, 1, buf, 2);
	drv_kick(&drv, 1);
	check_eq(sends, 1);
	if (!vnet_hdr) {
		buf[1].len = 52;
		p[1] = 1;
		drv_add(&drv, 1, buf, 2);
		drv_kick(&drv, 1);
		check_eq(sends, 1);
		check(drv_poll(&drv, 1, NULL) >= 0);
	}
	check(drv_poll(&drv, 1, NULL) >= 0);
	check(drv_poll(&drv, 1, NULL) >= 0);
	drv_add(&drv, 1, &one, 1);
	drv_kick(&drv, 1);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	end();
}

static void test_receive(void)
{
	struct drv_buf buf[] = { { DRV_BUF, 12, true },
				 { DRV_BUF + 0x100, 1500, true } };
	uint8_t frame[12 + 64] = { 2, 0, 1, 2 }, *p = drv_at(&drv, DRV_BUF);
	uint32_t len = 0;

	begin(12, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4, F_GUEST | F_CSUM);
	check_eq(offloads, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4);
	memset(frame + 12, 0x77, 64);
	check(!arrives(frame, sizeof(frame))); /* no buffers */
	kicks = 0;
	drv_add(&drv, 0, buf, 2);
	drv_kick(&drv, 0);
	check_eq(kicks, 1);
	check(arrives(frame, sizeof(frame)));
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 76);
	check_eq(p[0], 2); /* checked */
	check_eq(p[3], 2);
	check_eq(p[10], 1);
	check_eq(p[0x100], 0x77);
	/* Longer than any buffer: it is dropped, and the buffer stays. */
	drv_add(&drv, 0, buf, 2);
	check(arrives(sent, 4000));
	check_eq(drv_poll(&drv, 0, NULL), -1);
	check(arrives(frame, sizeof(frame)));
	check(drv_poll(&drv, 0, NULL) >= 0);
	/* No frame fits: the device stops, and drops what comes. */
	buf[0].len = 12;
	drv_add(&drv, 0, buf, 1);
	check(arrives(frame, sizeof(frame)));
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	check(arrives(frame, sizeof(frame)));
	end();

	/* A driver that cannot take checked frames sees no such mark. */
	begin(0, 0, 0);
	buf[0].len = 12;
	memset(p, 0xee, 12);
	drv_add(&drv, 0, buf, 2);
	check(arrives(frame + 12, 64));
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 76);
	check_eq(p[0] | p[1] | p[9], 0);
	check_eq(p[10], 1);
	end();
	check(arrives(frame, 64)); /* nobody is there: dropped */
}

static void test_merge(void)
{
	static uint8_t frame[3012];
	uint8_t *p = drv_at(&drv, DRV_BUF);
	uint32_t len = 0;

	for (unsigned int i = 12; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 5);
	begin(12, 0, F_MRG);
	for (unsigned int i = 0; i < 4; i++) {
		struct drv_buf buf = { DRV_BUF + i * 0x1000, 1000, true };

		/* The first three are not enough, and nothing is seen. */
		check(!arrives(frame, sizeof(frame)));
		check_eq(drv_poll(&drv, 0, NULL), -1);
		drv_add(&drv, 0, &buf, 1);
	}
	drv.edges = 0;
	drv_wr(&drv, 0x064, 1);
	check(arrives(frame, sizeof(frame)));
	check_eq(drv.edges, 1);
	for (unsigned int i = 0; i < 4; i++) {
		check(drv_poll(&drv, 0, &len) >= 0);
		check_eq(len, i < 3 ? 1000 : 12);
	}
	check_eq(p[10], 4);
	check(!memcmp(p + 12, frame + 12, 988));
	check(!memcmp(p + 0x1000, frame + 1000, 1000));
	check(!memcmp(p + 0x3000, frame + 3000, 12));
	/* More than all buffers of the queue together: dropped. */
	for (unsigned int i = 0; i < 16; i++) {
		struct drv_buf buf = { DRV_BUF + i * 0x1000, 100, true };

		drv_add(&drv, 0, &buf, 1);
	}
	check(arrives(frame, sizeof(frame)));
	check_eq(drv_poll(&drv, 0, NULL), -1);
	check(arrives(frame, 500));
	check(drv_poll(&drv, 0, NULL) >= 0);
	check_eq(p[10], 5);
	end();
}

static unsigned int command(uint8_t class, uint8_t cmd, const void *data,
			    uint32_t n)
{
	struct drv_buf buf[] = { { DRV_BUF, 2, false },
				 { DRV_BUF + 2, n, false },
				 { DRV_BUF + 0x2000, 1, true } };
	uint8_t *p = drv_at(&drv, DRV_BUF);

	p[0] = class;
	p[1] = cmd;
	memcpy(p + 2, data, n);
	p[0x2000] = 0xee;
	drv_add(&drv, 2, buf, 3);
	drv_kick(&drv, 2);
	check(drv_poll(&drv, 2, NULL) >= 0);
	return p[0x2000];
}

/* Does a frame to this address come through? */
static bool passes(const uint8_t *to)
{
	struct drv_buf buf = { DRV_BUF + 0x10000, 1514, true };
	uint8_t frame[60] = { 0 };

	memcpy(frame, to, 6);
	drv_add(&drv, 0, &buf, 1);
	check(arrives(frame, sizeof(frame)));
	if (drv_poll(&drv, 0, NULL) >= 0)
		return true;
	drv.q[0].avail--; /* take the buffer back: it was not used */
	drv.q[0].next_desc--;
	drv_p16(&drv, drv_avail(0) + 2, drv.q[0].avail);
	return false;
}

static void test_filter(void)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };
	static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 0xfb };
	static uint8_t table[8 + 6 * 100];
	const uint8_t on = 1, off = 0;

	begin(0, 0, F_MRG | F_CTRL);
	check(passes(other)); /* promiscuous until told otherwise */
	check_eq(command(0, 0, &off, 1), 0);
	check(!passes(other));
	check(passes(mac));
	check(passes(all));
	check(!passes(group));
	check_eq(command(0, 1, &on, 1), 0); /* allmulti */
	check(passes(group));
	check_eq(command(0, 1, &off, 1), 0);
	check_eq(command(0, 5, &on, 1), 0); /* no broadcast */
	check(!passes(all));

	table[0] = 1;
	memcpy(table + 4, other, 6);
	table[10] = 1;
	memcpy(table + 14, group, 6);
	check_eq(command(1, 0, table, 20), 0);
	check(passes(other));
	check(passes(group));
	check_eq(command(1, 0, table, 19), 1); /* cut off: nothing changes */
	check(passes(group));
	memset(table, 0, sizeof(table));
	table[0] = 90; /* more than we hold: all pass */
	check_eq(command(1, 0, table, 8 + 6 * 90), 0);
	check(passes(other));
	check(!passes(group));
	memset(table, 255, 8);
	check_eq(command(1, 0, table, 100), 1);

	check_eq(command(1, 1, "\2\1\1\1\1\1", 6), 0);
	check(passes((const uint8_t *)"\2\1\1\1\1\1"));
	check_eq(drv_rd(&drv, 0x100), 0x01010102);
	check_eq(command(1, 1, "\2\1\1", 3), 1);
	check_eq(command(0, 6, &on, 1), 1);
	check_eq(command(77, 0, &on, 1), 1);
	check_eq(command(0, 0, "", 0), 1);
	drv_start(&drv, COMMON | F_MRG | F_CTRL, 16);
	check_eq(drv_rd(&drv, 0x100), 0x01005452); /* as at power-on */
	check(passes(other));
	end();
}

static void test_offload_command(void)
{
	const uint8_t csum[8] = { 2 }, none[8] = { 0 }, tso6[8] = { 0, 1 };

	begin(12, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4,
	      F_CTRL | F_OFFLOADS | F_GUEST);
	check_eq(command(5, 0, csum, 8), 0);
	check_eq(offloads, NET_OFFLOAD_CSUM);
	check_eq(command(5, 0, none, 8), 0);
	check_eq(offloads, 0);
	check_eq(command(5, 0, tso6, 8), 1);
	check_eq(command(5, 0, csum, 7), 1);
	end();
}

int main(void)
{
	struct err err;
	struct loop *loop = loop_new(&err);

	log_init("test_virtio_net", LOG_QUIET);
	drv_ram(&drv);
	env = drv_env(&drv, loop);
	test_config();
	test_send(0);
	test_send(10);
	test_send(12);
	test_receive();
	test_merge();
	test_filter();
	test_offload_command();
	loop_free(loop);
	return test_done();
}
