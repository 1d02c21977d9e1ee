/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each virtio device under a driver whose rings and requests are any bytes.
 *
 * Input: device, features, queue, then the guest's RAM from its beginning.
 * The chosen queue's descriptors stand at 0, its available ring at 0x100, its
 * used ring at 0x140; seeds have requests from 0x200 on.  The disk checks
 * that no request leaves it or guest memory; sanitizers see the rest.
 */
#include <stdlib.h>

#include "../unit/virtio_driver.h"
#include "block/node.h"
#include "fuzz.h"
#include "virtio/blk.h"
#include "virtio/console.h"
#include "virtio/net.h"
#include "virtio/rng.h"
#include "virtio/scsi.h"

enum {
	HEAD = 3,
	RING = 16, /* entries */
	AVAIL = 0x100,
	USED = 0x140,
	BUFFERS = 0x200,
	DISK = 1 << 20,
	OTHER = 0x800000, /* rings of the other queues */
	DEVICES = 5,
	PENDING = 4096,
};

static struct drv drv;
static struct virtio_blk blk;
static struct virtio_scsi scsi;
static struct virtio_net net;
static struct virtio_rng rng;
static struct virtio_console con;
static struct virtio_device *const devices[DEVICES] = { &blk.vdev, &scsi.vdev,
							&net.vdev, &rng.vdev,
							&con.vdev };

/* A disk whose requests are done after the notification. */
static struct block_request *pending[PENDING];
static unsigned int pending_n;

static void disk_submit(struct block *b, struct block_request *req)
{
	if (pending_n == PENDING)
		abort();
	req->block = b;
	pending[pending_n++] = req;
}

static int do_request(const struct block_request *req)
{
	uint64_t skip = req->skip, left = req->len;

	if (req->op == BLOCK_FLUSH)
		return 0;
	if (req->at > DISK || req->len > DISK - req->at)
		abort();
	if (req->op != BLOCK_READ && req->op != BLOCK_WRITE)
		return 0;
	for (unsigned int i = 0; i < req->iovcnt && left; i++) {
		uint64_t n = req->iov[i].iov_len, part;
		uint8_t *p = req->iov[i].iov_base;

		if (p < drv.ram.host || n > DRV_SIZE ||
		    p + n > drv.ram.host + DRV_SIZE)
			abort();
		part = skip < n ? n - skip : 0;
		if (part > left)
			part = left;
		if (part && req->op == BLOCK_READ)
			memset(p + skip, 0x5a, part);
		skip -= skip < n ? skip : n;
		left -= part;
	}
	return left ? abort(), -1 : (int)(req->at / 512 % 7 ? 0 : -5);
}

static void finish_requests(void)
{
	while (pending_n) {
		struct block_request *req = pending[--pending_n];

		req->done(req, do_request(req));
	}
}

static const struct block_ops disk_ops = { .submit = disk_submit };
static struct block disk = { .ops = &disk_ops, .size = DISK };

static void far_send(struct netdev *nd, const struct iovec *iov, int n,
		     size_t bytes)
{
	static volatile uint8_t sum;

	(void)nd;
	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len > bytes)
			abort();
		bytes -= iov[i].iov_len;
		for (size_t k = 0; k < iov[i].iov_len; k++)
			sum += ((uint8_t *)iov[i].iov_base)[k];
	}
	if (bytes)
		abort();
}

static const struct netdev_ops far_ops = { .send = far_send };
static struct netdev far = { .ops = &far_ops,
			     .vnet_hdr = 12,
			     .offloads = NET_OFFLOAD_CSUM,
			     .link_up = true };

static void chr_write(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	static volatile uint8_t sum;

	(void)chr;
	while (n--)
		sum += *bytes++;
}

static const struct chardev_ops chr_ops = { .write = chr_write };
static struct chardev chr = { .ops = &chr_ops };

static void set_up(void)
{
	struct err err;
	struct loop *loop = loop_new(&err);
	struct virtio_env env;

	log_init("fuzz_virtio", LOG_QUIET);
	drv_ram(&drv);
	env = drv_env(&drv, loop);
	virtio_blk_init(
		&blk, &env,
		&(struct virtio_blk_options){ .block = &disk, .serial = "x" });
	virtio_scsi_init(&scsi, &env, 1);
	virtio_scsi_add(&scsi,
			&(struct virtio_scsi_unit_options){ .block = &disk,
							    .serial = "s",
							    .device_id = "d" },
			&err);
	virtio_scsi_add(&scsi,
			&(struct virtio_scsi_unit_options){
				.block = &disk, .cd = true, .lun = 1 },
			&err);
	virtio_net_init(&net, &env, &(struct virtio_net_options){ .nd = &far });
	virtio_rng_init(&rng, &env);
	virtio_console_init(&con, &env);
	virtio_console_add(&con,
			   &(struct virtio_console_port_options){
				   .chr = &chr, .console = true, .nr = 0 },
			   &err);
	virtio_console_add(&con,
			   &(struct virtio_console_port_options){
				   .chr = NULL, .name = "p", .nr = 1 },
			   &err);
}

static void enable(unsigned int n, uint32_t at)
{
	drv_wr(&drv, 0x030, n);
	drv_wr(&drv, 0x038, RING);
	drv_wr(&drv, 0x080, DRV_BASE + at);
	drv_wr(&drv, 0x090, DRV_BASE + at + AVAIL);
	drv_wr(&drv, 0x0a0, DRV_BASE + at + USED);
	drv_wr(&drv, 0x044, 1);
}

/* What comes from outside at the same time. */
static void outside(void)
{
	static const uint8_t frame[3000] = { 0 };

	if (drv.vdev == &net.vdev) {
		net.nd->front.receive(net.nd->front.arg, frame, 100);
		net.nd->front.receive(net.nd->front.arg, frame, sizeof(frame));
	}
	if (drv.vdev == &con.vdev) {
		chr.front.event(chr.front.arg, true);
		if (chr.front.can_receive(chr.front.arg) >= 100)
			chr.front.receive(chr.front.arg, frame, 100);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t features = VIRTIO_F_VERSION_1;
	unsigned int q;

	if (size < HEAD)
		return 0;
	if (!drv.ram.host)
		set_up();
	drv.vdev = devices[data[0] % DEVICES];
	if (data[1] & 1)
		features |= VIRTIO_F_EVENT_IDX;
	if (data[1] & 2)
		features |= VIRTIO_F_INDIRECT_DESC;
	if (data[1] & 4) /* all of the device's */
		features |= drv.vdev->offered & 0x0fffffff;
	q = data[2] % drv.vdev->queues;

	memset(drv.ram.host, 0, 0x2000);
	memset(drv.ram.host + OTHER, 0, 0x10000);
	if (size - HEAD < DRV_SIZE)
		memcpy(drv.ram.host, data + HEAD, size - HEAD);
	if (!drv_features(&drv, features))
		abort();
	for (unsigned int n = 0; n < drv.vdev->queues; n++)
		enable(n, n == q ? 0 : OTHER + 0x1000 * n);
	drv_go(&drv);
	for (unsigned int i = 0; i < 3; i++) {
		drv_kick(&drv, q);
		finish_requests();
		outside();
	}
	if ((drv_rd(&drv, 0x070) | STATUS_NEEDS_RESET) != (15 | 64))
		abort();
	drv_wr(&drv, 0x070, 0);
	if (drv_rd(&drv, 0x070))
		abort();
	return 0;
}

/* A seed: one chain of these buffers, filled with the bytes of text. */
struct seed {
	uint8_t device, features, queue;
	struct {
		uint16_t len;
		uint8_t write;
	} buf[4];
	const char *bytes;
	uint8_t n; /* of bytes */
};

#define BYTES(s) s, sizeof(s) - 1

/* clang-format off */
static const struct seed seeds[] = {
	{ 0, 7, 0, { { 16, 0 }, { 512, 1 }, { 1, 1 } }, BYTES("\0") },
	{ 0, 3, 0, { { 16, 0 }, { 4096, 0 }, { 1, 1 } }, BYTES("\1\0\0\0\0\0\0\0\5") },
	{ 0, 7, 0, { { 16, 0 }, { 1, 1 } }, BYTES("\4") },
	{ 0, 7, 0, { { 16, 0 }, { 20, 1 }, { 1, 1 } }, BYTES("\10") },
	{ 0, 7, 0, { { 32, 0 }, { 1, 1 } }, BYTES("\13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\7") },
	{ 0, 6, 0, { { 32, 0 }, { 1, 1 } }, BYTES("\15\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\1") },
	{ 1, 3, 2, { { 51, 0 }, { 108, 1 }, { 96, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\22\0\0\0\140") },
	{ 1, 3, 2, { { 51, 0 }, { 108, 1 }, { 96, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\22\1\260\0\140") },
	{ 1, 3, 2, { { 51, 0 }, { 108, 1 }, { 1024, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\50\0\0\0\0\3\0\0\2") },
	{ 1, 3, 2, { { 51, 0 }, { 512, 0 }, { 108, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\52\0\0\0\0\3\0\0\1") },
	{ 1, 3, 2, { { 51, 0 }, { 24, 0 }, { 108, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\102\0\0\0\0\0\0\0\30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\26\0\20\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0\10") },
	{ 1, 3, 2, { { 51, 0 }, { 512, 0 }, { 108, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\223\10\0\0\0\0\0\0\0\0\3\0\0\0\1") },
	{ 1, 3, 2, { { 51, 0 }, { 108, 1 }, { 255, 1 } }, BYTES("\1\0\100\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\103\0\0\0\0\0\0\0\377") },
	{ 1, 3, 2, { { 51, 0 }, { 108, 1 }, { 255, 1 } }, BYTES("\1\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\32\0\77\0\377") },
	{ 1, 3, 0, { { 24, 0 }, { 5, 1 } }, BYTES("\0\0\0\0\5\0\0\0\1\0\100") },
	{ 2, 7, 0, { { 1526, 1 } }, BYTES("\0") },
	{ 2, 3, 0, { { 12, 1 }, { 1500, 1 } }, BYTES("\0") },
	{ 2, 7, 1, { { 12, 0 }, { 60, 0 } }, BYTES("\1\0\0\0\0\0\42") },
	{ 2, 7, 2, { { 2, 0 }, { 20, 0 }, { 1, 1 } }, BYTES("\1\0\1\0\0\0\2\2\2\2\2\2\1") },
	{ 2, 7, 2, { { 2, 0 }, { 8, 0 }, { 1, 1 } }, BYTES("\5\0\2") },
	{ 2, 7, 2, { { 2, 0 }, { 6, 0 }, { 1, 1 } }, BYTES("\1\1\2\3\4") },
	{ 3, 3, 0, { { 64, 1 } }, BYTES("\0") },
	{ 4, 3, 0, { { 64, 1 } }, BYTES("\0") },
	{ 4, 3, 1, { { 64, 0 } }, BYTES("text") },
	{ 4, 7, 2, { { 64, 1 }, }, BYTES("\0") },
	{ 4, 7, 3, { { 8, 0 } }, BYTES("\0\0\0\0\0\0\1") },
	{ 4, 7, 3, { { 8, 0 } }, BYTES("\1\0\0\0\6\0\1") },
};
/* clang-format on */

static void put(uint8_t *p, unsigned int n, uint64_t v)
{
	for (; n--; v >>= 8)
		*p++ = (uint8_t)v;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	const size_t len = HEAD + 0x2000;
	const struct seed *s = &seeds[n];
	uint8_t *ram = buf + HEAD;
	uint32_t at = BUFFERS;
	unsigned int i;

	if (n >= sizeof(seeds) / sizeof(seeds[0]) || size < len)
		return 0;
	memset(buf, 0, len);
	buf[0] = s->device;
	buf[1] = s->features;
	buf[2] = s->queue;
	memcpy(ram + BUFFERS, s->bytes, s->n);
	for (i = 0; i < 4 && s->buf[i].len; i++) {
		put(ram + 16 * i, 8, DRV_BASE + at);
		put(ram + 16 * i + 8, 4, s->buf[i].len);
		put(ram + 16 * i + 12, 2, s->buf[i].write ? DRV_WRITE : 0);
		put(ram + 16 * i + 14, 2, i + 1);
		if (i)
			ram[16 * (i - 1) + 12] |= DRV_NEXT;
		at += s->buf[i].len;
	}
	put(ram + AVAIL + 2, 2, 2); /* the same chain twice */
	return len;
}
