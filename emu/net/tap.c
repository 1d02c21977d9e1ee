/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP: a network interface of the host whose cable ends here.
 *
 * Frames carry a virtio_net_hdr of 12 bytes both ways (IFF_VNET_HDR), which is
 * the guest's own format: checksums and segmentation are then left to the
 * host, or are never done at all where both ends are on one machine.  That is
 * worth 4 to 15 times the throughput.
 *
 * An interface can be opened by name, or come as a descriptor from libvirt:
 * blocking, with a header of 10 bytes, which we change.
 *
 * One that is removed while the guest runs is a cable that was pulled; it is
 * looked for each second by its name, and taken again when somebody has made
 * it anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "net/frames.h"
#include "net/net.h"

#define AGAIN_NS UINT64_C(1000000000)

struct tap {
	struct netdev nd; /* first */
	struct frames frames;
	struct loop_timer again; /* look for it, while it is gone */
	char ifname[IFNAMSIZ];
	bool no_vnet_hdr;
	unsigned int wanted; /* offloads, by the guest's driver */
};

static struct tap *tap_of(struct netdev *nd)
{
	return (struct tap *)nd;
}

static void tap_send(struct netdev *nd, const struct iovec *iov, int n,
		     size_t bytes)
{
	(void)bytes;
	frames_send(&tap_of(nd)->frames, iov, n);
}

static void tap_kick(struct netdev *nd)
{
	frames_kick(&tap_of(nd)->frames);
}

static int offload(int fd, unsigned int offloads)
{
	unsigned long flags = 0;

	if (offloads & NET_OFFLOAD_CSUM) {
		flags |= TUN_F_CSUM;
		if (offloads & NET_OFFLOAD_TSO4)
			flags |= TUN_F_TSO4;
		if (offloads & NET_OFFLOAD_TSO6)
			flags |= TUN_F_TSO6;
		if (flags != TUN_F_CSUM && offloads & NET_OFFLOAD_ECN)
			flags |= TUN_F_TSO_ECN;
	}
	return ioctl(fd, TUNSETOFFLOAD, flags);
}

static void tap_set_offload(struct netdev *nd, unsigned int offloads)
{
	tap_of(nd)->wanted = offloads;
	if (nd->offloads)
		(void)offload(tap_of(nd)->frames.fd, offloads);
}

static void tap_free(struct netdev *nd)
{
	loop_timer_cancel(&tap_of(nd)->again);
	frames_fini(&tap_of(nd)->frames);
	free(nd->id);
	free(nd);
}

static const struct netdev_ops tap_ops = {
	.send = tap_send,
	.kick = tap_kick,
	.set_offload = tap_set_offload,
	.free = tap_free,
};

static const char *advice(int code)
{
	switch (code) {
	case EPERM:
		return "; it must belong to this user: ip tuntap add NAME mode "
		       "tap user USER";
	case EBUSY:
		return "; another guest uses it";
	case ENOENT:
	case ENODEV:
		return "; is the module tun loaded?";
	default:
		return "";
	}
}

static int open_by_name(const char *ifname, bool vnet_hdr, struct err *err)
{
	autoclose int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq req = { 0 };

	if (fd < 0)
		return err_set(err, errno, "cannot open \"/dev/net/tun\": %s%s",
			       strerror(errno), advice(errno));
	if (strlen(ifname) >= sizeof(req.ifr_name))
		return err_set(err, EINVAL,
			       "\"%s\" is too long for an interface's name",
			       ifname);
	strcpy(req.ifr_name, ifname);
	req.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (vnet_hdr)
		req.ifr_flags |= IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &req) < 0) {
		int code = errno;

		return err_set(err, code,
			       "cannot use the TAP interface \"%s\": %s%s",
			       ifname, strerror(code), advice(code));
	}
	return steal_fd(&fd);
}

/* How the descriptor is set up, and how we want it. */
static int set_up(struct tap *tap, int fd, bool no_vnet_hdr, struct err *err)
{
	const unsigned int all = NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 |
				 NET_OFFLOAD_TSO6 | NET_OFFLOAD_ECN;
	struct ifreq req = { 0 };
	int hdr = NET_VNET_HDR, flags = fcntl(fd, F_GETFL);

	if (ioctl(fd, TUNGETIFF, &req) < 0)
		return err_errno(err, errno,
				 "descriptor %d is no TAP interface", fd);
	if (!(req.ifr_flags & IFF_TAP) || !(req.ifr_flags & IFF_NO_PI))
		return err_set(err, EINVAL,
			       "interface \"%s\" is no TAP with IFF_NO_PI",
			       req.ifr_name);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot set up \"%s\"",
				 req.ifr_name);
	strcpy(tap->ifname, req.ifr_name);
	if (!(req.ifr_flags & IFF_VNET_HDR))
		return 0;
	if (ioctl(fd, TUNSETVNETHDRSZ, &hdr) < 0)
		hdr = 10;
	tap->nd.vnet_hdr = (unsigned int)hdr;
	if (!no_vnet_hdr && offload(fd, all) == 0)
		tap->nd.offloads = all;
	else if (!no_vnet_hdr && offload(fd, NET_OFFLOAD_CSUM) == 0)
		tap->nd.offloads = NET_OFFLOAD_CSUM;
	(void)offload(fd, 0); /* until the guest's driver wants it */
	return 0;
}

/* A name without an interface would make one that belongs to no bridge; and
 * between the look and the opening it may have gone again. */
static int open_again(const struct tap *tap, struct err *err)
{
	autoclose int fd = -1;
	struct ifreq req = { 0 };

	if (!if_nametoindex(tap->ifname))
		return -ENODEV;
	fd = open_by_name(tap->ifname, tap->nd.vnet_hdr, err);
	if (fd < 0)
		return fd;
	if (ioctl(fd, TUNGETIFF, &req) < 0 || !(req.ifr_flags & IFF_PERSIST))
		return -ENODEV;
	return steal_fd(&fd);
}

/* The guest has negotiated with the first one: another must be able to do
 * what that did. */
static int set_up_again(struct tap *tap, int fd, struct err *err)
{
	unsigned int vnet_hdr = tap->nd.vnet_hdr, offloads = tap->nd.offloads;
	int r = set_up(tap, fd, tap->no_vnet_hdr, err);
	bool same = tap->nd.vnet_hdr == vnet_hdr &&
		    tap->nd.offloads == offloads;

	tap->nd.vnet_hdr = vnet_hdr;
	tap->nd.offloads = offloads;
	return r < 0  ? r
	       : same ? 0
		      : err_set(err, EINVAL, "it is of another kind");
}

static void look_again(void *arg)
{
	struct tap *tap = arg;
	struct err err;
	int fd = open_again(tap, &err);

	if (fd >= 0 && set_up_again(tap, fd, &err) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0 || frames_replace(&tap->frames, fd, &err) < 0) {
		loop_timer_arm(&tap->again, loop_now() + AGAIN_NS);
		return;
	}
	tap_set_offload(&tap->nd, tap->wanted);
	log_warn("network \"%s\": the TAP interface \"%s\" is back", tap->nd.id,
		 tap->ifname);
	netdev_set_link(&tap->nd, true);
}

static void lost(struct netdev *nd)
{
	loop_timer_arm(&tap_of(nd)->again, loop_now() + AGAIN_NS);
}

struct netdev *netdev_tap_new(struct loop *loop, const struct netdev_tap *opt,
			      struct err *err)
{
	struct tap *tap = xnew(struct tap);
	int fd = opt->fd;

	tap->nd.ops = &tap_ops;
	tap->nd.id = xstrdup(opt->id);
	tap->nd.link_up = true;
	tap->frames.fd = -1;
	tap->frames.lost = lost;
	tap->no_vnet_hdr = opt->no_vnet_hdr;
	loop_timer_init(loop, &tap->again, look_again, tap);
	if (fd < 0)
		fd = open_by_name(opt->ifname ? opt->ifname : "",
				  !opt->no_vnet_hdr, err);
	if (fd >= 0 && set_up(tap, fd, opt->no_vnet_hdr, err) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0 || frames_init(&tap->frames, &tap->nd, loop, fd, err) < 0) {
		tap_free(&tap->nd);
		return NULL;
	}
	return &tap->nd;
}
