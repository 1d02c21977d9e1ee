/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a family of systems, as data: how to recognise it, what on
 * it makes sense on a Pi only, and which kernel belongs to it.
 *
 * Profiles are YAML files, checked when they are read.  A file whose name
 * begins with "common-" is no profile of its own, but a part that others take
 * in with "include".  A layer ("adds: true") is what lies on top of a system,
 * such as OctoPi on Raspberry Pi OS: of those any number may fit, and what
 * they say is added to the profile of the system.  The format:
 * pimigrate-profile(5).
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

/* What becomes of the lines of config.txt that a shell pattern fits. */
struct profile_fate {
	char *name; /* the pattern: "dtoverlay=w1-gpio*" */
	enum guest_fate fate;
	char *code; /* of the finding, if it is lost; NULL: none */
	char *reason;
};

/* What the user is told of a system that fits. */
struct profile_say {
	enum finding_level level;
	char *code, *text;
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
	struct profile_words files;     /* one of these is there */
	struct profile_words units;     /* one of these is enabled */
	struct profile_words labels;    /* a file system has one of these */
	struct profile_words partuuids; /* a partition has one of these */
	struct profile_words disk_ids;  /* the table has one of these */

	bool generic;               /* the last resort: the user is told so */
	bool adds;                  /* a layer */
	char *refuse_code, *refuse; /* why it is not converted, or NULL */
	char *kernel_suite;         /* of Debian; NULL: the system's own */

	struct profile_rows services; /* to be masked: units, "x@.service" */
	struct profile_rows words;    /* of the kernel command line: shell
				       * patterns, "dwc_otg.*" */
	struct profile_rows modules;  /* of /etc/modules and modules-load.d */
	struct vec_of(struct profile_fate) config; /* the first that fits */
	struct vec_of(struct profile_say) says;
	struct profile_words device_files; /* patterns of files that may name
					    * devices */
	struct profile_words pi_commands;  /* patterns of commands that fail
					    * where there is no Pi */
};

struct profiles {
	struct vec_of(struct profile) all; /* sorted by name */
	char *folder;                      /* of ours */
};

/*
 * All profiles of a folder; NULL: of $PIMIGRATE_PROFILES alone, else of ours
 * (host/place.h), of /etc/pimigrate/profiles.d and of the user's own in
 * $XDG_CONFIG_HOME/pimigrate/profiles.d.  A file of a later folder replaces
 * the one of its name in those before.  A profile with an unknown key, a
 * missing one or one of a wrong kind is an error that names file and line.
 */
int profile_load(const char *folder, struct profiles *ret, struct err *err);

/* The same of these folders, the last one first; ended by NULL. */
int profile_load_from(const char *const *folders, struct profiles *ret,
		      struct err *err);
void profile_free(struct profiles *profiles);
#define autoprofiles __attribute__((__cleanup__(profile_free)))

/* Put what a layer says on top of p; the layer's rows count first. */
void profile_add_layer(struct profile *p, const struct profile *layer);

/* A copy that profile_free_one() takes back. */
void profile_copy(const struct profile *from, struct profile *ret_to);
void profile_free_one(struct profile *p);

/* The row of that service, or NULL: "x@1.service" is also found as "x@". */
const struct profile_row *profile_service(const struct profile *p,
					  const char *service);

/* The row whose pattern fits a word of the kernel command line, or NULL. */
const struct profile_row *profile_word(const struct profile *p,
				       const char *word);

/* The row of that kernel module, or NULL; "-" and "_" are the same. */
const struct profile_row *profile_module(const struct profile *p,
					 const char *module);

/* What becomes of a line of config.txt: the first row that fits, or NULL. */
const struct profile_fate *profile_config(const struct profile *p,
					  const char *line);

#endif
