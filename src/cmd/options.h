/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options as rows: reading them, and writing their --help.
 *
 *	static bool arg_strict;
 *	static const char *arg_name;
 *	static const struct opt options[] = {
 *		{ "--strict", OPT_FLAG, &arg_strict, .help = "…" },
 *		{ "-on --name", OPT_STRING, &arg_name, "NAME", "…" },
 *		OPT_END,
 *	};
 *
 * Names are whole words, as in virt-v2v: "-on" is one option.  A value is the
 * next word, or follows "=".  "--" ends the options; "-" is no option.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/vec.h"

enum opt_kind {
	OPT_FLAG,   /* bool: becomes true */
	OPT_STRING, /* const char *: points into argv; the last one counts */
	OPT_LIST,   /* struct opt_list: every one of them, in order */
	OPT_NUMBER, /* uint64_t, from lo to hi */
	OPT_SIZE,   /* the same in bytes, with suffix k, M, G or T */
	OPT_CHOICE, /* unsigned int: the index into choices */
};

struct opt_list {
	struct vec_of(const char *) words;
};

struct opt {
	const char *names; /* "-on --name": the first is the usual one */
	enum opt_kind kind;
	void *value;
	const char *arg;            /* what its value is called in --help */
	const char *help;           /* one sentence, lower case */
	uint64_t lo, hi;            /* NUMBER, SIZE; hi 0: no bound */
	const char *const *choices; /* CHOICE: ended by NULL */
};

#define OPT_END      \
	{            \
		NULL \
	}

/*
 * Read argv by the rows of both tables (more may be NULL).  What is no option
 * is moved to the front, in order, and *ret_nargs tells how much that is.
 * first_word: stop there, and leave it and all after it as they are.
 * -EINVAL for an unknown option (the nearest one is named), a missing or a
 * wrong value.
 */
int options_read(const struct opt *rows, const struct opt *more,
		 bool first_word, int argc, char **argv, int *ret_nargs,
		 struct err *err);

/* One line or more for each row. */
void options_help(const struct opt *rows, FILE *out);

/*
 * The one of n words that was probably meant by a mistyped one; NULL if none
 * is near.
 */
const char *options_nearest(const char *typed, const char *const *words,
			    size_t n);

#endif
