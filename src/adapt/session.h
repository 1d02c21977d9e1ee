/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one libguestfs launch: everything that is written into a guest's disk is
 * written in here, by the appliance, and never by mounting it on the host.  The
 * kernel's files come into a copy through libext2fs, while the appliance has it
 * unmounted: docs/decisions/the-kernel-by-libext2fs.md.
 */
#ifndef ADAPT_SESSION_H
#define ADAPT_SESSION_H

#include <stdbool.h>

#include "adapt/journal.h"
#include "adapt/undo.h"
#include "common/err.h"
#include "model/plan.h"

struct session;

/* Has this host what the appliance is made of?  -ENODEV, and the text says
 * what to install. */
int session_possible(struct err *err);

enum session_kind {
	SESSION_WRITE, /* a guest's own disk: there is but one, and at the end
			* all that was written is on the host's */
	SESSION_COPY,  /* is thrown away if we do not come to the end; who keeps
			* it syncs it */
	SESSION_TRY,   /* what is written is thrown away at the end */
};

/*
 * Launch the appliance on the disk at path (raw), with its temporary files in
 * temp_dir.  -ENODEV if this host cannot.
 *
 * Where the host's file system is full, those that follow end with -ENOSPC.
 */
int session_open(const char *path, const char *temp_dir, enum session_kind kind,
		 struct session **ret_session, struct err *err);

/*
 * e2fsck of partition number: replays the journal and repairs; *ret_repaired
 * if that was more than it does without asking.  The file on the host is up
 * to date afterwards.
 */
int session_check(struct session *s, int partition, bool *ret_repaired,
		  struct err *err);

/* The partition's end moves to the end of the disk, the file system with it.
 * After session_check(). */
int session_grow(struct session *s, int partition, uint64_t disk_size,
		 struct err *err);

/*
 * Mount partition as root and carry out the plan's rows but for GROW, in
 * order; what a row replaces is kept in undo_dir, and journal_path (YAML) says
 * what was done.
 *
 * copy_at: where the partition begins (bytes) on a disk that is thrown away
 * should this fail; a TREE row has a folder then.  On a guest's own disk, 0, it
 * has a tar archive, which the appliance unpacks through the file system's
 * journal.
 */
int session_apply(struct session *s, int partition, uint64_t copy_at,
		  const struct plan *plan, const char *undo_dir,
		  const char *journal_path, struct err *err);

/* Mount partition as root and undo rows of its journal: undo_rows(). */
int session_revert(struct session *s, struct journal_read *journal,
		   const char *only, const char *undo_dir, const char *temp_dir,
		   struct undo_results *ret, struct err *err);

/* Trim, unmount, e2fsck, shut down: the disk is complete. */
int session_finish(struct session *s, struct err *err);

void session_free(struct session *s);
void session_drop(struct session **s);
#define autosession __attribute__((__cleanup__(session_drop)))

#endif
