/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on a card: from a partition table that image/ has read, to the whole
 * of struct guest.
 */
#ifndef GUEST_INSPECT_H
#define GUEST_INSPECT_H

#include "common/err.h"
#include "fs/tree.h"
#include "model/guest.h"

struct ext4;
struct fat;

/* An open disk, for reading only: the system's, and g->disks in their order. */
struct inspect_disk {
	int fd;
	const char *name; /* for messages */
};

/*
 * With disks besides the card: the reference of what the card's cmdline.txt
 * calls root, or 0.  The caller makes its disk the system's before
 * inspect_guest().  Two disks with one id are a finding of level STOP.
 */
int inspect_root(const struct inspect_disk *disks, struct guest *g);

/*
 * Look at every ext partition: what its superblock says, and g->systems, those
 * of the first disk.  Before inspect_guest().
 */
void inspect_systems(const struct inspect_disk *disks, struct guest *g);

/*
 * Fill in the rest of a guest whose partitions are known, from open disks.
 * g->root may name the partition of the system; else it is the one that the
 * card's cmdline.txt calls root, or the first that holds a system.
 *
 * Says what it cannot do as a finding of level STOP: that there is no system,
 * or none that is supported (see guest_stop()).  Fails only if the disk cannot
 * be read.
 */
int inspect_guest(const struct inspect_disk *disks, struct guest *g,
		  struct err *err);

/*
 * Devices that configurations name: things and a finding, from files of these
 * patterns ("/etc/x/?*.yaml") of the root.
 */
void inspect_devices(struct guest *g, const struct tree *root,
		     char *const *patterns, size_t n);

/*
 * A finding if /etc/rc.local ends before its end in a VM: at a command that one
 * of these shell patterns fits ("tvservice *"), its folder and sudo left out.
 */
void inspect_rc_local(struct guest *g, const struct tree *root,
		      char *const *patterns, size_t n);

/*
 * The file systems of an inspected guest, for those who read more of it.  The
 * disks must stay open meanwhile.  trees.boot.ops is NULL where the card has no
 * boot partition.
 */
struct inspect_trees {
	struct ext4 *root_fs;
	struct fat *boot_fs;
	struct tree root, boot;
};

int inspect_trees_open(const struct inspect_disk *disks, const struct guest *g,
		       struct inspect_trees *ret_trees, struct err *err);
void inspect_trees_close(struct inspect_trees *trees);
#define autotrees __attribute__((__cleanup__(inspect_trees_close)))

#endif
