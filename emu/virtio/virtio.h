/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device, as the transport (mmio.c) sees it: data and callbacks.
 *
 * The transport owns the registers, the feature negotiation, the status and
 * the queues; only queue.c reads rings.  A device is reached with its own
 * lock held: register accesses and notify() from vCPU threads (the bus takes
 * it), kicks from the loop and completions from the pool take it.  With it
 * held a device may pull its interrupt line and call its back end, nothing
 * else that locks.
 *
 * Nothing here is allocated once the guest runs.
 */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "loop/loop.h"
#include "mem/bus.h"
#include "mem/codepages.h"
#include "mem/ram.h"
#include "virtio/queue.h"

enum {
	VIRTIO_QUEUES = 16,
	VIRTIO_CONFIG = 256, /* bytes of device configuration */
	VIRTIO_MMIO_SIZE = 0x200,
};

/* Device status (virtio 1.2 §2.1). */
enum virtio_status {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 64,
	STATUS_FAILED = 128,
};

/* Feature bits that concern every device (virtio 1.2 §6). */
#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1     (UINT64_C(1) << 32)

struct virtio_device;

struct virtio_class {
	const char *name;
	uint32_t id; /* virtio 1.2 §5 */
	unsigned int queues;
	uint16_t queue_size; /* a power of two, at most QUEUE_MAX_SIZE */
	uint32_t config_size;

	/* All with the lock held. */

	/* Back to the state after power-on.  Requests that still use guest
	 * memory are waited for (the lock may be given up meanwhile: the
	 * transport ignores the guest then). */
	void (*reset)(struct virtio_device *vdev);
	/* DRIVER_OK was set: vdev->features is final.  NULL: nothing to do. */
	void (*start)(struct virtio_device *vdev);
	/* The driver wrote len (1, 2, 4) bytes of config space; what of it
	 * may be written, the device puts into vdev->config.  NULL: nothing. */
	void (*config_write)(struct virtio_device *vdev, uint32_t off,
			     uint32_t len, uint32_t val);
	/* The driver made buffers available on queue n. */
	void (*notify)(struct virtio_device *vdev, unsigned int n);
};

/* Where a device stands; copied. */
struct virtio_env {
	struct ram *ram;
	struct codepages *codepages; /* told of what the device writes */
	struct loop *loop;
	struct irq_line irq; /* edge-triggered; set() takes the locks it needs,
			      * and is called with the device's lock held */
};

/* First member of each device. */
struct virtio_device {
	const struct virtio_class *cls;
	pthread_mutex_t lock;
	struct ram *ram;
	struct codepages *codepages;
	struct irq_line irq;
	unsigned int queues; /* of this instance: at most the class's */

	/* the transport's */
	uint64_t offered, features; /* features: as the driver accepted */
	uint32_t status, feature_sel, driver_sel, queue_sel, isr;
	uint32_t config_generation;
	struct virtqueue queue[VIRTIO_QUEUES];
	uint8_t config[VIRTIO_CONFIG];
	bool broken;    /* DEVICE_NEEDS_RESET until it is reset */
	bool resetting; /* a reset waits for requests */
	uint32_t again; /* queues to notify from the loop */
	uint32_t early; /* queues that were notified before DRIVER_OK */
	struct loop_call again_call;
	struct log_limit wrong; /* what the driver did wrongly */
};

/* offered: the features of this instance besides those of the transport. */
void virtio_init(struct virtio_device *vdev, const struct virtio_class *cls,
		 uint64_t offered, const struct virtio_env *env);
/* The loop runs no more, or never calls again. */
void virtio_fini(struct virtio_device *vdev);

/* Did the driver set DRIVER_OK, and keep to the rules since? */
static inline bool virtio_running(const struct virtio_device *vdev)
{
	return vdev->status & STATUS_DRIVER_OK && !vdev->broken &&
	       !vdev->resetting;
}

/* Lock held: the used ring of q changed; interrupts if the driver wants. */
void virtio_notify_used(struct virtio_device *vdev, struct virtqueue *q);
/* Lock held: config space changed. */
void virtio_config_changed(struct virtio_device *vdev);
/* Lock held: the driver broke the rules; says why, stops the device. */
void virtio_break(struct virtio_device *vdev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Lock held: notify(n) again, from the loop.  For a device that has served
 * as much as one call should: another vCPU may add chains for ever, and
 * whoever wants to stop the machine waits for this one.
 */
void virtio_again(struct virtio_device *vdev, unsigned int n);
/* Takes the lock: the machine is reset. */
void virtio_reset(struct virtio_device *vdev);

/* For mmio.c, lock held: what its registers do to the device. */
void virtio_set_status(struct virtio_device *vdev, uint32_t status);
void virtio_notify(struct virtio_device *vdev, unsigned int n);
void virtio_ack(struct virtio_device *vdev, uint32_t bits);

/* The registers of virtio over MMIO, version 2 (virtio 1.2 §4.2.2); dev is
 * the struct virtio_device, its lock is held. */
extern const struct mmio_ops virtio_mmio_ops;
/* A transport with no device behind it: DeviceID is 0; dev is not used. */
extern const struct mmio_ops virtio_mmio_empty_ops;

#endif
