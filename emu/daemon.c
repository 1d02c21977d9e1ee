/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whoever starts us with -daemonize takes the parent's end for "the machine is
 * set up and its sockets are there", so the parent waits for a byte through a
 * pipe.  The child keeps its current folder: paths of sockets to be removed at
 * the end may be relative to it.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	HEARD_TRIES = 100, /* half a second */
	CONNECT_MS = 10000,
	GIVEN_END = 256, /* no descriptor that is handed over is above */
};

int daemon_fork(int *ret_ready, struct err *err)
{
	int ends[2], status;
	char byte;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return err_errno(err, errno, "cannot go into the background");
	}
	if (!pid) {
		close(ends[0]);
		setsid();
		*ret_ready = ends[1];
		return 0;
	}
	close(ends[1]);
	n = io_read(ends[0], &byte, 1);
	close(ends[0]);
	if (n == 1)
		return 1;
	waitpid(pid, &status, 0);
	return err_set(err, ECHILD, "nothing runs in the background");
}

void daemon_ready(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	io_write(ready, "", 1);
	close(ready);
}

static bool listens(int fd)
{
	int domain, on;
	socklen_t size = sizeof(domain), on_size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &on_size) == 0 &&
	       on;
}

void daemon_look(struct daemon_given *ret)
{
	ret->n = 0;
	for (int fd = 3; fd < GIVEN_END && ret->n < DAEMON_GIVEN_MAX; fd++) {
		if (listens(fd))
			ret->fds[ret->n++] = fd;
	}
}

static void was_read(void)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000000L };
	struct stat st;
	int left;

	if (fstat(STDERR_FILENO, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	for (int i = 0; i < HEARD_TRIES; i++) {
		if (ioctl(STDERR_FILENO, FIONREAD, &left) < 0 || !left)
			return;
		nanosleep(&pause, NULL);
	}
}

/* A connection that nobody accepted would end with an error, not orderly: it
 * is left open until the program ends. */
static void was_connected(const struct daemon_given *given)
{
	struct pollfd fds[DAEMON_GIVEN_MAX];
	nfds_t n = 0;

	for (unsigned int i = 0; i < given->n; i++) {
		if (listens(given->fds[i]))
			fds[n++] = (struct pollfd){ .fd = given->fds[i],
						    .events = POLLIN };
	}
	if (!n || poll(fds, n, CONNECT_MS) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].revents & POLLIN)
			accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC);
	}
}

void daemon_heard(const struct daemon_given *given)
{
	was_read();
	was_connected(given);
}

int daemon_pidfile(const char *path, int *ret_fd, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	autoclose int fd = -1;
	char text[24];
	int ret, n;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, errno, "cannot open the pidfile '%s'",
				 path);
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return err_set(err, EBUSY,
			       "the pidfile '%s' is held by a process that "
			       "runs",
			       path);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	ret = ftruncate(fd, 0) < 0 ? -errno : io_pwrite(fd, text, (size_t)n, 0);
	if (ret < 0)
		return err_errno(err, -ret, "cannot write the pidfile '%s'",
				 path);
	*ret_fd = steal_fd(&fd);
	return 0;
}
