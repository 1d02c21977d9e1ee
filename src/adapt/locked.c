/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/locked.h"

#include <stdlib.h>
#include <string.h>

#include "adapt/gerror.h"
#include "common/cleanup.h"
#include "common/mem.h"

/* What chattr(1) can set; the rest is the kernel's own. */
#define SETTABLE "aAcCdDijsStTu"
#define LOCKING  "ia"

/* Those letters of text that are among wanted; NULL: none. */
static char *only(const char *text, const char *wanted)
{
	char *ret = xstrdup(text);
	size_t n = 0;

	for (const char *c = text; *c; c++)
		if (strchr(wanted, *c))
			ret[n++] = *c;
	ret[n] = 0;
	if (n)
		return ret;
	free(ret);
	return NULL;
}

char *locked_flags(guestfs_h *g, const char *path)
{
	autofree char *all = NULL;

	if (guestfs_is_symlink(g, path) != 0)
		return NULL;
	/* What is no file and no folder has none, and says so by an error. */
	all = guestfs_get_e2attrs(g, path);
	return all ? only(all, SETTABLE) : NULL;
}

static int take(struct locked *l, const char *path, struct err *err)
{
	autofree char *flags = locked_flags(l->g, path);
	autofree char *locking = flags ? only(flags, LOCKING) : NULL;

	if (!locking)
		return 0;
	if (guestfs_set_e2attrs(l->g, path, locking, GUESTFS_SET_E2ATTRS_CLEAR,
				1, -1) < 0)
		return gerror(l->g, err, "unlock", path);
	locked_later(l, path, locking);
	return 1;
}

int locked_open(struct locked *l, const char *path, struct err *err)
{
	autofree char *dir = xstrdup(path);
	int file = take(l, path, err), folder;

	do {
		char *slash = strrchr(dir, '/');

		slash[slash == dir] = 0;
	} while (dir[1] && guestfs_is_dir(l->g, dir) != 1);
	folder = file < 0 ? 0 : take(l, dir, err);
	return file < 0 ? file : folder < 0 ? folder : file | folder;
}

void locked_forget(struct locked *l, const char *path)
{
	for (size_t i = 0; i < l->all.n; i++) {
		if (strcmp(l->all.at[i].path, path) != 0)
			continue;
		free(l->all.at[i].path);
		free(l->all.at[i].flags);
		l->all.at[i] = l->all.at[--l->all.n];
		return;
	}
}

void locked_later(struct locked *l, const char *path, const char *flags)
{
	locked_forget(l, path);
	*vec_add(&l->all) = (struct locked_path){ xstrdup(path),
						  xstrdup(flags) };
}

int locked_restore(struct locked *l, struct err *err)
{
	for (size_t i = 0; i < l->all.n; i++) {
		const struct locked_path *one = &l->all.at[i];

		if (guestfs_set_e2attrs(l->g, one->path, one->flags, -1) < 0)
			return gerror(l->g, err, "lock", one->path);
	}
	return 0;
}

void locked_fini(struct locked *l)
{
	for (size_t i = 0; i < l->all.n; i++) {
		free(l->all.at[i].path);
		free(l->all.at[i].flags);
	}
	vec_free(&l->all);
}
