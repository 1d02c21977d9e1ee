/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager: two connections, by nmcli.  The bridge gets the addresses of
 * the connection that the uplink had; that one is kept, but does not connect
 * by itself until the way back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/run.h"
#include "lan/managers.h"

/* "auto", or how long its frames may be: the bridge's as well as its port's. */
#define MTU "802-3-ethernet.mtu"

/* What of the old connection makes the host reachable, and says what else it
 * reaches by which way. */
static const char *const kept[] = {
	MTU,
	"connection.zone",
	"ipv4.method",
	"ipv4.addresses",
	"ipv4.gateway",
	"ipv4.never-default",
	"ipv4.may-fail",
	"ipv4.routes",
	"ipv4.route-metric",
	"ipv4.route-table",
	"ipv4.routing-rules",
	"ipv4.ignore-auto-routes",
	"ipv4.dns",
	"ipv4.dns-search",
	"ipv4.dns-priority",
	"ipv4.ignore-auto-dns",
	"ipv4.dhcp-client-id",
	"ipv4.dhcp-iaid",
	"ipv4.dhcp-hostname",
	"ipv4.dhcp-send-hostname",
	"ipv6.method",
	"ipv6.addresses",
	"ipv6.gateway",
	"ipv6.never-default",
	"ipv6.may-fail",
	"ipv6.routes",
	"ipv6.route-metric",
	"ipv6.route-table",
	"ipv6.routing-rules",
	"ipv6.ignore-auto-routes",
	"ipv6.dns",
	"ipv6.dns-search",
	"ipv6.dns-priority",
	"ipv6.ignore-auto-dns",
	"ipv6.addr-gen-mode",
	"ipv6.ip6-privacy",
	"ipv6.token",
	"ipv6.dhcp-duid",
	"ipv6.dhcp-iaid",
	"ipv6.dhcp-hostname",
	"ipv6.dhcp-send-hostname",
};

enum {
	KEPT = sizeof(kept) / sizeof(kept[0])
};

/* The connection in force on the uplink; NULL: not NetworkManager's. */
static char *connection(const char *uplink)
{
	char *name;

	if (!run_have("nmcli"))
		return NULL;
	name = manager_ask("nmcli", "--escape", "no", "-g", "GENERAL.CON-UUID",
			   "device", "show", uplink);
	if (name && *name && strcmp(name, "--") != 0)
		return name;
	free(name);
	return NULL;
}

static int plan(struct setup *s, struct err *err)
{
	autofree char *uuid = connection(s->uplink);

	(void)err;
	if (!uuid)
		return 0;
	free(s->old);
	s->old = steal_ptr(uuid);
	return 1;
}

static char *bridge_name(const struct setup *s)
{
	return xasprintf("pimigrate-%s", s->bridge);
}

static char *port_name(const struct setup *s)
{
	return xasprintf("pimigrate-%s-uplink", s->bridge);
}

static int nothing(const struct setup *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < KEPT; i++)
		if (!strcmp(name, kept[i]))
			return true;
	return false;
}

/* In one step: some are refused without the others. */
static int copy_settings(const struct setup *s, const char *bridge,
			 struct err *err)
{
	const char *argv[4 + 2 * KEPT + 1] = { "nmcli", "connection", "modify",
					       bridge };
	/* Whole groups, as lines NAME:VALUE: one that does not know a name
	 * would tell nothing at all. */
	autofree char *text = manager_ask("nmcli", "--escape", "no", "-t", "-f",
					  "802-3-ethernet,connection,ipv4,ipv6",
					  "connection", "show", s->old);
	size_t n = 4;
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL;
	     line && n < 4 + 2 * KEPT; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ':');

		if (value)
			*value++ = 0;
		if (!value || !*value || !strcmp(value, "auto") ||
		    !is_kept(line))
			continue;
		argv[n++] = line;
		argv[n++] = value;
	}
	if (n == 4)
		return err_set(err, EIO,
			       "NetworkManager does not tell what connection "
			       "'%s' is like",
			       s->old);
	return manager_run_words(err, argv);
}

static int up(const struct setup *s, struct err *err)
{
	autofree char *bridge = bridge_name(s), *port = port_name(s);
	autofree char *mtu = manager_ask("nmcli", "-g", MTU, "connection",
					 "show", s->old);
	int r = manager_run(err, "nmcli", "connection", "add", "type", "bridge",
			    "ifname", s->bridge, "con-name", bridge,
			    "bridge.stp", "no", "bridge.mac-address", s->mac);

	if (!r)
		r = copy_settings(s, bridge, err);
	if (!r)
		r = manager_run(err, "nmcli", "connection", "add", "type",
				"ethernet", "slave-type", "bridge", "ifname",
				s->uplink, "master", s->bridge, "con-name",
				port, MTU, mtu ? mtu : "auto");
	if (!r)
		r = manager_run(err, "nmcli", "connection", "modify", s->old,
				"connection.autoconnect", "no");
	if (!r)
		r = manager_run(err, "nmcli", "--wait", "0", "connection", "up",
				bridge);
	return r < 0 ? r
		     : manager_run(err, "nmcli", "--wait", "30", "connection",
				   "up", port);
}

/* Those that were not made yet are not there: no reason to stop. */
static int down(const struct setup *s, struct err *err)
{
	autofree char *bridge = bridge_name(s), *port = port_name(s);
	struct err ignored;
	int r;

	manager_run(&ignored, "nmcli", "connection", "delete", port);
	manager_run(&ignored, "nmcli", "connection", "delete", bridge);
	r = manager_run(err, "nmcli", "connection", "modify", s->old,
			"connection.autoconnect", "yes");
	return r < 0 ? r
		     : manager_run(err, "nmcli", "--wait", "30", "connection",
				   "up", s->old);
}

const struct manager manager_nm = {
	.name = "NetworkManager",
	.plan = plan,
	.before_up = nothing,
	.after_up = up,
	.before_down = nothing,
	.after_down = down,
};
