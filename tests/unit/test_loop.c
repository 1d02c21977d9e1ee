/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "loop/loop.h"
#include "test.h"

enum {
	MS = 1000000
};

static struct loop *loop;
static unsigned int fired[3], order;

static void note(void *arg)
{
	*(unsigned int *)arg = ++order;
}

static void quit(void *arg)
{
	loop_quit(loop, *(const int *)arg);
}

static void timers_in_order(void)
{
	struct loop_timer t[4];
	uint64_t now = loop_now();
	int status = 7;

	order = 0;
	for (int i = 0; i < 3; i++)
		loop_timer_init(loop, &t[i], note, &fired[i]);
	loop_timer_init(loop, &t[3], quit, &status);
	loop_timer_arm(&t[0], now + 20 * MS);
	loop_timer_arm(&t[1], 0); /* long past */
	loop_timer_arm(&t[2], now + 5 * MS);
	loop_timer_arm(&t[2], now + 10 * MS); /* moved */
	loop_timer_arm(&t[3], now + 30 * MS);
	check_eq(loop_run(loop), 7);
	check(loop_now() - now >= 30 * MS);
	check_eq(fired[1], 1);
	check_eq(fired[2], 2);
	check_eq(fired[0], 3);
	check(t[0].deadline == UINT64_MAX);

	fired[0] = 0;
	loop_timer_arm(&t[0], loop_now() + MS);
	loop_timer_cancel(&t[0]);
	loop_timer_cancel(&t[0]);
	loop_timer_arm(&t[3], loop_now() + 5 * MS);
	check_eq(loop_run(loop), 7);
	check_eq(fired[0], 0);
}

struct pair {
	struct loop_fd a, b;
	int calls;
};

/* Whoever comes first removes the other, whose event is in the same batch. */
static void remove_both(void *arg, unsigned int events)
{
	struct pair *p = arg;

	check(events & LOOP_IN);
	p->calls++;
	loop_fd_remove(&p->a);
	loop_fd_remove(&p->b);
	loop_quit(loop, 0);
}

static void removal_within_a_batch(void)
{
	int one[2], two[2];
	struct pair p = { 0 };
	struct err err;

	check(!pipe(one) && !pipe(two));
	check(write(one[1], "x", 1) == 1 && write(two[1], "x", 1) == 1);
	check(!loop_fd_add(loop, &p.a, one[0], LOOP_IN, remove_both, &p, &err));
	check(!loop_fd_add(loop, &p.b, two[0], LOOP_IN, remove_both, &p, &err));
	check_eq(loop_run(loop), 0);
	check_eq(p.calls, 1);
	loop_fd_remove(&p.a);
	for (int i = 0; i < 2; i++) {
		close(one[i]);
		close(two[i]);
	}
}

static unsigned int hup_events;

static void hung_up(void *arg, unsigned int events)
{
	hup_events = events;
	loop_fd_remove(arg);
	loop_quit(loop, 0);
}

static void hang_up_is_reported(void)
{
	int p[2];
	struct loop_fd lfd = { 0 };
	struct err err;

	check(!pipe(p));
	check(!loop_fd_add(loop, &lfd, p[0], LOOP_IN, hung_up, &lfd, &err));
	loop_fd_want(&lfd, 0);
	close(p[1]);
	loop_run(loop);
	check(hup_events & LOOP_HUP);
	close(p[0]);
}

static unsigned int edges, edge_events;

static void count_edge(void *arg, unsigned int events)
{
	(void)arg;
	edges++;
	edge_events = events;
}

static void run_a_little(void)
{
	int status = 0;
	struct loop_timer t;

	loop_timer_init(loop, &t, quit, &status);
	loop_timer_arm(&t, loop_now() + 5 * MS);
	loop_run(loop);
}

static void edges_are_told_once(void)
{
	int p[2];
	struct loop_fd lfd = { 0 };
	struct err err;

	check(!pipe(p));
	check(write(p[1], "x", 1) == 1);
	check(!loop_fd_add(loop, &lfd, p[0], LOOP_IN | LOOP_EDGE, count_edge,
			   NULL, &err));
	run_a_little();
	check_eq(edges, 1);
	check_eq(edge_events, LOOP_IN);
	close(p[1]);
	run_a_little();
	check_eq(edges, 2);
	check_eq(edge_events, LOOP_IN | LOOP_HUP);
	loop_fd_want(&lfd, LOOP_IN);
	loop_fd_remove(&lfd);
	close(p[0]);
}

static void regular_files_are_refused(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct loop_fd lfd = { 0 };
	struct err err;

	check_eq(loop_fd_add(loop, &lfd, fd, LOOP_IN, hung_up, &lfd, &err), -1);
	loop_fd_remove(&lfd);
	close(fd);
}

static struct loop_call again;
static int made;

static void count_to_three(void *arg)
{
	(void)arg;
	if (++made < 3)
		loop_call_post(&again);
	else
		loop_quit(loop, made);
}

static void *poster(void *arg)
{
	loop_call_post(arg);
	return NULL;
}

static void calls(void)
{
	struct loop_call never;
	pthread_t thread;
	unsigned int called = 0;

	loop_call_init(loop, &again, count_to_three, NULL);
	loop_call_init(loop, &never, note, &called);
	loop_call_post(&never);
	loop_call_post(&again);
	loop_call_post(&again); /* once */
	loop_call_cancel(&never);
	check_eq(loop_run(loop), 3);
	check_eq(made, 3);
	check_eq(called, 0);

	loop_call_post(&never); /* the list's end is right after a cancel */
	loop_call_cancel(&never);
	made = 2;
	check(!pthread_create(&thread, NULL, poster, &again));
	check_eq(loop_run(loop), 3);
	pthread_join(thread, NULL);
	check_eq(called, 0);
}

int main(void)
{
	struct err err;

	loop = loop_new(&err);
	check(loop != NULL);
	timers_in_order();
	removal_within_a_batch();
	hang_up_is_reported();
	edges_are_told_once();
	regular_files_are_refused();
	calls();
	loop_free(loop);
	loop_free(NULL);
	return test_done();
}
