/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of an inspection, in the order in which inspect.c calls them.
 * Each reads what it can and leaves the rest of the guest as it was; a file
 * that is not there, or damaged, is as if the card did not say.
 */
#ifndef GUEST_PARTS_H
#define GUEST_PARTS_H

#include "fs/tree.h"
#include "model/guest.h"

/* Which system: os_*, suite, hostname, machine_id, merged_usr, systemd. */
void os_release_inspect(struct guest *g, const struct tree *root);

/* What it was built for: arch, arch_name; raspberry, kernel_package. */
void packages_inspect(struct guest *g, const struct tree *root);

/* What is mounted: mounts, and which partition each one is. */
void fstab_inspect(struct guest *g, const struct tree *root);

/* How it starts: cmdline, config, boot_dir, fresh; boot may be NULL. */
void boot_config_inspect(struct guest *g, const struct tree *root,
			 const struct tree *boot);

/* Which units and init scripts are enabled or masked; ssh. */
void services_inspect(struct guest *g, const struct tree *root,
		      const struct tree *boot);

/* net, addresses, Wi-Fi. */
void network_inspect(struct guest *g, const struct tree *root);

/* mac, mac_from. */
void mac_inspect(struct guest *g, const struct tree *root);

/* What the user should know: reads the guest, and a few files more. */
void findings_inspect(struct guest *g, const struct tree *root);

#endif
