/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build folder is known by its build.ninja; programs lie one or more
 * levels below it (src/pimigrate, tests/unit/test_x).
 */
#include "host/place.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

/* Cuts the last component off; false at the root. */
static bool parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = 0;
	return true;
}

/* The folder of this program, or NULL. */
static char *own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = 0;
	return parent(path) ? xstrdup(path) : NULL;
}

/* The build folder around the program, or NULL: it is installed. */
static char *build_folder(const char *own)
{
	char *path = xstrdup(own);

	do {
		autofree char *mark = xasprintf("%s/build.ninja", path);

		if (!access(mark, F_OK))
			return path;
	} while (parent(path));
	free(path);
	return NULL;
}

/* path, if it is there and may be used so (F_OK, X_OK); else NULL. */
static char *if_there(char *path, int how)
{
	if (path && !access(path, how))
		return path;
	free(path);
	return NULL;
}

char *place_data(const char *name)
{
	autofree char *own = own_folder();
	autofree char *build = own ? build_folder(own) : NULL;

	if (!own)
		return NULL;
	if (build)
		return parent(build)
			       ? if_there(xasprintf("%s/%s", build, name), F_OK)
			       : NULL;
	return parent(own)
		       ? if_there(xasprintf("%s/share/pimigrate/%s", own, name),
				  F_OK)
		       : NULL;
}

char *place_program(const char *name)
{
	autofree char *own = own_folder();
	autofree char *build = own ? build_folder(own) : NULL;

	if (!own)
		return NULL;
	if (build)
		return if_there(xasprintf("%s/emu/%s", build, name), X_OK);
	return if_there(xasprintf("%s/%s", own, name), X_OK);
}
