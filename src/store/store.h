/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests' folders (DESIGN.md §2): where they are, making one so that it
 * appears complete or not at all, reading and writing guest.yaml.
 *
 * System guests live in /var/lib/pimigrate/guests, a user's in
 * $XDG_DATA_HOME/pimigrate/guests; PIMIGRATE_GUESTS names another place, and
 * PIMIGRATE_RUNTIME one for what is there while they run.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/machine.h"

/* The folder of all guests; need not exist yet.  The caller frees it. */
char *store_root(void);

/* The folder of one guest, and a file in it (an absolute path stays as it
 * is); the caller frees them. */
char *store_dir(const char *name);
char *store_file(const char *name, const char *file);

/* Where sockets and pid of a running guest are: /run/pimigrate/NAME, or below
 * $XDG_RUNTIME_DIR.  The caller frees it. */
char *store_runtime_dir(const char *name);

/* Make it.  -EPERM as below. */
int store_runtime_make(const char *name, struct err *err);

/* In /tmp, where it is without $XDG_RUNTIME_DIR, anybody may have made it, with
 * links in it or a socket of his: -EPERM. */
int store_runtime_check(struct err *err);

/* Is this a name as guests may have: [a-z0-9][a-z0-9.-]*, 63 at most? */
bool store_name_ok(const char *name);

/* One made from any text, such as a host name; the caller frees it. */
char *store_name_from(const char *text);

/* Is there a complete guest of that name? */
bool store_exists(const char *name);

/* Is there anything at all where a guest of that name would be? */
bool store_taken(const char *name);

/*
 * A guest in the making.  While it is open nobody else makes one of that
 * name; what a killed predecessor left is removed.  Dropped without commit,
 * nothing is left.
 *
 *	autostore struct store_new new = { 0 };
 *	r = store_new_begin(&new, name, err);	-EEXIST: taken
 *	... fill new.dir ...
 *	r = store_new_commit(&new, err);
 */
struct store_new {
	char *name, *root;
	char *dir; /* ".NAME.partial" below root, absolute */
	int lock;  /* descriptor; valid while locked */
	bool locked, made;
};

int store_new_begin(struct store_new *new, const char *name, struct err *err);
/* All of it is on the disk when the guest appears. */
int store_new_commit(struct store_new *new, struct err *err);
void store_new_drop(struct store_new *new);
#define autostore __attribute__((__cleanup__(store_new_drop)))

/* Names of all complete guests, sorted. */
struct store_names {
	struct vec_of(char *) names;
};

int store_list(struct store_names *ret_names, struct err *err);
void store_names_free(struct store_names *names);

/* guest.yaml.  save keeps keys that it does not know. */
int store_load(const char *name, struct machine *ret_m, struct err *err);
int store_save_in(const char *dir, const struct machine *m, struct err *err);
int store_save(const struct machine *m, struct err *err);

/*
 * Keep others from running or changing a guest: the lock in its runtime
 * folder.  Returns a descriptor; -EAGAIN if somebody has it.
 */
int store_lock_running(const char *name, struct err *err);

/* Give it another name, by one rename.  -EEXIST: that is taken.  The caller
 * holds its lock. */
int store_rename(const char *name, const char *to, struct err *err);

/* Delete a guest's folder, first out of sight by one rename, and what it has
 * in the runtime folder.  The caller holds its lock (store_lock_running()). */
int store_remove(const char *name, struct err *err);

#endif
