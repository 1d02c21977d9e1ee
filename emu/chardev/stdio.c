/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard input and output.
 *
 * The open file behind descriptor 0 or 1 is usually shared with a shell, so
 * making it non-blocking would break the shell's next program.  A terminal or
 * a pipe is therefore opened anew through /proc, with a state of its own.
 * Where that is refused (a socket, a terminal of another user), the shared
 * one is changed and put back at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/stream.h"
#include "common/mem.h"

enum {
	CTRL_A = 1
};

struct end {
	int fd;     /* to be used and closed */
	int shared; /* 0 or 1 if O_NONBLOCK is to be taken away, else -1 */
};

struct stdio {
	struct stream stream;
	struct chardev_stdio opt;
	struct end in, out;
	bool raw;
	struct termios before; /* of standard input, if raw */
	bool escaped;          /* Ctrl-A came */
};

static const char help[] =
	"\r\nCtrl-A h      this help\r\n"
	"Ctrl-A x      end the emulator at once (as pulling the plug)\r\n"
	"Ctrl-A b      send a break\r\n"
	"Ctrl-A Ctrl-A send Ctrl-A\r\n";

static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* A file keeps its position by dup(), and never blocks. */
static int end_open(struct end *end, int fd, int mode, struct err *err)
{
	char path[32];
	int flags = fcntl(fd, F_GETFL);

	*end = (struct end){ .fd = -1, .shared = -1 };
	if (flags < 0)
		return err_errno(err, errno, "standard %s cannot be used",
				 fd ? "output" : "input");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!is_file(fd))
		end->fd = open(path, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (end->fd >= 0)
		return 0;
	end->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (end->fd < 0)
		return err_errno(err, errno, "standard %s cannot be used",
				 fd ? "output" : "input");
	if (!is_file(fd) && !(flags & O_NONBLOCK)) {
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		end->shared = fd;
	}
	return 0;
}

static void end_close(const struct end *end)
{
	if (end->shared >= 0) {
		int flags = fcntl(end->shared, F_GETFL);

		fcntl(end->shared, F_SETFL, flags & ~O_NONBLOCK);
	}
	if (end->fd >= 0)
		close(end->fd);
}

/* In the background tcsetattr() would stop us with SIGTTOU. */
static void set_terminal(const struct termios *t)
{
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	tcsetattr(0, TCSANOW, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void make_raw(struct stdio *io)
{
	struct termios t;

	if (tcgetattr(0, &io->before) < 0)
		return;
	t = io->before;
	t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
				 IGNCR | ICRNL | IXON);
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
	if (io->opt.escapes)
		t.c_lflag &= ~(tcflag_t)ISIG;
	t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	t.c_cflag |= CS8;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	set_terminal(&t);
	io->raw = true;
}

/* Returns true if the byte is the guest's. */
static bool escape_key(struct stdio *io, uint8_t byte)
{
	const struct chardev_front *front = &io->stream.chr.front;

	switch (byte) {
	case 'x':
	case 'X':
		if (io->opt.quit)
			io->opt.quit(io->opt.arg);
		return false;
	case 'b':
	case 'B':
		if (front->send_break)
			front->send_break(front->arg);
		return false;
	case CTRL_A:
		return true;
	default:
		stream_write(&io->stream.chr, (const uint8_t *)help,
			     sizeof(help) - 1);
		return false;
	}
}

static size_t escapes(struct stream *s, uint8_t *bytes, size_t n)
{
	struct stdio *io = (struct stdio *)s;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (io->escaped) {
			io->escaped = false;
			if (escape_key(io, bytes[i]))
				bytes[kept++] = bytes[i];
		} else if (bytes[i] == CTRL_A) {
			io->escaped = true;
		} else {
			bytes[kept++] = bytes[i];
		}
	}
	return kept;
}

static void stdio_free(struct chardev *chr)
{
	struct stdio *io = (struct stdio *)chr;

	stream_drain(&io->stream);
	stream_fini(&io->stream);
	if (io->raw)
		set_terminal(&io->before);
	end_close(&io->in);
	end_close(&io->out);
	free(io);
}

static const struct chardev_ops stdio_ops = {
	.write = stream_write,
	.room = stream_room,
	.accept_input = stream_accept_input,
	.free = stdio_free,
};

struct chardev *chardev_stdio_new(struct loop *loop, const char *label,
				  const struct chardev_stdio *opt,
				  struct err *err)
{
	struct stdio *io = xnew(struct stdio);

	io->opt = *opt;
	io->in = io->out = (struct end){ -1, -1 };
	stream_init(&io->stream, loop, label, &stdio_ops);
	io->stream.chr.filename = xstrdup("stdio");
	io->stream.chr.open = true;
	if (opt->escapes)
		io->stream.filter = escapes;
	if (end_open(&io->in, 0, O_RDONLY, err) < 0 ||
	    end_open(&io->out, 1, O_WRONLY, err) < 0 ||
	    stream_open(&io->stream, io->in.fd, io->out.fd, err) < 0) {
		stdio_free(&io->stream.chr);
		return NULL;
	}
	make_raw(io);
	return &io->stream.chr;
}
