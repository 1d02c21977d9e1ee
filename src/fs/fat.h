/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading FAT12, FAT16 and FAT32 with long names (Microsoft's FAT
 * specification, 2000), inside an image, never writing.
 *
 * The bytes are not trusted: a hostile file system gives -EIO, never a loop,
 * an overflow or an allocation of its choosing.  Names compare without regard
 * to ASCII case.
 */
#ifndef FS_FAT_H
#define FS_FAT_H

#include <stdint.h>

#include "common/err.h"
#include "fs/tree.h"

struct fat;

/*
 * The file system at offset of an open file; size is the partition's, both in
 * bytes.  fd must stay open as long as the file system.
 */
int fat_open(int fd, uint64_t offset, uint64_t size, const char *name,
	     struct fat **ret_fs, struct err *err);
void fat_close(struct fat *fs);
void fat_drop(struct fat **fs);
#define autofat __attribute__((__cleanup__(fat_drop)))

struct tree fat_tree(struct fat *fs);

/* Bytes in the file system. */
uint64_t fat_size(const struct fat *fs);

#endif
