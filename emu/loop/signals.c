/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread ends by a signal to itself, not by pthread_cancel(), which
 * unwinds in ways that the address sanitizer takes for an error.
 */
#include "loop/signals.h"

static void *wait_for_signals(void *arg)
{
	struct signals *s = arg;
	int signo;

	for (;;) {
		if (sigwait(&s->set, &signo))
			continue;
		if (atomic_load(&s->ending))
			return NULL;
		loop_call_post(&s->call);
	}
}

int signals_init(struct signals *s, struct loop *loop, const int *list,
		 void (*got)(void *arg), void *arg, struct err *err)
{
	pthread_attr_t attr;
	sigset_t all;
	int code;

	atomic_init(&s->ending, false);
	s->wake = *list;
	sigemptyset(&s->set);
	for (; *list; list++)
		sigaddset(&s->set, *list);
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
	loop_call_init(loop, &s->call, got, arg);
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setsigmask_np(&attr, &all);
	code = pthread_create(&s->thread, &attr, wait_for_signals, s);
	pthread_attr_destroy(&attr);
	if (code)
		return err_errno(err, code, "cannot wait for signals");
	s->running = true;
	return 0;
}

void signals_fini(struct signals *s)
{
	if (!s->running)
		return;
	atomic_store(&s->ending, true);
	pthread_kill(s->thread, s->wake);
	pthread_join(s->thread, NULL);
	loop_call_cancel(&s->call);
	s->running = false;
}
