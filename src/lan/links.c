/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lan/links.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"

enum {
	VALUE_MAX = 4096,
	ROUTES_MAX = 1 << 20
};

static char *value(const char *dir, const char *file)
{
	autofree char *path = xasprintf("%s/%s", dir, file);
	struct err ignored;
	char *text;

	if (files_read(path, VALUE_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return text;
}

static bool has(const char *dir, const char *file)
{
	autofree char *path = xasprintf("%s/%s", dir, file);

	return !access(path, F_OK);
}

/* The last word of where a link in sysfs leads. */
static char *target(const char *dir, const char *file)
{
	autofree char *path = xasprintf("%s/%s", dir, file);
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n < 0)
		return NULL;
	to[n] = 0;
	return xstrdup(strrchr(to, '/') ? strrchr(to, '/') + 1 : to);
}

static void read_link(const char *dir, const char *name, struct link *l)
{
	autofree char *flags = value(dir, "flags");
	autofree char *carrier = value(dir, "carrier");
	autofree char *device = target(dir, "device");

	*l = (struct link){
		.name = xstrdup(name),
		.mac = value(dir, "address"),
		.master = target(dir, "master"),
		.bridge = has(dir, "bridge"),
		.wireless = has(dir, "wireless") || has(dir, "phy80211"),
		.tap = has(dir, "tun_flags"),
		.virtual = !device,
		.up = flags && (strtoul(flags, NULL, 0) & IFF_UP),
		.carrier = carrier && *carrier == '1',
	};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct link *)a)->name,
		      ((const struct link *)b)->name);
}

int links_read(const char *root, struct links *ret_links, struct err *err)
{
	autofree char *top = xasprintf("%s/sys/class/net", root);
	DIR *dir = opendir(top);
	const struct dirent *entry;

	*ret_links = (struct links){ 0 };
	if (!dir)
		return err_errno(err, errno, "cannot read '%s'", top);
	while ((entry = readdir(dir))) {
		autofree char *path = xasprintf("%s/%s", top, entry->d_name);

		/* bonding_masters is a file. */
		if (entry->d_name[0] != '.' && has(path, "ifindex"))
			read_link(path, entry->d_name,
				  vec_add(&ret_links->all));
	}
	closedir(dir);
	if (ret_links->all.n)
		qsort(ret_links->all.at, ret_links->all.n, sizeof(struct link),
		      by_name);
	return 0;
}

void links_free(struct links *links)
{
	for (size_t i = 0; i < links->all.n; i++) {
		free(links->all.at[i].name);
		free(links->all.at[i].mac);
		free(links->all.at[i].master);
	}
	vec_free(&links->all);
}

const struct link *links_find(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->all.n; i++)
		if (!strcmp(links->all.at[i].name, name))
			return &links->all.at[i];
	return NULL;
}

char *links_default_route(const char *root)
{
	autofree char *path = xasprintf("%s/proc/net/route", root);
	autofree char *text = NULL;
	struct err ignored;
	char *save = NULL;

	if (files_read(path, ROUTES_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char name[IFNAMSIZ];
		unsigned int to, mask;

		if (sscanf(line, "%15s %x %*x %*x %*d %*d %*d %x", name, &to,
			   &mask) == 3 &&
		    !to && !mask)
			return xstrdup(name);
	}
	return NULL;
}
