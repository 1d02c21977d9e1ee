/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions of Debian packages, and relations between packages
 * (deb-version(7); Debian Policy 5.6.12 and 7.1).
 */
#ifndef KERNEL_RELATION_H
#define KERNEL_RELATION_H

#include <stdbool.h>

#include "common/vec.h"

/* Less than, equal to, or greater than 0, as dpkg orders them. */
int version_compare(const char *a, const char *b);

enum relation_op {
	REL_ANY, /* any version */
	REL_LT,  /* << */
	REL_LE,  /* <= */
	REL_EQ,  /* =  */
	REL_GE,  /* >= */
	REL_GT,  /* >> */
};

struct relation {
	char *name;
	enum relation_op op;
	char *version; /* NULL for REL_ANY */
	bool or_next;  /* the next relation is an alternative to this one */
};

struct relations vec_of(struct relation);

/*
 * Read a Depends, Breaks, Provides … field; NULL reads as no relation.  False
 * if it makes no sense.  Architecture lists, build profiles and ":any" are
 * read over.  Free *ret in both cases.
 */
bool relations_parse(const char *field, struct relations *ret);
void relations_free(struct relations *rels);
#define autorelations __attribute__((__cleanup__(relations_free)))

/* Is the relation's version condition met by that version? */
bool relation_holds(const struct relation *rel, const char *version);

/* As it is written: "linux-base (>= 4.3~)"; the caller frees it. */
char *relation_text(const struct relation *rel);

#endif
