/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading (ext4.c) and writing (ext4_unpack.c) share. */
#ifndef FS_EXT4_INTERNAL_H
#define FS_EXT4_INTERNAL_H

#include <ext2fs/ext2fs.h>

#include "fs/ext4.h"

struct ext4 {
	ext2_filsys fs;
	struct ext4_info info;
};

/* As ext4_open(), with flags of ext2fs_open2(). */
int ext4_open_as(int fd, uint64_t offset, uint64_t size, const char *name,
		 int flags, struct ext4 **ret_fs, struct err *err);

/* libext2fs's error as a negative errno: -EIO for most of its own. */
int ext4_errno(errcode_t code);

#endif
