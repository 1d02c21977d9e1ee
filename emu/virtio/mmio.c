/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of virtio over MMIO, version 2 (virtio 1.2 §4.2.2).
 *
 * The only copy of them: a device sees its config space and its queues, no
 * register.  The registers below 0x100 take 32-bit accesses only (§4.2.2.2),
 * config space takes 8, 16 and 32 bits.  Anything else reads 0 and writes
 * nothing.  A queue's registers can be written only while it is not ready
 * (§4.2.2.2: the driver must not).
 *
 * Left out: shared memory regions (their length reads as all ones: absent),
 * QueueReset (VIRTIO_F_RING_RESET is not offered), and the legacy layout.
 */
#include <string.h>

#include "common/bits.h"
#include "common/overflow.h"
#include "virtio/virtio.h"

enum {
	MAGIC_VALUE = 0x000,
	VERSION_REG = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00c,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_NUM_MAX = 0x034,
	QUEUE_NUM = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC_LOW = 0x080,
	QUEUE_DESC_HIGH = 0x084,
	QUEUE_DRIVER_LOW = 0x090,
	QUEUE_DRIVER_HIGH = 0x094,
	QUEUE_DEVICE_LOW = 0x0a0,
	QUEUE_DEVICE_HIGH = 0x0a4,
	SHM_LEN_LOW = 0x0b0,
	SHM_BASE_HIGH = 0x0bc,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

#define MAGIC  0x74726976 /* "virt" */
#define VENDOR 0x554d4551 /* "QEMU": a guest may be moved between the two */

static struct virtqueue *selected(struct virtio_device *vdev)
{
	uint32_t n = vdev->queue_sel;

	return n < vdev->queues ? &vdev->queue[n] : NULL;
}

static uint32_t config_load(const struct virtio_device *vdev, uint32_t off,
			    unsigned int size)
{
	uint32_t val = 0;

	if (!range_fits(off, size, vdev->cls->config_size) || off % size)
		return 0;
	for (unsigned int i = 0; i < size; i++)
		val |= (uint32_t)vdev->config[off + i] << (8 * i);
	return val;
}

static uint64_t reg_read(void *dev, uint32_t off, unsigned int size)
{
	struct virtio_device *vdev = dev;
	struct virtqueue *q = selected(vdev);

	if (off >= CONFIG)
		return config_load(vdev, off - CONFIG, size);
	if (size != 4)
		return 0;
	switch (off) {
	case MAGIC_VALUE:
		return MAGIC;
	case VERSION_REG:
		return 2;
	case DEVICE_ID:
		return vdev->cls->id;
	case VENDOR_ID:
		return VENDOR;
	case DEVICE_FEATURES:
		return vdev->feature_sel < 2
			       ? bits64(vdev->offered, 32 * vdev->feature_sel,
					32)
			       : 0;
	case QUEUE_NUM_MAX:
		return q ? vdev->cls->queue_size : 0;
	case QUEUE_READY:
		return q && q->ready;
	case INTERRUPT_STATUS:
		return vdev->isr;
	case STATUS:
		return vdev->status;
	case SHM_LEN_LOW ... SHM_BASE_HIGH:
		return UINT32_MAX;
	case CONFIG_GENERATION:
		return vdev->config_generation;
	default:
		return 0;
	}
}

static void set_low(paddr *pa, uint32_t val)
{
	*pa = (*pa & ~(paddr)UINT32_MAX) | val;
}

static void set_high(paddr *pa, uint32_t val)
{
	*pa = (*pa & UINT32_MAX) | (paddr)val << 32;
}

static void set_ready(struct virtqueue *q, uint32_t val)
{
	if (!(val & 1))
		q->ready = false;
	else if (!q->ready)
		virtq_enable(q);
}

/* The registers of the selected queue. */
static void queue_write(struct virtio_device *vdev, uint32_t off, uint32_t val)
{
	struct virtqueue *q = selected(vdev);

	if (!q || (q->ready && off != QUEUE_READY))
		return;
	switch (off) {
	case QUEUE_NUM: /* a power of two (§2.7); virtq_enable() refuses 0 */
		q->size = val <= vdev->cls->queue_size && !(val & (val - 1))
				  ? (uint16_t)val
				  : 0;
		break;
	case QUEUE_READY:
		set_ready(q, val);
		break;
	case QUEUE_DESC_LOW:
		set_low(&q->desc, val);
		break;
	case QUEUE_DESC_HIGH:
		set_high(&q->desc, val);
		break;
	case QUEUE_DRIVER_LOW:
		set_low(&q->avail, val);
		break;
	case QUEUE_DRIVER_HIGH:
		set_high(&q->avail, val);
		break;
	case QUEUE_DEVICE_LOW:
		set_low(&q->used, val);
		break;
	case QUEUE_DEVICE_HIGH:
		set_high(&q->used, val);
		break;
	default:
		break;
	}
}

/* Negotiation is over once FEATURES_OK is set (§3.1.1). */
static void set_features(struct virtio_device *vdev, uint32_t val)
{
	if (vdev->status & STATUS_FEATURES_OK)
		return;
	if (vdev->driver_sel == 0)
		vdev->features = (vdev->features & ~(uint64_t)UINT32_MAX) | val;
	else if (vdev->driver_sel == 1)
		vdev->features = (vdev->features & UINT32_MAX) | (uint64_t)val
									 << 32;
}

static void config_store(struct virtio_device *vdev, uint32_t off,
			 unsigned int size, uint32_t val)
{
	if (vdev->cls->config_write && off % size == 0 &&
	    range_fits(off, size, vdev->cls->config_size))
		vdev->cls->config_write(vdev, off, size, val);
}

static void reg_write(void *dev, uint32_t off, uint64_t val64,
		      unsigned int size)
{
	struct virtio_device *vdev = dev;
	uint32_t val = (uint32_t)val64;

	if (vdev->resetting)
		return;
	if (off >= CONFIG) {
		config_store(vdev, off - CONFIG, size, val);
		return;
	}
	if (size != 4)
		return;
	switch (off) {
	case DEVICE_FEATURES_SEL:
		vdev->feature_sel = val;
		break;
	case DRIVER_FEATURES:
		set_features(vdev, val);
		break;
	case DRIVER_FEATURES_SEL:
		vdev->driver_sel = val;
		break;
	case QUEUE_SEL:
		vdev->queue_sel = val;
		break;
	case QUEUE_NOTIFY:
		virtio_notify(vdev, val);
		break;
	case INTERRUPT_ACK:
		virtio_ack(vdev, val);
		break;
	case STATUS:
		virtio_set_status(vdev, val);
		break;
	default:
		queue_write(vdev, off, val);
		break;
	}
}

const struct mmio_ops virtio_mmio_ops = {
	.read = reg_read,
	.write = reg_write,
	.min_size = 1,
	.max_size = 4,
};

static uint64_t empty_read(void *dev, uint32_t off, unsigned int size)
{
	(void)dev;
	if (size != 4)
		return 0;
	switch (off) {
	case MAGIC_VALUE:
		return MAGIC;
	case VERSION_REG:
		return 2;
	case VENDOR_ID:
		return VENDOR;
	default:
		return 0;
	}
}

static void empty_write(void *dev, uint32_t off, uint64_t val,
			unsigned int size)
{
	(void)dev;
	(void)off;
	(void)val;
	(void)size;
}

const struct mmio_ops virtio_mmio_empty_ops = {
	.read = empty_read,
	.write = empty_write,
	.min_size = 1,
	.max_size = 4,
};
