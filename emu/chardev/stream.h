/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds with descriptors share: a non-blocking descriptor to read
 * and one to write, with a bounded buffer of output.  The program must ignore
 * SIGPIPE.
 */
#ifndef CHARDEV_STREAM_H
#define CHARDEV_STREAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "chardev/chardev.h"
#include "common/log.h"

enum {
	STREAM_BUFFER = 1 << 20, /* bytes of output; touched as needed */
	STREAM_HELD = 4096,      /* bytes of input read ahead */
};

/* Embedded as first member of a kind. */
struct stream {
	struct chardev chr;
	struct loop *loop;
	int in, out;  /* non-blocking or always ready; -1: none; the kind's */
	int out_wait; /* out, or a copy of it: the loop takes a descriptor
		       * once, and may wait for in already; -1: none */
	struct loop_fd in_fd, out_fd;
	struct loop_call flush, accept;
	bool in_plain; /* a regular file: not to be waited for */

	/* input that the front end had no room for; the loop's thread */
	uint8_t held[STREAM_HELD];
	size_t held_n;
	atomic_bool waiting; /* for accept_input() */

	pthread_mutex_t lock; /* the ring */
	struct log_limit dropped;
	uint8_t *ring; /* STREAM_BUFFER bytes */
	size_t head, used;
	size_t most; /* of it, for a front end that waits for room */
	bool asked;  /* by room(), which gave less than half of that */

	/* Instead of read(2) from in.  May be NULL. */
	ssize_t (*read)(struct stream *s, uint8_t *bytes, size_t n);
	/* Sees input before the front end gets it; returns how many
	 * bytes are left of n.  May be NULL. */
	size_t (*filter)(struct stream *s, uint8_t *bytes, size_t n);
	/* End of input or a broken connection; input has stopped. */
	void (*hung_up)(struct stream *s);
	/* It has hung up, but there is input that the front end takes later,
	 * if it ever does; until stream_close() that is still delivered, and
	 * then hung_up() called.  NULL: not looked for. */
	void (*left)(struct stream *s);
};

/* No descriptors yet, nobody at the other end. */
void stream_init(struct stream *s, struct loop *loop, const char *label,
		 const struct chardev_ops *ops);

/* in and out may be the same. */
int stream_open(struct stream *s, int in, int out, struct err *err);

/* Forget the descriptors, and output that was not taken. */
void stream_close(struct stream *s);

/* Wait up to a second for the output to be taken, then stream_close(). */
void stream_drain(struct stream *s);

/* Label, ring and lock; after stream_close(). */
void stream_fini(struct stream *s);

/* For struct chardev_ops. */
void stream_write(struct chardev *chr, const uint8_t *bytes, size_t n);
size_t stream_room(struct chardev *chr);
void stream_accept_input(struct chardev *chr);

#endif
