/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vCPUs' threads: running the guest, waiting for interrupts, standing
 * still together, and the clock that stops with them.
 *
 * All of this but what is marked so is for the loop's thread.
 */
#ifndef BOARD_VCPU_H
#define BOARD_VCPU_H

#include <pthread.h>
#include <time.h>

#include "arm/cpu.h"

struct vcpus;

struct vcpu {
	struct cpu cpu;
	struct vcpus *all;
	pthread_t thread;
	int tid;
	timer_t timer; /* sends this thread the signal */

	/* The host time that timer is set to: never later than the guest's
	 * next deadline.  UINT64_MAX: it has fired, or was never set. */
	_Atomic uint64_t armed;
	/* The same of the guest's next deadline; own thread.  UINT64_MAX: there
	 * is none. */
	uint64_t deadline;
	_Atomic uint32_t asleep; /* the futex of WFI */

	/* under all->lock */
	bool starting; /* was switched on: begin at entry */
	uint32_t entry, context;
};

struct vcpus {
	struct arm_system *sys;
	struct vcpu *vcpu[MAX_CPUS];
	unsigned int n;
	unsigned int running; /* threads that were made */

	/* A guest wants the machine off, or reset; by that vCPU's thread,
	 * which then stands still with the others. */
	void (*asked)(void *arg, enum cpu_exit what);
	void *arg;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int standing; /* threads that are not in the guest */
	bool stop, quit;

	_Atomic uint64_t clock_offset; /* host time - guest time */
	_Atomic uint64_t clock_frozen; /* guest time while stopped */
	_Atomic bool clock_stopped;
};

/*
 * n CPUs of this model in sys, none of them started; fills in sys->cpu,
 * kick, timer_rearm and cpu_on.
 */
int vcpus_init(struct vcpus *all, struct arm_system *sys, unsigned int n,
	       enum cpu_model model,
	       void (*asked)(void *arg, enum cpu_exit what), void *arg,
	       struct err *err);
/* Ends the threads. */
void vcpus_fini(struct vcpus *all);

/* Make the threads; they stand still until vcpus_go(). */
int vcpus_start(struct vcpus *all, struct err *err);

/* All threads out of the guest, and the clock stopped, on return. */
void vcpus_pause(struct vcpus *all);
void vcpus_go(struct vcpus *all);

/* While paused: all CPUs as after power-on; the first will begin at entry
 * with r1 and r2, the others are off. */
void vcpus_reset(struct vcpus *all, uint32_t entry, uint32_t r1, uint32_t r2);

/* Any thread: the guest's time in ns. */
uint64_t vcpus_clock(const struct vcpus *all);

/* The index of the vCPU whose thread asks; 0 in other threads. */
unsigned int vcpu_current(void);

/* Any thread: it waits for an interrupt, or is off. */
bool vcpu_halted(const struct vcpu *v);

#endif
