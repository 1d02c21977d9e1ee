/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cards are often full, and the kernel and its updates need room: the disk
 * grows (a sparse file) until root has a GiB free, or what was asked for, if
 * root is the last partition of the disk.
 */
#include <errno.h>
#include <stdlib.h>

#include "adapt/adapt.h"
#include "common/bits.h"
#include "common/cleanup.h"
#include "common/mem.h"

#define MIB          (UINT64_C(1) << 20)
#define GROW_STEP    (64 * MIB)
#define ROOM_TO_WORK (64 * MIB) /* what the unpacking itself needs */
#define TABLES_MIN   (16 * MIB)

enum {
	SPARE_INODES = 512,
	BYTES_PER_INODE = 16384
};

/* A logical one too: its container grows with it. */
bool adapt_can_grow(const struct guest *g)
{
	const struct guest_partition *root = guest_partition(g, g->root);

	for (size_t i = 0; i < g->partitions.n && !g->laid_out; i++)
		if (!g->partitions.at[i].disk &&
		    g->partitions.at[i].start > root->start)
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

/* Files that come: an inode each, and some for folders and the journal's. */
static bool has_inodes(const struct adapt_facts *facts,
		       const struct guest_partition *root)
{
	return root->fs_free_inodes >= facts->kernel.n_files + SPARE_INODES;
}

static int no_room(const struct adapt_facts *facts,
		   const struct guest_partition *root, struct err *err)
{
	const char *remedy = !facts->free ? "leave out --no-grow"
					  : "its partition is not the last of "
					    "the disk and cannot grow: free "
					    "some space on the Pi first";
	uint64_t need = facts->kernel.size + ROOM_TO_WORK;
	int code = facts->free ? EMEDIUMTYPE : ENOSPC;

	if (root->fs_free >= need)
		return err_set(
			err, code,
			"the card's system can have %llu more files, and "
			"its new kernel has %zu; %s",
			(unsigned long long)root->fs_free_inodes,
			facts->kernel.n_files, remedy);
	return err_set(err, code,
		       "the card's system has %llu MiB free, and its new "
		       "kernel needs %llu MiB; %s",
		       (unsigned long long)(root->fs_free / MIB),
		       (unsigned long long)(need / MIB), remedy);
}

int adapt_grow(const struct adapt_facts *facts, struct plan *plan,
	       struct err *err)
{
	const struct guest *g = facts->guest;
	const struct guest_partition *root = guest_partition(g, g->root);
	uint64_t kernel = facts->kernel.size;
	uint64_t wanted = kernel + facts->free, missing;
	bool inodes = has_inodes(facts, root);
	autofree char *reason = NULL;
	struct change *c;

	if (!facts->free || !adapt_can_grow(g))
		return root->fs_free >= kernel + ROOM_TO_WORK && inodes
			       ? 0
			       : no_room(facts, root, err);
	if (root->fs_free >= wanted && inodes)
		return 0;
	missing = root->fs_free >= wanted ? 0 : wanted - root->fs_free;
	/* With one for each 16 KiB at least, as mke2fs gives a large one. */
	if (!inodes && missing < facts->kernel.n_files * BYTES_PER_INODE)
		missing = facts->kernel.n_files * BYTES_PER_INODE;
	plan->disk_size = adapt_grown(g->disk_size, missing);
	reason = xasprintf("the kernel and its updates need room: the root "
			   "file system gets %llu MiB free",
			   (unsigned long long)(facts->free / MIB));
	c = plan_add(plan, CHANGE_GROW, "grow", "/", reason);
	c->size = plan->disk_size;
	return 0;
}
