/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: the bridge that puts guests on the LAN.
 *
 * setup changes how this host is reached, perhaps by whoever types it: so a
 * child waits, and takes all back unless "net confirm" was said in time; a
 * service does so if this host is restarted meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/doctor.h"
#include "common/cleanup.h"
#include "lan/filter.h"
#include "lan/links.h"
#include "lan/setup.h"
#include "store/store.h"
#include "unit/unit.h"

static const char *arg_bridge = "br0", *arg_uplink;
static uint64_t arg_wait = 60;
static bool arg_force;

static int need_root(struct err *err)
{
	if (!geteuid())
		return 0;
	return err_set(err, EPERM,
		       "only root may change this host's network: use sudo");
}

static const char *kind(const struct link *l)
{
	return l->bridge     ? "bridge"
	       : l->wireless ? "Wi-Fi"
	       : l->tap      ? "TAP"
	       : l->virtual  ? "virtual"
			     : "Ethernet";
}

static struct json_object *link_object(const struct link *l)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(l->name));
	json_object_object_add(o, "kind", json_object_new_string(kind(l)));
	json_object_object_add(o, "bridge",
			       l->master ? json_object_new_string(l->master)
					 : NULL);
	json_object_object_add(o, "up", json_object_new_boolean(l->up));
	json_object_object_add(o, "carrier",
			       json_object_new_boolean(l->carrier));
	return o;
}

static void print_link(const struct link *l, const char *uplink)
{
	const char *manager = l->tap || l->master ? NULL
						  : setup_manager(l->name);

	printf("%-16s%-10s%-6s", l->name, kind(l),
	       l->carrier ? "up"
	       : l->up    ? "no link"
			  : "down");
	if (l->master)
		printf(" on %s", l->master);
	if (manager)
		printf(" by %s", manager);
	if (uplink && !strcmp(uplink, l->name))
		printf(", leads to the Internet");
	printf("\n");
}

static void print_guests(void)
{
	struct store_names names;
	struct err ignored;

	if (store_list(&names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.names.n; i++) {
		struct machine m;

		if (store_load(names.names.at[i], &m, &ignored) < 0)
			continue;
		for (size_t n = 0; n < m.nics.n; n++)
			if (m.nics.at[n].kind == NIC_TAP)
				printf("guest %s is on %s\n", m.name,
				       m.nics.at[n].bridge ? m.nics.at[n].bridge
							   : m.nics.at[n].tap);
		machine_free(&m);
	}
	store_names_free(&names);
}

static int show(struct cmd_ctx *ctx, struct err *err)
{
	autolinks struct links links = { 0 };
	autofree char *uplink = links_default_route("");
	struct json_object *list = json_object_new_array();
	int r = links_read("", &links, err);

	for (size_t i = 0; i < links.all.n; i++) {
		const struct link *l = &links.all.at[i];

		if (ctx->json)
			json_object_array_add(list, link_object(l));
		else if (strcmp(l->name, "lo") != 0)
			print_link(l, uplink);
	}
	if (!r && ctx->json)
		puts(json_object_to_json_string_ext(list,
						    JSON_C_TO_STRING_PRETTY));
	else if (!r)
		print_guests();
	json_object_put(list);
	return r;
}

/* The child that waits; its own command, so that it shows in ps. */
static int await(struct err *err)
{
	struct timespec t = { .tv_sec = (time_t)arg_wait };
	autosetup struct setup s = { 0 };
	struct err ignored;
	int r = setup_load(arg_bridge, &s, &ignored);

	if (r < 0)
		return 0;
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	r = setup_expire(&s, err);
	if (r <= 0)
		return r;
	fprintf(stderr,
		"pimigrate: nobody confirmed: the network of '%s' is what it "
		"was\n",
		s.uplink);
	return unit_unguard(arg_bridge, err);
}

static int start_awaiting(struct err *err)
{
	autofree char *wait = xasprintf("%llu", (unsigned long long)arg_wait);
	const char *argv[] = { "pimigrate", "net",    "await", "--bridge",
			       arg_bridge,  "--wait", wait,    NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	pid_t pid;
	int r;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&fa, 0, 1);
	posix_spawn_file_actions_adddup2(&fa, 0, 2);
	r = posix_spawn(&pid, "/proc/self/exe", &fa, &attr,
			(char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return r ? err_errno(err, r, "cannot start the way back") : 0;
}

static int set_up(struct cmd_ctx *ctx, struct err *err)
{
	autosetup struct setup s = { 0 };
	struct err ignored;
	int r;

	if (!arg_uplink) {
		err_set(err, EINVAL,
			"net setup wants --uplink INTERFACE; pimigrate net "
			"show tells which there are");
		return CMD_USAGE;
	}
	r = setup_plan(arg_bridge, arg_uplink, &s, err);
	if (r < 0)
		return r == -EOPNOTSUPP ? CMD_HOST : r;
	if (!ctx->quiet)
		printf("%s makes the bridge '%s' over '%s'\n", s.manager->name,
		       s.bridge, s.uplink);
	fflush(stdout);
	/* First the way back: this connection may be cut by the next step. */
	if (unit_systemd())
		r = unit_guard(arg_bridge, (unsigned int)arg_wait, err);
	if (!r)
		r = setup_apply(&s, start_awaiting, err);
	if (r < 0)
		unit_unguard(arg_bridge, &ignored);
	if (!r && !ctx->quiet)
		printf("In %llu seconds all is as it was, unless you say: "
		       "pimigrate net confirm%s%s\n",
		       (unsigned long long)arg_wait,
		       strcmp(arg_bridge, "br0") ? " --bridge " : "",
		       strcmp(arg_bridge, "br0") ? arg_bridge : "");
	return r;
}

static int confirm(struct cmd_ctx *ctx, struct err *err)
{
	autosetup struct setup s = { 0 };
	int r = setup_load(arg_bridge, &s, err);

	if (!r)
		r = setup_confirm(&s, err);
	if (!r)
		r = unit_unguard(arg_bridge, err);
	if (!r && !ctx->quiet)
		printf("the bridge '%s' stays\n", arg_bridge);
	return r;
}

static int take_away(struct cmd_ctx *ctx, struct err *err)
{
	autosetup struct setup s = { 0 };
	int r = setup_load(arg_bridge, &s, err);

	if (!r)
		r = setup_undo(&s, arg_force, err);
	if (!r)
		r = unit_unguard(arg_bridge, err);
	if (!r && !ctx->quiet)
		printf("the bridge '%s' is gone; '%s' is as it was\n",
		       arg_bridge, s.uplink);
	return r;
}

static int net_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *verb = ctx->args[0];
	int r;

	if (!strcmp(verb, "show"))
		return show(ctx, err);
	if (!strcmp(verb, "doctor"))
		return doctor_report(ctx, NULL, "net", err);
	r = need_root(err);
	if (r < 0)
		return r;
	if (!strcmp(verb, "setup"))
		return set_up(ctx, err);
	if (!strcmp(verb, "confirm"))
		return confirm(ctx, err);
	if (!strcmp(verb, "remove"))
		return take_away(ctx, err);
	if (!strcmp(verb, "await"))
		return await(err);
	err_set(err, EINVAL,
		"net has show, doctor, setup, confirm and remove, not '%s'",
		verb);
	return CMD_USAGE;
}

static const struct opt net_options[] = {
	{ "--bridge", OPT_STRING, &arg_bridge, "NAME", "the bridge (br0)" },
	{ "--uplink", OPT_STRING, &arg_uplink, "INTERFACE",
	  "setup: the Ethernet interface that leads to the LAN" },
	{ "--wait", OPT_NUMBER, &arg_wait, "SECONDS",
	  "setup: how long it waits for net confirm (60)", 1, 3600 },
	{ "--force", OPT_FLAG, &arg_force, NULL,
	  "remove: also if its files were changed since" },
	OPT_END,
};

const struct cmd cmd_net = {
	.name = "net",
	.help = "put guests on the LAN: show, doctor, setup, confirm, remove",
	.args = "show|doctor|setup|confirm|remove",
	.about =
		"show     the interfaces of this host, and who is on which bridge\n"
		"setup    make a bridge over an uplink, as systemd-networkd,\n"
		"         NetworkManager or ifupdown has it; after a minute all is as it\n"
		"         was, unless confirmed\n"
		"doctor   what keeps guests from the LAN\n"
		"confirm  the bridge stays\n"
		"remove   the bridge goes, and the uplink is as it was before",
	.min_args = 1,
	.max_args = 1,
	.options = net_options,
	.run = net_run,
};
