/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, as plain data: QEMU's words, as far as this board has
 * what they mean.  Nothing is opened here; parts.h makes what was asked for.
 *
 * Sources: QEMU's manual page; the forms that libvirt 9 to 12 writes.
 */
#ifndef OPTS_OPTS_H
#define OPTS_OPTS_H

#include "board/virt.h"
#include "opts/keyval.h"

/* Options that may come several times, and refer to each other. */
enum opts_kind {
	OPTS_ADD_FD,
	OPTS_BLOCKDEV,
	OPTS_CHARDEV,
	OPTS_DEVICE,
	OPTS_DRIVE,
	OPTS_MON,
	OPTS_NET,
	OPTS_NETDEV,
	OPTS_NIC,
	OPTS_OBJECT,
	OPTS_QMP,
	OPTS_SERIAL,
};

struct opts_item {
	enum opts_kind kind;
	struct keyvals kv; /* of OPTS_QMP and OPTS_SERIAL: by parts.h */
	const char *text;  /* as written */
	bool made;         /* by parts.h */
};

struct opts {
	/* All but the chardevs and the trace's file. */
	struct virt_config config;
	struct vec_of(struct opts_item) items; /* in the order written */
	char *name;                            /* -name; NULL: none; owned */
	char uuid[37];                         /* empty: none */
	bool nodefaults; /* no serial line and no network of itself */
	bool nographic;
	bool no_display; /* -display none */
	bool snapshot;   /* all disks */
	bool stopped;    /* -S */
	bool daemonize;
	const char *pidfile, *log_file;
	const char *check_image; /* only this: parts_check() */
	bool repair;
	bool done; /* -help and the like: all was said */
};

/* On failure there is nothing to free. */
int opts_read(struct opts *ret_opts, int argc, char **argv, struct err *err);
void opts_free(struct opts *opts);

/* Add an item as if it had been written last. */
int opts_add(struct opts *opts, enum opts_kind kind, const char *option,
	     const char *text, const char *first, struct err *err);

#endif
