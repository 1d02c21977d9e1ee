/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "loop/signals.h"
#include "test.h"

static struct loop *loop;
static int got;

static void count(void *arg)
{
	check(arg == &got);
	loop_quit(loop, ++got);
}

int main(void)
{
	static const int list[] = { SIGUSR1, SIGTERM, 0 };
	struct signals s = { 0 }, none = { 0 };
	struct err err;

	loop = loop_new(&err);
	check(!signals_init(&s, loop, list, count, &got, &err));
	kill(getpid(), SIGTERM); /* does not end us */
	check_eq(loop_run(loop), 1);
	kill(getpid(), SIGUSR1);
	check_eq(loop_run(loop), 2);
	signals_fini(&s);
	signals_fini(&s);
	signals_fini(&none);
	kill(getpid(), SIGTERM); /* still blocked */
	check_eq(got, 2);
	loop_free(loop);
	return test_done();
}
