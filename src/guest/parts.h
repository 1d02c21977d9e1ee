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

/* The reference of the partition that "/dev/mmcblk0p2", "LABEL=x" … names; 0:
 * it is none that is here. */
int fstab_partition(const struct guest *g, const char *spec);

/* How it starts: cmdline, config, boot_dir, fresh; boot may be NULL. */
void boot_config_inspect(struct guest *g, const struct tree *root,
			 const struct tree *boot);

/* config_lines, from config and what it includes; boot may be NULL. */
void config_txt_inspect(struct guest *g, const struct tree *root,
			const struct tree *boot);

/* Is root= of cmdline on this card?  chosen: the user named the partition. */
void rootdev_inspect(struct guest *g, bool chosen);
/* The same of a card without a system, from its boot partition. */
void rootdev_missing(struct guest *g, const struct tree *boot);

/* Which units and init scripts are enabled or masked; ssh. */
void services_inspect(struct guest *g, const struct tree *root,
		      const struct tree *boot);

/* net, addresses, Wi-Fi, second_card. */
void network_inspect(struct guest *g, const struct tree *root);

/* The address by which a .network file knows the wired card, as it stands
 * there; NULL: by none, or it is for another.  The caller frees it. */
char *network_match_mac(const char *text);

/* mac, mac_from, mac_bound. */
void mac_inspect(struct guest *g, const struct tree *root);

/* Does an address, "b8:27:eb…", begin with a block of Raspberry Pi's own? */
bool mac_is_raspberry(const char *mac);

/* Containers, and what enabled units start, as things and findings. */
void containers_inspect(struct guest *g, const struct tree *root);
void programs_inspect(struct guest *g, const struct tree *root);

/* What the user should know: reads the guest, and a few files more. */
void findings_inspect(struct guest *g, const struct tree *root);

#endif
