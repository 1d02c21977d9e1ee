/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a supervisor tells others of its guest: status.json in the runtime
 * folder, replaced at each change, and the lock that shows it lives.
 */
#ifndef RUN_STATUS_H
#define RUN_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/machine.h"

struct json_object;

enum status_state {
	STATUS_OFF,
	STATUS_STARTING, /* the engine is on its way */
	STATUS_BOOTING,  /* the guest runs; no login prompt yet */
	STATUS_UP,       /* the login prompt was seen */
	STATUS_STOPPING, /* asked to power off */
};

enum {
	STATUS_STARTS = 4, /* what the doctor judges by */
};

struct status {
	enum status_state state;
	pid_t supervisor, engine_pid;
	uid_t owner; /* of the file: whose word all of it is */
	enum engine engine;
	int64_t since;      /* seconds since 1970: of this boot */
	int64_t began;      /* the same: of the supervisor */
	unsigned int boots; /* since the supervisor began */
	/* When the last of them were, the oldest first; 0: no such start. */
	int64_t starts[STATUS_STARTS];
	/* Why the guest stands still: what its disk said; NULL: it does not. */
	char *stalled;
	struct vec_of(struct machine_forward) forwards;
};

const char *status_state_name(enum status_state state); /* "booting" */

/* Its forwards, as the file and --json have them; the caller's. */
struct json_object *status_forwards(const struct status *status);

int status_write(const char *name, const struct status *status,
		 struct err *err);

/* STATUS_OFF if no supervisor lives, whatever the file says. */
int status_read(const char *name, struct status *ret_status, struct err *err);
void status_free(struct status *status);

#endif
