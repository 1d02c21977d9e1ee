/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * posix_spawn is used because libguestfs and curl have threads: after fork
 * little may be called, and posix_spawn calls just that.
 *
 * Input goes through a memory file rather than a pipe: a child that does not
 * read it cannot block us, and there is no SIGPIPE.  The end of the child is
 * seen through its pidfd in the same poll as its output: a grandchild that
 * holds the pipe open keeps nobody waiting.
 *
 * /usr/sbin and /sbin are added to PATH, because depmod and e2fsck live there
 * and a user's PATH often lacks them.
 */
#include "host/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"

enum {
	DEFAULT_LIMIT = 1 << 20
};

/* One output stream of the child: the end we read, the end it writes. */
struct stream {
	enum run_output kind;
	int ours, theirs; /* -1: none */
	struct str *keep;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The program's path, or NULL; with a slash it is taken as it is. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	autofree char *dirs = xasprintf("%s:/usr/sbin:/sbin",
					path ? path : "/usr/bin:/bin");
	char *save = NULL;

	if (strchr(name, '/'))
		return xstrdup(name);
	for (char *dir = strtok_r(dirs, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		autofree char *file = xasprintf("%s/%s", dir, name);

		if (!access(file, X_OK))
			return steal_ptr(file);
	}
	return NULL;
}

bool run_have(const char *program)
{
	autofree char *file = find_program(program);

	return file && !access(file, X_OK);
}

static int open_input(const struct run_child *child, struct err *err)
{
	autoclose int fd = -1;
	int r;

	if (!child->input) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(err, errno, "cannot open '/dev/null'");
		return steal_fd(&fd);
	}
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a memory file");
	r = io_write(fd, child->input, child->input_len);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, r < 0 ? -r : errno,
				 "cannot write the input of '%s'",
				 child->argv[0]);
	return steal_fd(&fd);
}

static int open_stream(struct stream *s, struct err *err)
{
	int fds[2];

	if (s->kind == RUN_DISCARD)
		s->theirs = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (s->kind == RUN_CAPTURE) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_errno(err, errno, "cannot make a pipe");
		s->ours = fds[0];
		s->theirs = fds[1];
		fcntl(s->ours, F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Take what is there; closes our end when the child has closed its own. */
static void drain(struct stream *s, size_t limit, bool *truncated)
{
	char buf[8192];
	ssize_t n;

	while (s->ours >= 0) {
		n = read(s->ours, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&s->ours);
			return;
		}
		if ((size_t)n > limit - s->keep->len) {
			n = (ssize_t)(limit - s->keep->len);
			*truncated = true;
		}
		str_addn(s->keep, buf, (size_t)n);
	}
}

/* Until it ends; false if the deadline (ms, UINT64_MAX: none) came first. */
static bool pump(int pidfd, struct stream *streams, size_t limit,
		 uint64_t deadline, bool *truncated)
{
	struct pollfd fds[3];
	uint64_t now;
	int wait;

	for (;;) {
		fds[0] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
		for (int i = 0; i < 2; i++)
			fds[i + 1] = (struct pollfd){ .fd = streams[i].ours,
						      .events = POLLIN };
		now = now_ms();
		if (now >= deadline)
			return false;
		wait = deadline - now > 60000 ? 60000 : (int)(deadline - now);
		if (poll(fds, 3, wait) < 0 && errno != EINTR)
			return true;
		for (int i = 0; i < 2; i++)
			drain(&streams[i], limit, truncated);
		if (fds[0].revents)
			return true;
	}
}

static int spawn(const struct run_child *child, const char *file, int in,
		 struct stream *streams, pid_t *ret_pid, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	for (int i = 0; i < 2; i++)
		if (streams[i].theirs >= 0)
			posix_spawn_file_actions_adddup2(
				&actions, streams[i].theirs, i + 1);
	if (child->dir)
		posix_spawn_file_actions_addchdir_np(&actions, child->dir);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
						POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	/* The arrays are char *const [] in POSIX, and are not written to. */
	r = posix_spawn(ret_pid, file, &actions, &attr,
			(char *const *)(uintptr_t)child->argv,
			child->env ? (char *const *)(uintptr_t)child->env
				   : environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (r)
		return err_errno(err, r, "cannot run '%s'", file);
	return 0;
}

/* Wait for the end of pid; kills its group first if that is wanted. */
static int reap(pid_t pid, bool kill_it)
{
	int status;

	if (kill_it)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int watch(const struct run_child *child, pid_t pid,
		 struct stream *streams, struct run_result *res,
		 struct err *err)
{
	size_t limit = child->limit ? child->limit : DEFAULT_LIMIT;
	uint64_t deadline = child->timeout_ms ? now_ms() + child->timeout_ms
					      : UINT64_MAX;
	autoclose int pidfd = pidfd_open(pid, 0);
	bool ended;
	int status;

	if (pidfd < 0) {
		status = errno;
		reap(pid, true);
		return err_errno(err, status, "cannot watch '%s'",
				 child->argv[0]);
	}
	ended = pump(pidfd, streams, limit, deadline, &res->truncated);
	status = reap(pid, !ended);
	for (int i = 0; i < 2; i++)
		drain(&streams[i], limit, &res->truncated);
	if (!ended)
		return err_set(err, ETIMEDOUT,
			       "'%s' did not end within %u seconds",
			       child->argv[0], child->timeout_ms / 1000);
	res->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	res->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return 0;
}

int run_child(const struct run_child *child, struct run_result *ret_res,
	      struct err *err)
{
	struct run_result res = { 0 };
	struct stream streams[2] = {
		{ child->out, -1, -1, &res.out },
		{ child->errors, -1, -1, &res.errors },
	};
	autofree char *file = find_program(child->argv[0]);
	autoclose int in = -1;
	pid_t pid;
	int r;

	if (!file)
		return err_set(err, ENOENT, "no program '%s' found in PATH",
			       child->argv[0]);
	in = open_input(child, err);
	if (in < 0)
		return in;
	r = open_stream(&streams[0], err);
	if (!r)
		r = open_stream(&streams[1], err);
	if (!r)
		r = spawn(child, file, in, streams, &pid, err);
	close_fd(&streams[0].theirs);
	close_fd(&streams[1].theirs);
	if (!r)
		r = watch(child, pid, streams, &res, err);
	close_fd(&streams[0].ours);
	close_fd(&streams[1].ours);
	if (r < 0)
		run_result_free(&res);
	else
		*ret_res = res;
	return r;
}

/* The last line that is not empty; "" if there is none. */
static const char *last_line(struct str *s)
{
	char *line;

	while (s->len && strchr("\r\n \t", s->text[s->len - 1]))
		s->text[--s->len] = 0;
	if (!s->len)
		return "";
	line = strrchr(s->text, '\n');
	return line ? line + 1 : s->text;
}

int run_check(const struct run_child *child, struct str *ret_out,
	      struct err *err)
{
	autorun struct run_result res = { 0 };
	const char *why;
	int r;

	r = run_child(child, &res, err);
	if (r < 0)
		return r;
	why = last_line(&res.errors);
	if (res.signal)
		return err_set(err, EIO, "'%s' was ended by signal %d%s%s",
			       child->argv[0], res.signal, *why ? ": " : "",
			       why);
	if (res.status)
		return err_set(err, EIO, "'%s' failed with status %d%s%s",
			       child->argv[0], res.status, *why ? ": " : "",
			       why);
	if (ret_out) {
		*ret_out = res.out;
		res.out = (struct str){ 0 };
	}
	return 0;
}

void run_result_free(struct run_result *res)
{
	str_free(&res->out);
	str_free(&res->errors);
}
