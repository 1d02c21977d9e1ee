/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/folders.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapt/gerror.h"
#include "common/cleanup.h"
#include "common/mem.h"

enum {
	OMIT = -2 /* to utimens: this time stays */
};

/* What is there if it is a folder, or leads to one; or NULL. */
static struct guestfs_statns *folder_at(struct folders *f, const char *path)
{
	struct guestfs_statns *st = guestfs_statns(f->g, path);

	if (!st || S_ISDIR((mode_t)st->st_mode))
		return st;
	guestfs_free_statns(st);
	return NULL;
}

static bool remembered(const struct folders *f, const char *path, size_t len)
{
	for (size_t i = 0; i < f->all.n; i++)
		if (!strncmp(f->all.at[i].path, path, len) &&
		    !f->all.at[i].path[len])
			return true;
	return false;
}

int folders_remember(struct folders *f, const char *path, char **ret_made,
		     struct err *err)
{
	autofree char *dir = xstrdup(path), *missing = NULL;
	struct guestfs_statns *st = NULL;
	char *slash;

	for (;;) {
		slash = strrchr(dir, '/');
		slash[slash == dir] = 0;
		if (remembered(f, dir, strlen(dir)))
			break;
		st = folder_at(f, dir);
		if (st)
			break;
		if (slash == dir)
			return gerror(f->g, err, "look at", dir);
		free(missing);
		missing = xstrdup(dir);
	}
	if (ret_made)
		*ret_made = steal_ptr(missing);
	if (!st)
		return 0;
	*vec_add(&f->all) = (struct folder){ xstrdup(dir), st->st_mtime_sec,
					     st->st_mtime_nsec };
	guestfs_free_statns(st);
	return 0;
}

void folders_forget(struct folders *f, const char *path)
{
	for (size_t i = 0; i < f->all.n; i++) {
		if (strcmp(f->all.at[i].path, path) != 0)
			continue;
		free(f->all.at[i].path);
		f->all.at[i] = f->all.at[--f->all.n];
		return;
	}
}

int folders_restore(struct folders *f, struct err *err)
{
	for (size_t i = 0; i < f->all.n; i++) {
		const struct folder *one = &f->all.at[i];

		if (guestfs_utimens(f->g, one->path, 0, OMIT, one->sec,
				    one->nsec) < 0)
			return gerror(f->g, err, "set the time of", one->path);
	}
	return 0;
}

void folders_fini(struct folders *f)
{
	for (size_t i = 0; i < f->all.n; i++)
		free(f->all.at[i].path);
	vec_free(&f->all);
}
