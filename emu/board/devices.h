/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio devices of a machine: made, plugged, and freed together.  What
 * they are connected to (disks, networks, chardevs) stays the caller's, and
 * outlives them.
 */
#ifndef BOARD_DEVICES_H
#define BOARD_DEVICES_H

#include "board/virt.h"
#include "common/vec.h"
#include "virtio/balloon.h"
#include "virtio/blk.h"
#include "virtio/console.h"
#include "virtio/net.h"
#include "virtio/scsi.h"

/* Starts as { 0 }. */
struct devices {
	struct vec_of(struct {
		void *device; /* begins with its struct virtio_device */
		void (*fini)(void *device);
	}) list;
};

/* Between virt_new() and virt_finish(). */
int devices_add_blk(struct devices *d, struct machine *m, enum virt_way way,
		    const struct virtio_blk_options *opt, struct err *err);
int devices_add_net(struct devices *d, struct machine *m, enum virt_way way,
		    const struct virtio_net_options *opt, struct err *err);
int devices_add_rng(struct devices *d, struct machine *m, enum virt_way way,
		    struct err *err);

/* One at most: -EEXIST. */
int devices_add_balloon(struct devices *d, struct machine *m, enum virt_way way,
			const struct virtio_balloon_options *opt,
			struct err *err);

/* Units and ports are added to what these return; owned by d. */
int devices_add_scsi(struct devices *d, struct machine *m, enum virt_way way,
		     unsigned int queues, struct virtio_scsi **ret_scsi,
		     struct err *err);
int devices_add_console(struct devices *d, struct machine *m, enum virt_way way,
			struct virtio_console **ret_console, struct err *err);

/* After virt_free(), and when the loop runs no more. */
void devices_free(struct devices *d);

#endif
