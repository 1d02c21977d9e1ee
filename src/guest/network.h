/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What network.c is made of: which card is meant, what interfaces(5) says of
 * it, and whether it was in use.
 */
#ifndef GUEST_NETWORK_H
#define GUEST_NETWORK_H

#include <stdbool.h>

#include "fs/tree.h"

/* Whose configuration is asked for. */
struct net_card {
	char *name;   /* "eth0"; NULL: any radio */
	char *master; /* the bridge or bond that it is a port of, which has its
		       * address; or NULL */
};

/* A fixed address as a configuration says it. */
struct net_fixed {
	char *address; /* "192.168.1.5/24", or without a length */
	char *netmask; /* "255.255.255.0" */
	char *gateway;
	char *dns; /* the first one */
};

void net_card_free(struct net_card *c);
void net_fixed_free(struct net_fixed *f);

/*
 * The wired card as the network is configured for it: eth0, or where nothing
 * names that, a name that systemd made of the hardware ("end0").
 */
struct net_card net_wired(const struct tree *root);

/* The name of a second wired card that something is configured for, which the
 * caller frees; NULL: there is none. */
char *net_second(const struct tree *root, const struct net_card *wired);

/* Is the first word of a text its name or its bridge's?  "eth0:1" and
 * "eth0.10" are others. */
bool net_is(const struct net_card *c, const char *text);

/* Does one of these patterns fit it, as in "Name=e* lan0"? */
bool net_matches(const struct net_card *c, const char *patterns);

/* Could it be a wired card's name, "eth1" or "end0"? */
bool net_looks_wired(const char *name);

/* How interfaces(5) names a card; "manual" leaves it to who else wants it, as
 * jessie's own file does. */
enum net_claim {
	CLAIM_NONE,
	CLAIM_MANUAL,
	CLAIM_CONFIGURED,
};

/* The first fixed address there goes to f, which is to be empty. */
enum net_claim interfaces_read(const struct tree *root,
			       const struct net_card *c, struct net_fixed *f);

/* The bridge or bond of interfaces(5) that has the card as a port, which the
 * caller frees; or NULL. */
char *interfaces_master(const struct tree *root, const struct net_card *c);

/* A trace that a cable was in use: a lease of the card, not much older than
 * the last trace of any use. */
bool leases_tell_of(const struct tree *root, const struct net_card *c);

#endif
