/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: QEMU's machine protocol, as far as the supervisor and, later,
 * libvirt speak it (docs/qmp.md).  Commands are answered at once and in order;
 * each client hears of every event once it has negotiated.
 */
#ifndef QMP_QMP_H
#define QMP_QMP_H

#include "block/block.h"
#include "board/machine.h"
#include "chardev/chardev.h"
#include "loop/loop.h"

struct qmp;

struct qmp_disk {
	const char *id;   /* of -drive, or the node's name */
	const char *qdev; /* the device it is in; NULL: none */
	struct block *block;
	bool cdrom;
	bool is_node; /* of -blockdev: the disk itself has no name */
};

/* A -device with an id. */
struct qmp_device {
	const char *id;
	const char *type;    /* "virtio-net-device" */
	struct netdev *nd;   /* of a network card; else NULL */
	struct chardev *chr; /* of a port of a virtio console; else NULL */
};

/* What was made by the command line; all of it outlives the monitor. */
struct qmp_info {
	const char *name; /* NULL: none */
	const char *uuid; /* empty: none */
	struct chardev *const *chardevs;
	size_t n_chardevs;
	const struct qmp_disk *disks;
	size_t n_disks;
	const struct qmp_device *devices;
	size_t n_devices;
};

struct qmp *qmp_new(struct loop *loop, struct machine *m,
		    const struct qmp_info *info);

/* One client at a time on this chardev; as many chardevs as wanted. */
int qmp_serve(struct qmp *q, struct chardev *chr, struct err *err);

/* When the loop runs no more; the machine may be gone already. */
void qmp_free(struct qmp *q); /* NULL is allowed */

#endif
