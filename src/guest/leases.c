/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lease of eth0 tells that a cable was in use, but for how long ago: who set
 * a Pi up with a cable, and hung it on the wall with Wi-Fi then, has such a
 * lease for ever.  A Pi has no clock of its own that could be asked; what it
 * last wrote tells when it was last used.
 */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "guest/network.h"

enum {
	OLD = 90 * 24 * 3600 /* seconds */
};

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

static int64_t last_use(const struct tree *root)
{
	static const char *const files[] = {
		"/etc/fake-hwclock.data",
		"/var/log/syslog",
		"/var/log/messages",
		"/var/log/kern.log",
		"/var/log/wtmp",
		"/var/lib/systemd/timesync/clock",
		"/var/lib/NetworkManager/timestamps",
	};
	static const char journals[] = "/var/log/journal";
	autonames struct tree_names ids = { 0 };
	int64_t last = last_lease(root, "wlan");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		later(root, files[i], &last);
	(void)tree_list(root, journals, &ids);
	for (size_t i = 0; i < ids.all.n; i++) {
		autofree char *path = xasprintf("%s/%s/system.journal",
						journals, ids.all.at[i]);

		later(root, path, &last);
	}
	return last;
}

bool leases_tell_of(const struct tree *root, const struct net_card *c)
{
	const char *const names[] = { c->name, c->master, "eth0" };
	int64_t last = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int64_t at = names[i] ? last_lease(root, names[i]) : -1;

		last = at > last ? at : last;
	}
	return last >= 0 && last_use(root) - last < OLD;
}
