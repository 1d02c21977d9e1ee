/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each row is looked at just before it is undone, not all of them before: two
 * rows may have changed the same file one after the other.
 */
#include "adapt/undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapt/attributes.h"
#include "adapt/folders.h"
#include "adapt/gerror.h"
#include "adapt/left.h"
#include "adapt/locked.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/sha256.h"

enum {
	OMIT = -2,           /* to utimens: this time stays */
	LIST_MAX = 16 << 20, /* bytes of an archive's list */
};

struct undo {
	guestfs_h *g;
	const char *undo_dir, *temp_dir;
	struct folders folders;
	struct locked locked;
	struct err *err;
};

static int failed(struct undo *u, const char *what, const char *on)
{
	return gerror(u->g, u->err, what, on);
}

/* ---- what is there now ---- */

/* 1, 0 if there is nothing, or negative. */
static int stat_now(struct undo *u, const char *path, unsigned int *ret_mode)
{
	struct guestfs_statns *st = guestfs_lstatns(u->g, path);

	*ret_mode = 0;
	if (!st)
		return guestfs_last_errno(u->g) == ENOENT ||
				       guestfs_last_errno(u->g) == ENOTDIR
			       ? 0
			       : failed(u, "look at", path);
	*ret_mode = (unsigned int)st->st_mode;
	guestfs_free_statns(st);
	return 1;
}

/* Is it a file of this sum?  Negative: it cannot be read. */
static int has_sum(struct undo *u, const char *path, unsigned int mode,
		   const char *sha256)
{
	autofree char *now = NULL;

	if (!sha256 || !S_ISREG(mode))
		return 0;
	now = guestfs_checksum(u->g, "sha256", path);
	return now ? !strcmp(now, sha256) : failed(u, "read", path);
}

static int is_link_to(struct undo *u, const char *path, unsigned int mode,
		      const char *target)
{
	autofree char *now = NULL;

	if (!S_ISLNK(mode))
		return 0;
	now = guestfs_readlink(u->g, path);
	return now ? !strcmp(now, target) : failed(u, "read link", path);
}

/* Is it as it was on the card?  1, 0, or negative. */
static int is_before(struct undo *u, const struct journal_row *row, int there,
		     unsigned int mode)
{
	const struct journal_before *b = &row->before;
	autofree char *kept = NULL;
	char hex[SHA256_HEX];
	int r;

	switch (b->kind) {
	case BEFORE_NOTHING:
		return !there;
	case BEFORE_LINK:
		return is_link_to(u, row->path, mode, b->target);
	case BEFORE_FOLDER:
		return S_ISDIR(mode);
	case BEFORE_FILE:
		kept = xasprintf("%s/%s", u->undo_dir, b->file);
		r = sha256_file(kept, hex, NULL, u->err);
		if (r < 0)
			return r;
		return (mode & 07777) == b->mode
			       ? has_sum(u, row->path, mode, hex)
			       : 0;
	}
	return 0;
}

static int is_left(struct undo *u, const struct journal_row *row, int there,
		   unsigned int mode)
{
	switch (row->kind) {
	case CHANGE_WRITE:
		return (mode & 07777) == row->after.mode
			       ? has_sum(u, row->path, mode, row->after.sha256)
			       : 0;
	case CHANGE_SYMLINK:
		return is_link_to(u, row->path, mode, row->target);
	case CHANGE_REMOVE:
		return !there;
	case CHANGE_MKDIR:
		return S_ISDIR(mode);
	case CHANGE_TREE:
	case CHANGE_GROW:
		break;
	}
	return 0;
}

static void say_changed(struct undo *u, struct undo_result *res, int there,
			unsigned int mode)
{
	const struct journal_row *row = res->row;

	res->state = UNDO_CHANGED;
	if (!there) {
		res->why = xstrdup("it is gone");
		return;
	}
	res->why = xstrdup(row->kind == CHANGE_REMOVE
				   ? "there is something again"
				   : "it was changed since");
	if (!S_ISREG(mode))
		return;
	res->now = xasprintf("%s/now-%zu", u->temp_dir, row->number);
	/* For a diff that is shown: none if it cannot be read. */
	if (guestfs_download(u->g, row->path, res->now) < 0) {
		free(res->now);
		res->now = NULL;
	}
}

/* ---- putting back ---- */

static int remove_now(struct undo *u, const char *path, unsigned int mode)
{
	int r = S_ISDIR(mode) ? guestfs_rmdir(u->g, path)
			      : guestfs_rm(u->g, path);

	if (S_ISDIR(mode) && r == 0)
		folders_forget(&u->folders, path);
	return r < 0 ? failed(u, "remove", path) : 0;
}

static int put_file(struct undo *u, const char *path,
		    const struct journal_before *b)
{
	autofree char *kept = xasprintf("%s/%s", u->undo_dir, b->file);

	if (guestfs_upload(u->g, kept, path) < 0)
		return failed(u, "write", path);
	/* The owner first: to change it takes away set-user-id. */
	if (guestfs_lchown(u->g, (int)b->uid, (int)b->gid, path) < 0 ||
	    guestfs_chmod(u->g, (int)b->mode, path) < 0)
		return failed(u, "set the rights of", path);
	if (b->flags)
		locked_later(&u->locked, path, b->flags);
	return attributes_put(u->g, path, b, &u->folders, u->temp_dir, u->err);
}

static int put_link(struct undo *u, const char *path,
		    const struct journal_before *b)
{
	if (guestfs_ln_s(u->g, b->target, path) < 0)
		return failed(u, "make link", path);
	if (guestfs_lchown(u->g, (int)b->uid, (int)b->gid, path) < 0)
		return failed(u, "set the owner of", path);
	return 0;
}

static int put_back(struct undo *u, const char *path,
		    const struct journal_before *b)
{
	int r = b->kind == BEFORE_FILE ? put_file(u, path, b)
				       : put_link(u, path, b);

	if (!r && guestfs_utimens(u->g, path, 0, OMIT, b->mtime,
				  (int64_t)b->mtime_nsec) < 0)
		r = failed(u, "set the time of", path);
	return r;
}

/* Folders that were made for it, from the lowest up; one with something of
 * somebody else's in it stays. */
static int remove_made(struct undo *u, const char *path, const char *made)
{
	autofree char *dir = xstrdup(path);
	int r;

	for (char *slash = strrchr(dir, '/'); slash && slash > dir;
	     slash = strrchr(dir, '/')) {
		*slash = 0;
		if (strlen(dir) < strlen(made))
			break;
		r = folders_remember(&u->folders, dir, NULL, u->err);
		if (r < 0)
			return r;
		if (guestfs_rmdir(u->g, dir) < 0)
			break;
		folders_forget(&u->folders, dir);
	}
	return 0;
}

/* A file that stays a file is written where it lies: hard links stay. */
static int undo_path(struct undo *u, struct undo_result *res, int there,
		     unsigned int mode)
{
	const struct journal_row *row = res->row;
	const struct journal_before *b = &row->before;
	int r = folders_remember(&u->folders, row->path, NULL, u->err);

	if (r < 0 || b->kind == BEFORE_FOLDER)
		return r;
	if (there && !(S_ISREG(mode) && b->kind == BEFORE_FILE))
		r = remove_now(u, row->path, mode);
	if (!r && b->kind != BEFORE_NOTHING)
		r = put_back(u, row->path, b);
	if (!r && b->made_parent)
		r = remove_made(u, row->path, b->made_parent);
	return r;
}

/* A folder that has something in it by now is not removed. */
static int is_used_folder(struct undo *u, const struct journal_row *row,
			  unsigned int mode)
{
	char **names;
	int used;

	if (row->kind != CHANGE_MKDIR || row->before.kind == BEFORE_FOLDER ||
	    !S_ISDIR(mode))
		return 0;
	names = guestfs_ls(u->g, row->path);
	if (!names)
		return failed(u, "read folder", row->path);
	used = names[0] != NULL;
	for (char **n = names; *n; n++)
		free(*n);
	free(names);
	return used;
}

static int undo_one(struct undo *u, struct undo_result *res)
{
	const struct journal_row *row = res->row;
	struct err why;
	unsigned int mode;
	int there = stat_now(u, row->path, &mode), left, before, used;

	if (there < 0)
		return there;
	left = is_left(u, row, there, mode);
	before = left ? left : is_before(u, row, there, mode);
	used = is_used_folder(u, row, mode);
	if (left < 0 || before < 0 || used < 0)
		return left < 0 ? left : before < 0 ? before : used;
	if (used || (!left && !before)) {
		say_changed(u, res, there, mode);
		if (used) {
			free(res->why);
			res->why = xstrdup("there is something in it");
		}
		return 0;
	}
	if (!left) {
		res->state = UNDO_ALREADY;
		return 0;
	}
	left = undo_path(u, res, there, mode);
	/* Of what is locked the first step is refused. */
	if (left == -EPERM && locked_open(&u->locked, row->path, &why) > 0)
		left = undo_path(u, res, there, mode);
	return left;
}

/* ---- an archive ---- */

static int read_kept(struct undo *u, const char *name, char **ret_text)
{
	autofree char *path = xasprintf("%s/%s", u->undo_dir, name);

	return files_read(path, LIST_MAX, ret_text, NULL, u->err);
}

/* The first line of a that is not in the same place in b; NULL: none. */
static char *first_difference(const char *a, const char *b)
{
	while (*a) {
		size_t n = strcspn(a, "\n");

		if (strncmp(a, b, n) != 0 || b[n] != a[n])
			return xstrndup(a, n);
		a += n + (a[n] == '\n');
		b += n + (b[n] == '\n');
	}
	return NULL;
}

/* The last line, which is cut off; NULL: no more. */
static char *take_last(char *list)
{
	size_t n = strlen(list);
	char *line;

	while (n && list[n - 1] == '\n')
		list[--n] = 0;
	if (!n)
		return NULL;
	line = strrchr(list, '\n');
	if (!line)
		line = list;
	else
		*line++ = 0;
	return line;
}

/* What came with the archive, if it is there. */
static int remove_one(struct undo *u, const char *path)
{
	unsigned int mode;
	int r = stat_now(u, path, &mode);
	struct err why;

	if (r <= 0)
		return r;
	r = folders_remember(&u->folders, path, NULL, u->err);
	if (!r)
		r = remove_now(u, path, mode);
	if (r == -EPERM && locked_open(&u->locked, path, &why) > 0)
		r = remove_now(u, path, mode);
	return r;
}

static int remove_tree(struct undo *u, char *list)
{
	int r = 0;

	for (char *path = take_last(list); !r && path; path = take_last(list)) {
		r = remove_one(u, path);
		if (path == list)
			break;
	}
	return r;
}

static int undo_tree(struct undo *u, struct undo_result *res)
{
	const struct journal_row *row = res->row;
	autofree char *list = NULL, *then = NULL, *now = NULL, *line = NULL;
	const char *path;
	int r = read_kept(u, row->list, &list);

	if (!r && row->after.left)
		r = read_kept(u, row->after.left, &then);
	if (!r)
		r = left_read(u->g, list, &now, u->err);
	if (r < 0)
		return r;
	if (!*now && then && *then) {
		res->state = UNDO_ALREADY;
		return 0;
	}
	line = first_difference(then ? then : "?", now);
	if (!line)
		return remove_tree(u, list);
	res->state = UNDO_CHANGED;
	path = strchr(line, '/');
	res->why = xasprintf("what was unpacked is not as it was, first '%s'",
			     path ? path : line);
	return 0;
}

/* ---- all ---- */

static bool is_wanted(const struct journal_row *row, const char *only)
{
	uint64_t n;

	if (!only)
		return true;
	if (str_number(only, 1, UINT32_MAX, &n))
		return row->number == n;
	return !strcmp(row->id, only);
}

static int undo_row(struct undo *u, struct journal_row *row,
		    struct undo_results *ret)
{
	struct undo_result *res = vec_add(&ret->all);
	int r = 0;

	res->row = row;
	if (row->kind == CHANGE_GROW)
		res->state = UNDO_STAYS;
	else if (row->kind == CHANGE_TREE)
		r = undo_tree(u, res);
	else
		r = undo_one(u, res);
	row->reverted = !r &&
			(res->state == UNDO_DONE || res->state == UNDO_ALREADY);
	return r;
}

int undo_rows(guestfs_h *g, struct journal_read *journal, const char *only,
	      const char *undo_dir, const char *temp_dir,
	      struct undo_results *ret, struct err *err)
{
	struct undo u = { .g = g,
			  .undo_dir = undo_dir,
			  .temp_dir = temp_dir,
			  .folders = { .g = g },
			  .locked = { .g = g },
			  .err = err };
	bool found = false;
	int r = 0;

	*ret = (struct undo_results){ 0 };
	for (size_t i = journal->rows.n; !r && i-- > 0;) {
		struct journal_row *row = &journal->rows.at[i];

		if (!is_wanted(row, only))
			continue;
		found = true;
		if (!row->reverted)
			r = undo_row(&u, row, ret);
	}
	if (!r && !found && only)
		r = err_set(err, ENOENT,
			    "there is no change '%s'; pimigrate changes shows "
			    "what there is",
			    only);
	if (!r)
		r = folders_restore(&u.folders, err);
	if (!r)
		r = locked_restore(&u.locked, err);
	folders_fini(&u.folders);
	locked_fini(&u.locked);
	return r;
}

void undo_results_free(struct undo_results *results)
{
	for (size_t i = 0; i < results->all.n; i++) {
		free(results->all.at[i].why);
		free(results->all.at[i].now);
	}
	vec_free(&results->all);
}
