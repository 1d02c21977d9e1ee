/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kernel: decided from the guest and the user's wishes alone, with the
 * reason; pure.  Nothing is read and nothing is fetched here.
 */
#ifndef KERNEL_SELECT_H
#define KERNEL_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"
#include "kernel/flavour.h"
#include "kernel/packages.h"
#include "model/guest.h"

/* What the user and the configuration ask for; all may stay zero. */
struct kernel_wish {
	const char *suite;    /* "trixie"; NULL: the guest's own */
	bool backports;       /* SUITE-backports too */
	bool renew;           /* keep only what dpkg has as new as that */
	const char *mirror;   /* URL; NULL: from apt's sources */
	const char *security; /* URL; NULL: what belongs to the mirror */
	const char *keyring;  /* NULL: the package debian-archive-keyring's */
	const char *apt_dir;  /* NULL: "/etc/apt" */
	const char *cache;    /* NULL: the default (kernel/cache.h) */
	int64_t now;          /* seconds since 1970; 0: the clock */

	/* Offline: .deb files, and nothing is fetched. */
	struct vec_of(const char *) debs;
	const char *busybox; /* a static ARM binary; NULL: from the mirror */

	/* Downloads; see struct fetch.  May be NULL. */
	bool (*progress)(void *arg, const char *url, uint64_t done,
			 uint64_t total);
	void *progress_arg;
};

struct kernel_rule {
	bool keep;         /* the card's own kernel */
	bool enter;        /* a new one can be entered in the guest's dpkg */
	const char *suite; /* of Debian, to fetch from; not owned */
	const struct flavour *flavour;
	char *reason; /* one sentence; owned */
};

/*
 * The rule of this guest.  -ENOTSUP, with what to do instead, if no kernel of
 * Debian's fits: a foreign userland, Ubuntu, an unknown release.
 */
int select_rule(const struct guest *g, const struct kernel_wish *wish,
		struct kernel_rule *ret_rule, struct err *err);
void select_rule_free(struct kernel_rule *rule);
#define autorule __attribute__((__cleanup__(select_rule_free)))

/*
 * What of the offers is to be installed: the newest metapackage, so that the
 * guest gets updates, or without one the newest image.  NULL: none is there.
 */
const struct package *select_top(const struct packages *offers,
				 const struct flavour *flavour);

/*
 * The release of a kernel's package: "6.1.0-50-armmp-lpae" of
 * "linux-image-6.1.0-50-armmp-lpae"; NULL if it is a metapackage or another.
 * Points into name.
 */
const char *select_release(const char *name);

#endif
