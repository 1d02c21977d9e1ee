/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both ends of user networking know: the options, and the messages on
 * the socket pair between the emulator and its child.
 *
 * The socket keeps messages apart.  A message of at least 26 bytes is a frame
 * with a virtio_net_hdr of 12 bytes before it; a shorter one begins with a
 * letter.  From the child: 'U' the network is there, 'D' it is gone for a
 * moment, 'E' (before anything else, and of any length) it cannot be, with the
 * reason as text.  To the child 'O' and a byte, the enum net_offload that the
 * guest takes.
 */
#ifndef NET_USER_H
#define NET_USER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum {
	USER_FORWARDS = 64,
	USER_SOCKET = 3, /* the child's descriptor */

	USER_UP = 'U',
	USER_DOWN = 'D',
	USER_ERROR = 'E',
	USER_OFFLOADS = 'O',
};

struct user_forward {
	bool udp;
	struct in_addr host, guest;     /* guest 0: the first DHCP address */
	uint16_t host_port, guest_port; /* host_port 0: any */
};

struct user_config {
	bool restricted, ipv4, ipv6;
	struct in_addr net, mask, host, dns, dhcpstart;
	char hostname[64], domainname[128]; /* empty: none */
	struct user_forward forward[USER_FORWARDS];
	unsigned int forwards;
};

/* Options "key=value"; what is not said is as in QEMU: 10.0.2.0/24 with
 * gateway .2, resolver .3, guest .15, and IPv6. */
int user_config_parse(struct user_config *ret_cfg, const char *const *options,
		      struct err *err);

#endif
