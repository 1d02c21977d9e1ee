/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What will be done, as rows: made by pure functions from struct guest,
 * printed by --dry-run, carried out by adapt/, kept as changes.yaml.
 *
 * A row says what is changed, why, and how.  The kinds of change are few, so
 * that each can be undone; what a row needs beyond that is in its text.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/vec.h"

enum change_kind {
	CHANGE_WRITE,   /* path gets this content; undone from the old file */
	CHANGE_SYMLINK, /* path becomes a link to target */
	CHANGE_REMOVE,  /* path goes; undone from the old file */
	CHANGE_MKDIR,   /* path is made */
	CHANGE_TREE,    /* a tree of files comes below path; undone by list */
	CHANGE_GROW,    /* partition and root file system become larger */
};

struct change {
	char *id; /* stable: "fstab", "mask-hciuart" */
	enum change_kind kind;
	char *path;    /* in the guest, absolute */
	char *reason;  /* one sentence for a person */
	char *content; /* WRITE: the new text; TREE: the paths that come with
			* it and were not there, a line each, folders first */
	char *target;  /* SYMLINK: where it points; TREE: the folder, or an
			* archive of it, a host path */
	unsigned int mode; /* WRITE, MKDIR: permission bits; 0: keep, or 0644 */
	uint64_t size;     /* GROW: of the whole disk, bytes */
};

struct plan {
	struct vec_of(struct change) changes;
	char *kernel_cmdline; /* what the guest's kernel is started with */
	bool console_hvc0;    /* the serial line is somebody else's */
	char *kernel_release; /* "6.1.0-50-armmp-lpae"; NULL until chosen */
	char *kernel_reason;  /* why this kernel */
	uint64_t source_size; /* bytes, of the card */
	uint64_t disk_size;   /* bytes, after growing */
	bool needs_replay;    /* planned from a disk that was not shut down */
};

/* A new row at the end, zeroed but for what is given (copied). */
struct change *plan_add(struct plan *p, enum change_kind kind, const char *id,
			const char *path, const char *reason);
void plan_free(struct plan *p);

/* The name of a kind as in changes.yaml and --json: "write". */
const char *change_kind_name(enum change_kind kind);

#endif
