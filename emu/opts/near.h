/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which word somebody may have meant. */
#ifndef OPTS_NEAR_H
#define OPTS_NEAR_H

#include <stddef.h>

/* Keeps the nearest of the words it is shown; starts as { .word = what was
 * written }. */
struct near {
	const char *word;
	const char *best; /* NULL: none is near enough */
	size_t distance;
};

/* known must outlive n. */
void near_try(struct near *n, const char *known);

/* "; did you mean 'X'?", or "" if nothing is near; in buf. */
const char *near_hint(const struct near *n, char *buf, size_t size);

#endif
