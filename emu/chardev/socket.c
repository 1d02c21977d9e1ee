/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Unix socket that one client at a time may connect to; others wait in the
 * kernel's queue.  Output while nobody is connected is dropped.  What a client
 * sent before it left is still delivered, but to make room for the next.
 *
 * A socket file that a killed emulator left behind is replaced; one that
 * still answers is not.  A descriptor that somebody hands over is either
 * listening or the connection itself, which then is the only one.
 *
 * A client may pass descriptors with what it writes (SCM_RIGHTS); they wait,
 * few at a time, for the front end to take them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/stream.h"
#include "common/cleanup.h"
#include "common/mem.h"

enum {
	FDS_MAX = 16 /* that wait */
};

struct sock {
	struct stream stream;
	int fds[FDS_MAX]; /* the first is the oldest */
	unsigned int n_fds;
	int listener, client; /* -1: none */
	struct loop_fd listener_fd;
	char *path; /* to be removed at the end; NULL: not ours */
};

static void set_open(struct sock *sock, bool open)
{
	const struct chardev_front *front = &sock->stream.chr.front;

	sock->stream.chr.open = open;
	if (front->event)
		front->event(front->arg, open);
}

static int take_fd(struct chardev *chr)
{
	struct sock *sock = (struct sock *)chr;
	int fd;

	if (!sock->n_fds)
		return -1;
	fd = sock->fds[0];
	sock->n_fds--;
	memmove(sock->fds, sock->fds + 1, sock->n_fds * sizeof(fd));
	return fd;
}

static void close_fds(struct sock *sock)
{
	while (sock->n_fds)
		close(sock->fds[--sock->n_fds]);
}

static void keep_fds(struct sock *sock, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (sock->n_fds < FDS_MAX)
				sock->fds[sock->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

static ssize_t read_with_fds(struct stream *s, uint8_t *bytes, size_t n)
{
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(s->in, &msg, MSG_CMSG_CLOEXEC);

	if (got >= 0)
		keep_fds((struct sock *)s, &msg);
	return got;
}

static void wanted(void *arg, unsigned int events);

static int wait_for_client(struct sock *sock, struct err *err)
{
	return loop_fd_add(sock->stream.loop, &sock->listener_fd,
			   sock->listener, LOOP_IN, wanted, sock, err);
}

static void drop_client(struct sock *sock)
{
	stream_close(&sock->stream);
	close_fds(sock);
	close(sock->client);
	sock->client = -1;
	set_open(sock, false);
}

static void left(struct stream *s)
{
	struct sock *sock = (struct sock *)s;
	struct err err;

	if (sock->listener >= 0 && !sock->listener_fd.loop &&
	    wait_for_client(sock, &err) < 0)
		log_warn("%s: %s", s->chr.label, err.text);
}

static void hung_up(struct stream *s)
{
	drop_client((struct sock *)s);
	left(s);
}

static void wanted(void *arg, unsigned int events)
{
	struct sock *sock = arg;
	struct err err;
	int client = accept4(sock->listener, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (client < 0)
		return;
	if (sock->client >= 0) /* it has left */
		drop_client(sock);
	sock->client = client;
	if (stream_open(&sock->stream, sock->client, sock->client, &err) < 0) {
		log_warn("%s", err.text);
		close(sock->client);
		sock->client = -1;
		return;
	}
	loop_fd_remove(&sock->listener_fd);
	set_open(sock, true);
}

static void sock_free(struct chardev *chr)
{
	struct sock *sock = (struct sock *)chr;

	loop_fd_remove(&sock->listener_fd);
	stream_drain(&sock->stream);
	stream_fini(&sock->stream);
	close_fds(sock);
	if (sock->client >= 0)
		close(sock->client);
	if (sock->listener >= 0)
		close(sock->listener);
	if (sock->path)
		unlink(sock->path);
	free(sock->path);
	free(sock);
}

static const struct chardev_ops sock_ops = {
	.write = stream_write,
	.room = stream_room,
	.accept_input = stream_accept_input,
	.take_fd = take_fd,
	.free = sock_free,
};

/* Remove what a dead process left; -EADDRINUSE if it still answers. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	autoclose int fd = -1;

	if (lstat(addr->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0; /* bind() will say what is wrong */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    errno == EAGAIN)
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

static int make_listener(struct sock *sock, const char *path, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, ENAMETOOLONG,
			       "the socket's name '%s' is longer than the %zu "
			       "bytes the system allows",
			       path, sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	ret = remove_stale(&addr);
	if (ret < 0)
		return err_errno(err, -ret, "cannot make the socket '%s'",
				 path);
	sock->listener = socket(AF_UNIX,
				SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->listener < 0 ||
	    bind(sock->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_errno(err, errno, "cannot make the socket '%s'",
				 path);
	sock->path = xstrdup(path);
	if (listen(sock->listener, 1) < 0)
		return err_errno(err, errno, "cannot listen on '%s'", path);
	return 0;
}

static void wait_until_connected(struct sock *sock)
{
	struct pollfd pfd = { .fd = sock->listener, .events = POLLIN };

	while (sock->client < 0) {
		poll(&pfd, 1, -1);
		wanted(sock, LOOP_IN);
	}
}

static bool is_listening(int fd)
{
	int yes = 0;
	socklen_t size = sizeof(yes);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) && yes;
}

static int take_over(struct sock *sock, int fd, struct err *err)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return err_set(err, EBADF,
			       "descriptor %d, for '%s', is not an open socket",
			       fd, sock->stream.chr.label);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (is_listening(fd)) {
		sock->listener = fd;
		return wait_for_client(sock, err);
	}
	ret = stream_open(&sock->stream, fd, fd, err);
	if (ret < 0)
		return ret;
	sock->client = fd;
	sock->stream.chr.open = true;
	return 0;
}

static int make(struct sock *sock, const char *path, struct err *err)
{
	int ret = make_listener(sock, path, err);

	return ret < 0 ? ret : wait_for_client(sock, err);
}

struct chardev *chardev_socket_new(struct loop *loop, const char *label,
				   const struct chardev_socket *opt,
				   struct err *err)
{
	struct sock *sock = xnew(struct sock);
	int ret;

	sock->listener = sock->client = -1;
	stream_init(&sock->stream, loop, label, &sock_ops);
	sock->stream.hung_up = hung_up;
	sock->stream.left = left;
	sock->stream.read = read_with_fds;
	sock->stream.chr.filename = xasprintf("unix:%s,server=on",
					      opt->path ? opt->path : "");
	ret = opt->fd >= 0 ? take_over(sock, opt->fd, err)
			   : make(sock, opt->path, err);
	if (ret < 0) {
		sock_free(&sock->stream.chr);
		return NULL;
	}
	if (opt->wait)
		wait_until_connected(sock);
	return &sock->stream.chr;
}
