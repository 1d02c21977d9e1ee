/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel list: what kernels a guest has, and what the next start boots.
 * Updates come as Debian's do, from within the guest; sync fetches them.
 */
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd/card.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/off.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/str.h"
#include "store/boot.h"
#include "store/store.h"

static bool is(const struct boot_kernel *k, const char *release)
{
	return k->release && !strcmp(k->release, release);
}

/* "armmp" and "arm64" are Debian's for many machines; this board has those. */
static const char *use_of(const char *release, const struct boot_state *state,
			  const char *next)
{
	if (is(&state->refused, release))
		return "did not come up";
	if (next && !strcmp(next, release))
		return "starts next";
	if (state->has_previous && is(&state->previous, release))
		return "the previous one";
	if (fnmatch("*-armmp*", release, 0) && fnmatch("*-arm64*", release, 0))
		return "the Pi's own; not for this machine";
	return "";
}

static void print_list(const struct cmd_ctx *ctx, const struct guest *g,
		       const struct boot_state *state, const char *next)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->modules.n; i++) {
		const char *release = g->modules.at[i].release;
		const char *use = use_of(release, state, next);
		autofree char *clean = str_printable(release, false);
		struct json_object *o;

		if (!ctx->json) {
			printf("%-32s %s\n", clean, use);
			continue;
		}
		o = json_object_new_object();
		json_object_object_add(o, "release",
				       json_object_new_string(clean));
		json_object_object_add(o, "use", json_object_new_string(use));
		json_object_array_add(list, o);
	}
	if (ctx->json)
		puts(json_object_to_json_string_ext(list,
						    JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
}

static int list(struct cmd_ctx *ctx, const char *name, struct err *err)
{
	autofree char *dir = store_dir(name), *disk = NULL;
	autoboot struct boot_state state = { 0 };
	autofree char *newest = NULL;
	autoclose int lock = off_lock_disk(name, "kernel list", err);
	enum sync_result result = SYNC_NONE;
	struct machine m;
	struct card card;
	int r;

	if (lock < 0)
		return lock;
	disk = store_file(name, "disk.raw");
	r = boot_read(dir, &state, err);
	if (!r)
		r = store_load(name, &m, err);
	if (r < 0)
		return r;
	r = sync_kernel(&m, dir, true, &result, &newest, err);
	machine_free(&m);
	if (r < 0)
		return r;
	r = card_open(disk, 0, &card, err);
	if (!r)
		print_list(ctx, &card.guest, &state,
			   result == SYNC_SAME || result == SYNC_NEW
				   ? newest
				   : state.current.release);
	card_close(&card);
	return r;
}

static int kernel_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *verb = ctx->args[0];

	if (!strcmp(verb, "list"))
		return list(ctx, ctx->args[1], err);
	if (!strcmp(verb, "sync")) {
		struct cmd_ctx rest = *ctx;

		rest.args++;
		rest.nargs--;
		return cmd_sync.run(&rest, err);
	}
	err_set(err, EINVAL, "kernel knows list and sync, not '%s'", verb);
	return CMD_USAGE;
}

const struct cmd cmd_kernel = {
	.name = "kernel",
	.help = "the kernels that a guest has",
	.args = "list|sync NAME",
	.about = "list shows them, and which one the next start boots; sync is "
		 "the command sync. The guest\ngets newer ones as its other "
		 "updates, from within.",
	.min_args = 2,
	.max_args = 2,
	.run = kernel_run,
};
