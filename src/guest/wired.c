/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the names in the network's configuration is the wired card's, and
 * which bridge or bond it is a port of.
 *
 * The card is eth0, or has a name that systemd made of the Pi's hardware.  A
 * router has a second one, eth1 or a USB adapter named by its address; what is
 * said of that is not said of the first.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/netplan.h"
#include "guest/network.h"
#include "guest/parts.h"
#include "guest/text.h"

#define NETWORKD "/etc/systemd/network"
#define PROFILES "/etc/NetworkManager/system-connections"

static const char enx[] = "enx????????????";

void net_card_free(struct net_card *c)
{
	free(c->name);
	free(c->master);
}

void net_fixed_free(struct net_fixed *f)
{
	free(f->address);
	free(f->netmask);
	free(f->gateway);
	free(f->dns);
}

static bool is_radio(const char *name)
{
	return str_starts(name, "wl");
}

bool net_is(const struct net_card *c, const char *text)
{
	size_t n = strcspn(text, " \t");
	const char *const names[] = { c->name, c->master };

	if (!c->name)
		return is_radio(text);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && strlen(names[i]) == n &&
		    !strncmp(text, names[i], n))
			return true;
	return false;
}

/* "en*" fits the card under systemd's name for it, whichever that is. */
static bool fits_wired(const struct net_card *c, const char *pattern)
{
	return net_is(c, pattern) || !fnmatch(pattern, c->name, 0) ||
	       !fnmatch(pattern, "eth0", 0) ||
	       (str_starts(pattern, "en") && strpbrk(pattern, "*?["));
}

static bool fits_radio(const struct net_card *c, const char *pattern)
{
	(void)c;
	return fnmatch(pattern, "eth0", 0) != 0 &&
	       (is_radio(pattern) || !fnmatch(pattern, "wlan0", 0));
}

bool net_matches(const struct net_card *c, const char *patterns)
{
	bool (*fits)(const struct net_card *c,
		     const char *pattern) = c->name ? fits_wired : fits_radio;

	for (const char *at = patterns + strspn(patterns, " \t"); *at;
	     at += strspn(at, " \t")) {
		size_t n = strcspn(at, " \t");
		autofree char *pattern = xstrndup(at, n);

		if (fits(c, pattern))
			return true;
		at += n;
	}
	return false;
}

bool net_looks_wired(const char *name)
{
	static const char *const patterns[] = { "eth[0-9]",  "eth[0-9][0-9]",
						"end[0-9]*", enx,
						"enu[0-9]*", "enp[0-9]*",
						"enP[0-9]*", "ens[0-9]*",
						"eno[0-9]*", "enabcm*" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

/* ---- the words of all configurations ---- */

struct words {
	struct vec_of(char *) all; /* those that look like wired cards' names */
};

static void words_free(struct words *w)
{
	for (size_t i = 0; i < w->all.n; i++)
		free(w->all.at[i]);
	vec_free(&w->all);
}

static void add_line(struct words *w, const char *line)
{
	static const char between[] = " \t\r=:.,;\"'[]{}";

	for (const char *at = line + strspn(line, between); *at;
	     at += strspn(at, between)) {
		size_t n = strcspn(at, between);
		autofree char *word = xstrndup(at, n);

		if (net_looks_wired(word))
			*vec_add(&w->all) = steal_ptr(word);
		at += n;
	}
}

static void add_text(struct words *w, char *text)
{
	for (char *line = text_line(&text); line; line = text_line(&text)) {
		line = text_trim(line);
		if (*line != '#' && *line != ';')
			add_line(w, line);
	}
}

static void add_file(struct words *w, const struct tree *root, const char *path)
{
	autofree char *text = tree_text(root, path);

	add_text(w, text);
}

static void add_folder(struct words *w, const struct tree *root,
		       const char *folder)
{
	autotexts struct tree_texts it = tree_texts(root, folder, "");

	while (tree_next_text(&it))
		if (!str_ends(it.path, ".link"))
			add_text(w, it.text);
}

static void read_words(struct words *w, const struct tree *root)
{
	add_file(w, root, "/etc/dhcpcd.conf");
	add_file(w, root, "/etc/network/interfaces");
	add_folder(w, root, "/etc/network/interfaces.d");
	add_folder(w, root, NETWORKD);
	add_folder(w, root, "/etc/netplan");
	add_folder(w, root, PROFILES);
}

/* eth0 settles it; else the first other that cannot be a second one. */
static const char *name_of(const struct words *w)
{
	const char *name = NULL;

	for (size_t i = 0; i < w->all.n; i++) {
		if (!strcmp(w->all.at[i], "eth0"))
			return w->all.at[i];
		if (!name && str_starts(w->all.at[i], "en"))
			name = w->all.at[i];
	}
	return name ? name : "eth0";
}

/* "enxb827eb123456" is the Pi's own card too, under systemd's name. */
static bool is_second(const char *name)
{
	autofree char *vendor = NULL;

	if (fnmatch(enx, name, 0) != 0)
		return str_starts(name, "eth") && strcmp(name, "eth0") != 0;
	vendor = xasprintf("%.2s:%.2s:%.2s", name + 3, name + 5, name + 7);
	return !mac_is_raspberry(vendor);
}

char *net_second(const struct tree *root, const struct net_card *wired)
{
	cleanup(words_free) struct words w = { 0 };

	read_words(&w, root);
	for (size_t i = 0; i < w.all.n; i++)
		if (is_second(w.all.at[i]) && strcmp(w.all.at[i], wired->name))
			return steal_ptr(w.all.at[i]);
	return NULL;
}

/* ---- bridges and bonds ---- */

static char *networkd_master(const struct tree *root, const struct net_card *c)
{
	autotexts struct tree_texts it = tree_texts(root, NETWORKD, ".network");
	char *master = NULL;

	while (!master && tree_next_text(&it)) {
		autofree char *name = text_ini(it.text, "Match", "Name");

		if (!name || !net_matches(c, name))
			continue;
		master = text_ini(it.text, "Network", "Bridge");
		if (!master)
			master = text_ini(it.text, "Network", "Bond");
	}
	return master;
}

/* A profile of the card says it by name or by UUID. */
static char *profile_master(const struct tree *root, const struct net_card *c)
{
	autotexts struct tree_texts it = tree_texts(root, PROFILES, "");
	char *master = NULL;

	while (!master && tree_next_text(&it)) {
		autofree char *name = text_ini(it.text, "connection",
					       "interface-name");

		if (!name || !net_is(c, name))
			continue;
		master = text_ini(it.text, "connection", "master");
		if (!master)
			master = text_ini(it.text, "connection", "controller");
	}
	return master;
}

static void netplan_master(void *arg, const char *path, const char *key,
			   const struct yaml_node *iface)
{
	struct net_card *c = arg;
	const struct yaml_node *ports = yaml_get(iface, "interfaces");

	(void)path;
	for (size_t i = 0; !c->master && ports && i < ports->items.n; i++) {
		const char *port = yaml_text(ports->items.at[i].value, "");

		if (port && !strcmp(port, c->name))
			c->master = xstrdup(key);
	}
}

struct net_card net_wired(const struct tree *root)
{
	cleanup(words_free) struct words w = { 0 };
	struct net_card c = { 0 };

	read_words(&w, root);
	c.name = xstrdup(name_of(&w));
	c.master = interfaces_master(root, &c);
	if (!c.master)
		c.master = networkd_master(root, &c);
	if (!c.master)
		c.master = profile_master(root, &c);
	netplan_each(root, "bridges", netplan_master, &c);
	netplan_each(root, "bonds", netplan_master, &c);
	return c;
}
