/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one network card is eth0 with the Pi's own address, and there is no
 * radio: ifupdown fails as a whole where a card is missing that it was told to
 * start.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define BLANKS " \t\r"
#define FOLDER "/etc/network/interfaces.d"

/*
 * "auto lo wlan0": what of it is Wi-Fi is started when it appears, which it
 * never does.  False, and nothing added: it is another line.
 */
static bool new_line(const char *line, struct str *out)
{
	static const char word[] = "auto";
	const char *names = line + strspn(line, " \t");
	autostr struct str wired = { 0 }, wifi = { 0 };

	if (!str_starts(names, word) || !isspace((unsigned char)names[4]))
		return false;
	names += strlen(word);
	for (names += strspn(names, BLANKS); *names;
	     names += strspn(names, BLANKS)) {
		size_t n = strcspn(names, BLANKS);
		struct str *kind = str_starts(names, "wlan") ? &wifi : &wired;

		str_add(kind, " ");
		str_addn(kind, names, n);
		names += n;
	}
	if (!wifi.len)
		return false;
	if (wired.len)
		str_addf(out, "auto%s\n", wired.text);
	str_addf(out, "allow-hotplug%s", wifi.text);
	return true;
}

static void wifi_may_be_missing(const struct adapt_facts *facts,
				struct plan *plan, const char *path)
{
	autofree char *text = facts->read(facts->arg, path);
	autostr struct str out = { 0 };
	bool changed = false;

	for (const char *at = text; at && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *line = xstrndup(at, len);

		if (new_line(line, &out))
			changed = true;
		else
			str_add(&out, line);
		if (at[len])
			str_add(&out, "\n");
		at += len + (at[len] == '\n');
	}
	if (changed)
		plan_add(plan, CHANGE_WRITE, "no-wifi", path,
			 "a VM has no Wi-Fi, and networking.service would fail "
			 "without it")
			->content = str_steal(&out);
}

static void without_wifi(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, FOLDER);

	wifi_may_be_missing(facts, plan, "/etc/network/interfaces");
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", FOLDER, *n);

		wifi_may_be_missing(facts, plan, path);
	}
}

void adapt_network(const struct adapt_facts *facts, struct plan *plan)
{
	without_wifi(facts, plan);
	adapt_link(facts, plan);
	adapt_twin(facts, plan);
}
