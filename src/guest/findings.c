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

/* Patterns over the lines of config.txt that somebody added. */
struct config_row {
	const char *pattern;
	const char *code;
	const char *what; /* "%s is lost: …" */
};

/* clang-format off */
static const struct config_row config_rows[] = {
	{ "start_x=1", "camera", "the camera" },
	{ "dtoverlay=imx[0-9]*", "camera", "the camera" },
	{ "dtoverlay=ov[0-9]*", "camera", "the camera" },
	{ "dtparam=i2c_arm=on*", "gpio", "what is connected by I2C" },
	{ "dtparam=i2c1=on*", "gpio", "what is connected by I2C" },
	{ "dtoverlay=i2c-*", "gpio", "what is connected by I2C" },
	{ "dtparam=spi=on*", "gpio", "what is connected by SPI" },
	{ "dtoverlay=mcp2515*", "gpio", "the CAN bus on the pins" },
	{ "dtparam=i2s=on*", "gpio", "the sound card on the pins" },
	{ "dtoverlay=hifiberry*", "gpio", "the sound card on the pins" },
	{ "dtoverlay=iqaudio*", "gpio", "the sound card on the pins" },
	{ "dtoverlay=allo-*", "gpio", "the sound card on the pins" },
	{ "dtoverlay=googlevoicehat*", "gpio", "the sound card on the pins" },
	{ "dtoverlay=w1-gpio*", "gpio", "one-wire sensors" },
	{ "dtoverlay=gpio-*", "gpio", "what is connected to the pins" },
	{ "dtoverlay=pps-gpio*", "gpio", "the clock pulse on the pins" },
	{ "dtoverlay=dht11*", "gpio", "the sensor on the pins" },
	{ "dtoverlay=rpivid*", "video", "video decoding by the Pi's chip" },
	{ "dtoverlay=dwc2,dr_mode=peripheral*", "gadget",
	  "being a USB device itself" },
};
/* clang-format on */

static void say_config(struct guest *g, const char *line)
{
	for (size_t i = 0; i < sizeof(config_rows) / sizeof(*config_rows);
	     i++) {
		const struct config_row *row = &config_rows[i];

		if (fnmatch(row->pattern, line, 0) != 0 ||
		    guest_finding(g, row->code))
			continue;
		guest_say(g, FINDING_WARN, row->code,
			  "%s will not work: config.txt has '%s', and a VM has "
			  "none of the Pi's connectors",
			  row->what, line);
	}
}

/* Sections such as [cm4] are for one model only: these lines do not count. */
static void check_config(struct guest *g)
{
	autofree char *text = g->config ? xstrdup(g->config) : NULL;
	char *rest = text;
	bool counts = true;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (*line == '[')
			counts = !strcmp(line, "[all]") ||
				 str_starts(line, "[pi");
		else if (counts && *line != '#')
			say_config(g, line);
	}
}

static void check_system(struct guest *g)
{
	const char *name = g->os_name ? g->os_name : "an unknown system";

	if (g->os_id && !strcmp(g->os_id, "ubuntu"))
		guest_say(g, FINDING_STOP, "ubuntu",
			  "this is %s: Ubuntu's systems need Ubuntu's kernel, "
			  "which is not supported yet",
			  name);
	else if (g->arch == ARCH_ARM64)
		guest_say(g, FINDING_STOP, "arm64",
			  "this is a 64-bit system (%s, arm64): only 32-bit "
			  "ones (armhf) are supported yet",
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

static void check_network(struct guest *g)
{
	if (g->wifi_only)
		guest_say(g, FINDING_WARN, "wifi-only",
			  "the Pi was on Wi-Fi: the VM gets a wired network "
			  "instead, with another address");
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

/* File systems that come over the network, or from nowhere. */
static bool needs_no_disk(const struct guest_mount *m)
{
	static const char *const types[] = {
		"tmpfs",  "proc", "sysfs", "nfs",     "nfs4", "cifs", "overlay",
		"devpts", "none", "fuse*", "debugfs", "bind", "sshfs"
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!fnmatch(types[i], m->type, 0))
			return true;
	return strstr(m->options, "bind") != NULL;
}

static void check_mounts(struct guest *g)
{
	for (size_t i = 0; i < g->mounts.n; i++) {
		const struct guest_mount *m = &g->mounts.at[i];

		if (m->partition || needs_no_disk(m) ||
		    (m->spec[0] == '/' && !str_starts(m->spec, "/dev/")) ||
		    strstr(m->options, "noauto") || !strcmp(m->dir, "/"))
			continue;
		guest_say(g, FINDING_WARN, "other-disk",
			  "%s (%s) is on another disk, not on this card: it "
			  "will be missing in the VM",
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
	if (tree_exists(root, "/usr/share/hassio") ||
	    tree_exists(root, "/home/homeassistant/.homeassistant") ||
	    guest_enabled(g, "hassio-supervisor.service"))
		guest_say(g, FINDING_WARN, "home-assistant-32bit",
			  "Home Assistant gives no new versions to 32-bit "
			  "systems since 2025.12: it goes on as it is; for "
			  "updates move it to a 64-bit VM by its own backup");
	if (g->cmdline && (strstr(g->cmdline, "overlayroot=") ||
			   strstr(g->cmdline, "boot=overlay")))
		guest_say(g, FINDING_WARN, "overlay",
			  "the card's root was read-only with an overlay in "
			  "memory: in the VM it is writable");
}

enum {
	MAX_CONTAINERS = 300
};

/* Docker keeps a description of each image; it names the architecture. */
static void check_containers(struct guest *g, const struct tree *root)
{
	static const char folder[] =
		"/var/lib/docker/image/overlay2/imagedb/content/sha256";
	autonames struct tree_names names = { 0 };
	unsigned int foreign = 0;

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n && i < MAX_CONTAINERS; i++) {
		autofree char *path = xasprintf("%s/%s", folder,
						names.all.at[i]);
		autofree char *text = tree_text(root, path);

		foreign += text && strstr(text, "\"architecture\":\"arm64\"");
	}
	if (foreign)
		guest_say(g, FINDING_WARN, "containers-64bit",
			  "%u container image%s for 64 bits only: fetch the "
			  "32-bit variants, if there are any",
			  foreign, foreign == 1 ? " is" : "s are");
}

static void check_start(struct guest *g)
{
	if (!g->systemd)
		guest_say(g, FINDING_NOTE, "no-systemd",
			  "the system starts without systemd: less is adapted");
	if (!g->boot)
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
	check_start(g);
	check_network(g);
	check_config(g);
	check_software(g, root);
	check_containers(g, root);
	check_mounts(g);
}
