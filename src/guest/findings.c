/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user is told, each by a small function that looks at the guest that
 * was filled in before; a few look at files that nothing else needs.
 *
 * A thing is a WARN only where there is a trace that it was used: every image
 * of Raspberry Pi OS has I2C tools and Bluetooth, few owners use them.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

static void check_system(struct guest *g)
{
	const char *name = g->os_name ? g->os_name : "an unknown system";

	if (g->arch == ARCH_ARM64)
		guest_say(g, FINDING_NOTE, "arm64",
			  "this is a 64-bit system (%s, arm64): QEMU runs it "
			  "(qemu-system-aarch64), because our own emulator "
			  "does 32 bits so far",
			  name);
	else if (g->arch == ARCH_ARMEL)
		guest_say(g, FINDING_STOP, "armel",
			  "this system is for ARM without floating point "
			  "registers (%s, armel): only armhf is supported yet",
			  name);
	else if (g->arch != ARCH_ARMHF)
		guest_say(g, FINDING_STOP, "not-arm",
			  "this is no system of a Raspberry Pi: %s is built "
			  "for %s",
			  name,
			  g->arch_name ? g->arch_name : "an unknown processor");
}

static void check_recovery(struct guest *g)
{
	const struct guest_partition *p = guest_partition(g, g->root);

	if (p && p->needs_recovery)
		guest_say(g, FINDING_NOTE, "needs-recovery",
			  "the Pi was not shut down: what follows may be out "
			  "of date; the copy is repaired before it is used");
	if (g->fresh)
		guest_say(g, FINDING_NOTE, "fresh",
			  "this card was never started in a Pi: what its first "
			  "start sets up (users, SSH keys) may be missing");
}

/* Installed, with what it takes to unpack it: 5.10 has 167 MiB, 6.1 193, and
 * that of arm64 343. */
enum {
	ROOM_ARMHF = 256,
	ROOM_ARM64 = 400
};

/* Only a partition with none behind it grows. */
static void check_room(struct guest *g)
{
	const struct guest_partition *root = guest_partition(g, g->root);
	unsigned int need = g->arch == ARCH_ARM64 ? ROOM_ARM64 : ROOM_ARMHF;

	if (!root || !root->fs_size || g->kernel_package ||
	    root->fs_free >> 20 >= need)
		return;
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		if (p->disk != root->disk || p->start <= root->start)
			continue;
		guest_say(g, FINDING_WARN, "no-room",
			  "the system has %llu MiB free and cannot grow, "
			  "because partition %u lies behind it; a kernel needs "
			  "some %u MiB: free them on the Pi first, or leave "
			  "the others out by convert's --two-partitions",
			  (unsigned long long)(root->fs_free >> 20), p->number,
			  need);
		return;
	}
}

static void check_network(struct guest *g)
{
	if (g->wifi_only)
		guest_say(g, FINDING_WARN, "wifi-only",
			  "the Pi was on Wi-Fi: the VM gets a wired network "
			  "instead, with %s address",
			  g->static_address ? "the same" : "another");
	if (g->wifi_address && !guest_enabled(g, "hostapd.service"))
		guest_say(g, FINDING_WARN, "wifi-address",
			  "the fixed address %s was that of Wi-Fi, which a VM "
			  "has not: on its wired network it gets the address "
			  "that the Pi would have had by its cable, from DHCP; "
			  "give eth0 the fixed one in the VM if it must stay",
			  g->wifi_address);
	if (g->second_card)
		guest_say(g, FINDING_WARN, "second-card",
			  "a second network card, %s, is configured: the VM "
			  "has one, and what is said of the second has no "
			  "effect",
			  g->second_card);
	if (g->mac)
		guest_say(g, FINDING_NOTE, "mac",
			  "the VM gets the Pi's network address %s (from %s): "
			  "the Pi must be off while it runs",
			  g->mac, g->mac_from);
	else
		guest_say(g, FINDING_NOTE, "no-mac",
			  "the Pi's network address is not on the card: the VM "
			  "gets a new one, unless you give it with --mac (a "
			  "router may then assign another IP address)");
	if (g->static_address)
		guest_say(g, FINDING_NOTE, "static-address",
			  "the address %s is fixed in the system and stays so",
			  g->address);
	if (!g->ssh)
		guest_say(g, FINDING_NOTE, "no-ssh",
			  "no SSH server is enabled: log in on the VM's "
			  "console");
}

static void check_mounts(struct guest *g)
{
	for (size_t i = 0; i < g->mounts.n; i++) {
		const struct guest_mount *m = &g->mounts.at[i];

		if (!m->missing || strstr(m->options, "noauto") ||
		    !strcmp(m->dir, "/"))
			continue;
		guest_say(g, FINDING_WARN, "other-disk",
			  "%s (%s) is on another disk, which is not here: it "
			  "will be missing in the VM, and does not stop its "
			  "start; add the disk with --disk to have it",
			  m->dir, m->spec);
	}
}

/* Things that are there because somebody installed them. */
static void check_software(struct guest *g, const struct tree *root)
{
	if (guest_enabled(g, "pigpiod.service") && !guest_finding(g, "gpio"))
		guest_say(g, FINDING_WARN, "gpio",
			  "pigpiod is enabled: what is connected to the pins "
			  "will not work");
	if (guest_enabled(g, "hostapd.service"))
		guest_say(g, FINDING_WARN, "access-point",
			  "the Pi was a Wi-Fi access point: a VM has no radio");
	if (tree_exists(root, "/etc/systemd/system/display-manager.service"))
		guest_say(g, FINDING_WARN, "desktop",
			  "the desktop has no screen in a VM: use SSH or a "
			  "remote desktop");
	if (g->cmdline && (strstr(g->cmdline, "overlayroot=") ||
			   strstr(g->cmdline, "boot=overlay")))
		guest_say(g, FINDING_WARN, "overlay",
			  "the card's root was read-only with an overlay in "
			  "memory: in the VM it is writable");
}

/* The partition of this card that should be the Pi's boot partition. */
static const struct guest_partition *names_boot(const struct guest *g)
{
	for (size_t i = 0; i < g->mounts.n; i++)
		if (g->mounts.at[i].partition &&
		    (!strcmp(g->mounts.at[i].dir, "/boot") ||
		     !strcmp(g->mounts.at[i].dir, "/boot/firmware")))
			return guest_partition(g, g->mounts.at[i].partition);
	return NULL;
}

static void check_encrypted(struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		if (p->fs_name && !strcmp(p->fs_name, "crypto_LUKS"))
			guest_say(g, FINDING_NOTE, "luks-data",
				  "partition %u is encrypted: it comes along "
				  "as it is, and asks for its key as on the Pi",
				  p->number);
	}
}

static void check_start(struct guest *g)
{
	if (!g->systemd)
		guest_say(g, FINDING_NOTE, "no-systemd",
			  "the system starts without systemd: less is adapted");
	if (!g->boot && names_boot(g))
		guest_say(g, FINDING_WARN, "boot-damaged",
			  "the boot partition (%u) cannot be read: nothing is "
			  "known of its kernel's command line, and what was "
			  "set in config.txt",
			  names_boot(g)->number);
	else if (!g->boot)
		guest_say(g, FINDING_NOTE, "no-boot-partition",
			  "there is no boot partition of a Pi: nothing is "
			  "known of its kernel's command line");
	if (g->preload && strstr(g->preload, "libarmmem"))
		guest_say(g, FINDING_OK, "libarmmem",
			  "the Pi's own memory functions (libarmmem) work in "
			  "the VM as well");
}

void findings_inspect(struct guest *g, const struct tree *root)
{
	check_system(g);
	check_recovery(g);
	check_room(g);
	check_start(g);
	check_encrypted(g);
	check_network(g);
	check_software(g, root);
	check_mounts(g);
}
