/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals of the process as calls in the loop's thread.
 *
 * A thread of its own waits for them, not a signalfd in the loop: that would
 * wake the loop for every timer signal of a vCPU, too.
 */
#ifndef LOOP_SIGNALS_H
#define LOOP_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "loop/loop.h"

struct signals {
	sigset_t set;
	struct loop_call call;
	pthread_t thread;
	bool running;
	atomic_bool ending; /* the thread is to return */
	int wake;           /* the signal that tells it to look */
};

/* Block these (0 ends the list) in this thread, and so in those that it
 * makes; got() is called for each that comes.  Before the first thread. */
int signals_init(struct signals *s, struct loop *loop, const int *list,
		 void (*got)(void *arg), void *arg, struct err *err);

/* They stay blocked.  A zeroed struct is allowed. */
void signals_fini(struct signals *s);

#endif
