/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a .deb: an ar archive with two tar archives in it (deb(5)).
 *
 * What comes out is made safe: paths are relative, without "." and "..";
 * anything that is not a file, folder or link is refused.  Unpacking never
 * leaves the folder it is given, whatever links the archive makes first.
 */
#ifndef KERNEL_DEB_H
#define KERNEL_DEB_H

#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/vec.h"

/* One file of the control part: "postinst", "md5sums" … */
struct deb_script {
	char *name;
	mode_t mode;
	char *content;
	size_t len;
};

/* The control part. */
struct deb_control {
	char *control; /* the paragraph, as text */
	struct vec_of(struct deb_script) scripts;
};

int deb_read_control(const char *path, struct deb_control *ret_control,
		     struct err *err);
void deb_control_free(struct deb_control *control);
#define autodeb __attribute__((__cleanup__(deb_control_free)))

/* A path of the data part; a name in a list is owned by the list. */
struct deb_paths vec_of(char *);

void deb_paths_free(struct deb_paths *paths);

/*
 * Unpack the data part below dir (which exists).  A leading folder is renamed
 * if it is from, to to: ("lib", "usr/lib") for a guest with a merged /usr;
 * NULL: nothing is.  Modes and times are kept, owners are not (they must be
 * root in the archive; -ENOTSUP if not).  What exists is replaced.
 *
 * *paths gets every member's name as dpkg writes it to its .list: absolute,
 * without a slash at the end, "/." first, in the archive's order, not renamed.
 */
int deb_unpack(const char *path, const char *dir, const char *from,
	       const char *to, struct deb_paths *paths, struct err *err);

/*
 * One regular file of the data part, by its name ("bin/busybox"), into a new
 * file at to with that mode.  -ENOENT if the package does not have it.
 */
int deb_extract(const char *path, const char *name, const char *to, mode_t mode,
		struct err *err);

#endif
