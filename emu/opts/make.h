/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the parts, one kind per file; shared inside of this folder. */
#ifndef OPTS_MAKE_H
#define OPTS_MAKE_H

#include "block/block.h"
#include "opts/parts.h"

struct place;

/* chardev.c: sockets that wait for a client first, then all others. */
int make_waiting(struct parts *p, struct opts *opts, struct err *err);
int make_chardevs(struct parts *p, struct opts *opts, struct err *err);
/* A chardev for a user, that no other has. */
int take_chardev(struct parts *p, const char *option, const char *id,
		 struct chardev **ret_chr, struct err *err);

/* disk.c */
int make_disks(struct parts *p, struct opts *opts, struct err *err);
struct part_disk *find_disk(const struct parts *p, const char *id);
/* "there is no disk with that id", said by who. */
int no_disk(const struct parts *p, const char *who, const char *id,
	    struct err *err);
/* Takes disk->block over, whatever happens. */
int add_disk(struct parts *p, const char *option, const struct part_disk *disk,
	     const char *id, struct err *err);
/* A disk for a device, that no other has; with what the device's werror=,
 * rerror= and write-cache= say. */
int take_disk(struct place *at, const char *id, const char *qdev,
	      struct part_disk **ret_disk, struct err *err);
void close_disks(struct parts *p);

/* node.c: one -blockdev */
int make_node(struct parts *p, struct opts *opts, struct keyvals *kv,
	      struct err *err);
/* What -drive and a file's node say alike. */
int file_options(struct keyvals *kv, struct block_options *opt,
		 bool *ret_write_through, struct err *err);

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
