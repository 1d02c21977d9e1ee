/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undoing rows of the journal in a guest's mounted file system, from the last
 * to the first.  A row is undone only if what it made is still as it was left:
 * what somebody has changed since is shown, not overwritten.  Growth stays.
 */
#ifndef ADAPT_UNDO_H
#define ADAPT_UNDO_H

#include <guestfs.h>

#include "adapt/journal.h"
#include "common/err.h"
#include "common/vec.h"

enum undo_state {
	UNDO_DONE,
	UNDO_ALREADY, /* it is as it was on the card */
	UNDO_STAYS,   /* growth is not undone */
	UNDO_CHANGED, /* somebody has changed it since: not touched */
};

struct undo_result {
	const struct journal_row *row; /* of the journal */
	enum undo_state state;
	char *why; /* CHANGED: what is otherwise; owned */
	char *now; /* CHANGED, a file: a copy of it on this host; owned */
};

struct undo_results {
	struct vec_of(struct undo_result) all; /* in the order of undoing */
};

/*
 * Undo the rows of that id, or the one of that number; only NULL: all.  Rows
 * that are marked as reverted are passed over; those that are undone now get
 * the mark.  undo_dir is the guest's, temp_dir gets the copies.  -ENOENT: there
 * is no such row.
 */
int undo_rows(guestfs_h *g, struct journal_read *journal, const char *only,
	      const char *undo_dir, const char *temp_dir,
	      struct undo_results *ret, struct err *err);
void undo_results_free(struct undo_results *results);
#define autoundo __attribute__((__cleanup__(undo_results_free)))

#endif
