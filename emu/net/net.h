/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames behind one interface.
 *
 * A netdev has a front end (virtio-net) and a back end (TAP, a socket that
 * carries frames).  Each frame may be preceded by a virtio_net_hdr: the back
 * end says at start how long (vnet_hdr bytes: 0, 10 or 12) and which
 * offloads it can take, and the front end adapts.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"
#include "loop/loop.h"

struct netdev;

/* virtio_net_hdr.flags and gso types that a side can take. */
enum net_offload {
	NET_OFFLOAD_CSUM = 1,
	NET_OFFLOAD_TSO4 = 2,
	NET_OFFLOAD_TSO6 = 4,
	NET_OFFLOAD_ECN = 8,
};

struct net_front {
	/* A frame (with header) came.  False: no room now; the back end stops
	 * reading until netdev_kick().  Loop's thread. */
	bool (*receive)(void *arg, const uint8_t *frame, size_t n);
	void (*link)(void *arg, bool up); /* may be NULL */
	void *arg;
};

struct netdev_ops {
	/* One frame (with header), gathered.  Any thread, one at a time.  A
	 * frame that the host cannot take now is dropped. */
	void (*send)(struct netdev *nd, const struct iovec *iov, int n,
		     size_t bytes);
	/* The front end has room again; any thread. */
	void (*kick)(struct netdev *nd);
	/* What the guest's driver accepts to receive, after negotiation. */
	void (*set_offload)(struct netdev *nd, unsigned int offloads);
	void (*free)(struct netdev *nd);
};

struct netdev {
	const struct netdev_ops *ops;
	struct net_front front;
	char *id;              /* of -netdev; owned */
	unsigned int vnet_hdr; /* bytes before each frame, both ways */
	unsigned int offloads; /* enum net_offload the back end supports */
	bool link_up;          /* the back end's */
	bool cut;              /* the cable was pulled, by netdev_cut() */
};

enum {
	NET_VNET_HDR = 12, /* the longest header */
	NET_ETH_HDR = 14,
	NET_FRAME_MAX = 65536 + 64, /* header included */
};

/* Before the loop runs. */
void netdev_connect(struct netdev *nd, const struct net_front *front);
void netdev_free(struct netdev *nd); /* NULL is allowed */

/* For back ends, in the loop's thread: the link changed. */
void netdev_set_link(struct netdev *nd, bool up);

/* In the loop's thread: pull the cable between the two ends, or put it back;
 * whatever the back end says meanwhile. */
void netdev_cut(struct netdev *nd, bool cut);

/* Does the front end see a link? */
static inline bool netdev_is_up(const struct netdev *nd)
{
	return nd->link_up && !nd->cut;
}

static inline void netdev_send(struct netdev *nd, const struct iovec *iov,
			       int n, size_t bytes)
{
	nd->ops->send(nd, iov, n, bytes);
}

static inline void netdev_kick(struct netdev *nd)
{
	if (nd->ops->kick)
		nd->ops->kick(nd);
}

/* What the guest's driver accepts; no back end without a header has any. */
static inline void netdev_set_offload(struct netdev *nd, unsigned int offloads)
{
	if (nd->ops->set_offload)
		nd->ops->set_offload(nd, offloads);
}

/*
 * The kinds.  Before the loop runs; ids and options are copied.  On failure
 * NULL, and err says why.
 */

struct netdev_tap {
	const char *id;
	const char *ifname; /* made if there is none (that needs rights); NULL:
			     * a name of the kernel's */
	int fd;             /* an open TAP, taken over; or -1: open ifname */
	bool no_vnet_hdr;   /* vnet_hdr=off: no offloads */
};
struct netdev *netdev_tap_new(struct loop *loop, const struct netdev_tap *opt,
			      struct err *err);

struct netdev_stream {
	const char *id;
	const char *path; /* of a listening Unix socket, as passt has it */
	int fd;           /* a connected socket, taken over; or -1 */
};
/* Frames with their length before them (32 bits, big-endian). */
struct netdev *netdev_stream_new(struct loop *loop,
				 const struct netdev_stream *opt,
				 struct err *err);

struct netdev_user {
	const char *id;
	/* Options as QEMU's -netdev user has them, "key=value": net, host,
	 * dns, dhcpstart, hostname, domainname, restrict, ipv4, ipv6, and
	 * hostfwd as often as wanted; NULL ends them (net/user.h). */
	const char *const *options;
	bool daemonize; /* the child is not to hold our standard descriptors */
};
/* The host's network by libslirp, in a child process: no rights needed. */
struct netdev *netdev_user_new(struct loop *loop, const struct netdev_user *opt,
			       struct err *err);

/*
 * That child: main() calls this at once, when argv[1] is NETDEV_USER_CHILD,
 * and returns what it returns.
 */
#define NETDEV_USER_CHILD "--net-user-child"
int netdev_user_child(int argc, char **argv);

#endif
