/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stages of convert that concern the kernel, on a guest's own disk.  They
 * are no rows of its journal: as after an update from within, revert shows
 * what it does not touch.
 */
#include "cmd/kernel_update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/convert.h"
#include "cmd/room.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "kernel/pack.h"

#define MIB          (UINT64_C(1) << 20)
#define ROOM_TO_WORK (64 * MIB)

/* In the guest, and on this host. */
static int check_room(const struct conversion *c, const char *name,
		      struct err *err)
{
	autofree char *dir = store_dir(name);
	const struct guest *g = &c->card.guest;
	const struct guest_partition *root = guest_partition(g, g->root);
	uint64_t need = c->staged.size + ROOM_TO_WORK;
	char have[16], want[16];

	if (root->fs_free >= need)
		return room_check(dir, c->staged.size + c->staged.size / 8, "",
				  err);
	return err_set(err, ENOSPC,
		       "the guest has %s free, and the kernel needs %s; make "
		       "its disk larger: pimigrate resize %s +1G",
		       ui_bytes(root->fs_free, have), ui_bytes(need, want),
		       name);
}

/* The kernel's row with an archive of the tree. */
static int plan_archive(struct conversion *c, struct err *err)
{
	autofree char *tar = xasprintf("%s/kernel.tar", c->work);

	conversion_plan_kernel(c);
	for (size_t i = 0; i < c->plan.changes.n; i++) {
		struct change *row = &c->plan.changes.at[i];

		if (row->kind != CHANGE_TREE)
			continue;
		free(row->target);
		row->target = xstrdup(tar);
	}
	return pack_tar(c->staged.root, tar, err);
}

static int put_in(struct conversion *c, struct err *err)
{
	autofree char *undo = xasprintf("%s/undo", c->work);
	autofree char *journal = xasprintf("%s/changes.yaml", c->work);
	int root = c->card.guest.root;
	bool repaired = false;
	int r = files_mkdir_p(undo, 0700, err);

	if (r < 0)
		return r;
	r = plan_archive(c, err);
	if (r < 0)
		return r;
	ui_say(c->ui, "starting libguestfs's appliance (without KVM that takes "
		      "half a minute)");
	r = session_open(c->disk, c->work, SESSION_WRITE, &c->session, err);
	if (!r)
		r = session_check(c->session, root, &repaired, err);
	if (!r)
		r = session_apply(c->session, root, 0, &c->plan, undo, journal,
				  err);
	return r < 0 ? r : session_finish(c->session, err);
}

static int open_guest(struct conversion *c, const char *name, struct err *err)
{
	const struct finding *stop;
	int r;

	c->disk = store_file(name, "disk.raw");
	r = files_temp_dir(NULL, &c->work, err);
	if (!r)
		r = card_open_guest(name, &c->card, err);
	if (r < 0)
		return r;
	stop = guest_stop(&c->card.guest);
	if (stop)
		return err_set(err, EMEDIUMTYPE, "%s", stop->text);
	if (guest_partition(&c->card.guest, c->card.guest.root)->needs_recovery)
		return err_set(err, EBUSY,
			       "guest '%s' was not shut down: start it and "
			       "stop it in order first",
			       name);
	if (!c->wish.suite)
		c->wish.suite = c->card.profile->kernel_suite;
	return 0;
}

static int update(struct conversion *c, const char *name, char **ret_release,
		  struct err *err)
{
	enum sync_result ignored;
	struct machine m = { 0 };
	autofree char *dir = store_dir(name);
	int r = session_possible(err);

	if (!r)
		r = open_guest(c, name, err);
	if (!r)
		r = conversion_kernel(c, err);
	if (r < 0 || c->kernel.keep)
		return r;
	r = check_room(c, name, err);
	if (!r)
		r = put_in(c, err);
	if (!r)
		r = store_load(name, &m, err);
	if (!r)
		r = sync_kernel(&m, dir, false, &ignored, NULL, err);
	machine_free(&m);
	if (!r)
		*ret_release = xstrdup(c->kernel.release);
	return r;
}

int kernel_update(struct cmd_ctx *ctx, const char *name,
		  const struct kernel_wish *wish, char **ret_release,
		  struct err *err)
{
	struct conversion c = { .ui = ctx->ui,
				.wish = *wish,
				.card = { .img = { .fd = -1 } } };
	int r;

	c.wish.renew = true;
	memset(&c.wish.debs, 0, sizeof(c.wish.debs));
	for (size_t i = 0; i < wish->debs.n; i++)
		*vec_add(&c.wish.debs) = wish->debs.at[i];
	*ret_release = NULL;
	r = update(&c, name, ret_release, err);
	conversion_free(&c);
	return cmd_host(r);
}
