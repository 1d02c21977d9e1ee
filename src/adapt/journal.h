/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes.yaml: what was done to the guest, why, and what was there before
 * (files lie in undo/), so that each row can be undone or shown as a diff.
 *
 *	version: 1
 *	partition: 2                 of the root file system
 *	changes:
 *	- id, kind, path, reason     as in the plan
 *	  target                     of a link
 *	  before:
 *	    kind: nothing | file | link | folder
 *	    mode, uid, gid, mtime    of what was there; mtime with nanoseconds
 *	    file: "007"              FILE: its content, in undo/
 *	    attributes:              FILE: extended ones, in hexadecimal
 *	    flags: "i"               FILE: chattr(1)'s, where the row takes them
 *	                             away with the file or stands before them
 *	    target                   LINK: where it pointed
 *	    made-folder: /a/b        the first one above path that was missing
 *	  after:                     as it was left, to know it again
 *	    sha256, mode             WRITE
 *	  list: "012"                TREE: in undo/, the paths that came
 *	  left: "012.left"           TREE: "SIZE MTIME PATH" of each that is no
 *	                             folder
 *	  reverted: true             undone since
 *	  size, before.size          GROW: bytes of the disk
 *
 * Undone from the last row to the first, and with the times of folders kept,
 * they give back what was on the card.
 */
#ifndef ADAPT_JOURNAL_H
#define ADAPT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"
#include "host/yaml.h"
#include "model/plan.h"

enum before_kind {
	BEFORE_NOTHING,
	BEFORE_FILE,
	BEFORE_LINK,
	BEFORE_FOLDER
};

/* An extended attribute; both owned. */
struct journal_attribute {
	char *name;
	char *value; /* hexadecimal */
};

/* What the row left there; zeroed where its kind has nothing. */
struct journal_after {
	char *sha256; /* WRITE: of the content; owned */
	unsigned int mode;
	char *left; /* TREE: a name in undo/; owned */
};

struct journal_before {
	enum before_kind kind;
	char *file;   /* FILE, and TREE's list: its name in undo/ */
	char *target; /* LINK: where it pointed */
	unsigned int mode;
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t mtime_nsec;
	struct vec_of(struct journal_attribute) attributes;
	char *flags;       /* FILE: chattr(1)'s letters, or NULL */
	char *made_parent; /* the first folder that was not there, or NULL */
};

void journal_before_fini(struct journal_before *before);
void journal_after_fini(struct journal_after *after);

/* Bytes as hexadecimal; the caller frees it. */
char *journal_hex(const char *bytes, size_t n);

struct journal;

/* source_size: of the card, bytes; partition: number of the root. */
struct journal *journal_new(uint64_t source_size, int partition);
void journal_add(struct journal *j, const struct change *c,
		 const struct journal_before *before,
		 const struct journal_after *after);
int journal_write(const struct journal *j, const char *path, struct err *err);
void journal_free(struct journal *j);

/* A row that was read back. */
struct journal_row {
	size_t number; /* 1 up */
	enum change_kind kind;
	char *id, *path, *reason;
	char *target; /* SYMLINK */
	char *list;   /* TREE: a name in undo/ */
	struct journal_before before;
	struct journal_after after;
	bool reverted;
};

struct journal_read {
	int partition;
	struct vec_of(struct journal_row) rows;
	struct yaml_node *tree; /* as it stands in the file */
};

/* -EINVAL, with file and line, if it is none. */
int journal_load(const char *path, struct journal_read *ret, struct err *err);

/* Write it back, with the marks of the rows that are reverted. */
int journal_mark(const struct journal_read *read, const char *path,
		 struct err *err);
void journal_read_free(struct journal_read *read);
#define autojournal __attribute__((__cleanup__(journal_read_free)))

#endif
