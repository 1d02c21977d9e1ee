/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many frames are read in one wake-up, but not for ever: the loop has others
 * to serve.  A frame that the guest has no buffer for waits in buf, and
 * reading stops: the kernel's queue fills, and whoever sends notices.
 *
 * A kick may come between the front end's refusal and our stopping; it is a
 * call in the loop's thread, so it is served after both.
 */
#include "net/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"

enum {
	AT_ONCE = 64 /* frames */
};

/* The other end is gone: an interface that was deleted, a dead process. */
static void gone(struct frames *f)
{
	log_warn("network \"%s\": the host's end is gone", f->nd->id);
	loop_fd_remove(&f->lfd);
	f->held = 0;
	netdev_set_link(f->nd, false);
	if (f->lost)
		f->lost(f->nd);
}

/* False: no room. */
static bool deliver(struct frames *f, size_t n)
{
	struct netdev *nd = f->nd;

	if (f->control && f->control(nd, f->buf, n))
		return true;
	if (n < nd->vnet_hdr + NET_ETH_HDR || !nd->front.receive)
		return true;
	return nd->front.receive(nd->front.arg, f->buf, n);
}

static void ready(void *arg, unsigned int events)
{
	struct frames *f = arg;

	if (f->held) {
		if (events & LOOP_HUP)
			gone(f);
		return;
	}
	for (unsigned int i = 0; i < AT_ONCE; i++) {
		ssize_t n = read(f->fd, f->buf, NET_FRAME_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && !(events & LOOP_HUP))
			return;
		if (n <= 0) {
			gone(f);
			return;
		}
		if (!deliver(f, (size_t)n)) {
			f->held = (size_t)n;
			loop_fd_want(&f->lfd, 0);
			return;
		}
	}
}

static void resume(void *arg)
{
	struct frames *f = arg;

	if (!f->held || !deliver(f, f->held))
		return;
	f->held = 0;
	loop_fd_want(&f->lfd, LOOP_IN);
}

void frames_kick(struct frames *f)
{
	loop_call_post(&f->resume);
}

void frames_send(const struct frames *f, const struct iovec *iov, int n)
{
	ssize_t done;

	/* An interface that is down, a full queue: as on a cable, the frame
	 * is lost and nobody is told. */
	do
		done = writev(f->fd, iov, n);
	while (done < 0 && errno == EINTR);
}

int frames_init(struct frames *f, struct netdev *nd, struct loop *loop, int fd,
		struct err *err)
{
	f->nd = nd;
	f->fd = fd;
	f->buf = xmalloc(NET_FRAME_MAX);
	loop_call_init(loop, &f->resume, resume, f);
	return loop_fd_add(loop, &f->lfd, fd, LOOP_IN, ready, f, err);
}

/* The number stays: other threads write to it without asking. */
int frames_replace(struct frames *f, int fd, struct err *err)
{
	int r = dup3(fd, f->fd, O_CLOEXEC) < 0 ? errno : 0;

	close(fd);
	if (r)
		return err_errno(err, r, "cannot take another descriptor");
	return loop_fd_add(f->resume.loop, &f->lfd, f->fd, LOOP_IN, ready, f,
			   err);
}

void frames_fini(struct frames *f)
{
	if (f->lfd.loop)
		loop_fd_remove(&f->lfd);
	loop_call_cancel(&f->resume);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->buf);
	f->buf = NULL;
}
