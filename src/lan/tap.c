/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge without an address of its own choosing takes the lowest of its
 * ports' MACs, and the host's DHCP address may follow it.  So the TAP's begins
 * with fe:ff:ff and is never the lowest: libvirt's fe alone is not enough where
 * the uplink is a veth, whose random address begins with fe one time in 64.
 */
#include "lan/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

bool tap_is_ours(const struct machine_nic *nic)
{
	return nic->kind == NIC_TAP && nic->bridge;
}

char *tap_name(const struct machine *m, unsigned int nic)
{
	const struct machine_nic *n = &m->nics.at[nic];

	if (n->kind != NIC_TAP)
		return NULL;
	if (n->tap)
		return xstrdup(n->tap);
	if (!n->bridge)
		return NULL;
	return xasprintf("pm%.8s-%u", m->uuid, nic);
}

static int request(struct ifreq *ret_ifr, const char *name, struct err *err)
{
	*ret_ifr = (struct ifreq){ 0 };
	if (!*name || strlen(name) >= IFNAMSIZ || strchr(name, '/'))
		return err_set(err, EINVAL,
			       "'%s' cannot be an interface's name (1 to %d "
			       "characters)",
			       name, IFNAMSIZ - 1);
	strcpy(ret_ifr->ifr_name, name);
	return 0;
}

/* An open TUN device that is this TAP; it is made if it does not exist. */
static int attach(const char *name, struct err *err)
{
	autoclose int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq ifr;
	int r = request(&ifr, name, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_errno(err, errno,
				 "cannot open /dev/net/tun, which TAPs need "
				 "(modprobe tun)");
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		int e = errno;

		if (e == EPERM)
			return err_set(err, e,
				       "only root may make the TAP '%s'", name);
		if (e == EBUSY || e == EINVAL)
			return err_set(err, EBUSY,
				       "the interface '%s' is in use, or is no "
				       "TAP: give the guest another name for "
				       "its own (guest.yaml, tap:)",
				       name);
		return err_errno(err, e, "cannot make the TAP '%s'", name);
	}
	return steal_fd(&fd);
}

static int own(int fd, const char *name, uid_t owner, gid_t group,
	       struct err *err)
{
	if (ioctl(fd, TUNSETOWNER, (unsigned long)owner) < 0 ||
	    ioctl(fd, TUNSETGROUP, (unsigned long)group) < 0 ||
	    ioctl(fd, TUNSETPERSIST, 1UL) < 0)
		return err_errno(err, errno, "cannot set up the TAP '%s'",
				 name);
	return 0;
}

static void set_mac(int sock, struct ifreq *ifr, const char *mac)
{
	unsigned int b[6];

	if (!mac || sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3],
			   &b[4], &b[5]) != 6)
		return;
	ifr->ifr_hwaddr.sa_family = ARPHRD_ETHER;
	b[0] = 0xfe;
	b[1] = b[2] = 0xff;
	for (int i = 0; i < 6; i++)
		ifr->ifr_hwaddr.sa_data[i] = (char)b[i];
	/* Without it the bridge's own address may change: no more. */
	ioctl(sock, SIOCSIFHWADDR, ifr);
}

/* As large frames as the others on the bridge. */
static void set_mtu(int sock, struct ifreq *ifr, const char *bridge)
{
	struct ifreq of_bridge = { 0 };

	strcpy(of_bridge.ifr_name, bridge);
	if (ioctl(sock, SIOCGIFMTU, &of_bridge) < 0)
		return;
	ifr->ifr_mtu = of_bridge.ifr_mtu;
	ioctl(sock, SIOCSIFMTU, ifr);
}

static int put_on(int sock, const char *name, const char *bridge,
		  struct err *err)
{
	struct ifreq ifr;
	int r = request(&ifr, bridge, err);

	if (r < 0)
		return r;
	if (!if_nametoindex(bridge))
		return err_set(err, ENODEV,
			       "there is no bridge '%s'; make one with: "
			       "pimigrate net setup --bridge %s --uplink "
			       "INTERFACE",
			       bridge, bridge);
	ifr.ifr_ifindex = (int)if_nametoindex(name);
	/* EBUSY: it is on a bridge already; which one, SIOCBRDELIF tells. */
	if (ioctl(sock, SIOCBRADDIF, &ifr) < 0) {
		if (errno != EBUSY)
			return err_errno(err, errno,
					 "cannot put the TAP '%s' on '%s'",
					 name, bridge);
		if (ioctl(sock, SIOCBRDELIF, &ifr) < 0 ||
		    ioctl(sock, SIOCBRADDIF, &ifr) < 0)
			return err_set(err, EBUSY,
				       "the TAP '%s' is on another bridge "
				       "than '%s'",
				       name, bridge);
	}
	return 0;
}

/* Onto the bridge, and on. */
static int plug_in(int sock, const char *name, const char *bridge,
		   struct err *err)
{
	struct ifreq ifr;
	int r = put_on(sock, name, bridge, err);

	if (!r)
		r = request(&ifr, name, err);
	if (r < 0)
		return r;
	if (ioctl(sock, SIOCGIFFLAGS, &ifr) < 0)
		return err_errno(err, errno, "cannot look at '%s'", name);
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &ifr) < 0)
		return err_errno(err, errno, "cannot switch '%s' on", name);
	return 0;
}

int tap_make(const struct machine *m, unsigned int nic, uid_t owner,
	     gid_t group, struct err *err)
{
	const struct machine_nic *n = &m->nics.at[nic];
	autofree char *name = tap_name(m, nic);
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	autoclose int fd = -1;
	struct ifreq ifr;
	int r = request(&ifr, name, err);

	if (r < 0)
		return r;
	if (sock < 0)
		return err_errno(err, errno, "cannot make a socket");
	if (!if_nametoindex(n->bridge))
		return put_on(sock, name, n->bridge, err);
	fd = attach(name, err);
	if (fd < 0)
		return fd;
	r = own(fd, name, owner, group, err);
	if (r < 0)
		return r;
	set_mac(sock, &ifr, n->mac);
	set_mtu(sock, &ifr, n->bridge);
	return plug_in(sock, name, n->bridge, err);
}

int tap_drop(const char *name, struct err *err)
{
	autoclose int fd = -1;

	if (!if_nametoindex(name))
		return 0;
	fd = attach(name, err);
	if (fd < 0)
		return fd;
	if (ioctl(fd, TUNSETPERSIST, 0UL) < 0)
		return err_errno(err, errno, "cannot remove the TAP '%s'",
				 name);
	return 0;
}

int tap_make_all(const struct machine *m, uid_t owner, gid_t group,
		 struct err *err)
{
	for (unsigned int i = 0; i < m->nics.n; i++) {
		int r;

		if (!tap_is_ours(&m->nics.at[i]))
			continue;
		r = tap_make(m, i, owner, group, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int tap_mend_all(const struct machine *m, uid_t owner, gid_t group,
		 struct err *err)
{
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = sock < 0 ? err_errno(err, errno, "cannot make a socket") : 0;

	for (unsigned int i = 0; i < m->nics.n && !r; i++) {
		const struct machine_nic *n = &m->nics.at[i];
		autofree char *name = tap_name(m, i);

		if (!tap_is_ours(n))
			continue;
		r = if_nametoindex(name) ? plug_in(sock, name, n->bridge, err)
					 : tap_make(m, i, owner, group, err);
	}
	return r;
}

int tap_drop_all(const struct machine *m, struct err *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < m->nics.n; i++) {
		autofree char *name = tap_name(m, i);
		int r;

		if (!tap_is_ours(&m->nics.at[i]))
			continue;
		r = tap_drop(name, err);
		if (r < 0)
			ret = r;
	}
	return ret;
}
