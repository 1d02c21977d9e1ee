/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a tree as they lie in the guest, so that years later it can
 * be told whether they are still the same: by size and time, because sums of
 * a quarter of a GB would take longer than the conversion.
 */
#ifndef ADAPT_LEFT_H
#define ADAPT_LEFT_H

#include <guestfs.h>

#include "common/err.h"

/*
 * For each path of list (a line each, those of one folder after each other)
 * that is there and no folder: "SIZE MTIME PATH", a line each.  The caller
 * frees *ret_text.
 */
int left_read(guestfs_h *g, const char *list, char **ret_text, struct err *err);

/* The same of a folder of this host that came into the guest as it is. */
int left_staged(const char *dir, const char *list, char **ret_text,
		struct err *err);

#endif
