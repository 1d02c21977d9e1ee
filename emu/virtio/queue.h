/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues (virtio 1.2 §2.7): the only code that reads rings.
 *
 * Ring memory belongs to a guest that may be hostile: everything is read once
 * into locals and checked; a chain that breaks the rules stops the device
 * (virtio_break) and is never handed out.  What a queue does on a broken or
 * reset device is nothing.
 *
 * All of these are called with the device's lock held.
 */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "mem/bus.h"

enum {
	QUEUE_MAX_SIZE = 1024,
	CHAIN_MAX = 1024, /* descriptors of one table; it bounds loops */
};

struct virtio_device;

struct virtqueue {
	struct virtio_device *vdev;
	uint16_t size; /* as the driver set it; 0: not used */
	bool ready;
	bool polled; /* the driver was asked not to notify */
	paddr desc, avail, used;
	/* Host addresses of the three, while ready. */
	const uint8_t *desc_ring;
	uint8_t *avail_ring, *used_ring;
	uint16_t last_avail, used_idx;
	uint16_t unpublished; /* chains in the used ring beyond used_idx */
	uint16_t signalled;   /* used_idx at the last interrupt (EVENT_IDX) */
	bool signalled_valid;
};

/* One request of the driver: its buffers as host memory. */
struct virtq_chain {
	uint16_t head;
	unsigned int out, in; /* entries: first what the device reads, then
			       * what it writes */
	uint64_t out_bytes, in_bytes;
	struct iovec *iov; /* the caller's array of iov_max entries */
	unsigned int iov_max;
};

/* The driver said that the ring is in place; false (and the device is broken)
 * if it is not all RAM, not aligned, or has no size. */
bool virtq_enable(struct virtqueue *q);

/*
 * The next available chain.  1: *chain is filled; 0: none, and the driver
 * will notify when there is; < 0: the ring is broken and the device stopped.
 * Buffers of length 0 are left out.
 */
int virtq_pop(struct virtqueue *q, struct virtq_chain *chain);

/* Give back the last n popped chains as if they had not been popped; what was
 * put of them is forgotten. */
void virtq_unpop(struct virtqueue *q, unsigned int n);

/*
 * Done with a chain: written bytes were put into its in buffers.  It is in
 * the used ring, but the driver sees it only after virtq_publish(), so that
 * several chains can appear at once.  The chain's in entries must still be as
 * popped: code that was decoded from there is thrown away.
 */
void virtq_put(struct virtqueue *q, const struct virtq_chain *chain,
	       uint32_t written);
void virtq_publish(struct virtqueue *q);

/* Both at once. */
void virtq_push(struct virtqueue *q, const struct virtq_chain *chain,
		uint32_t written);

/* Would virtq_pop() find none?  Then the driver will notify. */
bool virtq_empty(struct virtqueue *q);

/* Must the driver be interrupted for what was published since the last
 * question? */
bool virtq_should_signal(struct virtqueue *q);

/* Ask the driver not to notify (while we poll), or to do it again: then look
 * with virtq_empty() whether something came in between. */
void virtq_set_notify(struct virtqueue *q, bool wanted);

/* Bytes between iovecs and a buffer; skip bytes from the start.  Returns
 * bytes copied. */
size_t virtq_from_iov(void *to, const struct iovec *iov, unsigned int n,
		      size_t skip, size_t len);
size_t virtq_to_iov(const struct iovec *iov, unsigned int n, size_t skip,
		    const void *from, size_t len);

#endif
