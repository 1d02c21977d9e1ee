/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd-networkd: three files.  The bridge gets all sections of the file
 * that configured the uplink but those that match or describe the link
 * (systemd.network(5)).  Names begin with 05-, so that they come before
 * netplan's 10-netplan-…, wherever those lie.
 */
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/files.h"
#include "lan/managers.h"

#define FOLDER "/etc/systemd/network/05-pimigrate-"

enum {
	FILE_MAX = 1 << 20
};

/* The file that configures it, from networkd's own state of the link. */
static char *network_file(const char *uplink)
{
	autofree char *path = xasprintf("/run/systemd/netif/links/%u",
					if_nametoindex(uplink));
	autofree char *text = NULL;
	struct err ignored;
	char *at;

	if (files_read(path, FILE_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	at = strstr(text, "NETWORK_FILE=");
	if (!at)
		return NULL;
	at += strlen("NETWORK_FILE=");
	return xstrndup(at, strcspn(at, "\n"));
}

/* Its sections that say how the host is reached. */
static void add_sections(struct str *out, const char *text)
{
	bool taken = false;

	for (const char *line = text; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if (*line == '[')
			taken = !str_starts(line, "[Match]") &&
				!str_starts(line, "[Link]");
		if (taken) {
			str_addn(out, line, n);
			str_add(out, "\n");
		}
	}
}

static int plan(struct setup *s, struct err *err)
{
	autofree char *file = network_file(s->uplink);
	autofree char *text = NULL;
	struct str out = { 0 };
	int r;

	if (!file)
		return 0;
	if (!s->bridge)
		return 1;
	r = files_read(file, FILE_MAX, &text, NULL, err);
	if (r < 0)
		return r;
	s->old = steal_ptr(file);
	manager_file(s, xasprintf(FOLDER "%s.netdev", s->bridge),
		     xasprintf("[NetDev]\nName=%s\nKind=bridge\n"
			       "MACAddress=%s\n\n[Bridge]\nSTP=no\n"
			       "ForwardDelaySec=0\n",
			       s->bridge, s->mac),
		     NULL);
	manager_file(s, xasprintf(FOLDER "%s-uplink.network", s->bridge),
		     xasprintf("[Match]\nName=%s\n\n[Network]\nBridge=%s\n",
			       s->uplink, s->bridge),
		     NULL);
	str_addf(&out, "[Match]\nName=%s\n\n", s->bridge);
	add_sections(&out, text);
	manager_file(s, xasprintf(FOLDER "%s.network", s->bridge),
		     str_steal(&out), s->old);
	return 1;
}

static int nothing(const struct setup *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static int reload(const struct setup *s, struct err *err)
{
	int r = manager_run(err, "networkctl", "reload");

	return r < 0 ? r
		     : manager_run(err, "networkctl", "reconfigure", s->uplink);
}

/* networkd never removes a device that it made. */
static int drop_bridge(const struct setup *s, struct err *err)
{
	int r = 0;

	if (if_nametoindex(s->bridge))
		r = manager_run(err, "networkctl", "delete", s->bridge);
	return r < 0 ? r : reload(s, err);
}

const struct manager manager_networkd = {
	.name = "systemd-networkd",
	.plan = plan,
	.before_up = nothing,
	.after_up = reload,
	.before_down = nothing,
	.after_down = drop_bridge,
};
