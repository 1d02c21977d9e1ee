/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's network interfaces, as /sys/class/net shows them.  root is "" or
 * a folder that holds another /sys, for tests.
 */
#ifndef LAN_LINKS_H
#define LAN_LINKS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"

struct link {
	char *name, *mac;
	char *master; /* the bridge it is a port of, or NULL */
	bool bridge, wireless, tap;
	bool virtual; /* made by software: veth, docker0, tun … */
	bool up, carrier;
};

struct links {
	struct vec_of(struct link) all; /* by name */
};

int links_read(const char *root, struct links *ret_links, struct err *err);
void links_free(struct links *links);
#define autolinks __attribute__((__cleanup__(links_free)))

const struct link *links_find(const struct links *links, const char *name);

/* The interface of the default route, or NULL; the caller frees it. */
char *links_default_route(const char *root);

#endif
