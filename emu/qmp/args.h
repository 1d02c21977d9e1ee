/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of a command, as its row in commands.inc writes them. */
#ifndef QMP_ARGS_H
#define QMP_ARGS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct qmp_call;

/* A piece of a row's text; not ended by a 0. */
struct qmp_word {
	const char *at;
	size_t n;
};

struct qmp_arg {
	struct qmp_word name, type;
	bool optional;
	bool others; /* "*": no name, no type */
};

/* The next argument of *text, which moves on; false: no more. */
bool qmp_arg_next(const char **text, struct qmp_arg *ret_arg);

/* The next of a type's choices; at begins as { 0 }; false: no more, or the
 * type is not one of choices. */
bool qmp_choice_next(const struct qmp_arg *arg, struct qmp_word *choice);

/* Does object (may be NULL) have what args says and nothing else?  If not,
 * call->error says so. */
bool qmp_args_check(const struct qmp_call *call, const char *args,
		    struct json_object *object);

#endif
