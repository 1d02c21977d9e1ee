/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitor and main.c may ask of the machine.  In the loop's thread;
 * machine_pause(), machine_reset() and machine_quit() wait until the vCPUs
 * stand still, which they do within some microseconds.
 */
#ifndef BOARD_MACHINE_H
#define BOARD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "arm/cpu.h"
#include "common/err.h"

struct machine;

/* As in QEMU's RunState, as far as we have them. */
enum run_state {
	RUN_PRELAUNCH, /* -S: not yet started */
	RUN_RUNNING,
	RUN_PAUSED,
	RUN_IO_ERROR, /* stands still until the host's disk is well again */
	RUN_SHUTDOWN, /* powered off, process kept by -no-shutdown */
};

enum machine_event {
	EVENT_SHUTDOWN, /* powered off; data: enum shutdown_cause */
	EVENT_RESET,
	EVENT_STOP,
	EVENT_RESUME,
	EVENT_POWERDOWN,      /* the power key was pressed */
	EVENT_BALLOON_CHANGE, /* machine_memory() is another */
};

enum shutdown_cause {
	CAUSE_GUEST_SHUTDOWN,
	CAUSE_GUEST_RESET, /* with -no-reboot */
	CAUSE_HOST_SIGNAL,
	CAUSE_HOST_QMP_QUIT,
	CAUSE_HOST_QMP_RESET,
	CAUSE_HOST_UI, /* the terminal's quit key */
	CAUSE_HOST_ERROR,
};

/* "running"; "guest-shutdown": as QEMU's monitor names them. */
const char *run_state_name(enum run_state state);
const char *shutdown_cause_name(enum shutdown_cause cause);

enum run_state machine_state(const struct machine *m);

/* -M none: there is nothing to run. */
bool machine_is_idle(const struct machine *m);

/* cont; nothing if it is off or idle. */
void machine_start(struct machine *m);

/* stop: returns when all vCPUs stand still. */
void machine_pause(struct machine *m);

/* The same, because of a disk's error; cont goes on. */
void machine_io_error(struct machine *m);

/* In place; with -no-reboot as machine_quit(). */
void machine_reset(struct machine *m, enum shutdown_cause cause);

/* Press the power key; the guest may listen. */
void machine_powerdown(struct machine *m);

/* Off at once; ends the loop, -no-shutdown or not. */
void machine_quit(struct machine *m, enum shutdown_cause cause);

/* What a reboot and a power-off of the guest do: -no-reboot, -no-shutdown. */
void machine_actions(const struct machine *m, bool *ret_no_reboot,
		     bool *ret_no_shutdown);
void machine_set_actions(struct machine *m, bool no_reboot, bool no_shutdown);

/* Called in the loop's thread for each event; several listeners. */
struct machine_listener {
	void (*event)(void *arg, enum machine_event event, int data);
	void *arg;
	struct machine_listener *next;
};
void machine_listen(struct machine *m, struct machine_listener *l);

/* The guest's memory, for what there must be a balloon but in the first two. */
bool machine_has_balloon(const struct machine *m);
/* Bytes that the guest has: all, less what it lent through the balloon. */
uint64_t machine_memory(const struct machine *m);
void machine_want_memory(struct machine *m, uint64_t bytes);

enum {
	MACHINE_MEMORY_STATS = 10 /* enum balloon_stat of virtio/balloon.h */
};
/* What the guest last said of its memory (UINT64_MAX: nothing), and when:
 * seconds since 1970, or 0. */
uint64_t machine_memory_stats(const struct machine *m,
			      uint64_t ret_stats[MACHINE_MEMORY_STATS]);
/* Ask it every so many seconds; 0: not. */
void machine_poll_memory(struct machine *m, unsigned int seconds);
unsigned int machine_memory_polled(const struct machine *m);

struct machine_cpu_stats {
	uint64_t blocks; /* progress */
	int thread_id;
	bool halted; /* waits for an interrupt, or is off */
};
unsigned int machine_cpus(const struct machine *m);
void machine_cpu_stats(const struct machine *m, unsigned int n,
		       struct machine_cpu_stats *ret);

#endif
