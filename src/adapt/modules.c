/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules that are loaded by name: the Pi's own do not exist in
 * Debian's kernel and would leave a failed unit; evdev must be there, or the
 * power button does nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

/* A line that names a module, with its first word in name. */
static bool names_module(const char *line, size_t len, char name[64])
{
	size_t start = 0, n;

	while (start < len && (line[start] == ' ' || line[start] == '\t'))
		start++;
	n = strcspn(line + start, " \t\r\n");
	if (!n || n >= 64 || line[start] == '#' || line[start] == ';')
		return false;
	memcpy(name, line + start, n);
	name[n] = 0;
	return true;
}

static void without_pi_modules(const struct adapt_facts *facts,
			       struct plan *plan, const char *path)
{
	autofree char *text = facts->read(facts->arg, path);
	const char *reason = NULL;
	autostr struct str out = { 0 };

	for (const char *line = text; line && *line;) {
		size_t len = strcspn(line, "\n");
		const char *why = NULL;
		char name[64];

		if (names_module(line, len, name))
			why = facts->drop_module(facts->profile, name);
		if (why)
			str_add(&out, "# pimigrate: not on this board: ");
		reason = why ? why : reason;
		str_addn(&out, line, len);
		str_add(&out, "\n");
		line += len + (line[len] == '\n');
	}
	if (reason)
		plan_add(plan, CHANGE_WRITE, "modules", path, reason)->content =
			str_steal(&out);
}

void adapt_modules(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, "/etc/modules-load.d");

	without_pi_modules(facts, plan, "/etc/modules");
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("/etc/modules-load.d/%s", *n);
		autofree char *link = facts->readlink(facts->arg, path);

		/* A link leads to /etc/modules, which was done. */
		if (!link && str_ends(*n, ".conf"))
			without_pi_modules(facts, plan, path);
	}
	plan_add(plan, CHANGE_WRITE, "evdev",
		 "/etc/modules-load.d/pimigrate.conf",
		 "without it the power button does nothing")
		->content = xstrdup("# pimigrate: the power button\nevdev\n");
}
