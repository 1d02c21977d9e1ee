/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapt/folders.h"
#include "adapt/gerror.h"
#include "adapt/journal.h"
#include "adapt/left.h"
#include "adapt/locked.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "host/sha256.h"

enum {
	SMALL = 1 << 20 /* bytes: what goes in one message of libguestfs's */
};

struct rows {
	guestfs_h *g;
	const struct rows_unpack *unpack; /* NULL: an archive comes */
	const char *undo_dir;
	struct folders folders;
	struct locked locked;
};

/* ---- what was there before ---- */

static void keep_attributes(struct rows *r, const char *path,
			    struct journal_before *ret)
{
	struct guestfs_xattr_list *list = guestfs_lgetxattrs(r->g, path);

	/* A file system without attributes says so by an error. */
	for (uint32_t i = 0; list && i < list->len; i++) {
		const struct guestfs_xattr *x = &list->val[i];

		*vec_add(&ret->attributes) = (struct journal_attribute){
			xstrdup(x->attrname),
			journal_hex(x->attrval, x->attrval_len)
		};
	}
	if (list)
		guestfs_free_xattr_list(list);
}

static int keep_content(struct rows *r, const char *path, int64_t size,
			const char *name, struct err *err)
{
	autofree char *kept = xasprintf("%s/%s", r->undo_dir, name);
	autofree char *bytes = NULL;
	size_t n = 0;

	if (size <= SMALL) {
		if (size)
			bytes = guestfs_pread(r->g, path, (int)size, 0, &n);
		if (n != (size_t)size)
			return gerror(r->g, err, "keep", path);
		return files_replace(kept, bytes, n, 0600, err);
	}
	if (guestfs_download(r->g, path, kept) < 0)
		return gerror(r->g, err, "keep", path);
	if (chmod(kept, 0600) < 0)
		return err_errno(err, errno, "cannot set the rights of '%s'",
				 kept);
	return 0;
}

/* Was that why it could not be looked at? */
static bool is_absent(guestfs_h *g)
{
	return guestfs_last_errno(g) == ENOENT ||
	       guestfs_last_errno(g) == ENOTDIR;
}

/* What is at path now goes to undo_dir, under the row's number. */
static int keep_old(struct rows *r, const char *path, unsigned int n,
		    struct journal_before *ret, struct err *err)
{
	struct guestfs_statns *st = guestfs_lstatns(r->g, path);
	mode_t mode;
	int64_t size;

	if (!st)
		return is_absent(r->g) ? 0 : gerror(r->g, err, "look at", path);
	mode = (mode_t)st->st_mode;
	size = st->st_size;
	ret->mode = mode & 07777;
	ret->uid = (uint32_t)st->st_uid;
	ret->gid = (uint32_t)st->st_gid;
	ret->mtime = st->st_mtime_sec;
	ret->mtime_nsec = (uint32_t)st->st_mtime_nsec;
	guestfs_free_statns(st);
	if (S_ISLNK(mode)) {
		ret->kind = BEFORE_LINK;
		ret->target = guestfs_readlink(r->g, path);
		return ret->target ? 0 : gerror(r->g, err, "read link", path);
	}
	if (S_ISDIR(mode)) {
		ret->kind = BEFORE_FOLDER;
		return 0;
	}
	/* A pipe would keep us waiting; a device is somebody else's. */
	if (!S_ISREG(mode))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' in the guest is neither a file nor a "
			       "folder nor a link",
			       path);
	ret->kind = BEFORE_FILE;
	ret->file = xasprintf("%03u", n);
	keep_attributes(r, path, ret);
	return keep_content(r, path, size, ret->file, err);
}

/* ---- one kind after the other ---- */

static int remove_old(struct rows *r, const char *path, struct err *err)
{
	return guestfs_rm(r->g, path) < 0 ? gerror(r->g, err, "remove", path)
					  : 0;
}

static int upload(struct rows *r, const char *from, const char *path,
		  struct err *err)
{
	return guestfs_upload(r->g, from, path) < 0
		       ? gerror(r->g, err, "write", path)
		       : 0;
}

static int upload_text(struct rows *r, const struct change *c, struct err *err)
{
	autofree char *temp = xasprintf("%s/upload", r->undo_dir);
	struct err ignored;
	int rc = files_replace(temp, c->content, strlen(c->content), 0600, err);

	if (!rc)
		rc = upload(r, temp, c->path, err);
	files_remove_tree(temp, &ignored);
	return rc;
}

/* A message takes a tenth of the time of a transfer. */
static int write_text(struct rows *r, const struct change *c, struct err *err)
{
	size_t n = strlen(c->content);

	if (n > SMALL)
		return upload_text(r, c, err);
	return guestfs_write(r->g, c->path, c->content, n) < 0
		       ? gerror(r->g, err, "write", c->path)
		       : 0;
}

static int sum_of(const struct change *c, struct journal_after *after,
		  struct err *err)
{
	char hex[SHA256_HEX];
	struct sha256 sha;
	int rc = 0;

	if (c->target) {
		rc = sha256_file(c->target, hex, NULL, err);
	} else {
		sha256_init(&sha);
		sha256_add(&sha, c->content, strlen(c->content));
		sha256_end(&sha, hex);
	}
	after->sha256 = xstrdup(rc < 0 ? "" : hex);
	return rc;
}

/* A file is written where it lies, so that owner, attributes and hard links
 * stay; a link is replaced, because what it leads to is no row's. */
static int do_write(struct rows *r, const struct change *c,
		    const struct journal_before *before,
		    struct journal_after *after, struct err *err)
{
	unsigned int mode = c->mode;
	int rc = 0;

	if (before->kind == BEFORE_FOLDER)
		return err_set(err, EISDIR, "'%s' in the guest is a folder",
			       c->path);
	if (before->kind == BEFORE_LINK)
		rc = remove_old(r, c->path, err);
	if (!rc)
		rc = c->target ? upload(r, c->target, c->path, err)
			       : write_text(r, c, err);
	if (!mode && before->kind != BEFORE_FILE)
		mode = 0644;
	after->mode = mode ? mode : before->mode;
	if (!rc)
		rc = sum_of(c, after, err);
	if (!rc && mode && guestfs_chmod(r->g, (int)mode, c->path) < 0)
		rc = gerror(r->g, err, "set the rights of", c->path);
	return rc;
}

static int do_symlink(struct rows *r, const struct change *c,
		      const struct journal_before *before, struct err *err)
{
	int rc = 0;

	if (before->kind == BEFORE_FOLDER)
		return err_set(err, EISDIR, "'%s' in the guest is a folder",
			       c->path);
	if (before->kind != BEFORE_NOTHING)
		rc = remove_old(r, c->path, err);
	if (!rc && guestfs_ln_s(r->g, c->target, c->path) < 0)
		rc = gerror(r->g, err, "make link", c->path);
	return rc;
}

static int do_mkdir(struct rows *r, const struct change *c,
		    const struct journal_before *before, struct err *err)
{
	if (before->kind == BEFORE_FOLDER)
		return 0;
	if (guestfs_mkdir(r->g, c->path) < 0)
		return gerror(r->g, err, "make folder", c->path);
	return 0;
}

/* Does path lie in the folder? */
static bool is_below(const char *path, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n && !strncmp(path, folder, n) && path[n] == '/';
}

/* The folders that are there and that its members come into: they keep their
 * times, and are open.  A new folder stands before its members, and they follow
 * each other. */
static int open_folders(struct rows *r, const char *list, struct err *err)
{
	autofree char *last = NULL;
	int rc = 0;

	for (const char *at = list; rc >= 0 && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *path = xstrndup(at, len);

		if (!is_below(path, last)) {
			rc = folders_remember(&r->folders, path, NULL, err);
			if (!rc)
				rc = locked_open(&r->locked, path, err);
			free(last);
			last = steal_ptr(path);
		}
		at += len + (at[len] == '\n');
	}
	return rc < 0 ? rc : 0;
}

static int unpack_archive(struct rows *r, const struct change *c,
			  char **ret_left, struct err *err)
{
	int rc = open_folders(r, c->content, err);

	if (!rc && guestfs_tar_in(r->g, c->target, c->path) < 0)
		rc = gerror(r->g, err, "unpack the kernel below", c->path);
	return rc < 0 ? rc : left_read(r->g, c->content, ret_left, err);
}

/* This changes the times of no folder that is there. */
static int unpack_folder(struct rows *r, const struct change *c,
			 char **ret_left, struct err *err)
{
	int rc = r->unpack->unpack(r->unpack->arg, c->target, err);

	return rc < 0 ? rc : left_staged(c->target, c->content, ret_left, err);
}

static int do_tree(struct rows *r, const struct change *c, unsigned int n,
		   struct journal_before *before, struct journal_after *after,
		   struct err *err)
{
	autofree char *kept = xasprintf("%s/%03u", r->undo_dir, n);
	autofree char *left_path = xasprintf("%s.left", kept);
	autofree char *left = NULL;
	int rc = files_replace(kept, c->content, strlen(c->content), 0600, err);

	before->file = xasprintf("%03u", n);
	/* As it lies there: to know it again. */
	after->left = xasprintf("%03u.left", n);
	if (!rc)
		rc = r->unpack ? unpack_folder(r, c, &left, err)
			       : unpack_archive(r, c, &left, err);
	return rc < 0 ? rc
		      : files_replace(left_path, left, strlen(left), 0600, err);
}

static int do_change(struct rows *r, const struct change *c, unsigned int n,
		     struct journal_before *before, struct journal_after *after,
		     struct err *err)
{
	switch (c->kind) {
	case CHANGE_WRITE:
		return do_write(r, c, before, after, err);
	case CHANGE_SYMLINK:
		return do_symlink(r, c, before, err);
	case CHANGE_REMOVE:
		return remove_old(r, c->path, err);
	case CHANGE_MKDIR:
		return do_mkdir(r, c, before, err);
	case CHANGE_TREE:
		return do_tree(r, c, n, before, after, err);
	case CHANGE_GROW:
		break; /* session_grow() */
	}
	return 0;
}

static bool has_before(const struct change *c)
{
	return c->kind != CHANGE_TREE && c->kind != CHANGE_GROW;
}

/* The folders above a path that were not there. */
static int make_parents(struct rows *r, const char *path,
			struct journal_before *before, struct err *err)
{
	autofree char *dir = xstrndup(path,
				      (size_t)(strrchr(path, '/') - path));
	int rc = folders_remember(&r->folders, path, &before->made_parent, err);

	if (!rc && before->made_parent && guestfs_mkdir_p(r->g, dir) < 0)
		rc = gerror(r->g, err, "make folder", dir);
	return rc;
}

static int carry_out(struct rows *r, const struct change *c, unsigned int n,
		     struct journal_before *before, struct journal_after *after,
		     struct err *err)
{
	int rc = 0;

	/* With the file go its flags. */
	if (before->kind == BEFORE_FILE && c->kind != CHANGE_WRITE &&
	    !before->flags)
		before->flags = locked_flags(r->g, c->path);
	if (has_before(c))
		rc = make_parents(r, c->path, before, err);
	return rc < 0 ? rc : do_change(r, c, n, before, after, err);
}

/* Of what is locked the first step is refused: nothing is half done. */
static int unlock_and_again(struct rows *r, const struct change *c,
			    unsigned int n, struct journal_before *before,
			    struct journal_after *after, struct err *err)
{
	struct err why;
	int rc;

	if (before->kind == BEFORE_FILE && !before->flags)
		before->flags = locked_flags(r->g, c->path);
	rc = locked_open(&r->locked, c->path, &why);
	if (rc <= 0)
		return -EPERM; /* err says what was refused */
	free(before->made_parent);
	before->made_parent = NULL;
	journal_after_fini(after);
	rc = carry_out(r, c, n, before, after, err);
	if (c->kind == CHANGE_REMOVE || c->kind == CHANGE_SYMLINK)
		locked_forget(&r->locked, c->path);
	return rc;
}

static int apply_row(struct rows *r, const struct change *c, unsigned int n,
		     struct journal *journal, struct err *err)
{
	struct journal_before before = { .kind = BEFORE_NOTHING };
	struct journal_after after = { 0 };
	int rc = 0;

	if (has_before(c))
		rc = keep_old(r, c->path, n, &before, err);
	if (!rc)
		rc = carry_out(r, c, n, &before, &after, err);
	if (rc == -EPERM && has_before(c))
		rc = unlock_and_again(r, c, n, &before, &after, err);
	if (!rc)
		journal_add(journal, c, &before, &after);
	journal_before_fini(&before);
	journal_after_fini(&after);
	return rc;
}

int rows_apply(guestfs_h *g, int partition, const struct plan *plan,
	       const struct rows_unpack *unpack, const char *undo_dir,
	       const char *journal_path, struct err *err)
{
	struct rows r = { .g = g,
			  .unpack = unpack,
			  .undo_dir = undo_dir,
			  .folders = { .g = g },
			  .locked = { .g = g } };
	struct journal *journal = journal_new(plan->source_size, partition);
	int rc = 0;

	for (size_t i = 0; !rc && i < plan->changes.n; i++)
		rc = apply_row(&r, &plan->changes.at[i], (unsigned int)i,
			       journal, err);
	if (!rc)
		rc = folders_restore(&r.folders, err);
	if (!rc)
		rc = locked_restore(&r.locked, err);
	if (!rc)
		rc = journal_write(journal, journal_path, err);
	journal_free(journal);
	folders_fini(&r.folders);
	locked_fini(&r.locked);
	return rc;
}
