/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop: one thread, epoll, for everything that is not a vCPU.
 *
 * Descriptors with a callback, deadlines, and calls that other threads want
 * made here.  Callbacks run in the loop's thread, one after the other, with
 * no lock held, and must not block.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct loop;

enum loop_event {
	LOOP_IN = 1,
	LOOP_OUT = 2,
	LOOP_HUP = 4, /* always reported; hang-up or error */
	/* With LOOP_IN: told once when more comes or it hangs up, not for as
	 * long as it is so. */
	LOOP_EDGE = 8,
};

struct loop *loop_new(struct err *err);
void loop_free(struct loop *loop);

/* Until loop_quit(); returns its status. */
int loop_run(struct loop *loop);

/* Any thread. */
void loop_quit(struct loop *loop, int status);

/* One descriptor.  Embedded in its user; zeroed before the first use. */
struct loop_fd {
	struct loop *loop;
	int fd;
	unsigned int events; /* enum loop_event */
	void (*ready)(void *arg, unsigned int events);
	void *arg;
};

/* -EPERM: a regular file or /dev/null, which is always ready. */
int loop_fd_add(struct loop *loop, struct loop_fd *lfd, int fd,
		unsigned int events,
		void (*ready)(void *arg, unsigned int events), void *arg,
		struct err *err);
/* Which events to wait for; any thread. */
void loop_fd_want(struct loop_fd *lfd, unsigned int events);
/* In the loop's thread: no call after this.  Twice, or without add, is allowed.
 * A descriptor that hung up is reported until it is removed. */
void loop_fd_remove(struct loop_fd *lfd);

/* One deadline on CLOCK_MONOTONIC. */
struct loop_timer {
	struct loop *loop;
	uint64_t deadline; /* ns; UINT64_MAX: not armed */
	void (*fire)(void *arg);
	void *arg;
	struct loop_timer *next;
};

void loop_timer_init(struct loop *loop, struct loop_timer *t,
		     void (*fire)(void *arg), void *arg);
/* Any thread. */
void loop_timer_arm(struct loop_timer *t, uint64_t deadline);
void loop_timer_cancel(struct loop_timer *t);
uint64_t loop_now(void); /* CLOCK_MONOTONIC, ns */

/* A call to be made in the loop's thread, as soon as it comes round; any
 * thread, any signal context but no handler.  Posting it again before it was
 * made is once. */
struct loop_call {
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	bool posted;
	struct loop_call *next;
};

void loop_call_init(struct loop *loop, struct loop_call *call,
		    void (*fn)(void *arg), void *arg);
void loop_call_post(struct loop_call *call);
/* In the loop's thread: it will not be made. */
void loop_call_cancel(struct loop_call *call);

#endif
