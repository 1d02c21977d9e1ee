/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes of a guest's file, as the journal keeps them. */
#ifndef ADAPT_ATTRIBUTES_H
#define ADAPT_ATTRIBUTES_H

#include <guestfs.h>

#include "adapt/folders.h"
#include "adapt/journal.h"
#include "common/err.h"

/*
 * Give path those attributes of before that it does not have.  temp_dir, on
 * this host, and the guest's root folder hold a file for a moment; folders
 * remembers the latter's times.
 */
int attributes_put(guestfs_h *g, const char *path,
		   const struct journal_before *before, struct folders *folders,
		   const char *temp_dir, struct err *err);

#endif
