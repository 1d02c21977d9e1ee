/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting the kernel for a guest: the one entry point for the command.
 *
 *	select_rule()      which suite, or the card's own kernel
 *	pocket_load()      what main, security (and backports) offer
 *	closure_find()     which packages that means for this guest
 *	cache_get()        the .deb files, compared with the signed hash
 *
 * With wish->debs nothing is fetched: the offers are those files.
 */
#ifndef KERNEL_OBTAIN_H
#define KERNEL_OBTAIN_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"
#include "kernel/select.h"

/* A package to be unpacked into the guest. */
struct kernel_deb {
	char *name, *version, *arch;
	char *path;   /* on this host */
	bool asked;   /* the one that was chosen; the rest came with it */
	char *pocket; /* where it is from */
};

struct kernel_set {
	/*
	 * The card keeps its own kernel: vmlinuz and modules are on it, debs
	 * is empty and kernel_stage() must not be called.
	 */
	bool keep;

	/* dpkg in the guest will know the packages; else a note says why. */
	bool enter;

	char *release; /* "6.1.0-50-armmp-lpae" */
	char *vmlinuz; /* in the guest: "/boot/vmlinuz-6.1.0-50-armmp-lpae" */
	char *reason;  /* for a person, one sentence */
	char *suite;   /* of Debian, for apt_source_text(); NULL if keep */
	char *mirror, *security; /* what was fetched from; NULL: nothing */
	bool no_security;        /* its security pocket cannot be read */
	char *busybox; /* on this host: a static ARM binary, for initrd/ */
	struct vec_of(struct kernel_deb) debs; /* in order of installation */
	struct vec_of(char *) notes;           /* what should be said */
};

/*
 * status is the text of the guest's /var/lib/dpkg/status ("" if it has none:
 * then the kernel comes in without dpkg).
 *
 * Errors: as select_rule(); -ENOENT the suite is no longer on the mirror or
 * has no kernel; and those of the network, the signature and the cache.
 */
int kernel_obtain(const struct kernel_wish *wish, const struct guest *g,
		  const char *status, struct kernel_set *ret_set,
		  struct err *err);
void kernel_set_free(struct kernel_set *set);
#define autokernel __attribute__((__cleanup__(kernel_set_free)))

#endif
