/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a family of systems, as data: how to recognise it, what on
 * it makes sense on a Pi only, and which kernel belongs to it.
 *
 * Profiles are the YAML files of one folder, checked when they are read.  A
 * file whose name begins with "common-" is no profile of its own, but a part
 * that others take in with "include".  The format: pimigrate-profile(5).
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/guest.h"

struct profile_words {
	struct vec_of(char *) all;
};

/* Something that is taken away, and why: one sentence for a person. */
struct profile_row {
	char *name;
	char *reason;
};

struct profile_rows {
	struct vec_of(struct profile_row) all;
};

struct profile {
	char *name;  /* of the file, without ".yaml" */
	char *title; /* "Raspberry Pi OS 12 (bookworm), 32 bit" */

	/* All that are given must hold; the profile with most of them wins. */
	struct profile_words os;     /* one of these is ID of os-release */
	struct profile_words suites; /* VERSION_CODENAME */
	enum guest_arch arch;        /* ARCH_UNKNOWN: any */
	bool asks_raspberry;         /* raspberry is a condition */
	bool raspberry;

	bool generic;       /* the last resort: the user is told so */
	char *kernel_suite; /* of Debian; NULL: the system's own */

	struct profile_rows services; /* to be masked: units, "x@.service" */
	struct profile_rows words;    /* of the kernel command line: shell
				       * patterns, "dwc_otg.*" */
	struct profile_rows modules;  /* of /etc/modules and modules-load.d */
};

struct profiles {
	struct vec_of(struct profile) all;
	char *folder;
};

/*
 * All profiles of a folder; NULL: of $PIMIGRATE_PROFILES, else of ours
 * (host/place.h).  A profile with an unknown key, a missing one or one of a
 * wrong kind is an error that names file and line.
 */
int profile_load(const char *folder, struct profiles *ret, struct err *err);
void profile_free(struct profiles *profiles);
#define autoprofiles __attribute__((__cleanup__(profile_free)))

/* The row of that service, or NULL: "x@1.service" is also found as "x@". */
const struct profile_row *profile_service(const struct profile *p,
					  const char *service);

/* The row whose pattern fits a word of the kernel command line, or NULL. */
const struct profile_row *profile_word(const struct profile *p,
				       const char *word);

/* The row of that kernel module, or NULL; "-" and "_" are the same. */
const struct profile_row *profile_module(const struct profile *p,
					 const char *module);

#endif
