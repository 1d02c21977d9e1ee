/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address of the Pi's Ethernet is burnt into the Pi, not written on the
 * card; but much on a card remembers it.  A router that gives the Pi its
 * address by DHCP knows it by this, so the VM should have it.
 *
 * Places are asked from the surest to the vaguest: what a person configured,
 * then what the kernel logged, then what a person configured for a card that no
 * Pi was made with.  Journals are searched as bytes: their short lines are not
 * compressed.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/netplan.h"
#include "guest/parts.h"
#include "guest/text.h"

enum {
	MAC = 17,           /* "b8:27:eb:12:34:56" */
	LOG_TAIL = 4 << 20, /* so much of the end of each log is read */
	LINE = 160,         /* "eth0" stands so near before the address, and
			     * what tells whose it is so near on both sides */
	MAX_LOGS = 12,
};

/* Raspberry Pi's own blocks of addresses (IEEE registry). */
static const char *const raspberry[] = { "b8:27:eb", "dc:a6:32", "e4:5f:01",
					 "28:cd:c1", "d8:3a:dd", "2c:cf:67",
					 "88:a2:9e" };

static bool is_mac(const char *text)
{
	for (int i = 0; i < MAC; i++)
		if (i % 3 == 2 ? text[i] != ':'
			       : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* Multicast addresses and zero are nobody's. */
static bool is_unicast(const char *mac)
{
	return !strchr("13579bdfBDF", mac[1]) &&
	       strncmp(mac, "00:00:00:00:00:00", MAC) != 0;
}

static void found(struct guest *g, const char *mac, const char *where)
{
	if (g->mac || !is_mac(mac) || !is_unicast(mac))
		return;
	g->mac = xstrndup(mac, MAC);
	for (char *c = g->mac; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	g->mac_from = xstrdup(where);
}

bool mac_is_raspberry(const char *mac)
{
	for (size_t i = 0; i < sizeof(raspberry) / sizeof(*raspberry); i++)
		if (!strncasecmp(mac, raspberry[i], 8))
			return true;
	return false;
}

static void from_cmdline(struct guest *g)
{
	autofree char *mac = g->cmdline ? text_word(g->cmdline,
						    "smsc95xx.macaddr=")
					: NULL;

	if (mac && strlen(mac) == MAC)
		found(g, mac, "smsc95xx.macaddr in cmdline.txt");
}

/* The first address in a line of a file that holds this word. */
static void from_line(struct guest *g, const struct tree *root,
		      const char *path, const char *word)
{
	autofree char *text = tree_text(root, path);
	char *rest = text;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (*line == '#' || !strstr(line, word))
			continue;
		for (const char *at = line; strlen(at) >= MAC; at++)
			if (is_mac(at))
				found(g, at, path);
	}
}

/* The network's configuration of the card with that address alone. */
static void from_match(struct guest *g, const char *mac, const char *path)
{
	found(g, mac, path);
	if (g->mac && !g->mac_bound && !strncasecmp(g->mac, mac, MAC))
		g->mac_bound = xstrdup(path);
}

static void from_network_manager(struct guest *g, const struct tree *root)
{
	static const char folder[] = "/etc/NetworkManager/system-connections";
	autotexts struct tree_texts it = tree_texts(root, folder, "");

	while (tree_next_text(&it)) {
		autofree char *mac = text_ini(it.text, "ethernet",
					      "mac-address");

		if (mac && strlen(mac) == MAC)
			from_match(g, mac, it.path);
	}
}

/* What .network files and netplan match the wired card by. */
struct matches {
	struct guest *g;
	bool raspberry; /* Raspberry Pi's own addresses only */
};

static void try_match(const struct matches *m, const char *mac,
		      const char *path)
{
	if (mac && (!m->raspberry || mac_is_raspberry(mac)))
		from_match(m->g, mac, path);
}

static void netplan_match(void *arg, const char *path, const char *key,
			  const struct yaml_node *iface)
{
	(void)key;
	try_match(arg, yaml_text(iface, "match.macaddress"), path);
}

static void from_matches(struct guest *g, const struct tree *root,
			 bool only_raspberry)
{
	static const char folder[] = "/etc/systemd/network";
	struct matches m = { g, only_raspberry };
	autotexts struct tree_texts it = tree_texts(root, folder, ".network");

	while (tree_next_text(&it)) {
		autofree char *mac = network_match_mac(it.text);

		try_match(&m, mac, it.path);
	}
	netplan_each(root, "ethernets", netplan_match, &m);
}

/* A part of a log that has no line's end in it. */
struct line {
	const char *begin, *end;
};

static bool is_end(char c)
{
	return (unsigned char)c < ' ' && c != '\t';
}

/* What stands around an address: so much before it and behind it, at most. */
static struct line line_at(const char *bytes, const char *end, const char *mac)
{
	struct line l = { mac, mac + MAC };

	while (l.begin > bytes && mac - l.begin < LINE && !is_end(l.begin[-1]))
		l.begin--;
	while (l.end < end && l.end - mac < LINE && !is_end(*l.end))
		l.end++;
	return l;
}

static const char *find(const char *begin, const char *end, const char *word)
{
	return memmem(begin, (size_t)(end - begin), word, strlen(word));
}

/* Does it speak of eth0, and not of "veth0a1b2c3", before the address? */
static bool names_eth0(const struct line *l, const char *mac)
{
	const char *at = l->begin;

	while ((at = find(at, mac, "eth0"))) {
		if ((at == l->begin || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[4]))
			return true;
		at += 4;
	}
	return false;
}

/* What others sent, and what was sent to them: leases, neighbours, packets. */
static bool is_of_others(const struct line *l)
{
	static const char *const marks[] = {
		"DHCP",      "BOOTP",    "RTR-",    "SLAAC",      "dnsmasq",
		" claims ",  "conflict", " in use", " used by ",  " moved ",
		"hostapd",   ": STA ",   "lladdr",  "arpwatch",   "arping",
		"ll header", "MACSRC=",  "COMMAND", "MAC source",
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (find(l->begin, l->end, marks[i]))
			return true;
	return false;
}

/*
 * A packet's first address is where it goes to, its second, behind a ':', whom
 * it comes from: ours is the first of one that came in by eth0 and was for us.
 */
static bool is_packets(const struct line *l, const char *mac)
{
	static const char in[] = "IN=eth0 OUT= MAC=", packet[] = "MAC=";
	size_t n = strlen(in), before = (size_t)(mac - l->begin);

	if (before && mac[-1] == ':')
		return true;
	if (!find(l->begin, mac, "OUT=") || before < strlen(packet) ||
	    memcmp(mac - strlen(packet), packet, strlen(packet)) != 0)
		return false;
	return before < n || memcmp(mac - n, in, n) != 0;
}

static bool is_own(const char *bytes, const char *end, const char *mac)
{
	struct line l = line_at(bytes, end, mac);

	return names_eth0(&l, mac) && !is_packets(&l, mac) && !is_of_others(&l);
}

static void search_log(struct guest *g, const char *bytes, size_t n,
		       const char *path)
{
	const char *end = bytes + n;
	const char *at = bytes;

	while (!g->mac && end - at >= MAC &&
	       (at = memchr(at, ':', (size_t)(end - at)))) {
		const char *mac = at - 2;

		at++;
		if (mac < bytes || end - mac < MAC || !is_mac(mac) ||
		    !mac_is_raspberry(mac) || !is_own(bytes, end, mac))
			continue;
		found(g, mac, path);
	}
}

static void from_log(struct guest *g, const struct tree *root, const char *path)
{
	autofree char *buf = NULL;
	struct tree_stat st;
	uint64_t at;
	ssize_t n;

	if (g->mac || tree_stat(root, path, &st) < 0 || st.kind != TREE_FILE)
		return;
	at = st.size > LOG_TAIL ? st.size - LOG_TAIL : 0;
	buf = xmalloc(LOG_TAIL);
	n = tree_read_at(root, path, buf, LOG_TAIL, at);
	if (n > 0)
		search_log(g, buf, (size_t)n, path);
}

static void from_journals(struct guest *g, const struct tree *root)
{
	static const char folder[] = "/var/log/journal";
	autonames struct tree_names ids = { 0 };
	unsigned int left = MAX_LOGS;

	(void)tree_list(root, folder, &ids);
	for (size_t i = 0; i < ids.all.n; i++) {
		autofree char *path = xasprintf("%s/%s", folder, ids.all.at[i]);
		autonames struct tree_names names = { 0 };

		(void)tree_list(root, path, &names);
		for (size_t n = 0; n < names.all.n && left; n++) {
			autofree char *file = xasprintf("%s/%s", path,
							names.all.at[n]);

			if (!str_starts(names.all.at[n], "system"))
				continue;
			left--;
			from_log(g, root, file);
		}
	}
}

void mac_inspect(struct guest *g, const struct tree *root)
{
	static const char *const logs[] = {
		"/var/log/kern.log",   "/var/log/syslog",   "/var/log/messages",
		"/var/log/kern.log.1", "/var/log/syslog.1", "/var/log/dmesg"
	};

	from_cmdline(g);
	from_line(g, root, "/etc/udev/rules.d/70-persistent-net.rules", "eth0");
	from_line(g, root, "/etc/network/interfaces", "hwaddress");
	from_network_manager(g, root);
	from_matches(g, root, true);
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++)
		from_log(g, root, logs[i]);
	from_journals(g, root);
	from_matches(g, root, false);
}
