/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revert: undo what convert changed in a guest's system.  Before its first
 * start that gives back what was on the card; afterwards, what somebody has
 * changed since is shown as a diff and not touched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapt/session.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/off.h"
#include "cmd/room.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "store/store.h"

static bool arg_dry_run;

struct revert {
	struct cmd_ctx *ctx;
	const char *name, *only;
	char *undo, *disk, *journal_path, *temp;
	struct journal_read journal;
	struct undo_results results;
};

static void revert_fini(struct revert *r)
{
	struct err ignored;

	if (r->temp)
		files_remove_tree(r->temp, &ignored);
	undo_results_free(&r->results);
	journal_read_free(&r->journal);
	free(r->undo);
	free(r->disk);
	free(r->journal_path);
	free(r->temp);
}

static const char *state_text(enum undo_state state)
{
	switch (state) {
	case UNDO_DONE:
		return "undone";
	case UNDO_ALREADY:
		return "was undone";
	case UNDO_STAYS:
		return "stays";
	case UNDO_CHANGED:
		return "not undone";
	}
	return "?";
}

/* From what it is to what undoing would make of it. */
static void show_diff(const struct revert *r, const struct undo_result *res)
{
	const struct journal_before *b = &res->row->before;
	autofree char *kept = b->kind == BEFORE_FILE
				      ? xasprintf("%s/%s", r->undo, b->file)
				      : xstrdup("/dev/null");
	autofree char *label = xasprintf("on the card: %s", res->row->path);
	autofree char *now = xasprintf("now: %s", res->row->path);
	autofree char *clean = NULL;
	const char *argv[] = { "diff", "-u",     "--label", now, "--label",
			       label,  res->now, kept,      NULL };
	struct run_child child = { .argv = argv, .errors = RUN_DISCARD };
	autorun struct run_result out = { 0 };
	struct err ignored;

	if (run_child(&child, &out, &ignored) < 0 || !out.out.text)
		return;
	clean = str_printable(out.out.text, true);
	fputs(clean, stdout);
}

static size_t print_results(const struct revert *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->results.all.n; i++) {
		const struct undo_result *res = &r->results.all.at[i];
		autofree char *path = str_printable(res->row->path, false);

		printf("  %-11s %s (%s)%s%s\n", state_text(res->state), path,
		       res->row->id, res->why ? ": " : "",
		       res->why ? res->why : "");
		if (res->now)
			show_diff(r, res);
		kept += res->state == UNDO_CHANGED;
	}
	return kept;
}

static int open_guest(struct revert *r, struct err *err)
{
	struct machine m;
	int rc = store_load(r->name, &m, err);

	if (rc < 0)
		return rc;
	machine_free(&m);
	r->undo = store_file(r->name, "undo");
	r->disk = store_file(r->name, "disk.raw");
	r->journal_path = store_file(r->name, "changes.yaml");
	rc = journal_load(r->journal_path, &r->journal, err);
	if (!rc && !r->journal.partition)
		rc = err_set(err, EINVAL,
			     "%s does not say which partition was changed: it "
			     "was made by an older pimigrate",
			     r->journal_path);
	return rc < 0 ? rc : files_temp_dir(NULL, &r->temp, err);
}

static int undo(struct revert *r, struct err *err)
{
	autofree char *dir = store_dir(r->name);
	autosession struct session *s = NULL;
	bool repaired = false;
	int rc = arg_dry_run ? 0 : room_check(dir, 0, "", err);

	if (rc < 0)
		return rc;
	ui_say(r->ctx->ui, "starting libguestfs's appliance (without KVM that "
			   "takes half a minute)");
	rc = session_open(r->disk, r->temp,
			  arg_dry_run ? SESSION_TRY : SESSION_WRITE, &s, err);
	if (!rc)
		rc = session_check(s, r->journal.partition, &repaired, err);
	if (!rc)
		rc = session_revert(s, &r->journal, r->only, r->undo, r->temp,
				    &r->results, err);
	if (!rc)
		rc = session_finish(s, err);
	if (!rc && !arg_dry_run)
		rc = journal_mark(&r->journal, r->journal_path, err);
	return rc;
}

static int revert_run(struct cmd_ctx *ctx, struct err *err)
{
	cleanup(revert_fini) struct revert r = {
		.ctx = ctx,
		.name = ctx->args[0],
		.only = ctx->nargs > 1 ? ctx->args[1] : NULL,
	};
	autoclose int lock = -1;
	size_t kept;
	int rc = open_guest(&r, err);

	if (rc < 0)
		return rc;
	lock = off_lock_disk(r.name, "revert", err);
	if (lock < 0)
		return cmd_host(lock);
	rc = undo(&r, err);
	if (rc < 0)
		return cmd_host(rc);
	kept = print_results(&r);
	if (!r.results.all.n && !ctx->quiet)
		printf("there is nothing left to undo\n");
	if (arg_dry_run && !ctx->quiet)
		printf("nothing was done: --dry-run\n");
	if (!kept)
		return 0;
	return err_set(err, EBUSY,
		       "%zu change%s not undone, because what they made was "
		       "changed since; the differences are shown above",
		       kept, kept == 1 ? " is" : "s are");
}

/* clang-format off */
static const struct opt options[] = {
	{ "--dry-run", OPT_FLAG, &arg_dry_run,
	  .help = "show what would be undone; the disk is not written to" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_revert = {
	.name = "revert",
	.help = "undo what convert changed in a guest's system",
	.args = "NAME [CHANGE]",
	.about = "CHANGE is the number or the id of one, as 'pimigrate changes "
		 "NAME' shows them; without\nit all are undone. What was "
		 "changed since is shown as a diff and left alone. A guest\n"
		 "whose changes are all undone is as the card was: it is no "
		 "longer fit for a VM.",
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.run = revert_run,
};
