/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does this host's packet filter stop frames that only cross a bridge?
 *
 * With br_netfilter loaded (Docker and Kubernetes load it) bridged packets go
 * through FORWARD, which Docker sets to drop: the guest reaches the host and
 * nothing else.  The cure is one rule that accepts what goes from a bridge to
 * the same bridge: in DOCKER-USER, the chain that Docker leaves to the
 * administrator, or else at the head of FORWARD.  An accepting rule in an nft
 * table of our own would not help: a drop in any other table counts
 * (nft(8), docs/decisions/bridges-and-filters.md).
 */
#ifndef LAN_FILTER_H
#define LAN_FILTER_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/machine.h"

enum filter_kind {
	FILTER_IPTABLES, /* iptables, whatever is behind it */
	FILTER_NFT,      /* a base chain of another program */
};

/* One place that stops frames. */
struct filter_drop {
	enum filter_kind kind;
	char *program; /* "iptables", "ip6tables-legacy"; nft: the chain, as
			* "inet firewall forward" */
	bool docker;   /* it has a chain DOCKER-USER */
};

struct filter_drops {
	struct vec_of(struct filter_drop) all;
};

/* Do bridged packets pass the filter at all?  root as in links.h. */
bool filter_bridged(const char *root);

/* What stops frames on this bridge, if anything does; as root. */
void filter_find(const char *bridge, struct filter_drops *ret_drops);
void filter_drops_free(struct filter_drops *drops);
#define autodrops __attribute__((__cleanup__(filter_drops_free)))

/*
 * Put the rule where it is needed, once.  -ENOTSUP, with what to write where,
 * if an nft chain of somebody else's drops.
 */
int filter_allow(const char *bridge, struct err *err);

/* The same for the bridges that a guest's TAPs are on, before it starts: a
 * warning is what fails, which is no reason not to start it. */
void filter_allow_guest(const struct machine *m);

/* The command that cures one, for a person; the caller frees it. */
char *filter_remedy(const struct filter_drop *drop, const char *bridge);

#endif
