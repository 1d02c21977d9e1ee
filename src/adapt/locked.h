/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and folders that chattr(1) made immutable or append-only: nobody can
 * write them, not even root, until that is taken away.  It is given back when
 * all rows are done, so that the guest has it as the card had.
 */
#ifndef ADAPT_LOCKED_H
#define ADAPT_LOCKED_H

#include <guestfs.h>

#include "common/err.h"
#include "common/vec.h"

struct locked_path {
	char *path;
	char *flags; /* letters of chattr(1) to give back */
};

struct locked {
	guestfs_h *g; /* a mounted root file system */
	struct vec_of(struct locked_path) all;
};

/*
 * What chattr(1) set of a file or folder, as letters; NULL: nothing, or it is
 * none of these.  The caller frees it.
 */
char *locked_flags(guestfs_h *g, const char *path);

/*
 * Takes it from path and from the nearest folder above it.  1: something was
 * taken, and what was refused may work now; 0: nothing was; or negative.
 */
int locked_open(struct locked *l, const char *path, struct err *err);

/* Path, which is there, shall have these in the end. */
void locked_later(struct locked *l, const char *path, const char *flags);

/* It is gone, or another file. */
void locked_forget(struct locked *l, const char *path);

/* Give back: after everything else, times too. */
int locked_restore(struct locked *l, struct err *err);

void locked_fini(struct locked *l);

#endif
