/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes behind one interface: what a serial line or the monitor is connected
 * to (standard input and output, a pseudo-terminal, a Unix socket, a file,
 * nothing).
 *
 * The front end (PL011, virtio console) takes bytes when it can and gives
 * bytes at any time.  The back end reads only as many as the front end has
 * room for, and never blocks a vCPU: what a slow reader does not take within
 * a bounded buffer is dropped.
 */
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "loop/loop.h"

struct chardev;

/* What a serial line is set to. */
struct chardev_line {
	uint32_t baud;  /* bits per second */
	uint8_t bits;   /* of data: 5 to 8 */
	char parity;    /* n(one), e(ven), o(dd), m(ark), s(pace) */
	bool two_stops; /* bits */
	bool rts_cts;   /* the hardware stops for CTS and drives RTS */
};

/* The lines of a modem. */
enum chardev_modem {
	CHARDEV_DTR = 1 << 0, /* outputs */
	CHARDEV_RTS = 1 << 1,
	CHARDEV_CTS = 1 << 2, /* inputs */
	CHARDEV_DSR = 1 << 3,
	CHARDEV_DCD = 1 << 4,
	CHARDEV_RI = 1 << 5,
};

/* The front end, called in the loop's thread. */
struct chardev_front {
	size_t (*can_receive)(void *arg); /* bytes it has room for */
	void (*receive)(void *arg, const uint8_t *bytes, size_t n);
	void (*event)(void *arg, bool open); /* somebody came or went; may be
					      * NULL */
	void (*send_break)(void *arg);       /* may be NULL */
	/* There is more than half of all room again, after room() said less.
	 * May be NULL. */
	void (*drained)(void *arg);
	/* The modem's inputs, when they changed.  May be NULL. */
	void (*modem)(void *arg, unsigned int inputs);
	bool never_waits; /* for room(): needs all the buffer that there is */
	void *arg;
};

/* What only the host's serial ports have.  Any thread; done a little later,
 * in the loop's. */
struct chardev_port_ops {
	void (*set_line)(struct chardev *chr, const struct chardev_line *line);
	void (*set_outputs)(struct chardev *chr, unsigned int outputs);
	void (*set_break)(struct chardev *chr, bool on);
	/* Somebody looks at the inputs now; on: tell of changes from now on,
	 * not only now and then. */
	void (*watch_inputs)(struct chardev *chr, bool on);
};

/* The back end. */
struct chardev_ops {
	/* Any thread.  Takes all n bytes or drops what does not fit. */
	void (*write)(struct chardev *chr, const uint8_t *bytes, size_t n);
	/* Any thread: bytes that write() would not drop.  NULL: all. */
	size_t (*room)(struct chardev *chr);
	/* Any thread: the front end has room again. */
	void (*accept_input)(struct chardev *chr);
	/* The loop's thread: the first descriptor that came with the bytes
	 * received, the caller's from now on; -1: no more.  NULL: none ever. */
	int (*take_fd)(struct chardev *chr);
	void (*free)(struct chardev *chr);
	/* NULL: no serial port, takes all at once whatever the speed. */
	const struct chardev_port_ops *port;
};

/* First member of each back end. */
struct chardev {
	const struct chardev_ops *ops;
	struct chardev_front front; /* receive is NULL: not connected */
	char *label;                /* id of -chardev; owned */
	char *filename;      /* for query-chardev: "pty:/dev/pts/3"; owned */
	bool open;           /* somebody is at the other end */
	struct chardev *log; /* gets all output too; owned; NULL: none */

	/* Is the front end in use?  The loop's thread, in which watch, of who
	 * wants to know (NULL: nobody), is called when that changes. */
	bool front_open;
	void (*watch)(void *arg, const struct chardev *chr);
	void *watch_arg;
};

/* Before the loop runs.  The front end is in use from now on. */
void chardev_connect(struct chardev *chr, const struct chardev_front *front);

/* For one that is in use only at times. */
void chardev_set_front_open(struct chardev *chr, bool open);

static inline void chardev_write(struct chardev *chr, const uint8_t *bytes,
				 size_t n)
{
	if (chr->log)
		chr->log->ops->write(chr->log, bytes, n);
	chr->ops->write(chr, bytes, n);
}

/* For who writes messages, of which a part is worth nothing. */
static inline size_t chardev_room(struct chardev *chr)
{
	return chr->ops->room ? chr->ops->room(chr) : SIZE_MAX;
}

static inline int chardev_take_fd(struct chardev *chr)
{
	return chr->ops->take_fd ? chr->ops->take_fd(chr) : -1;
}

static inline void chardev_accept_input(struct chardev *chr)
{
	if (chr->ops->accept_input)
		chr->ops->accept_input(chr);
}

/* Gives pending output a short while to drain.  NULL is allowed. */
void chardev_free(struct chardev *chr);

/*
 * The kinds.  In the loop's thread, or before it runs; the label is copied.
 * On failure NULL, and err says why.
 */

/* Swallows all, gives nothing. */
struct chardev *chardev_null_new(const char *label);

struct chardev_file {
	const char *path;
	int fd;      /* open for it already, taken over; or -1 */
	bool append; /* path is not emptied */
};

/* Output to a file, which is made or emptied. */
struct chardev *chardev_file_new(struct loop *loop, const char *label,
				 const struct chardev_file *opt,
				 struct err *err);

struct chardev_stdio {
	/* The keys after Ctrl-A: x quits, h helps, b sends a break, Ctrl-A
	 * sends itself; and a terminal passes Ctrl-C to the guest. */
	bool escapes;
	void (*quit)(void *arg); /* Ctrl-A x; loop's thread */
	void *arg;
};

/* Standard input and output; a terminal is made raw until the end. */
struct chardev *chardev_stdio_new(struct loop *loop, const char *label,
				  const struct chardev_stdio *opt,
				  struct err *err);

/* A new pseudo-terminal; its name is in filename. */
struct chardev *chardev_pty_new(struct loop *loop, const char *label,
				struct err *err);

struct chardev_socket {
	const char *path;
	int fd;    /* listening or connected already, taken over; or -1: make
		    * path */
	bool wait; /* return only when somebody has connected */
};

/* A Unix stream socket that one client at a time may connect to; one that is
 * connected already has no second client. */
struct chardev *chardev_socket_new(struct loop *loop, const char *label,
				   const struct chardev_socket *opt,
				   struct err *err);

/* A serial port of the host (a USB stick's, say), which may come and go: it is
 * opened again when it is back.  Nobody else may open it meanwhile.  One that
 * is absent is waited for; one that is no terminal, or in use, is an error. */
struct chardev *chardev_tty_new(struct loop *loop, const char *label,
				const char *path, struct err *err);

#endif
