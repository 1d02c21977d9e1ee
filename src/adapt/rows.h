/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out the plan's rows in a guest's mounted file system, and keeping
 * what they replace, so that each can be undone (journal.h).
 *
 * Folders that were there keep their times: a file that comes or goes would
 * change them, and undoing it would not bring them back.
 */
#ifndef ADAPT_ROWS_H
#define ADAPT_ROWS_H

#include <guestfs.h>

#include "common/err.h"
#include "model/plan.h"

/* How a TREE row's folder comes in where that is not the appliance's work. */
struct rows_unpack {
	int (*unpack)(void *arg, const char *from, struct err *err);
	void *arg;
};

/*
 * All rows but GROW, in order.  undo_dir is a folder of this host, for what
 * they replace; journal_path is written when all went well, and says that root
 * is that partition.  With unpack NULL a TREE row has a tar archive.
 */
int rows_apply(guestfs_h *g, int partition, const struct plan *plan,
	       const struct rows_unpack *unpack, const char *undo_dir,
	       const char *journal_path, struct err *err);

#endif
