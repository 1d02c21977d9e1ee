/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the Pi that a guest was made of still on the LAN?  Then two machines have
 * one address, and connections break at random.
 */
#ifndef LAN_ARP_H
#define LAN_ARP_H

#include <stdbool.h>

#include "common/err.h"
#include "model/machine.h"

enum {
	ARP_MAC = 18 /* "b8:27:eb:12:34:56" and the end */
};

/*
 * Ask on an interface who has the address, as a host does that is about to
 * take it (RFC 5227 2.1.1), and wait 600 ms.  1: somebody, whose MAC is
 * written; 0: nobody.  Needs CAP_NET_RAW.
 */
int arp_probe(const char *interface, const char *address,
	      char ret_mac[static ARP_MAC], struct err *err);

/* The fixed address of a NIC on a bridge, or the one that this host has met its
 * MAC at; NULL: neither.  The caller frees it. */
char *arp_address(const struct machine_nic *nic);

/*
 * For each NIC of a guest that is off and comes onto a bridge: does anyone
 * answer at its address, if that is fixed, or is its MAC one that this host
 * talked to?  Returns a sentence for a person, which the caller frees; NULL if
 * all is well, or nothing can be told.
 */
char *arp_conflict(const struct machine *m);

#endif
