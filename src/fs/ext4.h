/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading ext2, ext3 and ext4 inside an image, through libext2fs; never
 * written to, and a journal is never replayed.
 *
 * A file system that was not shut down can be read too, but shows what was on
 * the disk before its journal: files may be missing or out of date.
 */
#ifndef FS_EXT4_H
#define FS_EXT4_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"
#include "fs/tree.h"

struct ext4;

struct ext4_info {
	bool needs_recovery; /* the journal holds changes */
	bool clean;          /* unmounted, and no error was ever noted */
	uint64_t size, free; /* bytes; free for anyone, root's share too */
	unsigned int block_size;
	uint64_t free_inodes;
};

/* Bytes, counted from the beginning of the file system. */
struct ext4_range {
	uint64_t at, len;
};

struct ext4_ranges {
	struct vec_of(struct ext4_range) all;
};

/*
 * The file system at offset (bytes) of an open file or device; size is the
 * partition's.  fd must stay open as long as the file system; name is for
 * messages.
 */
int ext4_open(int fd, uint64_t offset, uint64_t size, const char *name,
	      struct ext4 **ret_fs, struct err *err);
void ext4_close(struct ext4 *fs);
void ext4_drop(struct ext4 **fs);
#define autoext4 __attribute__((__cleanup__(ext4_drop)))

/*
 * Is there a copy of the superblock where mke2fs puts the first one, in block
 * group 1?  Its block and the blocks' size in bytes, as e2fsck -b and -B want
 * them.
 */
bool ext4_has_copy(int fd, uint64_t offset, uint64_t size,
		   unsigned int *ret_block, unsigned int *ret_block_size);

const struct ext4_info *ext4_info(const struct ext4 *fs);
struct tree ext4_tree(struct ext4 *fs);

/*
 * What the block bitmaps call used, and the beginning of the partition, sorted
 * and joined.  -EUCLEAN unless info->clean and no recovery is needed: bitmaps
 * that a journal would change are not to be believed.
 */
int ext4_used(struct ext4 *fs, struct ext4_ranges *ret_used, struct err *err);

#endif
