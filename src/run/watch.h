/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Do the guest's CPUs get on?  Judged from the engine's answers to x-stats
 * (docs/qmp.md): one that is not halted and has executed nothing since the
 * last answer is stuck.  QEMU has no such command; there every answer is
 * good.
 */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

enum {
	WATCH_CPUS = 8
};

/* Starts as { 0 }, with each start of the engine. */
struct watch {
	struct {
		uint64_t blocks;
		bool known, stuck;
	} cpu[WATCH_CPUS];
};

/* An answer to x-stats. */
void watch_stats(struct watch *w, struct json_object *stats);

/* The first CPU that is stuck; -1: none. */
int watch_stuck(const struct watch *w);

#endif
