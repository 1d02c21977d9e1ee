/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a repository offers: the few packages of its Packages index that
 * concern a kernel.
 */
#ifndef KERNEL_PACKAGES_H
#define KERNEL_PACKAGES_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "common/vec.h"
#include "kernel/control.h"

/* One package on offer; strings are owned, NULL where the index has none. */
struct package {
	char *name, *version, *arch;
	char *pre_depends, *depends, *breaks, *conflicts, *provides;
	char *url;     /* where its .deb is; NULL: it is a file here */
	char *path;    /* the .deb on this host, or NULL: to be fetched */
	char *sha256;  /* of the .deb, 64 digits; NULL for a given file */
	uint64_t size; /* of the .deb, bytes */
	char *pocket;  /* "bookworm-security", or "given" */
};

struct packages vec_of(struct package);

void packages_free(struct packages *list);
#define autopackages __attribute__((__cleanup__(packages_free)))

/* The highest version of that name, or NULL. */
const struct package *packages_find(const struct packages *list,
				    const char *name);

/* Does a kernel need packages of that name (or does our initrd)? */
bool packages_wanted(const char *name);

/* Is it one of those that come into the guest: a kernel's own? */
bool packages_of_kernel(const char *name);

/*
 * Read an index (plain, .xz, .gz …) and add the paragraphs of wanted packages
 * to *text, as they are.
 */
int packages_filter(const char *path, struct str *text, struct err *err);

/*
 * One paragraph of an index or of a .deb.  base is the repository's URL (its
 * Filename is relative to it), NULL for a .deb.  -EBADMSG if what must be
 * there is missing or makes no sense.
 */
int packages_read(const struct control *par, const char *base,
		  const char *pocket, struct package *ret_pkg, struct err *err);

/* All paragraphs of an index's text, added to *list. */
int packages_parse(const char *text, const char *base, const char *pocket,
		   struct packages *list, struct err *err);

/* What a package owns, zeroed. */
void package_fini(struct package *pkg);

#endif
