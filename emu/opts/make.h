/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the parts, one kind per file; shared inside of this folder. */
#ifndef OPTS_MAKE_H
#define OPTS_MAKE_H

#include "opts/parts.h"

/* chardev.c: sockets that wait for a client first, then all others. */
int make_waiting(struct parts *p, struct opts *opts, struct err *err);
int make_chardevs(struct parts *p, struct opts *opts, struct err *err);
/* A chardev for a user, that no other has. */
int take_chardev(struct parts *p, const char *option, const char *id,
		 struct chardev **ret_chr, struct err *err);

/* disk.c */
int make_disks(struct parts *p, struct opts *opts, struct err *err);
/* A disk for a device, that no other has. */
int take_disk(struct parts *p, const char *device, const char *id,
	      const char *qdev, struct part_disk **ret_disk, struct err *err);
void close_disks(struct parts *p);

/* net.c: -netdev, and the cards that -nic and -net mean. */
int make_nets(struct parts *p, struct opts *opts, struct err *err);
int take_net(struct parts *p, const char *device, const char *id,
	     struct netdev **ret_nd, struct err *err);

/* object.c */
int make_objects(struct parts *p, struct opts *opts, struct err *err);

/* device.c */
int make_devices(struct parts *p, struct opts *opts, struct machine *m,
		 struct err *err);

#endif
