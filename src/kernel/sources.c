/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry is Debian's if its suite is one of Debian's: the path of a URL says
 * little (a mirror may call it anything), and Ubuntu's suites have other
 * names.  Entries that we cannot fetch from (cdrom:, tor+http:, mirror:) are
 * passed over.
 */
#include "kernel/sources.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "kernel/control.h"

enum {
	MAX_FILE = 1 << 20
};

static const char *const suites[] = {
	"buster", "bullseye",  "bookworm",     "trixie", "forky",   "duke",
	"sid",    "oldstable", "oldoldstable", "stable", "testing", "unstable",
};

/* Is the suite Debian's?  Then *ret_security says of which archive. */
static bool debian_suite(const char *suite, bool *ret_security)
{
	static const char *const tails[] = { "", "-updates", "-backports",
					     "-security", "/updates" };

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		size_t n = strlen(suites[i]);

		if (strncmp(suite, suites[i], n))
			continue;
		for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++) {
			if (strcmp(suite + n, tails[t]))
				continue;
			*ret_security = t >= 3;
			return true;
		}
	}
	return false;
}

static bool fetchable(const char *url)
{
	return str_starts(url, "http://") || str_starts(url, "https://") ||
	       str_starts(url, "file:///");
}

/* The first entry wins, as it does for apt. */
static void take(const char *url, const char *suite, struct mirrors *m)
{
	bool security;
	char **where, *end;

	if (!fetchable(url) || !debian_suite(suite, &security))
		return;
	where = security ? &m->security : &m->main;
	if (*where)
		return;
	*where = xstrdup(url);
	end = *where + strlen(*where);
	while (end > *where && end[-1] == '/')
		*--end = 0;
}

/* Every URI with every suite. */
static void take_words(char *uris, const char *suites_text, struct mirrors *m)
{
	char *save_uri = NULL, *save_suite = NULL;

	for (char *uri = strtok_r(uris, " \t\n", &save_uri); uri;
	     uri = strtok_r(NULL, " \t\n", &save_uri)) {
		autofree char *copy = xstrdup(suites_text);

		for (char *suite = strtok_r(copy, " \t\n", &save_suite); suite;
		     suite = strtok_r(NULL, " \t\n", &save_suite))
			take(uri, suite, m);
	}
}

static void read_deb822(const char *text, struct mirrors *m)
{
	const char *end = text + strlen(text);
	struct control par;

	while (control_next(&text, end, &par)) {
		autofree char *types = control_field(&par, "Types");
		autofree char *uris = control_field(&par, "URIs");
		autofree char *names = control_field(&par, "Suites");

		if (types && uris && names && str_starts(types, "deb") &&
		    !control_is(&par, "Types", "deb-src") &&
		    !control_is(&par, "Enabled", "no"))
			take_words(uris, names, m);
	}
}

/* "deb [option=value …] URI SUITE component …" */
static void read_line(char *line, struct mirrors *m)
{
	char *save = NULL, *uri, *suite, *close;

	line += strspn(line, " \t");
	line[strcspn(line, "#")] = 0;
	if (strncmp(line, "deb", 3) || !strchr(" \t", line[3]) || !line[3])
		return;
	line += 3;
	line += strspn(line, " \t");
	if (*line == '[') {
		close = strchr(line, ']');
		if (!close)
			return;
		line = close + 1;
	}
	uri = strtok_r(line, " \t", &save);
	suite = strtok_r(NULL, " \t", &save);
	if (uri && suite)
		take(uri, suite, m);
}

static void read_list(char *text, struct mirrors *m)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save))
		read_line(line, m);
}

static void read_source(const char *dir, const char *name, struct mirrors *m)
{
	autofree char *path = xasprintf("%s/%s", dir, name);
	autofree char *text = NULL;
	struct err ignored;

	if (files_read(path, MAX_FILE, &text, NULL, &ignored) < 0)
		return;
	if (str_ends(name, ".sources"))
		read_deb822(text, m);
	else
		read_list(text, m);
}

static int is_source(const struct dirent *entry)
{
	return str_ends(entry->d_name, ".list") ||
	       str_ends(entry->d_name, ".sources");
}

void sources_find(const char *apt_dir, struct mirrors *ret_mirrors)
{
	autofree char *parts = xasprintf("%s/sources.list.d", apt_dir);
	struct mirrors m = { 0 };
	struct dirent **names = NULL;
	int n;

	read_source(apt_dir, "sources.list", &m);
	n = scandir(parts, &names, is_source, alphasort);
	for (int i = 0; i < n; i++) {
		read_source(parts, names[i]->d_name, &m);
		free(names[i]);
	}
	free(names);
	if (m.main && !m.security)
		m.security = sources_security_of(m.main);
	*ret_mirrors = m;
}

char *sources_security_of(const char *main_url)
{
	if (str_ends(main_url, "/debian"))
		return xasprintf("%s-security", main_url);
	return NULL;
}

void mirrors_free(struct mirrors *m)
{
	free(m->main);
	free(m->security);
	*m = (struct mirrors){ 0 };
}
