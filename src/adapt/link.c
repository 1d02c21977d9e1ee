/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wired card keeps its name.  The command line's net.ifnames=0 makes it
 * eth0, as it was on most cards.  Where a file of systemd's names it, or the
 * network is configured for a name that systemd made of the Pi's hardware
 * (end0, enxb827eb123456), a .link file gives it that name; the name of such a
 * file counts whatever net.ifnames says (systemd.link(5)).
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define FOLDER "/etc/systemd/network"
#define OURS   FOLDER "/10-pimigrate.link"
#define DRIVER "Driver=virtio_net"

enum {
	NAME_MAX_LEN = 15 /* IFNAMSIZ of linux/if.h, without its 0 */
};

/* What follows key at the beginning of a line, to its end; or NULL. */
static char *value_of(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\r\n");

		if (len > n && !strncmp(at, key, n))
			return xstrndup(at + n, len - n);
		at += len;
		at += strspn(at, "\r\n");
	}
	return NULL;
}

/* Matches of the Pi's hardware, which this machine has not. */
static bool is_lost_match(const struct guest *g, const char *line, size_t len)
{
	static const char *const keys[] = { "Path=", "Driver=", "Property=",
					    "MACAddress=",
					    "PermanentMACAddress=" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i]);

		if (len < n || strncmp(line, keys[i], n) != 0)
			continue;
		/* An address that the guest has too fits as before. */
		return i < 3 || !g->mac || len - n != strlen(g->mac) ||
		       strncasecmp(line + n, g->mac, len - n) != 0;
	}
	return false;
}

/* The text with our card in place of the Pi's; NULL: it fits as it is. */
static char *for_this_machine(const struct guest *g, const char *text)
{
	struct str out = { 0 };
	bool lost = false;

	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n");

		if (is_lost_match(g, at, len)) {
			if (!lost)
				str_add(&out, DRIVER "\n");
			lost = true;
			str_add(&out, "# pimigrate: the Pi's: ");
		}
		str_addn(&out, at, len);
		if (at[len])
			str_add(&out, "\n");
		at += len + (at[len] == '\n');
	}
	if (!lost) {
		str_free(&out);
		return NULL;
	}
	return str_steal(&out);
}

/* A file that names the wired card; true if there is one. */
static bool own_links(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, FOLDER);
	bool any = false;

	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf(FOLDER "/%s", *n);
		autofree char *text = NULL, *name = NULL, *new = NULL;

		if (!str_ends(*n, ".link"))
			continue;
		text = facts->read(facts->arg, path);
		name = text ? value_of(text, "Name=") : NULL;
		if (!name || str_starts(name, "wl") ||
		    strstr(text, "Type=wlan"))
			continue;
		any = true;
		new = for_this_machine(facts->guest, text);
		if (new)
			plan_add(plan, CHANGE_WRITE, "link", path,
				 "the wired card keeps its name, on a machine "
				 "that has another one")
				->content = steal_ptr(new);
	}
	return any;
}

static bool is_made_name(const char *name, size_t n)
{
	autofree char *word = xstrndup(name, n);

	return n <= NAME_MAX_LEN && (!fnmatch("end[0-9]*", word, 0) ||
				     !fnmatch("enx????????????", word, 0) ||
				     !fnmatch("enu[0-9]*", word, 0));
}

/* The first word of a text that is such a name; eth0 there settles it. */
static char *made_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	if (strstr(text, "eth0"))
		return NULL;
	for (const char *at = text; *at;) {
		size_t n = strspn(at, letters);

		if (n && is_made_name(at, n))
			return xstrndup(at, n);
		at += n ? n : 1;
	}
	return NULL;
}

/* Where a network is configured by the card's name. */
static char *configured_name(const struct adapt_facts *facts)
{
	static const char *const files[] = { "/etc/dhcpcd.conf",
					     "/etc/network/interfaces" };
	static const char *const folders[] = {
		"/etc/network/interfaces.d", FOLDER, "/etc/netplan",
		"/etc/NetworkManager/system-connections"
	};
	char *name = NULL;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !name; i++) {
		autofree char *text = facts->read(facts->arg, files[i]);

		name = text ? made_name(text) : NULL;
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		autolist char **names = facts->list(facts->arg, folders[i]);

		for (char **n = names; n && *n && !name; n++) {
			autofree char *path = xasprintf("%s/%s", folders[i],
							*n);
			autofree char *text = facts->read(facts->arg, path);

			name = text ? made_name(text) : NULL;
		}
	}
	return name;
}

void adapt_link(const struct adapt_facts *facts, struct plan *plan)
{
	autofree char *name = NULL;

	if (!facts->guest->systemd || own_links(facts, plan))
		return;
	name = configured_name(facts);
	if (name)
		plan_add(plan, CHANGE_WRITE, "link", OURS,
			 "the network is configured for the name that the "
			 "wired card had on the Pi")
			->content = xasprintf("# pimigrate: the name on the "
					      "Pi\n[Match]\n" DRIVER
					      "\n\n[Link]\nName=%s\n",
					      name);
}
