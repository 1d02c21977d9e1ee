/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifupdown: the uplink's paragraphs in /etc/network/interfaces (or a file of
 * interfaces.d) become the bridge's, which makes itself with ip(8): so the
 * package bridge-utils is not needed (interfaces(5)).
 */
#include <dirent.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "lan/managers.h"

enum {
	FILE_MAX = 1 << 20
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Does the line begin with these two words?  Then *ret_rest is what follows
 * the second. */
static bool begins(const char *line, const char *first, const char *second,
		   const char **ret_rest)
{
	size_t n = strlen(first), m = strlen(second);

	line += strspn(line, " \t");
	if (strncmp(line, first, n) || !is_space(line[n]))
		return false;
	line += n + strspn(line + n, " \t");
	if (strncmp(line, second, m) || (line[m] && !is_space(line[m])))
		return false;
	*ret_rest = line + m;
	return true;
}

static void make_bridge(struct str *out, const struct setup *s)
{
	str_addf(out,
		 "\tpre-up ip link add %s address %s type bridge || true\n"
		 "\tpre-up ip link set %s up master %s\n"
		 "\tpost-down ip link del %s || true\n",
		 s->bridge, s->mac, s->uplink, s->bridge, s->bridge);
}

/* "auto lo eth0" → "auto lo br0" */
static void rename_in_list(struct str *out, const char *line,
			   const struct setup *s)
{
	while (*line) {
		size_t gap = strspn(line, " \t"), word;

		str_addn(out, line, gap);
		line += gap;
		word = strcspn(line, " \t");
		if (word == strlen(s->uplink) &&
		    !strncmp(line, s->uplink, word))
			str_add(out, s->bridge);
		else
			str_addn(out, line, word);
		line += word;
	}
	str_add(out, "\n");
}

static bool is_list(const char *line)
{
	line += strspn(line, " \t");
	return (str_starts(line, "auto") && is_space(line[4])) ||
	       (str_starts(line, "allow-") && strpbrk(line, " \t"));
}

/*
 * The file's new text; false: it does not configure the uplink.  Only the
 * first of its paragraphs (inet, inet6) makes the bridge.
 */
static bool rewrite(const struct setup *s, char *text, struct str *out)
{
	bool found = false;
	char *save = NULL;

	for (char *line = text; line; line = save) {
		const char *rest;

		save = strchr(line, '\n');
		if (save)
			*save++ = 0;
		else if (!*line)
			break;
		if (begins(line, "iface", s->uplink, &rest)) {
			str_addf(out, "iface %s%s\n",
				 s->bridge ? s->bridge : "", rest);
			if (!found && s->bridge)
				make_bridge(out, s);
			found = true;
		} else if (s->bridge && is_list(line)) {
			rename_in_list(out, line, s);
		} else {
			str_addf(out, "%s\n", line);
		}
	}
	return found;
}

/* 1: it configures the uplink, and is planned if there is a bridge. */
static int try_file(struct setup *s, const char *path, struct err *err)
{
	autofree char *text = NULL;
	autostr struct str out = { 0 };
	struct err ignored;

	(void)err;
	if (files_read(path, FILE_MAX, &text, NULL, &ignored) < 0 ||
	    !rewrite(s, text, &out))
		return 0;
	if (s->bridge)
		manager_file(s, xstrdup(path), str_steal(&out), NULL);
	return 1;
}

static int plan(struct setup *s, struct err *err)
{
	DIR *dir;
	const struct dirent *entry;
	int r;

	if (!run_have("ifup"))
		return 0;
	r = try_file(s, "/etc/network/interfaces", err);
	dir = r ? NULL : opendir("/etc/network/interfaces.d");
	while (dir && !r && (entry = readdir(dir))) {
		autofree char *path = xasprintf("/etc/network/interfaces.d/%s",
						entry->d_name);

		if (entry->d_name[0] != '.')
			r = try_file(s, path, err);
	}
	if (dir)
		closedir(dir);
	return r;
}

/* It may be down, or have been set up by hand. */
static int uplink_down(const struct setup *s, struct err *err)
{
	struct err ignored;

	(void)err;
	manager_run(&ignored, "ifdown", "--force", s->uplink);
	manager_run(&ignored, "ip", "address", "flush", "dev", s->uplink);
	return 0;
}

static int bridge_up(const struct setup *s, struct err *err)
{
	return manager_run(err, "ifup", s->bridge);
}

static int bridge_down(const struct setup *s, struct err *err)
{
	struct err ignored;

	(void)err;
	manager_run(&ignored, "ifdown", "--force", s->bridge);
	manager_run(&ignored, "ip", "link", "delete", s->bridge);
	return 0;
}

static int uplink_up(const struct setup *s, struct err *err)
{
	return manager_run(err, "ifup", "--force", s->uplink);
}

const struct manager manager_ifupdown = {
	.name = "ifupdown",
	.plan = plan,
	.before_up = uplink_down,
	.after_up = bridge_up,
	.before_down = bridge_down,
	.after_down = uplink_up,
};
