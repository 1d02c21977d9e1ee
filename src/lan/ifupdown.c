/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifupdown: the uplink's paragraphs in /etc/network/interfaces (or a file of
 * interfaces.d) become the bridge's, which makes itself with ip(8): so the
 * package bridge-utils is not needed (interfaces(5)).  All files are looked
 * through: the line that starts the uplink may stand in another one.
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

/* "auto lo eth0" → "auto lo"; of "allow-hotplug eth0" nothing is left. */
static bool drop_from_list(struct str *out, const char *line,
			   const struct setup *s)
{
	autostr struct str kept = { 0 };
	size_t words = 0, dropped = 0;

	while (*line) {
		size_t gap = strspn(line, " \t");
		size_t word = strcspn(line + gap, " \t");

		if (word == strlen(s->uplink) &&
		    !strncmp(line + gap, s->uplink, word)) {
			dropped++;
		} else {
			str_addn(&kept, line, gap + word);
			words += word > 0;
		}
		line += gap + word;
	}
	if (words > 1 || !dropped)
		str_addf(out, "%s\n", kept.text);
	return dropped > 0;
}

static bool is_list(const char *line)
{
	line += strspn(line, " \t");
	return (str_starts(line, "auto") && is_space(line[4])) ||
	       (str_starts(line, "allow-") && strpbrk(line, " \t"));
}

/* What one of the files has of the uplink. */
struct seen {
	bool paragraph, list;
};

/*
 * The bridge starts by "auto", whatever started the uplink: allow-hotplug
 * waits for a device to appear, and the bridge's does so only when it is
 * started.
 */
static void begin_bridge(struct str *out, const struct setup *s,
			 const char *rest, bool first)
{
	if (first)
		str_addf(out, "auto %s\n", s->bridge);
	str_addf(out, "iface %s%s\n", s->bridge, rest);
	if (first)
		make_bridge(out, s);
}

/*
 * The file's new text.  Only the first of its paragraphs (inet, inet6) makes
 * the bridge.
 */
static void rewrite(const struct setup *s, char *text, struct str *out,
		    struct seen *ret_seen)
{
	bool ours = false;
	char *save = NULL;

	for (char *line = text; line; line = save) {
		const char *word = line + strspn(line, " \t"), *rest;

		save = strchr(line, '\n');
		if (save)
			*save++ = 0;
		else if (!*line)
			break;
		if (str_starts(word, "iface"))
			ours = false;
		if (begins(line, "iface", s->uplink, &rest)) {
			if (s->bridge)
				begin_bridge(out, s, rest,
					     !ret_seen->paragraph);
			ret_seen->paragraph = ours = true;
		} else if (is_list(line)) {
			ret_seen->list |= drop_from_list(out, line, s);
		} else {
			str_addf(out, "%s\n", line);
		}
		/* A frame is as long as the shortest link on its way. */
		if (ours && str_starts(word, "mtu") && is_space(word[3]))
			str_addf(out, "\tpre-up ip link set %s mtu%s\n",
				 s->uplink, word + 3);
	}
}

/* Does it configure the uplink?  Then it is planned, if there is a bridge; so
 * is one that has it in a list only. */
static bool try_file(struct setup *s, const char *path)
{
	autofree char *text = NULL;
	autostr struct str out = { 0 };
	struct seen seen = { 0 };
	struct err ignored;

	if (files_read(path, FILE_MAX, &text, NULL, &ignored) < 0)
		return false;
	rewrite(s, text, &out, &seen);
	if (s->bridge && (seen.paragraph || seen.list))
		manager_file(s, xstrdup(path), str_steal(&out), NULL);
	return seen.paragraph;
}

static int plan(struct setup *s, struct err *err)
{
	DIR *dir;
	const struct dirent *entry;
	bool found;

	(void)err;
	if (!run_have("ifup"))
		return 0;
	found = try_file(s, "/etc/network/interfaces");
	dir = opendir("/etc/network/interfaces.d");
	while (dir && (entry = readdir(dir))) {
		autofree char *path = xasprintf("/etc/network/interfaces.d/%s",
						entry->d_name);

		if (entry->d_name[0] != '.' && try_file(s, path))
			found = true;
	}
	if (dir)
		closedir(dir);
	return found;
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
