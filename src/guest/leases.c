/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "guest/network.h"

static const char *const folders[] = { "/var/lib/dhcpcd", "/var/lib/dhcpcd5",
				       "/var/lib/dhcp",
				       "/var/lib/NetworkManager" };

static void later(const struct tree *root, const char *path, int64_t *last)
{
	struct tree_stat st;

	if (tree_stat(root, path, &st) == 0 && st.mtime > *last)
		*last = st.mtime;
}

/* When the newest lease was written whose file has that name in its own;
 * -1: there is none. */
static int64_t last_lease(const struct tree *root, const char *name)
{
	int64_t last = -1;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		autonames struct tree_names names = { 0 };

		(void)tree_list(root, folders[i], &names);
		for (size_t n = 0; n < names.all.n; n++) {
			autofree char *path = xasprintf("%s/%s", folders[i],
							names.all.at[n]);

			if (strstr(names.all.at[n], name) &&
			    strstr(names.all.at[n], "lease"))
				later(root, path, &last);
		}
	}
	return last;
}

bool leases_tell_of(const struct tree *root, const struct net_card *c)
{
	const char *const names[] = { c->name, c->master };
	int64_t last = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int64_t at = names[i] ? last_lease(root, names[i]) : -1;

		last = at > last ? at : last;
	}
	return last >= 0;
}
