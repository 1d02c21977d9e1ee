/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager: two connections, by nmcli.  The bridge gets the addresses of
 * the connection that the uplink had; that one is kept, but does not connect
 * by itself until the way back.
 */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/run.h"
#include "lan/managers.h"

/* What of the old connection makes the host reachable. */
static const char *const kept[] = {
	"ipv4.method",         "ipv4.addresses", "ipv4.gateway",
	"ipv4.routes",         "ipv4.dns",       "ipv4.dns-search",
	"ipv4.dhcp-client-id", "ipv6.method",    "ipv6.addresses",
	"ipv6.gateway",        "ipv6.dns",       "ipv6.addr-gen-mode",
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

/* Addresses before the method: "manual" wants one. */
static int copy_settings(const struct setup *s, const char *bridge,
			 struct err *err)
{
	const char *argv[4 + 2 * KEPT + 1] = { "nmcli", "connection", "modify",
					       bridge };
	char *values[KEPT] = { 0 };
	size_t n = 4;
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		values[i] = manager_ask("nmcli", "--escape", "no", "-g",
					kept[i], "connection", "show", s->old);
		if (!values[i] || !*values[i])
			continue;
		argv[n++] = kept[i];
		argv[n++] = values[i];
	}
	r = n > 4 ? manager_run_words(err, argv) : 0;
	for (size_t i = 0; i < KEPT; i++)
		free(values[i]);
	return r;
}

static int up(const struct setup *s, struct err *err)
{
	autofree char *bridge = bridge_name(s), *port = port_name(s);
	int r = manager_run(err, "nmcli", "connection", "add", "type", "bridge",
			    "ifname", s->bridge, "con-name", bridge,
			    "bridge.stp", "no", "bridge.mac-address", s->mac);

	if (!r)
		r = copy_settings(s, bridge, err);
	if (!r)
		r = manager_run(err, "nmcli", "connection", "add", "type",
				"ethernet", "slave-type", "bridge", "ifname",
				s->uplink, "master", s->bridge, "con-name",
				port);
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
