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
	DEVICE_NOT_FOUND,
	DEVICE_NOT_ACTIVE,
};

struct qmp_error {
	enum qmp_class class;
	char desc[256];
};

enum {
	QMP_FDS = 16
};

/* A descriptor that a client passed: getfd. */
struct qmp_fd {
	char *name; /* owned; NULL: this place is free */
	int fd;
};

/* Twice is allowed. */
void qmp_fd_close(struct qmp_fd *f);

/* What a command may see and do. */
struct qmp_call {
	struct machine *machine;
	const struct qmp_info *info;
	struct loop_call *quit; /* ends the machine, after the answer */
	struct session *session;
	struct qmp_fd *fds;       /* QMP_FDS of them, for all clients */
	struct json_object *args; /* as the row says, or NULL; not owned */
	struct qmp_error *error;
};

/* The "return" value, owned by the caller; NULL: call->error says why. */
typedef struct json_object *qmp_fn(const struct qmp_call *call);

struct qmp_command {
	const char *name;
	qmp_fn *fn;
	const char *args; /* args.h */
};

extern const struct qmp_command qmp_commands[];
extern const unsigned int qmp_command_count;

struct qmp_event {
	const char *name;
	const char *data; /* as args */
};

extern const struct qmp_event qmp_events[];
extern const unsigned int qmp_event_count;

/* Sets the error; returns NULL, so that it can be returned at once. */
void *qmp_fail(const struct qmp_call *call, enum qmp_class class,
	       const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The version that we show as QEMU's, with our own as the package. */
struct json_object *qmp_version(void);

/* The first descriptor that came with this command; -1: none. */
int qmp_take_fd(struct session *s);

/* The device of "/machine/peripheral/ID"; NULL: that is another path. */
const struct qmp_device *qmp_device_at(const struct qmp_call *call,
				       const char *path);

/* Of qom-list. */
void qmp_add_property(struct json_object *list, const char *name,
		      const char *type);

/* The device that has more properties than its type, and these. */
#define QMP_BALLOON "virtio-balloon-device"
void qmp_balloon_properties(struct json_object *list);

/* Tell all clients; takes data over (NULL: none). */
void qmp_emit(struct qmp *q, const char *event, struct json_object *data);

/* The client has negotiated; false: it had before. */
bool qmp_negotiated(struct session *s);

#define QMP(name, fn, args) qmp_fn fn;
#define QMP_SAME(name, fn, args)
#include "qmp/commands.inc"
#undef QMP
#undef QMP_SAME
qmp_fn cmd_nothing, cmd_no_hotplug;

#endif
