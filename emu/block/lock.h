/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image locks as QEMU takes them, so that it and we exclude each other.
 *
 * QEMU (since 2.10, "file.locking") marks what it does with an image by shared
 * OFD locks on single bytes: byte 100 + n says "I use permission n", byte
 * 200 + n says "nobody else may".  The file's bytes are not touched and need
 * not exist.  Seen in /proc/locks with QEMU 7.2: a writer holds 100, 101 and
 * 201; a reader 100 and 201; the base of a snapshot 100, 201 and 203.
 */
#ifndef BLOCK_LOCK_H
#define BLOCK_LOCK_H

#include "common/err.h"

enum image_permission {
	IMAGE_READ = 1 << 0,
	IMAGE_WRITE = 1 << 1,
	IMAGE_RESIZE = 1 << 3,
};

/*
 * Lock fd for these uses, and against the others' uses denied.  The locks
 * last until the last descriptor of this open file is closed.  -EBUSY if
 * somebody is in the way; file systems without such locks are let through
 * with a warning.
 */
int image_lock(int fd, const char *filename, unsigned int used,
	       unsigned int denied, struct err *err);

#endif
