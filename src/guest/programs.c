/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs for 64 bits that enabled units start on a system for 32: they run
 * on a Pi with a 64-bit kernel, and not in the VM.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

enum {
	MAX_UNITS = 500,
	EI_CLASS = 4,
	CLASS_64 = 2,
};

static bool is_64bit(const struct tree *root, const char *path)
{
	unsigned char head[EI_CLASS + 1];

	return tree_read_at(root, path, head, sizeof(head), 0) ==
		       (ssize_t)sizeof(head) &&
	       !memcmp(head, "\177ELF", 4) && head[EI_CLASS] == CLASS_64;
}

/* The text of a unit; "x@a.service" is in x@.service. */
static char *unit_text(const struct tree *root, const char *name)
{
	static const char *const folders[] = { "/etc/systemd/system",
					       "/lib/systemd/system",
					       "/usr/lib/systemd/system" };
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		autofree char *path = xasprintf("%s/%s", folders[i], name);
		char *text = tree_text(root, path);

		if (!text && at && dot && dot > at) {
			free(path);
			path = xasprintf("%s/%.*s@%s", folders[i],
					 (int)(at - name), name, dot);
			text = tree_text(root, path);
		}
		if (text)
			return text;
	}
	return NULL;
}

static void one_unit(struct guest *g, const struct tree *root, const char *name)
{
	autofree char *text = unit_text(root, name);
	char *rest = text;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (!str_starts(line, "ExecStart"))
			continue;
		line += strcspn(line, "=");
		line += strspn(line, "=-@:+!\"' \t");
		line[strcspn(line, " \t\"'")] = 0;
		if (*line == '/' && is_64bit(root, line))
			guest_thing(g, THING_PROGRAM, FATE_LOST, line, name,
				    "a program for 64 bits: the VM's "
				    "processor has 32, as the system has");
	}
}

void programs_inspect(struct guest *g, const struct tree *root)
{
	size_t n = 0;

	if (g->arch != ARCH_ARMHF && g->arch != ARCH_ARMEL)
		return;
	for (size_t i = 0; i < g->services.n && i < MAX_UNITS; i++)
		if (g->services.at[i].enabled && !g->services.at[i].masked)
			one_unit(g, root, g->services.at[i].name);
	for (size_t i = 0; i < g->things.n; i++)
		n += g->things.at[i].kind == THING_PROGRAM;
	if (n)
		guest_say(g, FINDING_WARN, "units-64bit",
			  "%zu program%s that the system starts %s for 64 bits "
			  "and will not run: install the 32-bit ones",
			  n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
}
