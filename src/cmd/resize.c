/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resize: a larger disk for a guest, and a larger root file system on it.
 * Smaller is not offered: what would be cut off cannot be given back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapt/adapt.h"
#include "adapt/session.h"
#include "cmd/card.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/off.h"
#include "cmd/room.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "store/store.h"

#define MIB (UINT64_C(1) << 20)

struct resize {
	char *disk, *temp;
	uint64_t old, new; /* bytes */
	int root;
};

static void resize_fini(struct resize *z)
{
	struct err ignored;

	if (z->temp)
		files_remove_tree(z->temp, &ignored);
	free(z->disk);
	free(z->temp);
}

/* "8G", or "+4G" for so much more. */
static int read_size(const char *text, struct resize *z, struct err *err)
{
	char have[16], want[16];
	uint64_t n;

	if (!str_size(*text == '+' ? text + 1 : text, MIB, UINT64_C(1) << 44,
		      &n))
		return err_set(err, EINVAL,
			       "'%s' is no size; write 8G for a disk of 8 GiB, "
			       "or +2G for 2 GiB more",
			       text);
	z->new = *text == '+' ? z->old + n : n;
	z->new &= ~(MIB - 1);
	if (z->new > z->old)
		return 0;
	return err_set(err, EINVAL,
		       "the disk has %s, and %s is not more: it can only grow",
		       ui_bytes(z->old, have), ui_bytes(z->new, want));
}

static int find_root(struct resize *z, const char *name, struct err *err)
{
	struct card card;
	int r = card_open_guest(name, &card, err);

	z->root = r < 0 ? 0 : card.guest.root;
	if (!r && (!z->root || !adapt_can_grow(&card.guest)))
		r = err_set(err, ENOTSUP,
			    "the root file system of '%s' is not the last on "
			    "the disk, and cannot grow",
			    z->disk);
	card_close(&card);
	return r;
}

static int grow(struct resize *z, struct cmd_ctx *ctx, struct err *err)
{
	autosession struct session *s = NULL;
	bool repaired = false;
	int r = files_temp_dir(NULL, &z->temp, err);

	if (r < 0)
		return r;
	if (truncate(z->disk, (off_t)z->new) < 0)
		return err_errno(err, errno, "cannot enlarge '%s'", z->disk);
	ui_say(ctx->ui, "starting libguestfs's appliance (without KVM that "
			"takes half a minute)");
	r = session_open(z->disk, z->temp, SESSION_WRITE, &s, err);
	if (!r)
		r = session_check(s, z->root, &repaired, err);
	/* Nothing was written yet: it has its old size again. */
	if (r < 0 && truncate(z->disk, (off_t)z->old) < 0)
		ui_warn(ctx->ui, "cannot cut '%s' to its old size", z->disk);
	if (!r)
		r = session_grow(s, z->root, z->new, err);
	return r < 0 ? r : session_finish(s, err);
}

static int resize_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autofree char *dir = store_dir(name);
	cleanup(resize_fini) struct resize z = { 0 };
	autoclose int lock = off_lock_disk(name, "resize", err);
	struct stat st;
	char size[16];
	int r;

	if (lock < 0)
		return cmd_host(lock);
	z.disk = store_file(name, "disk.raw");
	if (stat(z.disk, &st) < 0)
		return err_errno(err, errno, "cannot look at '%s'", z.disk);
	z.old = (uint64_t)st.st_size;
	r = read_size(ctx->args[1], &z, err);
	if (r < 0)
		return CMD_USAGE;
	r = session_possible(err);
	if (!r)
		r = find_root(&z, name, err);
	if (!r)
		r = room_check(dir, 0, "", err);
	if (!r)
		r = grow(&z, ctx, err);
	if (r < 0)
		return cmd_host(r);
	if (!ctx->quiet)
		printf("%s has a disk of %s now\n", name,
		       ui_bytes(z.new, size));
	return 0;
}

const struct cmd cmd_resize = {
	.name = "resize",
	.help = "make a guest's disk larger",
	.args = "NAME SIZE",
	.about = "SIZE is the new size, such as 16G, or how much more, such as "
		 "+4G. The root\nfile system grows with it.",
	.min_args = 2,
	.max_args = 2,
	.run = resize_run,
};
