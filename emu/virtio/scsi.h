/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi (virtio 1.2 §5.6): a host adapter with the logical units that
 * scsi-hd and scsi-cd put on it before the guest starts.
 */
#ifndef VIRTIO_SCSI_H
#define VIRTIO_SCSI_H

#include "common/err.h"
#include "virtio/scsi_unit.h"
#include "virtio/virtio.h"

enum {
	VIRTIO_SCSI_UNITS = 32,
	VIRTIO_SCSI_MAX_QUEUES = 8,
};

struct virtio_scsi_request;

/* A place with its unit. */
struct virtio_scsi_place {
	struct virtio_scsi *hba;
	uint8_t target;
	uint16_t lun;
	struct scsi_unit unit;
	/* It has another size: the next command is told so, and the driver by
	 * an event, as soon as it has given a buffer for one. */
	bool attention, event;
};

struct virtio_scsi {
	struct virtio_device vdev;                         /* first */
	struct virtio_scsi_place units[VIRTIO_SCSI_UNITS]; /* unsorted */
	unsigned int unit_count;
	struct virtio_scsi_request *requests, *unused;
	struct iovec *iovs;
	unsigned int pending; /* requests that a block has */
	pthread_cond_t idle;  /* pending became 0 */
	uint32_t waiting;     /* queues that found no unused request */
};

struct virtio_scsi_unit_options {
	struct block *block; /* outlives the device */
	bool cd;
	int target, lun;       /* -1: the first free target; lun 0 */
	const char *serial;    /* NULL: none */
	const char *device_id; /* NULL: the serial, or the block's node name */
	bool write_through;
};

/* queues: for requests; 0 is one.  Never fails. */
void virtio_scsi_init(struct virtio_scsi *s, const struct virtio_env *env,
		      unsigned int queues);
/* -EEXIST if the place is taken, -EINVAL if there is no such place. */
int virtio_scsi_add(struct virtio_scsi *s,
		    const struct virtio_scsi_unit_options *opt,
		    struct err *err);
/* After a reset, when no vCPU runs any more. */
void virtio_scsi_fini(struct virtio_scsi *s);

#endif
