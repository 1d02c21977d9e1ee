/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system that knew Wi-Fi only has a cable here: what it said of the radio,
 * addresses above all, is said of eth0 too.  NetworkManager and dhcpcd take up
 * a wired card by themselves, so where they get an address from the network
 * they need nothing; ifupdown, networkd and netplan need a file in any case.
 *
 * What belongs to the radio itself stays behind: names of networks and keys.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "adapt/lines.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/yaml.h"

#define NM_FOLDER       "/etc/NetworkManager/system-connections"
#define NM_TWIN         NM_FOLDER "/pimigrate-eth0.nmconnection"
#define NETWORKD_FOLDER "/etc/systemd/network"
#define NETWORKD_TWIN   NETWORKD_FOLDER "/80-pimigrate-eth0.network"
#define IFUPDOWN_FOLDER "/etc/network/interfaces.d"
#define IFUPDOWN_TWIN   IFUPDOWN_FOLDER "/pimigrate-eth0"
#define INTERFACES      "/etc/network/interfaces"
#define NETPLAN_FOLDER  "/etc/netplan"
#define NETPLAN_TWIN    NETPLAN_FOLDER "/99-pimigrate.yaml"
#define DHCPCD          "/etc/dhcpcd.conf"

static struct change *add_twin(struct plan *plan, const char *path,
			       char *content)
{
	struct change *c = plan_add(plan, CHANGE_WRITE, "network", path,
				    "the system knew Wi-Fi only; here it has a "
				    "cable");

	c->content = content;
	return c;
}

static bool is_wifi(const char *name)
{
	return str_starts(name, "wl") || !fnmatch(name, "wlan0", 0);
}

/* ---- files with [sections] ---- */

/* The lines of one section, with its head; "" if there is none. */
static char *section_of(const char *text, const char *section)
{
	struct str out = { 0 };
	bool inside = false;
	char *line;

	while ((line = lines_next(&text))) {
		if (*line == '[')
			inside = !strcmp(line, section);
		if (inside && *line)
			str_addf(&out, "%s\n", line);
		free(line);
	}
	return str_steal(&out);
}

static bool says(const char *section, const char *key, const char *value)
{
	bool found = false;
	char *line;

	while (!found && (line = lines_next(&section))) {
		const char *is = lines_after(line, key);

		found = is && !strcmp(is, value);
		free(line);
	}
	return found;
}

static bool nm_profile(const char *text, struct plan *plan)
{
	autofree char *connection = section_of(text, "[connection]");
	autofree char *ipv4 = section_of(text, "[ipv4]");
	autofree char *ipv6 = section_of(text, "[ipv6]");

	if ((!says(connection, "type", "wifi") &&
	     !says(connection, "type", "802-11-wireless")) ||
	    !says(ipv4, "method", "manual"))
		return false;
	/* NetworkManager takes no profile that others may read. */
	add_twin(plan, NM_TWIN,
		 /* before another profile, which would use DHCP */
		 xasprintf("[connection]\nid=pimigrate-eth0\ntype=ethernet\n"
			   "interface-name=eth0\nautoconnect-priority=1\n\n"
			   "%s\n%s",
			   ipv4, ipv6))
		->mode = 0600;
	return true;
}

static bool twin_nm(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, NM_FOLDER);

	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", NM_FOLDER, *n);
		autofree char *text = facts->read(facts->arg, path);

		if (text && nm_profile(text, plan))
			return true;
	}
	return false;
}

/* A .network file without its [Match], and NULL if it is not the radio's. */
static char *networkd_file(const char *text)
{
	struct str out = { 0 };
	bool match = false, wifi = false;
	char *line;

	str_add(&out, "[Match]\nName=eth0\n");
	while ((line = lines_next(&text))) {
		if (*line == '[')
			match = !strcmp(line, "[Match]");
		if (match && lines_after(line, "Name"))
			wifi |= is_wifi(lines_after(line, "Name"));
		if (!match && *line)
			str_addf(&out, "%s%s\n", *line == '[' ? "\n" : "",
				 line);
		free(line);
	}
	if (!wifi) {
		str_free(&out);
		return NULL;
	}
	return str_steal(&out);
}

static void twin_networkd(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, NETWORKD_FOLDER);

	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", NETWORKD_FOLDER, *n);
		autofree char *text = str_ends(*n, ".network")
					      ? facts->read(facts->arg, path)
					      : NULL;
		char *twin = text ? networkd_file(text) : NULL;

		if (twin) {
			add_twin(plan, NETWORKD_TWIN, twin);
			return;
		}
	}
	add_twin(plan, NETWORKD_TWIN,
		 xstrdup("[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n"));
}

/* ---- files of lines ---- */

static void twin_dhcpcd(const struct adapt_facts *facts, struct plan *plan)
{
	autofree char *text = facts->read(facts->arg, DHCPCD);
	autostr struct str block = { 0 };
	const char *at = text ? text : "";
	bool inside = false;
	char *line;

	while ((line = lines_next(&at))) {
		const char *name = lines_after(line, "interface");

		if (name)
			inside = is_wifi(name);
		else if (lines_after(line, "profile"))
			inside = false;
		else if (inside && *line && *line != '#' &&
			 !lines_after(line, "ssid"))
			str_addf(&block, "%s\n", line);
		free(line);
	}
	if (block.len)
		add_twin(plan, DHCPCD,
			 xasprintf("%s%s\n# pimigrate: as wlan0\ninterface "
				   "eth0\n%s",
				   text, str_ends(text, "\n") ? "" : "\n",
				   block.text));
}

/* Is it of the radio itself? */
static bool is_radios(const char *line)
{
	return str_starts(line, "wpa-") || str_starts(line, "wireless-") ||
	       str_starts(line, "wifi-");
}

static bool ends_stanza(const char *line)
{
	static const char *const words[] = { "iface", "auto", "mapping",
					     "source", "source-directory" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (lines_after(line, words[i]))
			return true;
	return str_starts(line, "allow-");
}

/* The radio's stanzas of interfaces(5), for eth0. */
static void add_stanzas(struct str *out, const char *text)
{
	bool inside = false;
	char *line;

	while ((line = lines_next(&text))) {
		const char *name = lines_after(line, "iface");

		if (name && is_wifi(name)) {
			inside = true;
			str_addf(out, "iface eth0%s\n",
				 name + strcspn(name, " \t"));
		} else if (ends_stanza(line)) {
			inside = false;
		} else if (inside && *line && *line != '#' &&
			   !is_radios(line)) {
			str_addf(out, "\t%s\n", line);
		}
		free(line);
	}
}

static void twin_ifupdown(const struct adapt_facts *facts, struct plan *plan)
{
	autofree char *text = facts->read(facts->arg, INTERFACES);
	autolist char **names = facts->list(facts->arg, IFUPDOWN_FOLDER);
	struct str out = { 0 };

	if (!text || !strstr(text, IFUPDOWN_FOLDER) ||
	    !guest_enabled(facts->guest, "networking.service"))
		return;
	str_add(&out, "allow-hotplug eth0\n");
	add_stanzas(&out, text);
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", IFUPDOWN_FOLDER, *n);
		autofree char *more = facts->read(facts->arg, path);

		add_stanzas(&out, more ? more : "");
	}
	if (!strstr(out.text, "iface"))
		str_add(&out, "iface eth0 inet dhcp\n");
	add_twin(plan, IFUPDOWN_TWIN, str_steal(&out));
}

/* ---- netplan ---- */

static const char *const netplan_keys[] = {
	"renderer", "dhcp4",       "dhcp6",  "addresses", "gateway4",
	"gateway6", "nameservers", "routes", "accept-ra", "mtu"
};

static struct yaml_node *copy_of(const struct yaml_node *node)
{
	autofree char *text = yaml_emit(node);
	struct yaml_node *copy = NULL;
	struct err ignored;

	return yaml_parse("copy", text, strlen(text), &copy, &ignored) < 0
		       ? NULL
		       : copy;
}

static bool is_fixed(const struct yaml_node *iface)
{
	return yaml_text(iface, "addresses.0") != NULL;
}

static char *netplan_file(const struct yaml_node *tree, const char *key,
			  const struct yaml_node *wifi)
{
	autoyaml struct yaml_node *file = yaml_node_new(YAML_MAP);
	struct yaml_node *network, *iface;
	const char *renderer = yaml_text(tree, "network.renderer");

	network = yaml_set(file, "network", yaml_node_new(YAML_MAP));
	yaml_set_number(network, "version", 2);
	if (renderer)
		yaml_set_text(network, "renderer", renderer);
	iface = yaml_set(
		yaml_set(network, "ethernets", yaml_node_new(YAML_MAP)), key,
		yaml_node_new(YAML_MAP));
	for (size_t i = 0; i < sizeof(netplan_keys) / sizeof(*netplan_keys);
	     i++) {
		const struct yaml_node *value = yaml_get(wifi, netplan_keys[i]);
		struct yaml_node *copy = value ? copy_of(value) : NULL;

		if (copy)
			yaml_set(iface, netplan_keys[i], copy);
	}
	/* Of two files the last counts, but for what it does not say. */
	if (is_fixed(wifi) && !yaml_get(wifi, "dhcp4"))
		yaml_set_bool(iface, "dhcp4", false);
	return yaml_emit(file);
}

struct netplan {
	char *key;     /* of the wired card by DHCP, if there is one */
	char *content; /* of the twin */
	bool fixed;    /* it has an address */
};

typedef void netplan_fn(struct netplan *n, const struct yaml_node *tree);

static void each_netplan(const struct adapt_facts *facts, netplan_fn *fn,
			 struct netplan *n)
{
	autolist char **names = facts->list(facts->arg, NETPLAN_FOLDER);

	for (char **name = names; name && *name; name++) {
		autofree char *path = xasprintf("%s/%s", NETPLAN_FOLDER, *name);
		autofree char *text = str_ends(*name, ".yaml")
					      ? facts->read(facts->arg, path)
					      : NULL;
		autoyaml struct yaml_node *tree = NULL;
		struct err ignored;

		if (text &&
		    yaml_parse(path, text, strlen(text), &tree, &ignored) == 0)
			fn(n, tree);
	}
}

static void find_ethernet(struct netplan *n, const struct yaml_node *tree)
{
	const struct yaml_node *all = yaml_get(tree, "network.ethernets");

	if (!n->key && all && all->kind == YAML_MAP && all->items.n)
		n->key = xstrdup(all->items.at[0].key);
}

/* The first radio with a fixed address, or the first. */
static void find_wifi(struct netplan *n, const struct yaml_node *tree)
{
	const struct yaml_node *all = yaml_get(tree, "network.wifis");

	if (!all || all->kind != YAML_MAP)
		return;
	for (size_t i = 0; i < all->items.n; i++) {
		const struct yaml_node *wifi = all->items.at[i].value;

		if (n->content && (n->fixed || !is_fixed(wifi)))
			continue;
		free(n->content);
		n->content = netplan_file(tree, n->key ? n->key : "eth0", wifi);
		n->fixed = is_fixed(wifi);
	}
}

/* True: there is a file for eth0 now, or what there is is left alone. */
static bool twin_netplan(const struct adapt_facts *facts, struct plan *plan)
{
	struct netplan n = { 0 };
	bool any;

	each_netplan(facts, find_ethernet, &n);
	each_netplan(facts, find_wifi, &n);
	any = n.content != NULL;
	if (n.fixed || (any && !n.key))
		add_twin(plan, NETPLAN_TWIN, steal_ptr(n.content))->mode = 0600;
	free(n.key);
	free(n.content);
	return any;
}

/* Beside NetworkManager: both were at it. */
static bool has_dhcpcd(const struct guest *g)
{
	return guest_enabled(g, "dhcpcd.service") ||
	       guest_enabled(g, "dhcpcd5.service");
}

void adapt_twin(const struct adapt_facts *facts, struct plan *plan)
{
	const struct guest *g = facts->guest;

	if (g->wifi_only && twin_netplan(facts, plan))
		return;
	switch (g->net) {
	case NET_NETWORKMANAGER:
		if (g->wifi_only && !twin_nm(facts, plan) && has_dhcpcd(g))
			twin_dhcpcd(facts, plan);
		break;
	case NET_DHCPCD:
		if (g->wifi_only)
			twin_dhcpcd(facts, plan);
		break;
	case NET_NETWORKD:
		if (g->wifi_only)
			twin_networkd(facts, plan);
		break;
	case NET_NONE: /* nobody has the cable, but ifupdown could */
		twin_ifupdown(facts, plan);
		break;
	case NET_IFUPDOWN:
		break;
	}
}
