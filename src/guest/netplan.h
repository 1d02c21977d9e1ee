/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netplan's files, /etc/netplan/?*.yaml: what cannot be read is passed over. */
#ifndef GUEST_NETPLAN_H
#define GUEST_NETPLAN_H

#include <stdbool.h>

#include "fs/tree.h"
#include "host/yaml.h"

/* key is what the file calls the interface: its name, if it has no match. */
typedef void netplan_fn(void *arg, const char *path, const char *key,
			const struct yaml_node *iface);

/* Call fn with each interface of a kind, "ethernets" or "wifis", and its file.
 * True if there was one. */
bool netplan_each(const struct tree *root, const char *kind, netplan_fn *fn,
		  void *arg);

#endif
