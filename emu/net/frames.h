/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A descriptor that gives and takes one frame a call: a TAP, or a socket that
 * keeps messages apart.  The reading half of such a netdev.
 */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include "net/net.h"

struct frames {
	struct netdev *nd;
	int fd; /* owned, nonblocking; stays open until the end, because other
		 * threads write to it */
	struct loop_fd lfd;
	struct loop_call resume;
	uint8_t *buf; /* NET_FRAME_MAX bytes */
	size_t held;  /* bytes in buf that the front end had no room for */
	/* Is it a message between the ends instead of a frame?  NULL: no. */
	bool (*control)(struct netdev *nd, const uint8_t *msg, size_t n);
	/* The descriptor is dead, and the link is down.  NULL: nobody cares. */
	void (*lost)(struct netdev *nd);
};

/* Takes fd over also if it fails. */
int frames_init(struct frames *f, struct netdev *nd, struct loop *loop, int fd,
		struct err *err);
void frames_fini(struct frames *f);

/* In the loop's thread, after lost(): go on with another descriptor, which is
 * taken over also if that fails. */
int frames_replace(struct frames *f, int fd, struct err *err);

/* Any thread: the front end has room again. */
void frames_kick(struct frames *f);

/* Any thread: one frame out; dropped if there is no room now. */
void frames_send(const struct frames *f, const struct iovec *iov, int n);

#endif
