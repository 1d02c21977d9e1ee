/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all virtio devices share: negotiation, reset, interrupts.
 *
 * The interrupt is one edge-triggered line for all queues and for config
 * changes (the device tree says so, as QEMU's does).  isr holds what the
 * driver has not acknowledged; the line is high while it is not 0.  A driver
 * acknowledges, then looks into its rings, so a change that finds its bit
 * still set needs no new edge.  But one that sets the other bit between the
 * driver's reading of isr and its acknowledgement does: virtio_ack().
 *
 * A reset may have to wait for disk requests, whose threads need the lock.
 * The device gives it up meanwhile; "resetting" makes the registers ignore
 * writes, so that nothing new begins.
 */
#include "virtio/virtio.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

enum {
	ISR_QUEUE = 1,
	ISR_CONFIG = 2,
};

#define TRANSPORT_FEATURES \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

static void interrupt(struct virtio_device *vdev, uint32_t bit)
{
	bool was = vdev->isr;

	vdev->isr |= bit;
	if (!was)
		irq_set(&vdev->irq, true);
}

void virtio_ack(struct virtio_device *vdev, uint32_t bits)
{
	if (!vdev->isr)
		return;
	vdev->isr &= ~bits;
	irq_set(&vdev->irq, false);
	if (vdev->isr)
		irq_set(&vdev->irq, true);
}

void virtio_notify_used(struct virtio_device *vdev, struct virtqueue *q)
{
	if (virtq_should_signal(q))
		interrupt(vdev, ISR_QUEUE);
}

void virtio_config_changed(struct virtio_device *vdev)
{
	vdev->config_generation++;
	if (vdev->status & STATUS_DRIVER_OK)
		interrupt(vdev, ISR_CONFIG);
}

void virtio_break(struct virtio_device *vdev, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_limited(&vdev->wrong, "%s: the guest's driver gave %s",
		    vdev->cls->name, text);
	vdev->broken = true;
	vdev->status |= STATUS_NEEDS_RESET;
	/* §2.1.2: then the driver is told by a configuration change. */
	virtio_config_changed(vdev);
}

void virtio_notify(struct virtio_device *vdev, unsigned int n)
{
	if (n >= vdev->queues || !vdev->queue[n].ready)
		return;
	if (virtio_running(vdev))
		vdev->cls->notify(vdev, n);
	else if (!(vdev->status & STATUS_DRIVER_OK))
		vdev->early |= 1u << n;
}

/*
 * A driver must not notify before DRIVER_OK (§3.1.1), but that of Linux 5.10's
 * virtio-rng does, once, and waits for ever: it holds a lock meanwhile that the
 * next module to come may want.
 */
static void notify_early(struct virtio_device *vdev)
{
	uint32_t early = vdev->early;

	vdev->early = 0;
	for (unsigned int n = 0; n < vdev->queues; n++)
		if (early >> n & 1)
			virtio_notify(vdev, n);
}

/* In the loop's thread. */
static void notify_again(void *arg)
{
	struct virtio_device *vdev = arg;
	uint32_t again;

	with_lock(&vdev->lock);
	again = vdev->again;
	vdev->again = 0;
	for (unsigned int n = 0; n < vdev->queues; n++)
		if (again >> n & 1)
			virtio_notify(vdev, n);
}

void virtio_again(struct virtio_device *vdev, unsigned int n)
{
	vdev->again |= 1u << n;
	loop_call_post(&vdev->again_call);
}

static void reset_locked(struct virtio_device *vdev)
{
	if (vdev->resetting)
		return;
	vdev->resetting = true;
	vdev->cls->reset(vdev);
	for (unsigned int i = 0; i < VIRTIO_QUEUES; i++)
		vdev->queue[i] = (struct virtqueue){ .vdev = vdev };
	vdev->features = 0;
	vdev->feature_sel = vdev->driver_sel = vdev->queue_sel = 0;
	vdev->again = vdev->early = 0;
	vdev->broken = false;
	virtio_ack(vdev, ~0u);
	vdev->status = 0;
	vdev->resetting = false;
}

void virtio_reset(struct virtio_device *vdev)
{
	with_lock(&vdev->lock);
	reset_locked(vdev);
}

/*
 * §2.1, §3.1.1: bits are only added; FEATURES_OK stays only if we can live
 * with what was chosen; DRIVER_OK counts only after it; 0 resets.
 */
void virtio_set_status(struct virtio_device *vdev, uint32_t status)
{
	uint32_t added = status & ~vdev->status &
			 (STATUS_ACKNOWLEDGE | STATUS_DRIVER |
			  STATUS_DRIVER_OK | STATUS_FEATURES_OK |
			  STATUS_FAILED);

	if (!(status & 0xff)) {
		reset_locked(vdev);
		return;
	}
	if (vdev->features & ~vdev->offered ||
	    !(vdev->features & VIRTIO_F_VERSION_1))
		added &= ~(uint32_t)STATUS_FEATURES_OK;
	if (!((vdev->status | added) & STATUS_FEATURES_OK))
		added &= ~(uint32_t)STATUS_DRIVER_OK;
	vdev->status |= added;
	if (!(added & STATUS_DRIVER_OK))
		return;
	if (vdev->cls->start)
		vdev->cls->start(vdev);
	notify_early(vdev);
}

void virtio_init(struct virtio_device *vdev, const struct virtio_class *cls,
		 uint64_t offered, const struct virtio_env *env)
{
	assert(cls->queues <= VIRTIO_QUEUES);
	assert(cls->queue_size && cls->queue_size <= QUEUE_MAX_SIZE);
	assert(!(cls->queue_size & (cls->queue_size - 1)));
	assert(cls->config_size <= VIRTIO_CONFIG);
	memset(vdev, 0, sizeof(*vdev));
	vdev->cls = cls;
	vdev->queues = cls->queues;
	vdev->offered = offered | TRANSPORT_FEATURES;
	vdev->ram = env->ram;
	vdev->codepages = env->codepages;
	vdev->irq = env->irq;
	pthread_mutex_init(&vdev->lock, NULL);
	loop_call_init(env->loop, &vdev->again_call, notify_again, vdev);
	for (unsigned int i = 0; i < VIRTIO_QUEUES; i++)
		vdev->queue[i].vdev = vdev;
}

void virtio_fini(struct virtio_device *vdev)
{
	loop_call_cancel(&vdev->again_call);
	pthread_mutex_destroy(&vdev->lock);
}
