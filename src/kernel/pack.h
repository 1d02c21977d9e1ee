/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder as what comes into a guest's root: its list, or one tar archive. */
#ifndef KERNEL_PACK_H
#define KERNEL_PACK_H

#include <stdint.h>

#include "common/err.h"
#include "kernel/deb.h"

/*
 * Pack all that is below dir into a new archive at tar.  Owner is root, modes
 * and times are kept.  Folders are left out unless they are empty: so those
 * that the guest has keep their owner and mode.
 */
int pack_tar(const char *dir, const char *tar, struct err *err);

/* The members of that archive as absolute paths, in its order; *ret_size:
 * bytes that they take in a file system. */
int pack_list(const char *dir, struct deb_paths *files, uint64_t *ret_size,
	      struct err *err);

#endif
