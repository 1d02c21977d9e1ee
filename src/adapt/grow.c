/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cards are often full, and the kernel and its updates need room: the disk
 * grows (a sparse file) until root has a GiB free, if root is the last
 * partition of the disk.
 */
#include <errno.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/bits.h"

#define MIB          (UINT64_C(1) << 20)
#define GROW_STEP    (64 * MIB)
#define ROOM_TO_WORK (64 * MIB) /* what the unpacking itself needs */
#define TABLES_MIN   (16 * MIB)

enum {
	PRIMARY = 4 /* partitions of an MBR that are not logical */
};

/* And no logical one, inside another. */
bool adapt_can_grow(const struct guest *g)
{
	const struct guest_partition *root = guest_partition(g, g->root);

	if (root->number > PRIMARY && g->table && !strcmp(g->table, "dos"))
		return false;
	for (size_t i = 0; i < g->partitions.n; i++)
		if (g->partitions.at[i].start > root->start)
			return false;
	return true;
}

/* Inode tables and bitmaps take a part: 1/16 of it with an inode for each
 * 4096 bytes, as mke2fs gives a small file system. */
uint64_t adapt_grown(uint64_t disk_size, uint64_t missing)
{
	return align_up(disk_size + missing + missing / 16 + TABLES_MIN,
			GROW_STEP);
}

int adapt_grow(const struct adapt_facts *facts, struct plan *plan,
	       struct err *err)
{
	const struct guest *g = facts->guest;
	const struct guest_partition *root = guest_partition(g, g->root);
	uint64_t kernel = facts->kernel.tar_size;
	uint64_t wanted = kernel + ADAPT_FREE_MIB * MIB;
	struct change *c;

	if (root->fs_free >= wanted)
		return 0;
	if (!facts->grow || !adapt_can_grow(g)) {
		if (root->fs_free >= kernel + ROOM_TO_WORK)
			return 0;
		return err_set(
			err, ENOSPC,
			"the card's system has %llu MiB free, and its "
			"new kernel needs %llu MiB; %s",
			(unsigned long long)(root->fs_free / MIB),
			(unsigned long long)((kernel + ROOM_TO_WORK) / MIB),
			facts->grow ? "its partition is not the last of the "
				      "disk and cannot grow: free some space "
				      "on the Pi first"
				    : "leave out --no-grow");
	}
	plan->disk_size = adapt_grown(g->disk_size, wanted - root->fs_free);
	c = plan_add(plan, CHANGE_GROW, "grow", "/",
		     "the kernel and its updates need room: the root file "
		     "system gets 1 GiB free");
	c->size = plan->disk_size;
	return 0;
}
