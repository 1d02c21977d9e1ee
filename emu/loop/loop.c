/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deadlines use one timerfd, set to the earliest of them: so any thread can
 * arm a timer without waking the loop, and there is no rounding to
 * milliseconds as in epoll_wait().  The list of timers is sorted and short.
 *
 * A batch of events may name a descriptor that an earlier callback of the
 * same batch has removed: loop_fd_remove() takes it out of the batch.
 */
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	BATCH = 32
};

struct loop {
	int epoll;
	struct loop_fd wake, alarm; /* eventfd, timerfd */

	struct epoll_event batch[BATCH]; /* the loop's thread only */
	int batched;

	pthread_mutex_t lock;      /* all below */
	struct loop_timer *timers; /* earliest first */
	struct loop_call *calls, **calls_end;
	bool quit;
	int status;
};

uint64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Lock held. */
static void set_alarm(struct loop *loop)
{
	uint64_t at = loop->timers ? loop->timers->deadline : 0;
	struct itimerspec its = {
		.it_value = { .tv_sec = (time_t)(at / 1000000000),
			      .tv_nsec = (long)(at % 1000000000) },
	};

	if (loop->timers && !at)
		its.it_value.tv_nsec = 1; /* zero would disarm */
	timerfd_settime(loop->alarm.fd, TFD_TIMER_ABSTIME, &its, NULL);
}

/* Lock held. */
static void unlink_timer(struct loop *loop, const struct loop_timer *t)
{
	struct loop_timer **at = &loop->timers;

	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
}

static void run_timers(void *arg, unsigned int events)
{
	struct loop *loop = arg;
	uint64_t ticks, now = loop_now();

	(void)events;
	if (read(loop->alarm.fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return;
	for (;;) {
		struct loop_timer *t;

		pthread_mutex_lock(&loop->lock);
		t = loop->timers;
		if (!t || t->deadline > now) {
			set_alarm(loop);
			pthread_mutex_unlock(&loop->lock);
			return;
		}
		loop->timers = t->next;
		t->deadline = UINT64_MAX;
		pthread_mutex_unlock(&loop->lock);
		t->fire(t->arg);
	}
}

/* Those posted before we came; what they post is for the next round, so
 * that descriptors get their turn. */
static void run_calls(void *arg, unsigned int events)
{
	struct loop *loop = arg;
	uint64_t posts;
	unsigned int n = 0;

	(void)events;
	if (read(loop->wake.fd, &posts, sizeof(posts)) < 0)
		return;
	pthread_mutex_lock(&loop->lock);
	for (const struct loop_call *c = loop->calls; c; c = c->next)
		n++;
	while (n-- && loop->calls) {
		struct loop_call *call = loop->calls;

		loop->calls = call->next;
		if (!loop->calls)
			loop->calls_end = &loop->calls;
		call->posted = false;
		pthread_mutex_unlock(&loop->lock);
		call->fn(call->arg);
		pthread_mutex_lock(&loop->lock);
	}
	pthread_mutex_unlock(&loop->lock);
}

static void wake(const struct loop *loop)
{
	uint64_t one = 1;

	/* Full (EAGAIN) means that it is awake already. */
	if (write(loop->wake.fd, &one, sizeof(one)) < 0)
		return;
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop = xnew(struct loop);
	int efd = -1, tfd = -1, code;

	pthread_mutex_init(&loop->lock, NULL);
	loop->calls_end = &loop->calls;
	loop->wake.fd = loop->alarm.fd = -1;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll >= 0)
		efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (efd >= 0)
		tfd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	if (tfd < 0) {
		code = errno;
		if (efd >= 0)
			close(efd);
		loop_free(loop);
		err_errno(err, code, "cannot make the main loop");
		return NULL;
	}
	if (loop_fd_add(loop, &loop->wake, efd, LOOP_IN, run_calls, loop, err) <
	    0) {
		close(efd);
		close(tfd);
		loop_free(loop);
		return NULL;
	}
	if (loop_fd_add(loop, &loop->alarm, tfd, LOOP_IN, run_timers, loop,
			err) < 0) {
		close(tfd);
		loop_free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->wake.fd >= 0)
		close(loop->wake.fd);
	if (loop->alarm.fd >= 0)
		close(loop->alarm.fd);
	if (loop->epoll >= 0)
		close(loop->epoll);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

static bool wants_quit(struct loop *loop, int *ret_status)
{
	with_lock(&loop->lock);
	*ret_status = loop->status;
	return loop->quit;
}

static unsigned int events_from_epoll(uint32_t epoll)
{
	return (epoll & EPOLLIN ? LOOP_IN : 0u) |
	       (epoll & EPOLLOUT ? LOOP_OUT : 0u) |
	       (epoll & (EPOLLHUP | EPOLLERR) ? LOOP_HUP : 0u);
}

static uint32_t events_to_epoll(unsigned int events)
{
	return (events & LOOP_IN ? (uint32_t)EPOLLIN : 0) |
	       (events & LOOP_OUT ? (uint32_t)EPOLLOUT : 0) |
	       (events & LOOP_EDGE ? (uint32_t)EPOLLET : 0);
}

int loop_run(struct loop *loop)
{
	int status;

	while (!wants_quit(loop, &status)) {
		loop->batched = epoll_wait(loop->epoll, loop->batch, BATCH, -1);
		for (int i = 0; i < loop->batched; i++) {
			struct loop_fd *lfd = loop->batch[i].data.ptr;

			if (lfd)
				lfd->ready(lfd->arg,
					   events_from_epoll(
						   loop->batch[i].events));
		}
		loop->batched = 0;
	}
	pthread_mutex_lock(&loop->lock);
	loop->quit = false;
	pthread_mutex_unlock(&loop->lock);
	return status;
}

void loop_quit(struct loop *loop, int status)
{
	pthread_mutex_lock(&loop->lock);
	loop->quit = true;
	loop->status = status;
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
}

int loop_fd_add(struct loop *loop, struct loop_fd *lfd, int fd,
		unsigned int events,
		void (*ready)(void *arg, unsigned int events), void *arg,
		struct err *err)
{
	struct epoll_event ev = { .events = events_to_epoll(events),
				  .data.ptr = lfd };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_errno(err, errno, "cannot wait for descriptor %d",
				 fd);
	*lfd = (struct loop_fd){ .loop = loop,
				 .fd = fd,
				 .events = events,
				 .ready = ready,
				 .arg = arg };
	return 0;
}

void loop_fd_want(struct loop_fd *lfd, unsigned int events)
{
	struct epoll_event ev = { .events = events_to_epoll(events),
				  .data.ptr = lfd };

	if (!lfd->loop || lfd->events == events)
		return;
	lfd->events = events;
	epoll_ctl(lfd->loop->epoll, EPOLL_CTL_MOD, lfd->fd, &ev);
}

void loop_fd_remove(struct loop_fd *lfd)
{
	struct loop *loop = lfd->loop;

	if (!loop)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, lfd->fd, NULL);
	for (int i = 0; i < loop->batched; i++) {
		if (loop->batch[i].data.ptr == lfd)
			loop->batch[i].data.ptr = NULL;
	}
	lfd->loop = NULL;
	lfd->fd = -1;
}

void loop_timer_init(struct loop *loop, struct loop_timer *t,
		     void (*fire)(void *arg), void *arg)
{
	*t = (struct loop_timer){
		.loop = loop, .deadline = UINT64_MAX, .fire = fire, .arg = arg
	};
}

void loop_timer_arm(struct loop_timer *t, uint64_t deadline)
{
	struct loop *loop = t->loop;
	struct loop_timer **at, *first;

	with_lock(&loop->lock);
	first = loop->timers;
	if (t->deadline != UINT64_MAX)
		unlink_timer(loop, t);
	t->deadline = deadline;
	if (deadline != UINT64_MAX) {
		at = &loop->timers;
		while (*at && (*at)->deadline <= deadline)
			at = &(*at)->next;
		t->next = *at;
		*at = t;
	}
	if (first == t || loop->timers == t)
		set_alarm(loop);
}

void loop_timer_cancel(struct loop_timer *t)
{
	if (t->loop)
		loop_timer_arm(t, UINT64_MAX);
}

void loop_call_init(struct loop *loop, struct loop_call *call,
		    void (*fn)(void *arg), void *arg)
{
	*call = (struct loop_call){ .loop = loop, .fn = fn, .arg = arg };
}

void loop_call_post(struct loop_call *call)
{
	struct loop *loop = call->loop;

	with_lock(&loop->lock);
	if (call->posted)
		return;
	call->posted = true;
	call->next = NULL;
	*loop->calls_end = call;
	loop->calls_end = &call->next;
	wake(loop);
}

void loop_call_cancel(struct loop_call *call)
{
	struct loop *loop = call->loop;
	struct loop_call **at;

	if (!loop)
		return;
	with_lock(&loop->lock);
	for (at = &loop->calls; *at; at = &(*at)->next) {
		if (*at != call)
			continue;
		*at = call->next;
		if (!call->next)
			loop->calls_end = at;
		call->posted = false;
		return;
	}
}
