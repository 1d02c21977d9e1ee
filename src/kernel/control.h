/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paragraphs of "Field: value" lines (deb-control(5), deb822(5)): what
 * packages, indices, dpkg's status, Release files and apt's .sources have in
 * common.
 */
#ifndef KERNEL_CONTROL_H
#define KERNEL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

/* A paragraph inside of somebody's text, without the empty line after it. */
struct control {
	const char *at;
	size_t len;
};

/*
 * The next paragraph between *at and end, and *at moved behind it; false when
 * there is none.
 */
bool control_next(const char **at, const char *end, struct control *ret_par);

/*
 * A field's value, or NULL; the caller frees it.  Names are compared without
 * regard to case.  Following lines are kept, each after a newline, without
 * the blank they begin with.  Lines that begin with # are comments.
 */
char *control_field(const struct control *par, const char *name);

/* Has the paragraph this field with exactly this value? */
bool control_is(const struct control *par, const char *name, const char *value);

#endif
