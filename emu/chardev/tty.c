/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A serial port of the host: mostly a USB stick, which somebody pulls out and
 * puts in again, for years.  When it hangs up, its name is tried once a second
 * until it can be opened; what the guest sends meanwhile is lost, as on a
 * cable that leads nowhere.
 *
 * The guest sets speed and modem lines, and finds them again after a replug.
 * Setting them may take a transfer over USB, so it is the loop's thread that
 * does it.  Output is kept short (OUTPUT_MOST), else a guest that waits until
 * its bytes are sent would believe in a queue of minutes.  One that never waits
 * for room has all of the stream's buffer instead: less would be bytes lost.
 *
 * <asm/termbits.h> stands for <termios.h>, with which it cannot be included:
 * only it has BOTHER, any speed.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "chardev/stream.h"
#include "common/cleanup.h"
#include "common/mem.h"

enum {
	OUTPUT_MOST = 4096,    /* bytes: a third of a second at 115200 */
	RETRY_NS = 1000000000, /* while it is absent */
	WATCH_NS = 50000000,   /* between looks at the inputs */
	OUTPUTS = CHARDEV_DTR | CHARDEV_RTS,
};

struct tty {
	struct stream stream;
	char *path;
	int fd; /* -1: absent */
	struct loop_timer retry, look;
	struct loop_call set; /* make it what is wanted */
	bool said;            /* why it cannot be opened */

	pthread_mutex_t lock; /* what any thread wants */
	struct chardev_line line;
	bool line_known;
	unsigned int outputs;
	bool outputs_known;
	bool breaking;
	bool watched;

	bool broken;         /* is being sent; the loop's thread from here */
	unsigned int inputs; /* as last told */
	uint64_t looked;     /* when */
};

static const struct {
	enum chardev_modem ours;
	int theirs;
} modem_bits[] = {
	{ CHARDEV_DTR, TIOCM_DTR }, { CHARDEV_RTS, TIOCM_RTS },
	{ CHARDEV_CTS, TIOCM_CTS }, { CHARDEV_DSR, TIOCM_DSR },
	{ CHARDEV_DCD, TIOCM_CAR }, { CHARDEV_RI, TIOCM_RNG },
};

enum {
	MODEM_BITS = sizeof(modem_bits) / sizeof(modem_bits[0])
};

/* The code of a usual speed, which every driver and tool knows. */
static tcflag_t speed_code(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		tcflag_t code;
	} usual[] = {
		{ 300, B300 },         { 600, B600 },
		{ 1200, B1200 },       { 2400, B2400 },
		{ 4800, B4800 },       { 9600, B9600 },
		{ 19200, B19200 },     { 38400, B38400 },
		{ 57600, B57600 },     { 115200, B115200 },
		{ 230400, B230400 },   { 460800, B460800 },
		{ 500000, B500000 },   { 921600, B921600 },
		{ 1000000, B1000000 }, { 1500000, B1500000 },
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i].baud == baud)
			return usual[i].code;
	return BOTHER;
}

/* Bytes as they are; the line as the guest has set it. */
static int set_line(int fd, const struct chardev_line *line)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return -errno;
	t.c_iflag = IGNBRK;
	t.c_oflag = 0;
	t.c_lflag = 0;
	t.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CMSPAR |
				 CRTSCTS);
	t.c_cflag |= CREAD | CLOCAL | HUPCL | sizes[line->bits - 5];
	t.c_cflag |= (line->two_stops ? CSTOPB : 0) |
		     (line->rts_cts ? CRTSCTS : 0) |
		     (line->parity != 'n' ? PARENB : 0) |
		     (strchr("om", line->parity) ? PARODD : 0) |
		     (strchr("ms", line->parity) ? CMSPAR : 0);
	if (line->baud) {
		t.c_cflag &= ~(tcflag_t)(CBAUD | CBAUD << IBSHIFT);
		t.c_cflag |= speed_code(line->baud) * (1 | 1 << IBSHIFT);
		t.c_ispeed = t.c_ospeed = line->baud;
	}
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

/* A pseudo-terminal has none of them, which is no fault. */
static void set_outputs(int fd, unsigned int outputs)
{
	int on = 0, off = 0;

	for (int i = 0; i < MODEM_BITS; i++) {
		if (modem_bits[i].ours & OUTPUTS & outputs)
			on |= modem_bits[i].theirs;
		else if (modem_bits[i].ours & OUTPUTS)
			off |= modem_bits[i].theirs;
	}
	ioctl(fd, TIOCMBIC, &off);
	ioctl(fd, TIOCMBIS, &on);
}

/* What the guest wants, on a port that is there. */
static void make_so(void *arg)
{
	struct tty *tty = arg;
	struct chardev_line line;
	unsigned int outputs;
	bool line_known, outputs_known, breaking;
	int ret;

	if (tty->fd < 0)
		return;
	{
		with_lock(&tty->lock);
		line = tty->line;
		line_known = tty->line_known;
		outputs = tty->outputs;
		outputs_known = tty->outputs_known;
		breaking = tty->breaking;
	}
	if (!line_known)
		line = (struct chardev_line){ .bits = 8, .parity = 'n' };
	ret = set_line(tty->fd, &line);
	if (ret < 0)
		log_warn("%s: cannot set '%s' to %u bits a second: %s",
			 tty->stream.chr.label, tty->path, line.baud,
			 strerror(-ret));
	if (outputs_known)
		set_outputs(tty->fd, outputs);
	if (breaking != tty->broken)
		ioctl(tty->fd, breaking ? TIOCSBRK : TIOCCBRK);
	tty->broken = breaking;
}

static unsigned int get_inputs(int fd)
{
	unsigned int inputs = 0;
	int lines = 0;

	if (ioctl(fd, TIOCMGET, &lines) < 0)
		return CHARDEV_CTS | CHARDEV_DSR | CHARDEV_DCD;
	for (int i = 0; i < MODEM_BITS; i++)
		if (modem_bits[i].theirs & lines)
			inputs |= modem_bits[i].ours;
	return inputs & ~(unsigned int)OUTPUTS;
}

/* Looks at the inputs now, and again while they are watched. */
static void look(void *arg)
{
	struct tty *tty = arg;
	const struct chardev_front *front = &tty->stream.chr.front;
	unsigned int inputs = tty->fd < 0 ? 0 : get_inputs(tty->fd);
	bool watched;

	if (inputs != tty->inputs && front->modem)
		front->modem(front->arg, inputs);
	tty->inputs = inputs;
	pthread_mutex_lock(&tty->lock);
	tty->looked = loop_now();
	watched = tty->watched;
	pthread_mutex_unlock(&tty->lock);
	if (watched && tty->fd >= 0)
		loop_timer_arm(&tty->look, tty->looked + WATCH_NS);
}

static void set_open(struct tty *tty, bool open)
{
	const struct chardev_front *front = &tty->stream.chr.front;

	tty->stream.chr.open = open;
	if (front->event)
		front->event(front->arg, open);
}

static int open_port(struct tty *tty, struct err *err)
{
	int ret;

	tty->fd = open(tty->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty->fd < 0)
		return err_errno(err, errno, "cannot open the serial port '%s'",
				 tty->path);
	if (!isatty(tty->fd))
		return err_set(err, ENOTTY,
			       "'%s' is no serial port; the host's are in "
			       "/dev/serial/by-id",
			       tty->path);
	if (flock(tty->fd, LOCK_EX | LOCK_NB) < 0 ||
	    ioctl(tty->fd, TIOCEXCL) < 0)
		return err_set(err, EBUSY,
			       "the serial port '%s' is in use by another "
			       "program; 'fuser -v %s' names it",
			       tty->path, tty->path);
	make_so(tty);
	ret = stream_open(&tty->stream, tty->fd, tty->fd, err);
	if (!ret)
		loop_timer_arm(&tty->look, loop_now());
	return ret;
}

static void close_port(struct tty *tty)
{
	if (tty->fd >= 0) {
		ioctl(tty->fd, TIOCNXCL);
		close(tty->fd);
	}
	tty->fd = -1;
	tty->broken = false;
}

static bool is_absence(int code)
{
	return code == -ENOENT || code == -ENXIO || code == -ENODEV;
}

/* On failure it is tried again in a while. */
static int try_open(struct tty *tty, struct err *err)
{
	int ret = open_port(tty, err);

	if (!ret) {
		tty->said = false;
		set_open(tty, true);
		return 0;
	}
	close_port(tty);
	loop_timer_arm(&tty->retry, loop_now() + RETRY_NS);
	return ret;
}

static void retry(void *arg)
{
	struct tty *tty = arg;
	struct err err;
	int ret = try_open(tty, &err);

	if (!ret) {
		log_warn("%s: '%s' is there", tty->stream.chr.label, tty->path);
	} else if (!tty->said && !is_absence(ret)) {
		log_warn("%s: %s; tried again until it works",
			 tty->stream.chr.label, err.text);
		tty->said = true;
	}
}

static void hung_up(struct stream *s)
{
	struct tty *tty = (struct tty *)s;

	stream_close(s);
	close_port(tty);
	log_warn("%s: '%s' is gone; it is used again when it is back",
		 s->chr.label, tty->path);
	look(tty);
	set_open(tty, false);
	loop_timer_arm(&tty->retry, loop_now() + RETRY_NS);
}

static void want_line(struct chardev *chr, const struct chardev_line *line)
{
	struct tty *tty = (struct tty *)chr;

	with_lock(&tty->lock);
	tty->line = *line;
	tty->line_known = true;
	loop_call_post(&tty->set);
}

static void want_outputs(struct chardev *chr, unsigned int outputs)
{
	struct tty *tty = (struct tty *)chr;

	with_lock(&tty->lock);
	tty->outputs = outputs;
	tty->outputs_known = true;
	loop_call_post(&tty->set);
}

static void want_break(struct chardev *chr, bool on)
{
	struct tty *tty = (struct tty *)chr;

	with_lock(&tty->lock);
	tty->breaking = on;
	loop_call_post(&tty->set);
}

static void watch_inputs(struct chardev *chr, bool on)
{
	struct tty *tty = (struct tty *)chr;

	with_lock(&tty->lock);
	tty->watched = on;
	if (on || loop_now() - tty->looked > WATCH_NS)
		loop_timer_arm(&tty->look, loop_now());
}

static const struct chardev_port_ops port_ops = {
	.set_line = want_line,
	.set_outputs = want_outputs,
	.set_break = want_break,
	.watch_inputs = watch_inputs,
};

static void tty_free(struct chardev *chr)
{
	struct tty *tty = (struct tty *)chr;

	loop_call_cancel(&tty->set);
	loop_timer_cancel(&tty->retry);
	loop_timer_cancel(&tty->look);
	stream_drain(&tty->stream);
	close_port(tty);
	stream_fini(&tty->stream);
	pthread_mutex_destroy(&tty->lock);
	free(tty->path);
	free(tty);
}

static const struct chardev_ops tty_ops = {
	.write = stream_write,
	.room = stream_room,
	.accept_input = stream_accept_input,
	.free = tty_free,
	.port = &port_ops,
};

struct chardev *chardev_tty_new(struct loop *loop, const char *label,
				const char *path, struct err *err)
{
	struct tty *tty = xnew(struct tty);
	int ret;

	stream_init(&tty->stream, loop, label, &tty_ops);
	tty->stream.most = OUTPUT_MOST;
	tty->stream.hung_up = hung_up;
	tty->stream.left = hung_up;
	tty->stream.chr.filename = xasprintf("serial:%s", path);
	tty->path = xstrdup(path);
	tty->fd = -1;
	pthread_mutex_init(&tty->lock, NULL);
	loop_call_init(loop, &tty->set, make_so, tty);
	loop_timer_init(loop, &tty->retry, retry, tty);
	loop_timer_init(loop, &tty->look, look, tty);
	ret = try_open(tty, err);
	if (ret && !is_absence(ret)) {
		tty_free(&tty->stream.chr);
		return NULL;
	}
	if (ret)
		log_warn("%s: there is no '%s' yet; it is used when it comes",
			 label, path);
	return &tty->stream.chr;
}
