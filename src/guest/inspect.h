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

/*
 * Fill in the rest of a guest whose partitions are known, from an open image.
 * g->root may name the partition of the system; else it is looked for.
 *
 * Says what it cannot do as a finding of level STOP: that there is no system,
 * or none that is supported (see guest_stop()).  Fails only if the disk cannot
 * be read.  name is for messages; fd is only read.
 */
int inspect_guest(int fd, const char *name, struct guest *g, struct err *err);

/*
 * Devices that configurations name: things and a finding, from files of these
 * patterns ("/etc/x/?*.yaml") of the root.
 */
void inspect_devices(struct guest *g, const struct tree *root,
		     char *const *patterns, size_t n);

/*
 * The file systems of an inspected guest, for those who read more of it.  fd
 * must stay open meanwhile.  trees.boot.ops is NULL where the card has no boot
 * partition.
 */
struct inspect_trees {
	struct ext4 *root_fs;
	struct fat *boot_fs;
	struct tree root, boot;
};

int inspect_trees_open(int fd, const char *name, const struct guest *g,
		       struct inspect_trees *ret_trees, struct err *err);
void inspect_trees_close(struct inspect_trees *trees);
#define autotrees __attribute__((__cleanup__(inspect_trees_close)))

#endif
