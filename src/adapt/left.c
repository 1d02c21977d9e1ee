/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/left.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapt/gerror.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/vec.h"

/* A folder's names are asked for together: one call each, of a few hundred. */
struct batch {
	char *dir; /* NULL: none begun */
	struct vec_of(char *) names;
};

static void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->names.n; i++)
		free(b->names.at[i]);
	b->names.n = 0;
	free(b->dir);
	b->dir = NULL;
}

static void batch_fini(struct batch *b)
{
	batch_clear(b);
	vec_free(&b->names);
}

static int flush(guestfs_h *g, struct batch *b, struct str *out,
		 struct err *err)
{
	struct guestfs_statns_list *all;

	if (!b->dir)
		return 0;
	*vec_add(&b->names) = NULL;
	all = guestfs_lstatnslist(g, *b->dir ? b->dir : "/", b->names.at);
	b->names.n--;
	if (!all)
		return gerror(g, err, "look at what is in", b->dir);
	for (size_t i = 0; i < all->len && i < b->names.n; i++) {
		const struct guestfs_statns *st = &all->val[i];

		/* One that is not there has the inode -1. */
		if (st->st_ino > 0 && !S_ISDIR((mode_t)st->st_mode))
			str_addf(out, "%lld %lld %s/%s\n",
				 (long long)st->st_size,
				 (long long)st->st_mtime_sec, b->dir,
				 b->names.at[i]);
	}
	guestfs_free_statns_list(all);
	batch_clear(b);
	return 0;
}

int left_read(guestfs_h *g, const char *list, char **ret_text, struct err *err)
{
	cleanup(batch_fini) struct batch b = { 0 };
	struct str out = { 0 };
	int r = 0;

	for (const char *at = list; !r && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *path = xstrndup(at, len);
		char *slash = strrchr(path, '/');

		*slash = 0;
		if (b.dir && strcmp(b.dir, path) != 0)
			r = flush(g, &b, &out, err);
		if (!b.dir)
			b.dir = xstrdup(path);
		*vec_add(&b.names) = xstrdup(slash + 1);
		at += len + (at[len] == '\n');
	}
	if (!r)
		r = flush(g, &b, &out, err);
	*ret_text = str_steal(&out);
	if (r < 0) {
		free(*ret_text);
		*ret_text = NULL;
	}
	return r;
}

int left_staged(const char *dir, const char *list, char **ret_text,
		struct err *err)
{
	struct str out = { 0 };
	int r = 0;

	for (const char *at = list; !r && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *path = xasprintf("%s%.*s", dir, (int)len, at);
		struct stat st;

		if (lstat(path, &st) < 0)
			r = err_errno(err, errno, "cannot look at '%s'", path);
		else if (!S_ISDIR(st.st_mode))
			str_addf(&out, "%lld %lld %.*s\n",
				 (long long)st.st_size, (long long)st.st_mtime,
				 (int)len, at);
		at += len + (at[len] == '\n');
	}
	*ret_text = str_steal(&out);
	if (r < 0) {
		free(*ret_text);
		*ret_text = NULL;
	}
	return r;
}
