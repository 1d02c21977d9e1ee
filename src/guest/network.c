/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who configures the wired network, and with which address.
 *
 * A Pi often has several of them installed.  NetworkManager, where enabled,
 * manages what nobody else claims; dhcpcd leaves alone what ifupdown's file
 * names; networkd does what its files match.  Only a fixed address is of
 * interest: it is checked here, because it will stand on a command line.
 */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/netplan.h"
#include "guest/parts.h"
#include "guest/text.h"

/* What a configuration says; as it stands there. */
struct found {
	char *address; /* "192.168.1.5/24", or without a length */
	char *netmask; /* "255.255.255.0" */
	char *gateway;
	char *dns; /* the first one */
};

static void found_free(struct found *f)
{
	free(f->address);
	free(f->netmask);
	free(f->gateway);
	free(f->dns);
}

static void put(char **slot, const char *text)
{
	free(*slot);
	*slot = xstrndup(text, strcspn(text, " \t,;"));
}

static bool is_ipv4(const char *text)
{
	struct in_addr a;

	return text && inet_pton(AF_INET, text, &a) == 1;
}

/* 24 of "255.255.255.0"; 0: no mask. */
static unsigned int mask_length(const char *mask)
{
	struct in_addr a;
	uint32_t bits;

	if (!mask || inet_pton(AF_INET, mask, &a) != 1)
		return 0;
	bits = ntohl(a.s_addr);
	if (~bits & (~bits + 1))
		return 0;
	return (unsigned int)__builtin_popcount(bits);
}

/* The address with its length, if it makes sense; 24 where none is said. */
static char *with_length(const struct found *f)
{
	autofree char *bare = NULL;
	const char *slash;
	uint64_t length = 24;

	if (!f->address)
		return NULL;
	slash = strchr(f->address, '/');
	bare = slash ? xstrndup(f->address, (size_t)(slash - f->address))
		     : xstrdup(f->address);
	if (!is_ipv4(bare))
		return NULL;
	if (slash && !str_number(slash + 1, 1, 32, &length))
		return NULL;
	if (!slash && mask_length(f->netmask))
		length = mask_length(f->netmask);
	return xasprintf("%s/%u", bare, (unsigned int)length);
}

static void use(struct guest *g, const struct found *f)
{
	char *address = with_length(f);

	if (!address || g->address) {
		free(address);
		return;
	}
	g->static_address = true;
	g->address = address;
	if (is_ipv4(f->gateway))
		g->gateway = xstrdup(f->gateway);
	if (is_ipv4(f->dns))
		g->dns = xstrdup(f->dns);
}

static bool is_wired(const char *name)
{
	return str_starts(name, "eth") || str_starts(name, "en");
}

/* Rest of a line after a keyword, or NULL. */
static const char *after(const char *line, const char *keyword)
{
	size_t n = strlen(keyword);

	if (strncmp(line, keyword, n) != 0 || !strchr(" \t=", line[n]))
		return NULL;
	line += n;
	return line + strspn(line, " \t=");
}

static bool is_wifi(const char *name)
{
	return str_starts(name, "wlan") || str_starts(name, "wl");
}

/* dhcpcd.conf: lines before the first "interface" are for all. */
static void read_dhcpcd(struct guest *g, const struct tree *root,
			bool (*is_ours)(const char *name))
{
	autofree char *text = tree_text(root, "/etc/dhcpcd.conf");
	cleanup(found_free) struct found f = { 0 };
	char *rest = text;
	bool inside = true;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		const char *value;

		line = text_trim(line);
		if ((value = after(line, "interface")))
			inside = is_ours(value);
		else if (str_starts(line, "profile"))
			inside = false;
		else if (!inside || !(value = after(line, "static")))
			continue;
		else if (after(value, "ip_address"))
			put(&f.address, after(value, "ip_address"));
		else if (after(value, "routers"))
			put(&f.gateway, after(value, "routers"));
		else if (after(value, "domain_name_servers"))
			put(&f.dns, after(value, "domain_name_servers"));
	}
	use(g, &f);
}

/* How interfaces(5) names a card; "manual" leaves it to who else wants it, as
 * jessie's own file does. */
enum claim {
	CLAIM_NONE,
	CLAIM_MANUAL,
	CLAIM_CONFIGURED,
};

static enum claim larger(enum claim a, enum claim b)
{
	return a > b ? a : b;
}

static enum claim claim_of(const char *stanza)
{
	return str_ends(stanza, "manual") ? CLAIM_MANUAL : CLAIM_CONFIGURED;
}

static enum claim read_interfaces_file(const struct tree *root,
				       const char *path,
				       bool (*is_ours)(const char *name),
				       struct found *f)
{
	autofree char *text = tree_text(root, path);
	enum claim claim = CLAIM_NONE;
	bool inside = false;
	char *rest = text;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		const char *value;

		line = text_trim(line);
		if ((value = after(line, "iface"))) {
			inside = is_ours(value) && strstr(value, " inet ") &&
				 strstr(value, "static");
			if (is_ours(value))
				claim = larger(claim, claim_of(value));
		} else if (!inside) {
			continue;
		} else if ((value = after(line, "address"))) {
			put(&f->address, value);
		} else if ((value = after(line, "netmask"))) {
			put(&f->netmask, value);
		} else if ((value = after(line, "gateway"))) {
			put(&f->gateway, value);
		} else if ((value = after(line, "dns-nameservers"))) {
			put(&f->dns, value);
		}
	}
	return claim;
}

static enum claim read_interfaces(struct guest *g, const struct tree *root,
				  bool (*is_ours)(const char *name))
{
	static const char folder[] = "/etc/network/interfaces.d";
	cleanup(found_free) struct found f = { 0 };
	autonames struct tree_names names = { 0 };
	enum claim claim = read_interfaces_file(root, "/etc/network/interfaces",
						is_ours, &f);

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n; i++) {
		autofree char *path = xasprintf("%s/%s", folder,
						names.all.at[i]);

		claim = larger(claim,
			       read_interfaces_file(root, path, is_ours, &f));
	}
	use(g, &f);
	return claim;
}

static bool is_type(const char *profile, const char *a, const char *b)
{
	autofree char *type = text_ini(profile, "connection", "type");

	return type && (!strcmp(type, a) || !strcmp(type, b));
}

/* A profile: "address1=192.168.1.5/24,192.168.1.1". */
static void read_nm_address(struct guest *g, const char *profile)
{
	autofree char *method = text_ini(profile, "ipv4", "method");
	autofree char *address = text_ini(profile, "ipv4", "address1");
	cleanup(found_free) struct found f = { 0 };
	const char *comma;

	if (!method || strcmp(method, "manual") != 0)
		return;
	if (!address)
		address = text_ini(profile, "ipv4", "addresses1");
	if (!address)
		return;
	put(&f.address, address);
	comma = strchr(address, ',');
	f.gateway = text_ini(profile, "ipv4", "gateway");
	if (!f.gateway && comma)
		put(&f.gateway, comma + 1);
	free(address);
	address = text_ini(profile, "ipv4", "dns");
	if (address)
		put(&f.dns, address);
	use(g, &f);
}

/* NetworkManager's profiles; true if one is for Wi-Fi.  What is said there is
 * taken of wired ones, or of Wi-Fi. */
static bool read_nm(struct guest *g, const struct tree *root, bool of_wifi)
{
	static const char folder[] = "/etc/NetworkManager/system-connections";
	autonames struct tree_names names = { 0 };
	bool wifi = false;

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n; i++) {
		autofree char *path = xasprintf("%s/%s", folder,
						names.all.at[i]);
		autofree char *text = tree_text(root, path);

		if (!text)
			continue;
		if (is_type(text, "wifi", "802-11-wireless")) {
			wifi = true;
			if (of_wifi)
				read_nm_address(g, text);
		} else if (!of_wifi &&
			   is_type(text, "ethernet", "802-3-ethernet")) {
			read_nm_address(g, text);
		}
	}
	return wifi;
}

/* "Name=e*" too */
static bool matches_wired(const char *name)
{
	return is_wired(name) || !fnmatch(name, "eth0", 0);
}

static bool matches_wifi(const char *name)
{
	return !matches_wired(name) &&
	       (is_wifi(name) || !fnmatch(name, "wlan0", 0));
}

char *network_match_mac(const char *text)
{
	autofree char *name = text_ini(text, "Match", "Name");
	autofree char *type = text_ini(text, "Match", "Type");
	char *mac;

	if ((name && !matches_wired(name)) || (type && strcmp(type, "ether")))
		return NULL;
	mac = text_ini(text, "Match", "MACAddress");
	return mac ? mac : text_ini(text, "Match", "PermanentMACAddress");
}

/* Does a .network file name such an interface?  Without a name it is the wired
 * one, by its address. */
static bool matches(const char *text, bool (*is_ours)(const char *name))
{
	autofree char *name = text_ini(text, "Match", "Name");
	autofree char *mac = network_match_mac(text);

	return name ? is_ours(name) : mac && is_ours("eth0");
}

static void read_networkd(struct guest *g, const struct tree *root,
			  bool (*is_ours)(const char *name))
{
	static const char folder[] = "/etc/systemd/network";
	autonames struct tree_names names = { 0 };

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n; i++) {
		autofree char *path = xasprintf("%s/%s", folder,
						names.all.at[i]);
		autofree char *text = NULL;
		cleanup(found_free) struct found f = { 0 };

		if (!str_ends(path, ".network") ||
		    !(text = tree_text(root, path)) || !matches(text, is_ours))
			continue;
		f.address = text_ini(text, "Network", "Address");
		f.gateway = text_ini(text, "Network", "Gateway");
		f.dns = text_ini(text, "Network", "DNS");
		use(g, &f);
	}
}

/* One interface of netplan: the first fixed address, who routes, who knows
 * names. */
static void read_netplan_one(void *arg, const char *path,
			     const struct yaml_node *iface)
{
	const struct yaml_node *routes = yaml_get(iface, "routes");
	const char *address = yaml_text(iface, "addresses.0");
	const char *gateway = yaml_text(iface, "gateway4");
	const char *dns = yaml_text(iface, "nameservers.addresses.0");
	cleanup(found_free) struct found f = { 0 };

	(void)path;
	for (size_t i = 0; !gateway && routes && i < routes->items.n; i++) {
		const struct yaml_node *route = routes->items.at[i].value;
		const char *to = yaml_text(route, "to");

		if (to && (!strcmp(to, "default") || !strcmp(to, "0.0.0.0/0")))
			gateway = yaml_text(route, "via");
	}
	if (!address)
		return;
	put(&f.address, address);
	f.gateway = gateway ? xstrdup(gateway) : NULL;
	f.dns = dns ? xstrdup(dns) : NULL;
	use(arg, &f);
}

/* True if netplan has "ethernets", or "wifis". */
static bool read_netplan(struct guest *g, const struct tree *root,
			 const char *kind)
{
	return netplan_each(root, kind, read_netplan_one, g);
}

static bool has_wpa_network(const struct tree *root)
{
	static const char *const paths[] = {
		"/etc/wpa_supplicant/wpa_supplicant.conf",
		"/etc/wpa_supplicant/wpa_supplicant-wlan0.conf",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		autofree char *text = tree_text(root, paths[i]);

		if (text && strstr(text, "network={"))
			return true;
	}
	return false;
}

/* A trace that a cable was in use: a lease of eth0. */
static bool has_wired_lease(const struct tree *root)
{
	static const char *const folders[] = { "/var/lib/dhcpcd",
					       "/var/lib/dhcpcd5",
					       "/var/lib/dhcp",
					       "/var/lib/NetworkManager" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		autonames struct tree_names names = { 0 };

		(void)tree_list(root, folders[i], &names);
		for (size_t n = 0; n < names.all.n; n++)
			if (strstr(names.all.at[n], "eth0") &&
			    strstr(names.all.at[n], "lease"))
				return true;
	}
	return false;
}

/* Wi-Fi that wpa_supplicant's own file does not tell of. */
static bool has_other_wifi(const struct guest *g, const struct tree *root)
{
	struct guest ignored = { 0 };
	bool any = read_netplan(&ignored, root, "wifis");

	if (g->net == NET_NONE)
		any |= read_interfaces(&ignored, root, is_wifi) != CLAIM_NONE;

	guest_free(&ignored);
	return any;
}

/* The fixed address that it had by Wi-Fi is to be the cable's. */
static void read_wifi_address(struct guest *g, const struct tree *root)
{
	switch (g->net) {
	case NET_NETWORKMANAGER:
		read_nm(g, root, true);
		break;
	case NET_DHCPCD:
		read_dhcpcd(g, root, is_wifi);
		break;
	case NET_NETWORKD:
		read_networkd(g, root, matches_wifi);
		break;
	case NET_NONE:
		read_interfaces(g, root, is_wifi);
		break;
	case NET_IFUPDOWN:
		break;
	}
	read_netplan(g, root, "wifis");
}

void network_inspect(struct guest *g, const struct tree *root)
{
	bool wifi = has_wpa_network(root);
	enum claim claim = CLAIM_NONE;

	if (guest_enabled(g, "NetworkManager.service")) {
		g->net = NET_NETWORKMANAGER;
		wifi |= read_nm(g, root, false);
	} else if ((claim = read_interfaces(g, root, is_wired)) ==
		   CLAIM_CONFIGURED) {
		g->net = NET_IFUPDOWN;
	} else if (guest_enabled(g, "dhcpcd.service") ||
		   guest_enabled(g, "dhcpcd5.service")) {
		g->net = NET_DHCPCD;
		read_dhcpcd(g, root, is_wired);
	} else if (guest_enabled(g, "systemd-networkd.service")) {
		g->net = NET_NETWORKD;
		read_networkd(g, root, matches_wired);
	} else if (claim == CLAIM_MANUAL) {
		g->net = NET_IFUPDOWN;
	}
	if (read_netplan(g, root, "ethernets"))
		wifi = false; /* it has a cable */
	else if (has_other_wifi(g, root))
		wifi = true;
	g->wifi_only = wifi && !g->static_address && !has_wired_lease(root) &&
		       g->net != NET_IFUPDOWN;
	if (g->wifi_only)
		read_wifi_address(g, root);
}
