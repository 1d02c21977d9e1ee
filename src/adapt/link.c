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

static bool is_made_name(const char *name, size_t n)
{
	autofree char *word = xstrndup(name, n);

	return n <= NAME_MAX_LEN && (!fnmatch("end[0-9]*", word, 0) ||
				     !fnmatch("enx????????????", word, 0) ||
				     !fnmatch("enu[0-9]*", word, 0));
}

/* What a text is searched for. */
struct search {
	const char *name;
	char *made; /* a name that systemd made */
};

/* The first word of a text that is such a name; eth0 there settles it. */
static bool find_made(const char *text, struct search *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	if (strstr(text, "eth0"))
		return false;
	for (const char *at = text; *at && !s->made;) {
		size_t n = strspn(at, letters);

		if (n && is_made_name(at, n))
			s->made = xstrndup(at, n);
		at += n ? n : 1;
	}
	return s->made != NULL;
}

/* Is the name one of its words, or does "lan*" fit it? */
static bool find_name(const char *text, struct search *s)
{
	static const char between[] = " \t\r\n=:,;\"'[]{}";

	for (const char *at = text + strspn(text, between); *at;
	     at += strspn(at, between)) {
		size_t n = strcspn(at, between);
		autofree char *word = xstrndup(at, n);

		if (!fnmatch(word, s->name, 0))
			return true;
		at += n;
	}
	return false;
}

typedef bool search_fn(const char *text, struct search *s);

static char *without_comments(const char *text)
{
	struct str out = { 0 };

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!strchr("#;", text[strspn(text, " \t")])) {
			str_addn(&out, text, len);
			str_add(&out, "\n");
		}
		text += len + (text[len] == '\n');
	}
	return str_steal(&out);
}

static bool search_file(const struct adapt_facts *facts, const char *path,
			search_fn *fn, struct search *s)
{
	autofree char *text = facts->read(facts->arg, path);
	autofree char *bare = text ? without_comments(text) : NULL;

	return bare && fn(bare, s);
}

/* Where a network is configured by the card's name; true: it was found. */
static bool search_all(const struct adapt_facts *facts, search_fn *fn,
		       struct search *s)
{
	static const char *const files[] = { "/etc/dhcpcd.conf",
					     "/etc/network/interfaces" };
	static const char *const folders[] = {
		"/etc/network/interfaces.d", FOLDER, "/etc/netplan",
		"/etc/NetworkManager/system-connections"
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (search_file(facts, files[i], fn, s))
			return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		autolist char **names = facts->list(facts->arg, folders[i]);

		for (char **n = names; n && *n; n++) {
			autofree char *path = xasprintf("%s/%s", folders[i],
							*n);

			if (!str_ends(*n, ".link") &&
			    search_file(facts, path, fn, s))
				return true;
		}
	}
	return false;
}

static char *configured_name(const struct adapt_facts *facts)
{
	struct search s = { 0 };

	search_all(facts, find_made, &s);
	return s.made;
}

static bool is_configured(const struct adapt_facts *facts, const char *name)
{
	struct search s = { .name = name };

	return search_all(facts, find_name, &s);
}

/* The text of a .link file that names a wired card, and that name; or NULL. */
static char *read_link(const struct adapt_facts *facts, const char *file,
		       char **ret_name)
{
	autofree char *path = xasprintf(FOLDER "/%s", file);
	autofree char *text = NULL, *name = NULL;

	text = str_ends(file, ".link") ? facts->read(facts->arg, path) : NULL;
	name = text ? value_of(text, "Name=") : NULL;
	if (!name || str_starts(name, "wl") || strstr(text, "Type=wlan"))
		return NULL;
	*ret_name = steal_ptr(name);
	return steal_ptr(text);
}

/* Is the network configured for a card of another name? */
static bool is_other_configured(const struct adapt_facts *facts,
				const char *name)
{
	autofree char *made = configured_name(facts);
	autolist char **names = facts->list(facts->arg, FOLDER);

	if ((made && strcmp(made, name) != 0) ||
	    (strcmp(name, "eth0") != 0 && is_configured(facts, "eth0")))
		return true;
	for (char **n = names; n && *n; n++) {
		autofree char *other = NULL, *text = NULL;

		text = read_link(facts, *n, &other);
		if (text && strcmp(other, name) != 0 &&
		    is_configured(facts, other))
			return true;
	}
	return false;
}

/*
 * A Pi may have had a second card, on USB, with a name by its address; this
 * machine has one, which shall not be called so.  Where nobody knows the
 * address of the first, it is the one that the network is configured for.
 */
static bool is_other_card(const struct adapt_facts *facts, const char *text,
			  const char *name)
{
	const char *known = facts->guest->mac;
	autofree char *mac = value_of(text, "MACAddress=");
	bool named, other;

	if (!mac)
		mac = value_of(text, "PermanentMACAddress=");
	if (!mac || (known && !strcasecmp(mac, known)))
		return false;
	named = is_configured(facts, name);
	other = is_other_configured(facts, name);
	return known ? other || !named : other && !named;
}

/* A file that names the wired card; true if there is one. */
static bool own_links(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, FOLDER);
	bool any = false;

	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf(FOLDER "/%s", *n);
		autofree char *text = NULL, *name = NULL, *new = NULL;

		text = read_link(facts, *n, &name);
		if (!text || is_other_card(facts, text, name))
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

char *adapt_card_name(const struct adapt_facts *facts)
{
	autolist char **names = facts->list(facts->arg, FOLDER);
	char *made;

	if (!facts->guest->systemd)
		return xstrdup("eth0");
	for (char **n = names; n && *n; n++) {
		autofree char *name = NULL, *text = read_link(facts, *n, &name);

		if (text && !is_other_card(facts, text, name))
			return steal_ptr(name);
	}
	made = configured_name(facts);
	return made ? made : xstrdup("eth0");
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
