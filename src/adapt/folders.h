/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The times of a guest's folders, kept while files come and go in them: to
 * undo a change would not bring them back.
 */
#ifndef ADAPT_FOLDERS_H
#define ADAPT_FOLDERS_H

#include <guestfs.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"

struct folder {
	char *path;
	int64_t sec, nsec; /* mtime */
};

struct folders {
	guestfs_h *g; /* a mounted root file system */
	struct vec_of(struct folder) all;
};

/*
 * Remember the times of the folder that path lies in, if it is there; else of
 * the nearest above it.  *ret_made is the first that is missing, or NULL; the
 * caller frees it.  ret_made may be NULL.
 */
int folders_remember(struct folders *f, const char *path, char **ret_made,
		     struct err *err);

/* It is gone: its times are nobody's. */
void folders_forget(struct folders *f, const char *path);

/* Put all of them back. */
int folders_restore(struct folders *f, struct err *err);

void folders_fini(struct folders *f);

#endif
