/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What interfaces(5) says of one card.  A bridge or a bond has the address of
 * the card that is its port; an alias ("eth0:1") or a VLAN ("eth0.10") has one
 * of its own.
 */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/network.h"
#include "guest/text.h"

#define FILE_PATH "/etc/network/interfaces"
#define FOLDER    "/etc/network/interfaces.d"

typedef void text_fn(void *arg, char *text);

/* Each of its files; a text may be changed. */
static void each_text(const struct tree *root, text_fn *fn, void *arg)
{
	autotexts struct tree_texts it = tree_texts(root, FOLDER, "");
	autofree char *text = tree_text(root, FILE_PATH);

	if (text)
		fn(arg, text);
	while (tree_next_text(&it))
		fn(arg, it.text);
}

/* ---- the fixed address ---- */

struct search {
	const struct net_card *card;
	struct net_fixed *f;
	enum net_claim claim;
};

static void claims(struct search *s, const char *stanza)
{
	enum net_claim claim = str_ends(stanza, "manual") ? CLAIM_MANUAL
							  : CLAIM_CONFIGURED;

	if (claim > s->claim)
		s->claim = claim;
}

/* The first one counts: a second stanza of the card adds an address. */
static void put(char **slot, const char *value)
{
	if (!*slot)
		*slot = text_item(value);
}

static void read_text(void *arg, char *text)
{
	struct search *s = arg;
	bool inside = false;

	for (char *line = text_line(&text); line; line = text_line(&text)) {
		const char *value;

		line = text_trim(line);
		if ((value = text_after(line, "iface"))) {
			inside = net_is(s->card, value);
			if (inside)
				claims(s, value);
			inside = inside && strstr(value, " inet ") &&
				 strstr(value, "static");
		} else if (!inside) {
			continue;
		} else if ((value = text_after(line, "address"))) {
			put(&s->f->address, value);
		} else if ((value = text_after(line, "netmask"))) {
			put(&s->f->netmask, value);
		} else if ((value = text_after(line, "gateway"))) {
			put(&s->f->gateway, value);
		} else if ((value = text_after(line, "dns-nameservers"))) {
			put(&s->f->dns, value);
		}
	}
}

enum net_claim interfaces_read(const struct tree *root,
			       const struct net_card *c, struct net_fixed *f)
{
	struct search s = { c, f, CLAIM_NONE };

	each_text(root, read_text, &s);
	return s.claim;
}

/* ---- bridges and bonds ---- */

struct port {
	const struct net_card *card;
	char *master;
};

/* "eth0 eth1"; "all" and "regex eth.*" have it too. */
static bool has_card(const char *ports, const char *name)
{
	const char *const words[] = { name, "all", "regex" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (text_has_word(ports, words[i]))
			return true;
	return false;
}

static const char *ports_of(const char *line)
{
	static const char *const keys[] = { "bridge_ports", "bridge-ports",
					    "bond_slaves", "bond-slaves",
					    "slaves" };
	const char *ports = NULL;

	for (size_t i = 0; !ports && i < sizeof(keys) / sizeof(*keys); i++)
		ports = text_after(line, keys[i]);
	return ports;
}

static void find_master(void *arg, char *text)
{
	struct port *p = arg;
	const char *stanza = "";

	for (char *line = text_line(&text); line && !p->master;
	     line = text_line(&text)) {
		const char *value;

		line = text_trim(line);
		if ((value = text_after(line, "iface"))) {
			stanza = value;
		} else if ((value = ports_of(line))) {
			if (has_card(value, p->card->name))
				p->master = text_item(stanza);
		} else if ((value = text_after(line, "bond-master")) ||
			   (value = text_after(line, "bond_master"))) {
			if (net_is(p->card, stanza))
				p->master = text_item(value);
		}
	}
}

char *interfaces_master(const struct tree *root, const struct net_card *c)
{
	struct port p = { .card = c };

	each_text(root, find_master, &p);
	return p.master;
}
