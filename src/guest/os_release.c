/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

/* "7 (wheezy)": before 2016 os-release had no VERSION_CODENAME. */
static char *suite_of(const char *text)
{
	char *suite = text_value(text, "VERSION_CODENAME");
	autofree char *version = NULL;
	const char *open;

	if (suite && *suite)
		return suite;
	free(suite);
	version = text_value(text, "VERSION");
	open = version ? strchr(version, '(') : NULL;
	return open ? xstrndup(open + 1, strcspn(open + 1, ")")) : NULL;
}

/* One line of a file; NULL if there is none, or it is empty. */
static char *one_line(const struct tree *root, const char *path)
{
	autofree char *text = tree_text(root, path);
	char *rest = text, *line;

	if (!text || !(line = text_line(&rest)))
		return NULL;
	line = text_trim(line);
	return *line ? xstrdup(line) : NULL;
}

static bool leads_to_systemd(const struct tree *root)
{
	autofree char *init = tree_real(root, "/sbin/init");

	return init && str_ends(init, "/systemd");
}

static bool is_link(const struct tree *root, const char *path)
{
	struct tree_stat st;

	return tree_lstat(root, path, &st) == 0 && st.kind == TREE_LINK;
}

void os_release_inspect(struct guest *g, const struct tree *root)
{
	autofree char *text = tree_text(root, "/etc/os-release");

	if (!text)
		text = tree_text(root, "/usr/lib/os-release");
	if (text) {
		g->os_id = text_value(text, "ID");
		g->os_name = text_value(text, "PRETTY_NAME");
		g->os_version = text_value(text, "VERSION_ID");
		g->suite = suite_of(text);
	}
	g->hostname = one_line(root, "/etc/hostname");
	g->machine_id = one_line(root, "/etc/machine-id");
	g->merged_usr = is_link(root, "/lib");
	g->systemd = leads_to_systemd(root);
	g->raspberry = tree_exists(root, "/etc/rpi-issue");
	g->preload = tree_text(root, "/etc/ld.so.preload");
}
