/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge over an uplink of this host, written for the program that is in
 * charge of the uplink: systemd-networkd, NetworkManager or ifupdown.
 *
 * The bridge takes over the uplink's addresses and its MAC, so the host keeps
 * its lease.  What was there before is kept in /var/lib/pimigrate/net/BRIDGE
 * and comes back by setup_undo(): when somebody wants it, or when nobody
 * confirms in time that the host can still be reached.
 */
#ifndef LAN_SETUP_H
#define LAN_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"

struct setup_file {
	char *path, *text; /* what it becomes */
	char *like; /* a new one has the mode and the owner of this one; NULL:
		     * anybody may read it */
};

struct setup {
	char *bridge, *uplink, *mac;
	const struct manager *manager;
	char *old; /* the manager's own name for what was: a file, a
		    * connection */
	bool confirmed;
	uint64_t made; /* milliseconds since this machine started … */
	char *boot;    /* … that time: its boot_id (proc(5)) */
	struct vec_of(struct setup_file) files;
};

/* How one of them does it; the rows are in managers.h. */
struct manager {
	const char *name; /* "systemd-networkd" */
	/* Is it in charge of s->uplink?  Then s->old and s->files become
	 * known, if s->bridge is given.  1, 0, or what went wrong. */
	int (*plan)(struct setup *s, struct err *err);
	/* Around the writing of the files, and around their return. */
	int (*before_up)(const struct setup *s, struct err *err);
	int (*after_up)(const struct setup *s, struct err *err);
	int (*before_down)(const struct setup *s, struct err *err);
	int (*after_down)(const struct setup *s, struct err *err);
};

/*
 * Find out who is in charge and what would be written.  -EOPNOTSUPP, with why
 * and what instead: a Wi-Fi uplink, one that nobody known is in charge of;
 * -EEXIST: the bridge is there.
 */
int setup_plan(const char *bridge, const char *uplink, struct setup *ret_setup,
	       struct err *err);

/*
 * Do it.  On failure all is as it was.  watch is called when the way back is
 * on the disk, before the first change: it sees to it that setup_expire() is
 * called in time.
 */
int setup_apply(struct setup *s, int (*watch)(struct err *err),
		struct err *err);

/* The one of a bridge that setup_apply() made; -ENOENT. */
int setup_load(const char *bridge, struct setup *ret_setup, struct err *err);

/* These want one that was loaded, and wait for each other; -ENOENT: it is gone,
 * or was made again. */
int setup_confirm(struct setup *s, struct err *err);
/* -ESTALE, unless force: a file that it changed has changed since. */
int setup_undo(struct setup *s, bool force, struct err *err);
/* Take it back unless it was confirmed.  1: done; 0: it was, or is gone. */
int setup_expire(struct setup *s, struct err *err);
void setup_free(struct setup *s);
#define autosetup __attribute__((__cleanup__(setup_free)))

/* Names of all bridges that we made. */
struct setup_names {
	struct vec_of(char *) all;
};
void setup_list(struct setup_names *ret_names);
void setup_names_free(struct setup_names *names);

/* Who is in charge of an interface, as a name; NULL: none that we know. */
const char *setup_manager(const char *uplink);

#endif
