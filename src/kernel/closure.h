/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packages have to come into the guest so that one of the offers is
 * installed there as dpkg understands it: Depends, Pre-Depends, Breaks and
 * Conflicts are checked against what is installed.  Pure.
 */
#ifndef KERNEL_CLOSURE_H
#define KERNEL_CLOSURE_H

#include "common/str.h"
#include "kernel/dpkg.h"
#include "kernel/packages.h"

struct closure {
	/* What each one needs comes before it; owned by the offers. */
	struct vec_of(const struct package *) packages;

	/*
	 * What is needed and is neither installed nor one of the kernel's own
	 * packages, or what is broken: "kmod; initramfs-tools (>= …)".
	 * Without text: the closure is complete.
	 */
	struct str unmet;
};

void closure_find(const struct packages *offers, const struct dpkg_db *db,
		  const struct package *top, struct closure *ret_closure);
void closure_free(struct closure *closure);
#define autoclosure __attribute__((__cleanup__(closure_free)))

#endif
