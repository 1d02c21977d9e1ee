/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a folder of this host into an ext2, ext3 or ext4 file system inside
 * an image, through libext2fs and without mounting it.
 *
 * For a copy that is thrown away if this fails: nothing goes through the
 * file system's journal, and nothing is synced.  It was checked by e2fsck just
 * before and will be again; nobody else has it open.
 */
#ifndef FS_EXT4_UNPACK_H
#define FS_EXT4_UNPACK_H

#include <stdint.h>

#include "common/err.h"

/*
 * All that is below the folder from, into the root of the file system at
 * offset (bytes) of fd, which is open for writing; size is what it may have at
 * most, name is for messages.
 *
 * What comes belongs to root, and has the mode, the modification time and the
 * content or target that it has on this host: files, folders and links, the
 * latter never followed here.  A folder that is there already stays as it is,
 * with its times; a link to one is followed, inside the file system only.
 * chattr's locks do not hold libext2fs up.
 *
 * -EEXIST if there is something else already, -ENOSPC if it is full, -EUCLEAN
 * if its journal is not replayed.
 */
int ext4_unpack(int fd, uint64_t offset, uint64_t size, const char *name,
		const char *from, struct err *err);

#endif
