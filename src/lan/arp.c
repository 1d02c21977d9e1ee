/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lan/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "lan/tap.h"

enum {
	PROBES = 3,
	WAIT_MS = 200, /* after each */
	TABLE_MAX = 1 << 20,
};

struct probe {
	int fd, index;
	uint8_t mac[6]; /* of the interface */
	struct in_addr address;
};

static void format(char text[static ARP_MAC], const uint8_t *mac)
{
	snprintf(text, ARP_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}

static int open_probe(struct probe *p, const char *interface, struct err *err)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ARP) };

	if (strlen(interface) >= IFNAMSIZ)
		return err_set(err, EINVAL, "'%s' is no interface", interface);
	strcpy(ifr.ifr_name, interface);
	p->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       htons(ETH_P_ARP));
	if (p->fd < 0)
		return err_errno(err, errno, "cannot make a packet socket");
	p->index = (int)if_nametoindex(interface);
	if (!p->index || ioctl(p->fd, SIOCGIFHWADDR, &ifr) < 0)
		return err_errno(err, errno, "no interface '%s'", interface);
	memcpy(p->mac, ifr.ifr_hwaddr.sa_data, sizeof(p->mac));
	addr.sll_ifindex = p->index;
	if (bind(p->fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_errno(err, errno, "cannot listen on '%s'",
				 interface);
	return 0;
}

/* The sender's address stays 0: nobody's table changes. */
static int ask(const struct probe *p, const char *interface, struct err *err)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ARP),
				  .sll_ifindex = p->index,
				  .sll_halen = 6,
				  .sll_addr = "\377\377\377\377\377\377" };
	struct ether_arp arp = {
		.ea_hdr = { htons(ARPHRD_ETHER), htons(ETH_P_IP), 6, 4,
			    htons(ARPOP_REQUEST) },
	};

	memcpy(arp.arp_sha, p->mac, 6);
	memcpy(arp.arp_tpa, &p->address, 4);
	if (sendto(p->fd, &arp, sizeof(arp), 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return err_errno(err, errno, "cannot send on '%s'", interface);
	return 0;
}

static bool answered(const struct probe *p, char ret_mac[static ARP_MAC])
{
	struct ether_arp arp;
	ssize_t n;

	while ((n = recv(p->fd, &arp, sizeof(arp), 0)) > 0) {
		if (n < (ssize_t)sizeof(arp) ||
		    arp.ea_hdr.ar_op != htons(ARPOP_REPLY) ||
		    memcmp(arp.arp_spa, &p->address, 4) != 0)
			continue;
		format(ret_mac, arp.arp_sha);
		return true;
	}
	return false;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int arp_probe(const char *interface, const char *address,
	      char ret_mac[static ARP_MAC], struct err *err)
{
	struct probe p = { .fd = -1 };
	int r;

	if (inet_pton(AF_INET, address, &p.address) != 1)
		return err_set(err, EINVAL, "'%s' is no IPv4 address", address);
	r = open_probe(&p, interface, err);
	for (int i = 0; i < PROBES && !r; i++) {
		uint64_t end = now_ms() + WAIT_MS, now;

		r = ask(&p, interface, err);
		while (!r && (now = now_ms()) < end) {
			struct pollfd fd = { p.fd, POLLIN, 0 };

			if (poll(&fd, 1, (int)(end - now)) > 0 &&
			    answered(&p, ret_mac))
				r = 1;
		}
	}
	if (p.fd >= 0)
		close(p.fd);
	return r;
}

/* The address at which this host met the MAC on that bridge (proc(5)); the
 * caller frees it. */
static char *known_address(const char *mac, const char *bridge)
{
	autofree char *text = NULL;
	struct err ignored;
	char *save = NULL;

	if (files_read("/proc/net/arp", TABLE_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char ip[64], hw[64], dev[64];

		if (sscanf(line, "%63s %*s %*s %63s %*s %63s", ip, hw, dev) ==
			    3 &&
		    !strcasecmp(hw, mac) && !strcmp(dev, bridge))
			return xstrdup(ip);
	}
	return NULL;
}

char *arp_address(const struct machine_nic *nic)
{
	return nic->address ? xstrdup(nic->address)
	       : nic->mac   ? known_address(nic->mac, nic->bridge)
			    : NULL;
}

static char *nic_conflict(const struct machine *m, const struct machine_nic *n)
{
	autofree char *address = arp_address(n);
	char mac[ARP_MAC];
	struct err ignored;

	if (!address || arp_probe(n->bridge, address, mac, &ignored) != 1)
		return NULL;
	if (n->mac && !strcasecmp(mac, n->mac))
		return xasprintf("the Pi is still on the network: %s answers "
				 "at %s, and guest '%s' has the same MAC and "
				 "address; switch the Pi off",
				 mac, address, m->name);
	return xasprintf("%s answers at %s, the address of guest '%s': switch "
			 "off what has it, or give one of them another",
			 mac, address, m->name);
}

char *arp_conflict(const struct machine *m)
{
	for (size_t i = 0; i < m->nics.n; i++) {
		char *text = tap_is_ours(&m->nics.at[i])
				     ? nic_conflict(m, &m->nics.at[i])
				     : NULL;

		if (text)
			return text;
	}
	return NULL;
}
