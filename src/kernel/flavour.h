/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debian's kernel for our boards: one flavour for 32 bit ARM, one for 64. */
#ifndef KERNEL_FLAVOUR_H
#define KERNEL_FLAVOUR_H

#include "model/guest.h"

struct flavour {
	const char *arch; /* dpkg's: "armhf" */
	const char *name; /* how releases end: "armmp-lpae" */
	const char *meta; /* what draws in the newest: "linux-image-…" */
};

/* Of a guest's userland; 32 bit where that is not known. */
const struct flavour *flavour_of(enum guest_arch arch);

#endif
