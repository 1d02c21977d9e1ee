/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk keeps the nodes from the root down to where it is, so that ".." is
 * going back one, and cannot lead above the root whatever the disk says.
 */
#include "fs/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	MAX_LINKS = 40,
	MAX_PATH = 65536, /* bytes still to walk, with links put in */
	MAX_TEXT = 1 << 20,
};

struct step {
	uint64_t node;
	char *name;
};

struct walk {
	const struct tree *t;
	struct vec_of(struct step) steps; /* below the root */
	char *rest;                       /* what is still to walk; owned */
	unsigned int links;
};

static void pop(struct walk *w)
{
	if (w->steps.n)
		free(w->steps.at[--w->steps.n].name);
}

static void walk_fini(struct walk *w)
{
	while (w->steps.n)
		pop(w);
	vec_free(&w->steps);
	free(w->rest);
}

static uint64_t here(const struct walk *w)
{
	return w->steps.n ? w->steps.at[w->steps.n - 1].node : w->t->root;
}

/* The link that node is takes the place of its name in what is to walk. */
static int enter_link(struct walk *w, uint64_t node, const char *after)
{
	char target[PATH_MAX];
	char *rest;
	int rc;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	rc = w->t->ops->readlink(w->t->fs, node, target, sizeof(target));
	if (rc < 0)
		return rc;
	if (strlen(target) + strlen(after) + 2 > MAX_PATH)
		return -ENAMETOOLONG;
	if (target[0] == '/')
		while (w->steps.n)
			pop(w);
	rest = xasprintf("%s/%s", target, after);
	free(w->rest);
	w->rest = rest;
	return 0;
}

/* One component: len bytes at name, which lies in w->rest. */
static int enter(struct walk *w, const char *name, size_t len, bool follow)
{
	const char *after = name + len;
	struct tree_stat st;
	uint64_t node;
	int rc;

	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		pop(w);
		return 0;
	}
	rc = w->t->ops->find(w->t->fs, here(w), name, len, &node);
	if (rc == 0)
		rc = w->t->ops->stat(w->t->fs, node, &st);
	if (rc < 0)
		return rc;
	if (st.kind == TREE_LINK && w->t->ops->readlink &&
	    (follow || after[strspn(after, "/")])) {
		rc = enter_link(w, node, after);
		return rc < 0 ? rc : 1;
	}
	*vec_add(&w->steps) = (struct step){ .node = node,
					     .name = xstrndup(name, len) };
	return 0;
}

static int walk(struct walk *w, const char *path, bool follow)
{
	const char *at;

	w->rest = xstrdup(path);
	at = w->rest;
	for (;;) {
		size_t len;
		int rc;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (!len)
			return 0;
		rc = enter(w, at, len, follow);
		if (rc < 0)
			return rc;
		at = rc == 1 ? w->rest : at + len;
	}
}

static int find(const struct tree *t, const char *path, bool follow,
		uint64_t *ret_node)
{
	cleanup(walk_fini) struct walk w = { .t = t };
	int rc = walk(&w, path, follow);

	*ret_node = rc < 0 ? 0 : here(&w);
	return rc;
}

static int stat_path(const struct tree *t, const char *path, bool follow,
		     struct tree_stat *ret)
{
	uint64_t node;
	int rc = find(t, path, follow, &node);

	return rc < 0 ? rc : t->ops->stat(t->fs, node, ret);
}

int tree_stat(const struct tree *t, const char *path, struct tree_stat *ret)
{
	return stat_path(t, path, true, ret);
}

int tree_lstat(const struct tree *t, const char *path, struct tree_stat *ret)
{
	return stat_path(t, path, false, ret);
}

int tree_node(const struct tree *t, const char *path, uint64_t *ret_node,
	      struct tree_stat *ret)
{
	uint64_t node;
	int rc = find(t, path, true, &node);

	if (rc == 0)
		rc = t->ops->stat(t->fs, node, ret);
	if (rc == 0)
		*ret_node = node;
	return rc;
}

bool tree_exists(const struct tree *t, const char *path)
{
	struct tree_stat st;

	return tree_stat(t, path, &st) == 0;
}

bool tree_is_dir(const struct tree *t, const char *path)
{
	struct tree_stat st;

	return tree_stat(t, path, &st) == 0 && st.kind == TREE_DIR;
}

/* The node of a regular file, and its size. */
static int find_file(const struct tree *t, const char *path, uint64_t *ret_node,
		     uint64_t *ret_size)
{
	struct tree_stat st;
	int rc = find(t, path, true, ret_node);

	if (rc == 0)
		rc = t->ops->stat(t->fs, *ret_node, &st);
	if (rc < 0)
		return rc;
	*ret_size = st.size;
	return st.kind == TREE_FILE ? 0 : -EINVAL;
}

int tree_read(const struct tree *t, const char *path, size_t max,
	      char **ret_bytes, size_t *ret_len)
{
	uint64_t node, size;
	char *bytes;
	ssize_t n;
	int rc = find_file(t, path, &node, &size);

	if (rc < 0)
		return rc;
	if (size > max)
		return -EFBIG;
	bytes = xmalloc((size_t)size + 1);
	n = t->ops->read(t->fs, node, bytes, (size_t)size, 0);
	if (n < 0) {
		free(bytes);
		return (int)n;
	}
	bytes[n] = 0;
	*ret_bytes = bytes;
	*ret_len = (size_t)n;
	return 0;
}

char *tree_text(const struct tree *t, const char *path)
{
	char *text = NULL;
	size_t len;

	return tree_read(t, path, MAX_TEXT, &text, &len) == 0 ? text : NULL;
}

ssize_t tree_read_at(const struct tree *t, const char *path, void *buf,
		     size_t n, uint64_t at)
{
	uint64_t node, size;
	int rc = find_file(t, path, &node, &size);

	return rc < 0 ? rc : t->ops->read(t->fs, node, buf, n, at);
}

char *tree_readlink(const struct tree *t, const char *path)
{
	char target[PATH_MAX];
	struct tree_stat st;
	uint64_t node;

	if (!t->ops->readlink || find(t, path, false, &node) < 0 ||
	    t->ops->stat(t->fs, node, &st) < 0 || st.kind != TREE_LINK ||
	    t->ops->readlink(t->fs, node, target, sizeof(target)) < 0)
		return NULL;
	return xstrdup(target);
}

char *tree_real(const struct tree *t, const char *path)
{
	cleanup(walk_fini) struct walk w = { .t = t };
	struct str real = { 0 };

	if (walk(&w, path, true) < 0)
		return NULL;
	for (size_t i = 0; i < w.steps.n; i++)
		str_addf(&real, "/%s", w.steps.at[i].name);
	if (!w.steps.n)
		str_add(&real, "/");
	return str_steal(&real);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_list(const struct tree *t, const char *path, struct tree_names *names)
{
	struct tree_names got = { 0 };
	uint64_t node;
	int rc = find(t, path, true, &node);

	if (rc == 0)
		rc = t->ops->list(t->fs, node, &got);
	if (rc < 0) {
		tree_names_free(&got);
		return rc;
	}
	if (got.all.n)
		qsort(got.all.at, got.all.n, sizeof(*got.all.at),
		      compare_names);
	tree_names_free(names);
	*names = got;
	return 0;
}

void tree_names_free(struct tree_names *names)
{
	for (size_t i = 0; i < names->all.n; i++)
		free(names->all.at[i]);
	vec_free(&names->all);
}

struct tree_texts tree_texts(const struct tree *t, const char *folder,
			     const char *ending)
{
	struct tree_texts it = { .tree = t,
				 .folder = folder,
				 .ending = ending };

	(void)tree_list(t, folder, &it.names);
	return it;
}

static void forget_text(struct tree_texts *it)
{
	free(it->path);
	free(it->text);
	it->path = it->text = NULL;
}

bool tree_next_text(struct tree_texts *it)
{
	forget_text(it);
	while (!it->text && it->next < it->names.all.n) {
		const char *name = it->names.all.at[it->next++];

		if (!str_ends(name, it->ending))
			continue;
		forget_text(it);
		it->path = xasprintf("%s/%s", it->folder, name);
		it->text = tree_text(it->tree, it->path);
	}
	return it->text != NULL;
}

void tree_texts_free(struct tree_texts *it)
{
	forget_text(it);
	tree_names_free(&it->names);
}
