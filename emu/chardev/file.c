/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output to a file.  It is opened for appending even when it was emptied
 * first, so that truncating it from outside (a log's rotation) leaves no hole.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "chardev/stream.h"
#include "common/cleanup.h"
#include "common/mem.h"

struct file {
	struct stream stream;
	int fd;
};

static void file_free(struct chardev *chr)
{
	struct file *f = (struct file *)chr;

	stream_drain(&f->stream);
	stream_fini(&f->stream);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static const struct chardev_ops file_ops = {
	.write = stream_write,
	.free = file_free,
};

/* A descriptor that was handed over is left as it is but for blocking: a pipe
 * to a logger may be full. */
static int open_file(const char *label, const struct chardev_file *opt,
		     struct err *err)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		    O_APPEND | (opt->append ? 0 : O_TRUNC);
	int fd = opt->fd;

	if (fd < 0)
		fd = open(opt->path, flags, 0666);
	else if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
		 fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		fd = -1;
	if (fd < 0)
		err_errno(err, errno, "cannot open '%s' for the output of '%s'",
			  opt->path, label);
	return fd;
}

struct chardev *chardev_file_new(struct loop *loop, const char *label,
				 const struct chardev_file *opt,
				 struct err *err)
{
	autoclose int fd = open_file(label, opt, err);
	struct file *f;

	if (fd < 0)
		return NULL;
	f = xnew(struct file);
	stream_init(&f->stream, loop, label, &file_ops);
	f->fd = fd;
	f->stream.chr.filename = xasprintf("file:%s", opt->path);
	f->stream.chr.open = true;
	if (stream_open(&f->stream, -1, fd, err) < 0) {
		f->fd = -1;
		file_free(&f->stream.chr);
		return NULL;
	}
	steal_fd(&fd);
	return &f->stream.chr;
}
