/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the host: made whole or not at all, removed without following
 * links, locked so that two of us never work on the same thing.
 *
 * All return 0 (or what is said) on success, else a negative errno with a
 * text in err.  Paths may be relative.
 */
#ifndef HOST_FILES_H
#define HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * The whole of a file as text with a 0 after it; the caller frees *ret_text.
 * ret_len may be NULL.  -EFBIG if it is larger than max bytes.
 */
int files_read(const char *path, size_t max, char **ret_text, size_t *ret_len,
	       struct err *err);

/*
 * A file that appears at path complete and on the disk, or not at all:
 *
 *	autofiles struct files_new new = { 0 };
 *	r = files_new_open(&new, path, 0644, err);
 *	... write to new.fd ...
 *	r = files_new_commit(&new, err);
 *
 * Without the commit nothing is left behind, unless we are killed: then a
 * file of the name ".NAME.XXXXXX" stays beside path.
 */
struct files_new {
	int fd;
	char *path, *temp;
};

int files_new_open(struct files_new *new, const char *path, mode_t mode,
		   struct err *err);
int files_new_commit(struct files_new *new, struct err *err);
void files_new_drop(struct files_new *new);
#define autofiles __attribute__((__cleanup__(files_new_drop)))

/* The three in one: path has this content, or what it had before. */
int files_replace(const char *path, const void *data, size_t len, mode_t mode,
		  struct err *err);

/* Make a name in that folder durable: fsync of the folder itself. */
int files_sync_dir(const char *dir, struct err *err);

/* The folder and all above it that are missing. */
int files_mkdir_p(const char *path, mode_t mode, struct err *err);

/*
 * A new empty folder, 0700, for the caller to fill and to remove.  parent
 * NULL: $TMPDIR, else /var/tmp, because whole kernels go there and /tmp may
 * be memory.
 */
int files_temp_dir(const char *parent, char **ret_path, struct err *err);

/*
 * Remove a file, or a folder with all in it.  Links are removed, never
 * followed; other file systems mounted below are not entered.  That nothing
 * is there is success.
 */
int files_remove_tree(const char *path, struct err *err);

/*
 * Take an exclusive lock on the file at path, made if missing, and return its
 * descriptor; closing it (or our end, however it comes) gives the lock back.
 * The lock is of the open file: threads exclude each other too.  If somebody
 * else has it: -EAGAIN at once, or wait for it.  The file itself stays.
 */
int files_lock(const char *path, bool wait, struct err *err);

/*
 * Open a log for writing, made or emptied, and return its descriptor.  Where it
 * is, another user may have the folder: neither here nor for a lock a link is
 * followed (-ELOOP).
 */
int files_open_log(const char *path, struct err *err);

/* Has somebody that lock?  Looking takes nothing and leaves nothing.  1, 0, or
 * what went wrong; that there is no such file is 0. */
int files_locked(const char *path, struct err *err);

#endif
