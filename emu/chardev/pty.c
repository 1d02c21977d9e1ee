/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo-terminal.  While nobody has its slave open, the master reports a
 * hang-up without end, so it is taken out of the loop; inotify then tells of
 * the next one who opens the slave.  Output meanwhile is dropped: a stale
 * screenful followed by a gap would serve nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/stream.h"
#include "common/cleanup.h"
#include "common/mem.h"

struct pty {
	struct stream stream;
	int master, watch;
	struct loop_fd watch_fd;
};

static bool slave_is_open(const struct pty *pty)
{
	struct pollfd pfd = { .fd = pty->master };

	return poll(&pfd, 1, 0) == 0 || !(pfd.revents & POLLHUP);
}

static void set_open(struct pty *pty, bool open)
{
	const struct chardev_front *front = &pty->stream.chr.front;

	pty->stream.chr.open = open;
	if (front->event)
		front->event(front->arg, open);
}

static void hung_up(struct stream *s)
{
	struct pty *pty = (struct pty *)s;

	stream_close(s);
	if (s->chr.open)
		set_open(pty, false);
}

/* Somebody opened the slave, and may be gone again. */
static void opened(void *arg, unsigned int events)
{
	struct pty *pty = arg;
	char buf[sizeof(struct inotify_event) + 256];
	struct err err;

	(void)events;
	while (read(pty->watch, buf, sizeof(buf)) > 0)
		;
	if (pty->stream.chr.open || !slave_is_open(pty))
		return;
	if (stream_open(&pty->stream, pty->master, pty->master, &err) < 0)
		log_warn("%s", err.text);
	else
		set_open(pty, true);
}

static void pty_free(struct chardev *chr)
{
	struct pty *pty = (struct pty *)chr;

	loop_fd_remove(&pty->watch_fd);
	stream_drain(&pty->stream);
	stream_fini(&pty->stream);
	if (pty->watch >= 0)
		close(pty->watch);
	if (pty->master >= 0)
		close(pty->master);
	free(pty);
}

static const struct chardev_ops pty_ops = {
	.write = stream_write,
	.room = stream_room,
	.accept_input = stream_accept_input,
	.free = pty_free,
};

/* Bytes as they are: the slave keeps these settings for who opens it. */
static int set_raw(const char *path)
{
	struct termios t;
	autoclose int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int make(struct pty *pty, struct err *err)
{
	char path[64];
	int code;

	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || grantpt(pty->master) < 0 ||
	    unlockpt(pty->master) < 0)
		return err_errno(err, errno, "cannot make a pseudo-terminal");
	code = ptsname_r(pty->master, path, sizeof(path));
	if (code)
		return err_errno(err, code, "cannot name a pseudo-terminal");
	pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, path, IN_OPEN) < 0)
		return err_errno(err, errno, "cannot watch '%s'", path);
	code = -set_raw(path);
	if (code)
		return err_errno(err, code, "cannot set up '%s'", path);
	pty->stream.chr.filename = xasprintf("pty:%s", path);
	return loop_fd_add(pty->stream.loop, &pty->watch_fd, pty->watch,
			   LOOP_IN, opened, pty, err);
}

struct chardev *chardev_pty_new(struct loop *loop, const char *label,
				struct err *err)
{
	struct pty *pty = xnew(struct pty);

	pty->master = pty->watch = -1;
	stream_init(&pty->stream, loop, label, &pty_ops);
	pty->stream.hung_up = hung_up;
	if (make(pty, err) < 0) {
		pty_free(&pty->stream.chr);
		return NULL;
	}
	return &pty->stream.chr;
}
