/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dpkg's database as text: what is installed, and what to write so that dpkg
 * holds a package for installed whose files somebody else has put in place.
 * All of it is pure: text in, text out.
 */
#ifndef KERNEL_DPKG_H
#define KERNEL_DPKG_H

#include <stdbool.h>

#include "common/str.h"
#include "common/vec.h"
#include "kernel/deb.h"
#include "kernel/relation.h"

/* One installed package. */
struct dpkg_package {
	char *name, *version, *arch;
	struct relations provides;
};

struct dpkg_db {
	struct vec_of(struct dpkg_package) packages;
};

/* What of /var/lib/dpkg/status is installed (not: removed, unpacked …). */
void dpkg_read(const char *status, struct dpkg_db *ret_db);
void dpkg_free(struct dpkg_db *db);
#define autodpkg __attribute__((__cleanup__(dpkg_free)))

/* Is the relation met by an installed package, or by what one provides? */
bool dpkg_meets(const struct dpkg_db *db, const struct relation *rel);

/* The version of an installed package, or NULL. */
const char *dpkg_version(const struct dpkg_db *db, const char *name);

/*
 * The status text with the package of this control paragraph as "install ok
 * installed": instead of a paragraph of the same name and architecture, else
 * at the end.  All else stays byte for byte.  The caller frees it.
 */
char *dpkg_put(const char *status, const char *control);

/*
 * The status text with each installed package held whose name fits one of the
 * shell patterns (NULL-terminated), so that apt leaves it as it is; *ret_names
 * gets their names, "a, b".  NULL: there is none that is not held already.
 */
char *dpkg_hold(const char *status, const char *const *patterns,
		char **ret_names);

/*
 * /var/lib/apt/extended_states with the package marked as installed
 * automatically; unchanged if it has an entry already.
 */
char *dpkg_mark_auto(const char *extended, const char *name, const char *arch);

/* A file for /var/lib/dpkg/info. */
struct dpkg_info {
	char *name; /* "linux-base.postinst" */
	mode_t mode;
	char *content;
	size_t len;
};

struct dpkg_infos vec_of(struct dpkg_info);

/*
 * The files of a package: its list (from deb_unpack), and of its control part
 * all but the control file itself.  False, with the reason in *ret_why, if
 * the package needs what only dpkg can do: it has conffiles or triggers.
 */
bool dpkg_info_files(const struct deb_control *control,
		     const struct deb_paths *paths, struct dpkg_infos *infos,
		     const char **ret_why);
void dpkg_infos_free(struct dpkg_infos *infos);

#endif
