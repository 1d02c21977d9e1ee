/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream socket that carries frames with their length before them (32 bits,
 * big-endian): what passt and QEMU's -netdev stream speak.
 *
 * One read brings many frames.  A write that stops in the middle of a frame
 * leaves the rest in a buffer, because the stream must stay whole; while
 * there is such a rest, further frames are dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "net/net.h"

enum {
	LENGTH = 4,
	BUFFER = 4 * NET_FRAME_MAX,
	IOV_MAX_SEND = 512,
};

struct stream {
	struct netdev nd; /* first */
	int fd;
	struct loop_fd lfd;
	struct loop_call resume;
	uint8_t *in; /* BUFFER bytes: [head, fill) are to be delivered */
	size_t head, fill;
	bool stopped; /* the front end had no room */

	pthread_mutex_t lock; /* all below, and what lfd waits for */
	uint8_t *out;         /* the rest of a frame */
	size_t out_at, out_n;
	bool want_in;
};

static struct stream *stream_of(struct netdev *nd)
{
	return (struct stream *)nd;
}

/* Lock held. */
static void update_wants(struct stream *s)
{
	loop_fd_want(&s->lfd,
		     (s->want_in ? LOOP_IN : 0u) | (s->out_n ? LOOP_OUT : 0u));
}

static void want_input(struct stream *s, bool want)
{
	with_lock(&s->lock);
	s->want_in = want;
	update_wants(s);
}

static void gone(struct stream *s, const char *why)
{
	log_warn("network \"%s\": %s", s->nd.id, why);
	loop_fd_remove(&s->lfd);
	pthread_mutex_lock(&s->lock);
	close(s->fd);
	s->fd = -1;
	s->out_n = 0;
	pthread_mutex_unlock(&s->lock);
	netdev_set_link(&s->nd, false);
}

static uint32_t length_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Whole frames to the front end; false: the stream makes no sense. */
static bool deliver(struct stream *s)
{
	const struct net_front *front = &s->nd.front;

	while (s->fill - s->head >= LENGTH) {
		uint32_t n = length_at(s->in + s->head);

		if (n > NET_FRAME_MAX)
			return false;
		if (s->fill - s->head < LENGTH + n)
			break;
		if (n >= NET_ETH_HDR && front->receive &&
		    !front->receive(front->arg, s->in + s->head + LENGTH, n)) {
			s->stopped = true;
			want_input(s, false);
			return true;
		}
		s->head += LENGTH + n;
	}
	memmove(s->in, s->in + s->head, s->fill - s->head);
	s->fill -= s->head;
	s->head = 0;
	return true;
}

/* The rest of a frame. */
static void flush(struct stream *s)
{
	ssize_t n;

	with_lock(&s->lock);
	n = send(s->fd, s->out + s->out_at, s->out_n,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		s->out_at += (size_t)n;
		s->out_n -= (size_t)n;
	}
	if (!s->out_n)
		update_wants(s);
}

static void ready(void *arg, unsigned int events)
{
	struct stream *s = arg;
	ssize_t n;

	if (events & LOOP_OUT)
		flush(s);
	if (!(events & (LOOP_IN | LOOP_HUP)))
		return;
	if (s->stopped && !(events & LOOP_HUP))
		return;
	n = s->fill < BUFFER ? read(s->fd, s->in + s->fill, BUFFER - s->fill)
			     : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		gone(s, "the other end closed the connection");
		return;
	}
	s->fill += (size_t)n;
	if (!s->stopped && !deliver(s))
		gone(s, "the other end sends what are no frames");
}

static void resume(void *arg)
{
	struct stream *s = arg;

	if (!s->stopped || s->fd < 0)
		return;
	s->stopped = false;
	if (!deliver(s))
		gone(s, "the other end sends what are no frames");
	else if (!s->stopped)
		want_input(s, true);
}

static void stream_kick(struct netdev *nd)
{
	loop_call_post(&stream_of(nd)->resume);
}

/* Lock held: keep what was not sent of a frame. */
static void keep(struct stream *s, const struct iovec *iov, int n, size_t sent)
{
	s->out_at = s->out_n = 0;
	for (int i = 0; i < n; i++) {
		size_t len = iov[i].iov_len, skip = sent < len ? sent : len;

		memcpy(s->out + s->out_n, (uint8_t *)iov[i].iov_base + skip,
		       len - skip);
		s->out_n += len - skip;
		sent -= skip;
	}
	update_wants(s);
}

static void stream_send(struct netdev *nd, const struct iovec *iov, int n,
			size_t bytes)
{
	struct stream *s = stream_of(nd);
	struct iovec all[IOV_MAX_SEND];
	uint8_t length[LENGTH] = { (uint8_t)(bytes >> 24),
				   (uint8_t)(bytes >> 16),
				   (uint8_t)(bytes >> 8), (uint8_t)bytes };
	struct msghdr msg = { .msg_iov = all, .msg_iovlen = (size_t)n + 1 };
	ssize_t sent;

	if (n + 1 > IOV_MAX_SEND || bytes > NET_FRAME_MAX)
		return;
	all[0] = (struct iovec){ length, LENGTH };
	memcpy(all + 1, iov, (size_t)n * sizeof(*iov));
	with_lock(&s->lock);
	if (s->fd < 0 || s->out_n)
		return;
	sent = sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0 && (size_t)sent < LENGTH + bytes)
		keep(s, all, n + 1, (size_t)sent);
}

static void stream_free(struct netdev *nd)
{
	struct stream *s = stream_of(nd);

	if (s->fd >= 0) {
		if (s->lfd.loop)
			loop_fd_remove(&s->lfd);
		close(s->fd);
	}
	loop_call_cancel(&s->resume);
	pthread_mutex_destroy(&s->lock);
	free(s->in);
	free(s->out);
	free(nd->id);
	free(s);
}

static const struct netdev_ops stream_ops = {
	.send = stream_send,
	.kick = stream_kick,
	.free = stream_free,
};

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, errno, "cannot make a socket");
	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, ENAMETOOLONG,
			       "the socket's path \"%s\" is too long", path);
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_errno(err, errno,
				 "cannot connect to the network at \"%s\" (is "
				 "passt running?)",
				 path);
	return steal_fd(&fd);
}

struct netdev *netdev_stream_new(struct loop *loop,
				 const struct netdev_stream *opt,
				 struct err *err)
{
	struct stream *s = xnew(struct stream);
	int flags;

	s->nd.ops = &stream_ops;
	s->nd.id = xstrdup(opt->id);
	s->nd.link_up = true;
	s->in = xmalloc(BUFFER);
	s->out = xmalloc(LENGTH + NET_FRAME_MAX);
	s->want_in = true;
	pthread_mutex_init(&s->lock, NULL);
	loop_call_init(loop, &s->resume, resume, s);
	s->fd = opt->fd >= 0 ? opt->fd : connect_to(opt->path, err);
	if (s->fd < 0)
		goto out;
	flags = fcntl(s->fd, F_GETFL);
	if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(s->fd, F_SETFD, FD_CLOEXEC) < 0) {
		err_errno(err, errno, "descriptor %d is no network connection",
			  opt->fd);
		goto out;
	}
	if (loop_fd_add(loop, &s->lfd, s->fd, LOOP_IN, ready, s, err) < 0)
		goto out;
	return &s->nd;
out:
	stream_free(&s->nd);
	return NULL;
}
