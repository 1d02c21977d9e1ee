/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pocket of a repository ("bookworm", "bookworm-security"): its signed
 * InRelease, its index, and of that the packages that concern a kernel.
 */
#ifndef KERNEL_POCKET_H
#define KERNEL_POCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "kernel/cache.h"
#include "kernel/packages.h"

struct pocket {
	const char *url;     /* the mirror, without a slash at the end */
	const char *suite;   /* "bookworm-security" */
	const char *arch;    /* "armhf" */
	const char *keyring; /* who may have signed it */
	int64_t now;         /* seconds since 1970 */
};

/*
 * Add its packages (main, of its architecture) to *list.  If the mirror cannot
 * be reached but was before, or is older now than it was, and what it said then
 * is still valid, that is used and *note says so (else it stays as it is).
 *
 * -ENOENT: the mirror has no such pocket, or its index is listed but missing
 * (bullseye-security); others as release_*, cache_get and fetch_* say.
 */
int pocket_load(const struct pocket *pocket, const struct cache *cache,
		struct packages *list, struct str *note, struct err *err);

#endif
