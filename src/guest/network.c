/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who configures the wired network, and with which address.
 *
 * A Pi often has several of them installed.  NetworkManager, where enabled,
 * manages what nobody else claims; it and dhcpcd leave alone what ifupdown's
 * file names; networkd does what its files match.  Only a fixed address is of
 * interest: it is checked here, because it will stand on a command line.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/netplan.h"
#include "guest/network.h"
#include "guest/parts.h"
#include "guest/text.h"

static void put(char **slot, const char *text)
{
	free(*slot);
	*slot = text_item(text);
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
static char *with_length(const struct net_fixed *f)
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

static void use(struct guest *g, const struct net_fixed *f)
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

/* dhcpcd.conf: lines before the first "interface" are for all. */
static void read_dhcpcd(struct guest *g, const struct tree *root,
			const struct net_card *c)
{
	autofree char *text = tree_text(root, "/etc/dhcpcd.conf");
	cleanup(net_fixed_free) struct net_fixed f = { 0 };
	char *rest = text;
	bool inside = true;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		const char *value;

		line = text_trim(line);
		if ((value = text_after(line, "interface")))
			inside = net_is(c, value);
		else if (str_starts(line, "profile"))
			inside = false;
		else if (!inside || !(value = text_after(line, "static")))
			continue;
		else if (text_after(value, "ip_address"))
			put(&f.address, text_after(value, "ip_address"));
		else if (text_after(value, "routers"))
			put(&f.gateway, text_after(value, "routers"));
		else if (text_after(value, "domain_name_servers"))
			put(&f.dns, text_after(value, "domain_name_servers"));
	}
	use(g, &f);
}

static enum net_claim read_interfaces(struct guest *g, const struct tree *root,
				      const struct net_card *c)
{
	cleanup(net_fixed_free) struct net_fixed f = { 0 };
	enum net_claim claim = interfaces_read(root, c, &f);

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
	cleanup(net_fixed_free) struct net_fixed f = { 0 };
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

/* Is a profile for the card, by what it says of the interface?  A bridge is
 * named by its port's profile in one of three ways. */
static bool is_for(const char *profile, const struct net_card *c)
{
	static const char *const keys[] = { "interface-name", "uuid", "id" };
	autofree char *name = text_ini(profile, "connection", keys[0]);

	if (!is_type(profile, "bridge", "bond"))
		return !name || !c->name || net_is(c, name);
	for (size_t i = 0; c->master && i < sizeof(keys) / sizeof(*keys); i++) {
		autofree char *value = text_ini(profile, "connection", keys[i]);

		if (value && !strcmp(value, c->master))
			return true;
	}
	return false;
}

static bool is_wired(const char *profile)
{
	return is_type(profile, "ethernet", "802-3-ethernet") ||
	       is_type(profile, "bridge", "bond");
}

/* NetworkManager's profiles; true if one is for Wi-Fi.  What is said there is
 * taken of the card's, or of Wi-Fi. */
static bool read_nm(struct guest *g, const struct tree *root,
		    const struct net_card *c)
{
	static const char folder[] = "/etc/NetworkManager/system-connections";
	autotexts struct tree_texts it = tree_texts(root, folder, "");
	bool any = false;

	while (tree_next_text(&it)) {
		bool wifi = is_type(it.text, "wifi", "802-11-wireless");

		any |= wifi;
		if ((c->name ? is_wired(it.text) : wifi) && is_for(it.text, c))
			read_nm_address(g, it.text);
	}
	return any;
}

/* Is it a pattern for the wired card, whichever of its names it has? */
static bool matches_wired(const char *patterns)
{
	static char eth0[] = "eth0";
	static const struct net_card any = { .name = eth0 };

	return net_matches(&any, patterns) ||
	       (str_starts(patterns, "en") && net_looks_wired(patterns));
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
static bool matches(const char *text, const struct net_card *c)
{
	autofree char *name = text_ini(text, "Match", "Name");
	autofree char *mac = network_match_mac(text);

	return name ? net_matches(c, name) : mac && c->name;
}

static void read_networkd(struct guest *g, const struct tree *root,
			  const struct net_card *c)
{
	static const char folder[] = "/etc/systemd/network";
	autotexts struct tree_texts it = tree_texts(root, folder, ".network");

	while (tree_next_text(&it)) {
		cleanup(net_fixed_free) struct net_fixed f = { 0 };

		if (!matches(it.text, c))
			continue;
		f.address = text_ini(it.text, "Network", "Address");
		f.gateway = text_ini(it.text, "Network", "Gateway");
		f.dns = text_ini(it.text, "Network", "DNS");
		use(g, &f);
	}
}

/* One interface of netplan: the first fixed address, who routes, who knows
 * names. */
static void use_netplan(struct guest *g, const struct yaml_node *iface)
{
	const struct yaml_node *routes = yaml_get(iface, "routes");
	const char *address = yaml_text(iface, "addresses.0");
	const char *gateway = yaml_text(iface, "gateway4");
	const char *dns = yaml_text(iface, "nameservers.addresses.0");
	cleanup(net_fixed_free) struct net_fixed f = { 0 };

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
	use(g, &f);
}

/* What netplan is asked for. */
struct netplan {
	struct guest *g;
	const struct net_card *card;
	bool found;
};

/* As Raspberry Pi Imager writes it for any Wi-Fi: by DHCP, should there ever be
 * a cable. */
static bool is_optional(const struct yaml_node *iface)
{
	bool optional = false;

	return yaml_bool(iface, "optional", &optional) && optional &&
	       !yaml_text(iface, "addresses.0");
}

/* Without a match the key is the interface's name. */
static bool is_other_wired(const struct net_card *c, const char *key,
			   const struct yaml_node *iface)
{
	const char *name = yaml_text(iface, "match.name");

	if (name)
		return !net_matches(c, name);
	return !yaml_get(iface, "match") && net_looks_wired(key) &&
	       !net_is(c, key);
}

static void read_ethernet(void *arg, const char *path, const char *key,
			  const struct yaml_node *iface)
{
	struct netplan *n = arg;

	(void)path;
	if (is_optional(iface) || is_other_wired(n->card, key, iface))
		return;
	n->found = true;
	use_netplan(n->g, iface);
}

static void read_master(void *arg, const char *path, const char *key,
			const struct yaml_node *iface)
{
	struct netplan *n = arg;

	(void)path;
	if (!n->card->master || strcmp(key, n->card->master) != 0)
		return;
	n->found = true;
	use_netplan(n->g, iface);
}

static void read_wifi(void *arg, const char *path, const char *key,
		      const struct yaml_node *iface)
{
	struct netplan *n = arg;

	(void)path;
	(void)key;
	n->found = true;
	use_netplan(n->g, iface);
}

/* True if netplan has the wired card, or a radio. */
static bool read_netplan(struct guest *g, const struct tree *root,
			 const struct net_card *c)
{
	struct netplan n = { .g = g, .card = c };

	if (!c->name) {
		netplan_each(root, "wifis", read_wifi, &n);
		return n.found;
	}
	netplan_each(root, "ethernets", read_ethernet, &n);
	netplan_each(root, "bridges", read_master, &n);
	netplan_each(root, "bonds", read_master, &n);
	return n.found;
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

static const struct net_card radio = { 0 };

/* Wi-Fi that wpa_supplicant's own file does not tell of. */
static bool has_other_wifi(const struct guest *g, const struct tree *root)
{
	struct guest ignored = { 0 };
	bool any = read_netplan(&ignored, root, &radio);

	if (g->net == NET_NONE)
		any |= read_interfaces(&ignored, root, &radio) != CLAIM_NONE;

	guest_free(&ignored);
	return any;
}

static bool has_dhcpcd(const struct guest *g)
{
	return guest_enabled(g, "dhcpcd.service") ||
	       guest_enabled(g, "dhcpcd5.service");
}

/* The fixed address of Wi-Fi goes to ret, which may be g itself. */
static void read_wifi_address(struct guest *ret, const struct guest *g,
			      const struct tree *root)
{
	if (g->net == NET_NONE || g->net == NET_IFUPDOWN)
		read_interfaces(ret, root, &radio);
	if (guest_enabled(g, "NetworkManager.service"))
		read_nm(ret, root, &radio);
	if (has_dhcpcd(g))
		read_dhcpcd(ret, root, &radio);
	if (g->net == NET_NETWORKD)
		read_networkd(ret, root, &radio);
	read_netplan(ret, root, &radio);
}

/* It had one by Wi-Fi, and the cable has no fixed one. */
static void note_wifi_address(struct guest *g, const struct tree *root)
{
	struct guest found = { 0 };

	read_wifi_address(&found, g, root);
	g->wifi_address = steal_ptr(found.address);
	guest_free(&found);
}

/* Who has the card; true if Wi-Fi was seen on the way. */
static bool read_manager(struct guest *g, const struct tree *root,
			 const struct net_card *c)
{
	enum net_claim claim = read_interfaces(g, root, c);
	bool wifi = false;

	if (claim == CLAIM_CONFIGURED) {
		g->net = NET_IFUPDOWN;
	} else if (guest_enabled(g, "NetworkManager.service")) {
		g->net = NET_NETWORKMANAGER;
		wifi = read_nm(g, root, c);
		if (has_dhcpcd(g)) /* both are at it, as the Pi's were */
			read_dhcpcd(g, root, c);
	} else if (has_dhcpcd(g)) {
		g->net = NET_DHCPCD;
		read_dhcpcd(g, root, c);
	} else if (guest_enabled(g, "systemd-networkd.service")) {
		g->net = NET_NETWORKD;
		read_networkd(g, root, c);
	} else if (claim == CLAIM_MANUAL) {
		g->net = NET_IFUPDOWN;
	}
	return wifi;
}

void network_inspect(struct guest *g, const struct tree *root)
{
	cleanup(net_card_free) struct net_card wired = net_wired(root);
	bool wifi = has_wpa_network(root);

	g->second_card = net_second(root, &wired);
	wifi |= read_manager(g, root, &wired);
	if (read_netplan(g, root, &wired))
		wifi = false; /* it has a cable */
	else if (has_other_wifi(g, root))
		wifi = true;
	g->wifi_only = wifi && !g->static_address &&
		       !leases_tell_of(root, &wired) && g->net != NET_IFUPDOWN;
	if (g->wifi_only) /* it is to be the cable's */
		read_wifi_address(g, g, root);
	else if (!g->static_address)
		note_wifi_address(g, root);
}
