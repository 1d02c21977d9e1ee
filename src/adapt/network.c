/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one network card is eth0 with the Pi's own address, and there is neither
 * a radio nor a second card nor a CAN bus: ifupdown fails as a whole where one
 * is missing that it was told to start.  What a stanza makes itself, a bridge
 * or a VLAN, is there as before.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "adapt/lines.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define BLANKS     " \t\r"
#define INTERFACES "/etc/network/interfaces"
#define FOLDER     INTERFACES ".d"

/* What is looked at. */
struct network {
	const struct adapt_facts *facts;
	struct plan *plan;
	char *card;     /* the wired card's name in the VM */
	struct str all; /* all files of interfaces(5) */
};

static bool is_any(const char *name, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return false;
}

static bool is_radio(const char *name)
{
	static const char *const patterns[] = { "wl*", "ap[0-9]", "uap[0-9]",
						NULL };

	return is_any(name, patterns);
}

/* As the kernel and systemd name hardware; a name that says nothing may be
 * anything, and stays. */
static bool is_hardware(const char *name)
{
	static const char *const patterns[] = {
		"eth[0-9]*", "en[dopsuxP]*[0-9a-f]",
		"usb[0-9]*", "can[0-9]*",
		"ww*",       NULL
	};

	return is_radio(name) || is_any(name, patterns);
}

/* Does its stanza make it, of others? */
static bool is_made(const struct network *net, const char *name)
{
	static const char *const keys[] = { "bridge_ports",    "bridge-ports",
					    "bond_slaves",     "bond-slaves",
					    "bond_mode",       "bond-mode",
					    "vlan_raw_device", "slaves",
					    "vlan-raw-device" };
	const char *at = net->all.text ? net->all.text : "";
	size_t n = strlen(name);
	bool inside = false, made = false;
	char *line;

	while (!made && (line = lines_next(&at))) {
		const char *stanza = lines_after(line, "iface");

		if (stanza)
			inside = strcspn(stanza, BLANKS) == n &&
				 !strncmp(stanza, name, n);
		else if (inside)
			made = !is_radio(name) && strstr(line, "link add");
		for (size_t i = 0; inside && i < sizeof(keys) / sizeof(*keys);
		     i++)
			made |= lines_after(line, keys[i]) != NULL;
		free(line);
	}
	return made;
}

static bool is_missing(const struct network *net, const char *name)
{
	return is_hardware(name) && !strpbrk(name, ".:") &&
	       strcmp(name, "eth0") != 0 && strcmp(name, net->card) != 0 &&
	       !is_made(net, name);
}

/* What became of the lines of a file. */
struct moved {
	bool radio, other;
};

/*
 * "auto lo wlan0": what of it is missing is started when it appears, which it
 * never does.  False, and nothing added: it is another line.
 */
static bool new_line(const struct network *net, const char *line,
		     struct str *out, struct moved *moved)
{
	static const char word[] = "auto";
	const char *names = line + strspn(line, " \t");
	autostr struct str here = { 0 }, missing = { 0 };

	if (!str_starts(names, word) || !isspace((unsigned char)names[4]))
		return false;
	names += strlen(word);
	for (names += strspn(names, BLANKS); *names;
	     names += strspn(names, BLANKS)) {
		size_t n = strcspn(names, BLANKS);
		autofree char *name = xstrndup(names, n);
		bool is = is_missing(net, name);

		str_addf(is ? &missing : &here, " %s", name);
		moved->radio |= is && is_radio(name);
		moved->other |= is && !is_radio(name);
		names += n;
	}
	if (!missing.len)
		return false;
	if (here.len)
		str_addf(out, "auto%s\n", here.text);
	str_addf(out, "allow-hotplug%s", missing.text);
	return true;
}

static void cards_may_be_missing(const struct network *net, const char *path)
{
	autofree char *text = net->facts->read(net->facts->arg, path);
	autostr struct str out = { 0 };
	struct moved moved = { 0 };

	for (const char *at = text; at && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *line = xstrndup(at, len);

		if (!new_line(net, line, &out, &moved))
			str_add(&out, line);
		if (at[len])
			str_add(&out, "\n");
		at += len + (at[len] == '\n');
	}
	if (moved.other)
		plan_add(net->plan, CHANGE_WRITE, "no-card", path,
			 "a VM has one network card, and networking.service "
			 "would fail without the others")
			->content = str_steal(&out);
	else if (moved.radio)
		plan_add(net->plan, CHANGE_WRITE, "no-wifi", path,
			 "a VM has no Wi-Fi, and networking.service would fail "
			 "without it")
			->content = str_steal(&out);
}

static void add_text(struct network *net, const char *path)
{
	autofree char *text = net->facts->read(net->facts->arg, path);

	if (text)
		str_addf(&net->all, "%s\n", text);
}

static void without_cards(const struct adapt_facts *facts, struct plan *plan)
{
	autofree char *card = adapt_card_name(facts);
	struct network net = { .facts = facts, .plan = plan, .card = card };
	autolist char **names = facts->list(facts->arg, FOLDER);

	add_text(&net, INTERFACES);
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", FOLDER, *n);

		add_text(&net, path);
	}
	cards_may_be_missing(&net, INTERFACES);
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", FOLDER, *n);

		cards_may_be_missing(&net, path);
	}
	str_free(&net.all);
}

void adapt_network(const struct adapt_facts *facts, struct plan *plan)
{
	without_cards(facts, plan);
	adapt_link(facts, plan);
	adapt_twin(facts, plan);
}
