/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One -device while it is made. */
#ifndef OPTS_PLACE_H
#define OPTS_PLACE_H

#include "opts/parts.h"

struct place {
	struct parts *p;
	struct machine *m;
	struct keyvals *kv;
	const char *driver; /* as written */
	const char *id;     /* NULL: none */
	enum virt_way way;
	struct part_device *named; /* what will be remembered of it */
};

typedef int device_fn(struct place *at, struct err *err);

/* virtio.c */
device_fn device_balloon, device_blk, device_net, device_rng, device_scsi,
	device_serial;

/* bus.c: what is put on the last two */
device_fn device_scsi_hd, device_scsi_cd, device_console, device_serial_port;

#endif
