/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a program and wait for it.
 *
 * The program is named by an argument array, never by a shell's text.  It is
 * looked up in PATH, gets its own process group, an empty signal mask, and
 * none of our descriptors.  Its standard input is what the caller gives, or
 * /dev/null, never the terminal.  When the time is over the whole group is
 * killed, so that nothing is left behind by a script that had children.
 */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

enum run_output {
	RUN_CAPTURE, /* kept in struct run_result */
	RUN_DISCARD,
	RUN_INHERIT, /* goes where ours goes */
};

/* What to run; all but argv may stay zero. */
struct run_child {
	const char *const *argv; /* ends in NULL; argv[0] is the program */
	const char *const *env;  /* ends in NULL; NULL: our environment */
	const char *dir;         /* working directory; NULL: ours */
	const char *input;       /* its standard input; NULL: /dev/null */
	size_t input_len;
	enum run_output out, errors; /* standard output, standard error */
	size_t limit;                /* bytes kept of each stream; 0: 1 MiB */
	unsigned int timeout_ms;     /* 0: as long as it takes */
};

struct run_result {
	int status; /* exit status; -1 if a signal ended it */
	int signal; /* the signal, or 0 */
	struct str out, errors;
	bool truncated; /* more came than limit; the rest was thrown away */
};

void run_result_free(struct run_result *res);
#define autorun __attribute__((__cleanup__(run_result_free)))

/*
 * Run it.  0 if it ran and ended, however it ended; *ret_res then says how,
 * and is the caller's to free.  -ENOENT: no such program (err says which);
 * -ETIMEDOUT: killed after timeout_ms.
 */
int run_child(const struct run_child *child, struct run_result *ret_res,
	      struct err *err);

/*
 * The same, and whatever is not exit status 0 is an error (-EIO) whose text
 * has the program's name, its status and the last line it complained with.
 * ret_out may be NULL, else it gets the standard output.
 */
int run_check(const struct run_child *child, struct str *ret_out,
	      struct err *err);

/* Is there a program of that name in PATH, /usr/sbin or /sbin? */
bool run_have(const char *program);

#endif
