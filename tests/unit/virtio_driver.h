/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio driver in 40 lines of registers and rings, for tests of devices:
 * guest RAM, negotiation, adding chains, waiting for the used ring.
 *
 * RAM: queue n's rings are at DRV_BASE + n * 0x8000 (descriptors, available
 * ring at + 0x4000, used ring at + 0x5000); indirect tables from 0x200000;
 * buffers from 0x300000 on.
 */
#ifndef VIRTIO_DRIVER_H
#define VIRTIO_DRIVER_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/cleanup.h"
#include "test.h"
#include "virtio/virtio.h"

enum {
	DRV_BASE = 0x40000000,
	DRV_SIZE = 0x1000000,
	DRV_BUF = DRV_BASE + 0x300000,

	DRV_NEXT = 1,
	DRV_WRITE = 2,
	DRV_INDIRECT = 4,
};

struct drv_queue {
	unsigned int size;
	uint16_t avail, used;
	unsigned int next_desc;
};

struct drv {
	struct ram ram;
	struct codepages cp;
	struct virtio_device *vdev;
	struct drv_queue q[VIRTIO_QUEUES];
	unsigned int edges; /* of the interrupt line */
	bool line;
};

struct drv_buf {
	uint64_t addr;
	uint32_t len;
	bool write;
};

static inline void drv_irq(void *ctl, unsigned int n, bool level)
{
	struct drv *d = ctl;

	(void)n;
	if (level && !__atomic_load_n(&d->line, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&d->edges, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&d->line, level, __ATOMIC_SEQ_CST);
}

static inline void drv_ram(struct drv *d)
{
	d->ram.base = DRV_BASE;
	d->ram.size = DRV_SIZE;
	d->ram.host = mmap(NULL, DRV_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static inline struct virtio_env drv_env(struct drv *d, struct loop *loop)
{
	return (struct virtio_env){
		.ram = &d->ram,
		.codepages = &d->cp,
		.loop = loop,
		.irq = { .set = drv_irq, .ctl = d },
	};
}

static inline void *drv_at(struct drv *d, uint64_t pa)
{
	return d->ram.host + (pa - DRV_BASE);
}

static inline void drv_p16(struct drv *d, uint64_t pa, uint16_t v)
{
	__atomic_store_n((uint16_t *)drv_at(d, pa), htole16(v),
			 __ATOMIC_RELEASE);
}

static inline uint16_t drv_g16(struct drv *d, uint64_t pa)
{
	return le16toh(
		__atomic_load_n((uint16_t *)drv_at(d, pa), __ATOMIC_ACQUIRE));
}

static inline uint32_t drv_g32(struct drv *d, uint64_t pa)
{
	return le32toh(*(uint32_t *)drv_at(d, pa));
}

static inline uint32_t drv_rd(struct drv *d, uint32_t off)
{
	with_lock(&d->vdev->lock);
	return (uint32_t)virtio_mmio_ops.read(d->vdev, off, 4);
}

static inline void drv_wr(struct drv *d, uint32_t off, uint32_t val)
{
	with_lock(&d->vdev->lock);
	virtio_mmio_ops.write(d->vdev, off, val, 4);
}

static inline uint64_t drv_desc(unsigned int n)
{
	return DRV_BASE + (uint64_t)n * 0x8000;
}

static inline uint64_t drv_avail(unsigned int n)
{
	return drv_desc(n) + 0x4000;
}

static inline uint64_t drv_used(unsigned int n)
{
	return drv_desc(n) + 0x5000;
}

static inline void drv_set_queue(struct drv *d, unsigned int n,
				 unsigned int size)
{
	d->q[n] = (struct drv_queue){ .size = size };
	memset(drv_at(d, drv_desc(n)), 0, 0x8000);
	drv_wr(d, 0x030, n);
	drv_wr(d, 0x038, size);
	drv_wr(d, 0x080, (uint32_t)drv_desc(n));
	drv_wr(d, 0x084, 0);
	drv_wr(d, 0x090, (uint32_t)drv_avail(n));
	drv_wr(d, 0x094, 0);
	drv_wr(d, 0x0a0, (uint32_t)drv_used(n));
	drv_wr(d, 0x0a4, 0);
	drv_wr(d, 0x044, 1);
}

/* Reset to FEATURES_OK; then the queues; then drv_go(). */
static inline bool drv_features(struct drv *d, uint64_t features)
{
	drv_wr(d, 0x070, 0);
	drv_wr(d, 0x070, 1);
	drv_wr(d, 0x070, 3);
	drv_wr(d, 0x024, 0);
	drv_wr(d, 0x020, (uint32_t)features);
	drv_wr(d, 0x024, 1);
	drv_wr(d, 0x020, (uint32_t)(features >> 32));
	drv_wr(d, 0x070, 11);
	return drv_rd(d, 0x070) & 8;
}

static inline void drv_go(struct drv *d)
{
	drv_wr(d, 0x070, 15);
}

/* All of it: features, queues of the device with this size, DRIVER_OK. */
static inline void drv_start(struct drv *d, uint64_t features,
			     unsigned int size)
{
	check(drv_features(d, features | VIRTIO_F_VERSION_1));
	for (unsigned int n = 0; n < d->vdev->queues; n++)
		drv_set_queue(d, n, size);
	drv_go(d);
	check_eq(drv_rd(d, 0x070), 15);
}

static inline void drv_put_desc(struct drv *d, uint64_t at, uint64_t addr,
				uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t *p = drv_at(d, at);

	addr = htole64(addr);
	len = htole32(len);
	flags = htole16(flags);
	next = htole16(next);
	memcpy(p, &addr, 8);
	memcpy(p + 8, &len, 4);
	memcpy(p + 12, &flags, 2);
	memcpy(p + 14, &next, 2);
}

/* Make a head available; the driver has written its descriptors. */
static inline void drv_offer(struct drv *d, unsigned int n, uint16_t head)
{
	struct drv_queue *q = &d->q[n];

	drv_p16(d, drv_avail(n) + 4 + 2 * (q->avail % q->size), head);
	drv_p16(d, drv_avail(n) + 2, ++q->avail);
}

/* A chain of count buffers; returns its head.  Descriptors are taken round. */
static inline uint16_t drv_add(struct drv *d, unsigned int n,
			       const struct drv_buf *buf, unsigned int count)
{
	struct drv_queue *q = &d->q[n];
	unsigned int head = q->next_desc % q->size;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int at = q->next_desc++ % q->size;

		drv_put_desc(d, drv_desc(n) + 16 * at, buf[i].addr, buf[i].len,
			     (uint16_t)((buf[i].write ? DRV_WRITE : 0) |
					(i + 1 < count ? DRV_NEXT : 0)),
			     (uint16_t)(q->next_desc % q->size));
	}
	drv_offer(d, n, (uint16_t)head);
	return (uint16_t)head;
}

static inline void drv_kick(struct drv *d, unsigned int n)
{
	drv_wr(d, 0x050, n);
}

/* The next used entry: its head, or -1 if there is none yet. */
static inline int drv_poll(struct drv *d, unsigned int n, uint32_t *ret_len)
{
	struct drv_queue *q = &d->q[n];
	uint64_t at = drv_used(n) + 4 + 8 * (q->used % q->size);

	if (drv_g16(d, drv_used(n) + 2) == q->used)
		return -1;
	q->used++;
	if (ret_len)
		*ret_len = drv_g32(d, at + 4);
	return (int)drv_g32(d, at);
}

/* The same, waiting for a device with threads: 5 seconds at most. */
static inline int drv_wait(struct drv *d, unsigned int n, uint32_t *ret_len)
{
	const struct timespec ms = { .tv_nsec = 200000 };
	int head = -1;

	for (int i = 0; i < 25000 && head < 0; i++) {
		head = drv_poll(d, n, ret_len);
		if (head < 0)
			nanosleep(&ms, NULL);
	}
	return head;
}

#endif
