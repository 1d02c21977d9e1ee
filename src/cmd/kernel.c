/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: which kernels a guest has, which of them the next start boots, and a
 * newer one.  Where dpkg in the guest knows its kernel, updates come from
 * within as Debian's others do, and sync fetches them; update is for those
 * where it does not, and for who wants one from outside.
 */
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/card.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/kernel_update.h"
#include "cmd/off.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "store/boot.h"
#include "store/store.h"

static const char *arg_suite, *arg_mirror, *arg_busybox;
static struct opt_list arg_debs;
static bool arg_backports;

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
	autofree char *dir = store_dir(name);
	autoboot struct boot_state state = { 0 };
	autofree char *newest = NULL;
	autoclose int lock = off_lock_disk(name, "kernel list", err);
	enum sync_result result = SYNC_NONE;
	struct machine m;
	struct card card;
	int r;

	if (lock < 0)
		return cmd_host(lock);
	r = boot_read(dir, &state, err);
	if (!r)
		r = store_load(name, &m, err);
	if (r < 0)
		return r;
	r = sync_kernel(&m, dir, true, &result, &newest, err);
	machine_free(&m);
	if (r < 0)
		return r;
	r = card_open_guest(name, &card, err);
	if (!r)
		print_list(ctx, &card.guest, &state,
			   result == SYNC_SAME || result == SYNC_NEW
				   ? newest
				   : state.current.release);
	card_close(&card);
	return r;
}

static int choose(struct cmd_ctx *ctx, const char *name, const char *release,
		  struct err *err)
{
	bool any = !strcmp(release, "newest");
	autofree char *dir = store_dir(name);
	autoclose int lock = off_lock(name, err);
	struct machine m;
	int r;

	if (lock < 0)
		return cmd_host(lock);
	r = store_load(name, &m, err);
	if (r < 0)
		return r;
	free(m.release);
	m.release = any ? NULL : xstrdup(release);
	r = sync_choose(&m, dir, err);
	if (!r)
		r = store_save(&m, err);
	machine_free(&m);
	if (r == -EMEDIUMTYPE)
		return CMD_FAILED; /* it is no source, but our own disk */
	if (!r && !ctx->quiet)
		printf("the next start of %s boots %s\n", name,
		       any ? "its newest kernel" : release);
	return r;
}

static int update(struct cmd_ctx *ctx, const char *name, struct err *err)
{
	struct kernel_wish wish = { .suite = arg_suite,
				    .mirror = arg_mirror,
				    .busybox = arg_busybox,
				    .backports = arg_backports };
	autoclose int lock = off_lock_disk(name, "kernel update", err);
	autofree char *release = NULL;
	int r;

	if (lock < 0)
		return cmd_host(lock);
	for (size_t i = 0; i < arg_debs.words.n; i++)
		*vec_add(&wish.debs) = arg_debs.words.at[i];
	r = kernel_update(ctx, name, &wish, &release, err);
	vec_free(&wish.debs);
	if (r || ctx->quiet)
		return r;
	if (release)
		printf("%s has kernel %s now\n", name, release);
	else
		printf("%s has the newest kernel already\n", name);
	return 0;
}

static int kernel_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *verb = ctx->args[0];

	if ((ctx->nargs == 3) != !strcmp(verb, "choose")) {
		err_set(err, EINVAL,
			"choose wants NAME and RELEASE, the others NAME alone");
		return CMD_USAGE;
	}
	if (!strcmp(verb, "list"))
		return list(ctx, ctx->args[1], err);
	if (!strcmp(verb, "choose"))
		return choose(ctx, ctx->args[1], ctx->args[2], err);
	if (!strcmp(verb, "update"))
		return update(ctx, ctx->args[1], err);
	if (!strcmp(verb, "sync")) {
		struct cmd_ctx rest = *ctx;

		rest.args++;
		rest.nargs--;
		return cmd_sync.run(&rest, err);
	}
	err_set(err, EINVAL,
		"kernel knows list, choose, update and sync, not '%s'", verb);
	return CMD_USAGE;
}

/* clang-format off */
static const struct opt options[] = {
	{ "--suite", OPT_STRING, &arg_suite, "SUITE",
	  "update: Debian release to take the kernel from" },
	{ "--backports", OPT_FLAG, &arg_backports,
	  .help = "update: from backports, if there is one" },
	{ "--mirror", OPT_STRING, &arg_mirror, "URL",
	  "update: Debian mirror (from this machine's apt sources)" },
	{ "--kernel-deb", OPT_LIST, &arg_debs, "FILE",
	  "update: a kernel package; nothing is fetched" },
	{ "--busybox", OPT_STRING, &arg_busybox, "FILE",
	  "update: a static ARM busybox, if no package of it is given" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_kernel = {
	.name = "kernel",
	.help = "the kernels that a guest has",
	.args = "list|choose|update|sync NAME [RELEASE]",
	.about = "list shows them, and which one the next start boots. choose "
		 "takes another, or newest again.\nA guest gets newer ones as "
		 "its other updates, from within; update brings one from "
		 "outside.\nsync is the command sync.",
	.min_args = 2,
	.max_args = 3,
	.options = options,
	.run = kernel_run,
};
