/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands (cmd_*.c) are given, and what they give back. */
#ifndef QMP_COMMAND_H
#define QMP_COMMAND_H

#include <json-c/json.h>

#include "qmp/qmp.h"

struct session;

/* The classes that clients tell apart; everything else is GenericError. */
enum qmp_class {
	GENERIC_ERROR,
	COMMAND_NOT_FOUND,
};

struct qmp_error {
	enum qmp_class class;
	char desc[256];
};

/* What a command may see and do. */
struct qmp_call {
	struct machine *machine;
	const struct qmp_info *info;
	struct loop_call *quit; /* ends the machine, after the answer */
	struct session *session;
	struct json_object *args; /* an object, or NULL; not owned */
	struct qmp_error *error;
};

/* The "return" value, owned by the caller; NULL: call->error says why. */
typedef struct json_object *qmp_fn(const struct qmp_call *call);

struct qmp_command {
	const char *name;
	qmp_fn *fn;
	const char *args; /* names that may be given, with spaces between */
};

extern const struct qmp_command qmp_commands[];
extern const unsigned int qmp_command_count;

/* Sets the error; returns NULL, so that it can be returned at once. */
void *qmp_fail(const struct qmp_call *call, enum qmp_class class,
	       const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The version that we show as QEMU's, with our own as the package. */
struct json_object *qmp_version(void);

/* The client has negotiated; false: it had before. */
bool qmp_negotiated(struct session *s);

#define QMP(name, fn, args) qmp_fn fn;
#include "qmp/commands.inc"
#undef QMP

#endif
