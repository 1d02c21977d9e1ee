/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two pipes to the child.  A case may kill or stop the runner (a store into
 * its stack, a branch to itself), so each answer has a time limit, and a
 * runner that misses it is replaced.
 */
#include "ref.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/mem.h"

struct ref {
	const char *qemu, *runner;
	pid_t pid;
	int to, from;
	unsigned int failures; /* one after the other */
};

enum {
	MAX_FAILURES = 5
};

static bool start(struct ref *ref)
{
	static char name[] = "qemu-arm", option[] = "-cpu",
		    model[] = "cortex-a15";
	char *argv[] = { name, option, model, NULL, NULL };
	posix_spawn_file_actions_t files;
	int in[2], out[2], r;

	argv[3] = xstrdup(ref->runner);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], 0);
	posix_spawn_file_actions_adddup2(&files, out[1], 1);
	r = posix_spawn(&ref->pid, ref->qemu, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	free(argv[3]);
	close(in[0]);
	close(out[1]);
	ref->to = in[1];
	ref->from = out[0];
	return r == 0;
}

static void stop(struct ref *ref)
{
	close(ref->to);
	close(ref->from);
	kill(ref->pid, SIGKILL);
	waitpid(ref->pid, NULL, 0);
}

struct ref *ref_new(const char *qemu, const char *runner)
{
	struct ref *ref = xnew(struct ref);

	signal(SIGPIPE, SIG_IGN);
	ref->qemu = qemu;
	ref->runner = runner;
	if (start(ref))
		return ref;
	fprintf(stderr, "cannot start \"%s\": %s\n", qemu, strerror(errno));
	free(ref);
	return NULL;
}

void ref_free(struct ref *ref)
{
	if (!ref)
		return;
	stop(ref);
	free(ref);
}

static bool answer(struct ref *ref, void *buf, size_t n)
{
	for (char *p = buf; n;) {
		struct pollfd fd = { .fd = ref->from, .events = POLLIN };
		ssize_t r;

		if (poll(&fd, 1, 20000) <= 0)
			return false;
		r = read(ref->from, p, n);
		if (r <= 0)
			return false;
		p += r;
		n -= (size_t)r;
	}
	return true;
}

bool ref_run(struct ref *ref, const struct case_in *in, unsigned int count,
	     struct case_out *ret)
{
	uint32_t n = count;

	if (io_write(ref->to, &n, sizeof(n)) == 0 &&
	    io_write(ref->to, in, count * sizeof(*in)) == 0 &&
	    answer(ref, ret, count * sizeof(*ret))) {
		ref->failures = 0;
		return true;
	}
	stop(ref);
	if (++ref->failures == MAX_FAILURES || !start(ref)) {
		fprintf(stderr, "the reference does not run\n");
		exit(1);
	}
	return false;
}
