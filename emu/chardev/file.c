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
	close(f->fd);
	free(f);
}

static const struct chardev_ops file_ops = {
	.write = stream_write,
	.free = file_free,
};

struct chardev *chardev_file_new(struct loop *loop, const char *label,
				 const char *path, bool append, struct err *err)
{
	autoclose int fd = -1;
	struct file *f;

	fd = open(path,
		  O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
			  O_APPEND | (append ? 0 : O_TRUNC),
		  0666);
	if (fd < 0) {
		err_errno(err, errno, "cannot open '%s' for the output of '%s'",
			  path, label);
		return NULL;
	}
	f = xnew(struct file);
	stream_init(&f->stream, loop, label, &file_ops);
	f->fd = fd;
	f->stream.chr.filename = xasprintf("file:%s", path);
	f->stream.chr.open = true;
	if (stream_open(&f->stream, -1, fd, err) < 0) {
		file_free(&f->stream.chr);
		return NULL;
	}
	steal_fd(&fd);
	return &f->stream.chr;
}
