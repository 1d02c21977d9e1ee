/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of the monitor protocol (QMP), of either engine: commands
 * are sent without waiting, what comes back is read when poll() says so.
 */
#ifndef RUN_MONITOR_H
#define RUN_MONITOR_H

#include <stdbool.h>

#include "common/err.h"
#include "common/str.h"

struct json_object;

struct monitor {
	int fd; /* -1: not connected; to poll for reading */
	struct str pending;
	unsigned long sent, answered;

	/* Events; reason: why SHUTDOWN or BLOCK_IO_ERROR, else NULL. */
	void (*event)(void *arg, const char *name, const char *reason);
	/* The answer to query-status: "running". */
	void (*status)(void *arg, const char *status);
	/* The answer to x-stats; may be NULL. */
	void (*stats)(void *arg, struct json_object *stats);
	void *arg;
};

/* Take over a connected, non-blocking socket and leave negotiation mode. */
int monitor_open(struct monitor *mon, int fd, struct err *err);
void monitor_close(struct monitor *mon);

/* Send a command without arguments; its answer is only counted. */
int monitor_send(struct monitor *mon, const char *command, struct err *err);

/* Read what has come.  False: the engine closed the connection. */
bool monitor_read(struct monitor *mon);

#endif
