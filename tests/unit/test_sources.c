/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "kernel/sources.h"
#include "test.h"

static char *dir;
static struct err err;

/* What is found with these two files (NULL: there is none). */
static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool finds(const char *list, const char *sources, const char *main_url,
		  const char *security)
{
	autofree char *one = xasprintf("%s/sources.list", dir);
	autofree char *parts = xasprintf("%s/sources.list.d", dir);
	autofree char *two = xasprintf("%s/x.sources", parts);
	automirrors struct mirrors m = { 0 };

	check(!files_remove_tree(one, &err));
	check(!files_remove_tree(parts, &err));
	if (list)
		check(!files_replace(one, list, strlen(list), 0600, &err));
	if (sources) {
		check(!files_mkdir_p(parts, 0700, &err));
		check(!files_replace(two, sources, strlen(sources), 0600,
				     &err));
	}
	sources_find(dir, &m);
	if (same(m.main, main_url) && same(m.security, security))
		return true;
	fprintf(stderr, "%s %s\n", m.main ? m.main : "none",
		m.security ? m.security : "none");
	return false;
}

int main(void)
{
	static const char *const none = NULL;

	check(!files_temp_dir(NULL, &dir, &err));
	check(finds(NULL, NULL, none, none));
	check(finds("# deb http://no/ bookworm main\n"
		    "deb-src http://no/ bookworm main\n"
		    "deb cdrom:[x]/ bookworm main\n"
		    "deb http://u/ubuntu noble main\n"
		    "deb http://s/debian-security bookworm-security main\n"
		    "  deb [arch=armhf signed-by=/x] http://m/debian/ trixie "
		    "main # comment\n",
		    NULL, "http://m/debian", "http://s/debian-security"));
	check(finds("deb http://old/debian-security buster/updates main", NULL,
		    none, "http://old/debian-security"));
	check(finds(NULL,
		    "Types: deb deb-src\n# note\nURIs: http://m/debian/\n"
		    "Suites: bookworm bookworm-updates\nComponents: main\n\n"
		    "Types: deb\nURIs: http://s/sec\n"
		    "Suites: bookworm-security\n",
		    "http://m/debian", "http://s/sec"));
	check(finds(NULL,
		    "Types: deb\nEnabled: no\nURIs: http://m/debian\n"
		    "Suites: bookworm\n\n"
		    "Types: deb-src\nURIs: http://n/debian\nSuites: bookworm\n",
		    none, none));
	/* A mirror without a security entry: the one beside it. */
	check(finds("deb https://m/pub/debian stable main", NULL,
		    "https://m/pub/debian", "https://m/pub/debian-security"));
	check(finds("deb file:///srv/mirror sid main", NULL,
		    "file:///srv/mirror", none));
	check(finds("deb\ndeb [broken http://m stable\ndeb http://m\n", NULL,
		    none, none));
	check(!files_remove_tree(dir, &err));
	free(dir);
	return test_done();
}
