/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-blk (virtio 1.2 §5.2). */
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include "block/block.h"
#include "virtio/virtio.h"

enum {
	VIRTIO_BLK_MAX_QUEUES = 8,
	VIRTIO_BLK_ID_LEN = 20, /* bytes of the serial number that show */
};

struct virtio_blk_request;

struct virtio_blk {
	struct virtio_device vdev; /* first */
	struct block *block;
	char serial[VIRTIO_BLK_ID_LEN + 1];
	struct virtio_blk_request *requests; /* all of them */
	struct virtio_blk_request *unused;
	struct iovec *iovs;
	unsigned int pending; /* requests that the block has */
	pthread_cond_t idle;  /* pending became 0 */
	uint32_t waiting;     /* queues that found no unused request */
};

struct virtio_blk_options {
	struct block *block; /* outlives the device */
	const char *serial;  /* NULL: none */
	unsigned int queues; /* 0: one */
	bool write_through;  /* write-cache=off: each write is flushed */
};

/* Never fails; allocates all that requests need. */
void virtio_blk_init(struct virtio_blk *blk, const struct virtio_env *env,
		     const struct virtio_blk_options *opt);
/* After a reset, when no vCPU runs any more. */
void virtio_blk_fini(struct virtio_blk *blk);

#endif
