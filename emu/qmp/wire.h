/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON messages over a chardev: what comes in is cut into messages of bounded
 * size and depth, what goes out ends in CR LF.  What is said in them is
 * qmp.c's.
 */
#ifndef QMP_WIRE_H
#define QMP_WIRE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "chardev/chardev.h"
#include "common/log.h"

enum {
	WIRE_MESSAGE_MAX = 1 << 20, /* bytes */
	WIRE_DEPTH_MAX = 32,
};

/* All are called in the loop's thread. */
struct wire_user {
	/* Somebody connected (what comes now begins anew), or went. */
	void (*open)(void *arg, bool open);
	/* Not owned by the callee. */
	void (*message)(void *arg, struct json_object *msg);
	/* No JSON, or too much of it; skipped up to the end of the line. */
	void (*broken)(void *arg, const char *why);
	void *arg;
};

struct wire {
	struct chardev *chr; /* not owned */
	struct wire_user user;
	struct json_tokener *tok;
	size_t taken; /* bytes of the message that is being read */
	struct log_limit dropped;
	bool skipping; /* to the end of the line */
};

/* Before the loop runs. */
int wire_init(struct wire *w, struct chardev *chr, const struct wire_user *user,
	      struct err *err);
void wire_fini(struct wire *w);

/* Takes msg over.  It is dropped whole if the client takes so little that a
 * MiB waits for it already. */
void wire_send(struct wire *w, struct json_object *msg);

#endif
