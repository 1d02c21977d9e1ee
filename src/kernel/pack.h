/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One tar archive of a folder, to be unpacked over a guest's root. */
#ifndef KERNEL_PACK_H
#define KERNEL_PACK_H

#include "common/err.h"
#include "kernel/deb.h"

/*
 * Pack all that is below dir into a new archive at tar.  Owner is root, modes
 * and times are kept.  Folders are left out unless they are empty: so those
 * that the guest has keep their owner and mode.  *files gets the name of each
 * member as an absolute path.
 */
int pack_tar(const char *dir, const char *tar, struct deb_paths *files,
	     struct err *err);

#endif
