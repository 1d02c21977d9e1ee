/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file system in memory, for tests of what reads one:
 *
 *	struct fake_tree f = { 0 };
 *	fake_file(&f, "/etc/hostname", "pi\n");
 *	fake_link(&f, "/lib", "usr/lib");
 *	struct tree t = fake_tree(&f);
 */
#ifndef FAKE_TREE_H
#define FAKE_TREE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/tree.h"

enum {
	FAKE_NODES = 256
};

struct fake_node {
	char path[200];
	enum tree_kind kind;
	const char *content; /* a link's target; not owned */
	size_t len;
	unsigned int mode; /* 0: 0644 */
	int64_t mtime;     /* seconds since 1970 */
};

struct fake_tree {
	struct fake_node nodes[FAKE_NODES]; /* node n is [n]; 0 is the root */
	uint64_t n;
};

static inline struct fake_node *fake_find(struct fake_tree *f, const char *path)
{
	for (uint64_t i = 0; i < f->n; i++)
		if (!strcmp(f->nodes[i].path, path))
			return &f->nodes[i];
	return NULL;
}

/* The node of a path, with its folders. */
static inline struct fake_node *fake_add(struct fake_tree *f, const char *path)
{
	struct fake_node *node;

	if (!f->n) {
		f->nodes[0].kind = TREE_DIR;
		f->n = 1;
	}
	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		char dir[200];

		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (!fake_find(f, dir))
			fake_add(f, dir)->kind = TREE_DIR;
	}
	node = fake_find(f, path);
	if (!node) {
		if (f->n == FAKE_NODES)
			abort();
		node = &f->nodes[f->n++];
		snprintf(node->path, sizeof(node->path), "%s", path);
	}
	return node;
}

static inline void fake_bytes(struct fake_tree *f, const char *path,
			      const void *bytes, size_t len)
{
	struct fake_node *node = fake_add(f, path);

	node->kind = TREE_FILE;
	node->content = bytes;
	node->len = len;
}

static inline void fake_file(struct fake_tree *f, const char *path,
			     const char *text)
{
	fake_bytes(f, path, text, strlen(text));
}

static inline void fake_link(struct fake_tree *f, const char *path,
			     const char *target)
{
	fake_file(f, path, target);
	fake_find(f, path)->kind = TREE_LINK;
}

static inline int fake_op_find(void *fs, uint64_t dir, const char *name,
			       size_t len, uint64_t *ret_node)
{
	struct fake_tree *f = fs;
	struct fake_node *node;
	char path[512];

	if (f->nodes[dir].kind != TREE_DIR)
		return -ENOTDIR;
	snprintf(path, sizeof(path), "%s/%.*s", f->nodes[dir].path, (int)len,
		 name);
	node = fake_find(f, path);
	if (!node)
		return -ENOENT;
	*ret_node = (uint64_t)(node - f->nodes);
	return 0;
}

static inline int fake_op_stat(void *fs, uint64_t node, struct tree_stat *ret)
{
	struct fake_tree *f = fs;

	*ret = (struct tree_stat){ .kind = f->nodes[node].kind,
				   .mode = f->nodes[node].mode
						   ? f->nodes[node].mode
						   : 0644,
				   .size = f->nodes[node].len,
				   .mtime = f->nodes[node].mtime };
	return 0;
}

static inline int fake_op_list(void *fs, uint64_t dir, struct tree_names *names)
{
	struct fake_tree *f = fs;
	size_t len = strlen(f->nodes[dir].path);

	if (f->nodes[dir].kind != TREE_DIR)
		return -ENOTDIR;
	for (uint64_t i = 1; i < f->n; i++) {
		const char *path = f->nodes[i].path;

		if (!strncmp(path, f->nodes[dir].path, len) &&
		    path[len] == '/' && !strchr(path + len + 1, '/'))
			*vec_add(&names->all) = xstrdup(path + len + 1);
	}
	return 0;
}

static inline ssize_t fake_op_read(void *fs, uint64_t node, void *buf, size_t n,
				   uint64_t at)
{
	struct fake_tree *f = fs;
	size_t len = f->nodes[node].len;

	if (at >= len)
		return 0;
	n = n < len - at ? n : len - at;
	memcpy(buf, f->nodes[node].content + at, n);
	return (ssize_t)n;
}

static inline int fake_op_readlink(void *fs, uint64_t node, char *buf,
				   size_t size)
{
	struct fake_tree *f = fs;

	snprintf(buf, size, "%s", f->nodes[node].content);
	return 0;
}

static inline struct tree fake_tree(struct fake_tree *f)
{
	static const struct tree_ops ops = { fake_op_find, fake_op_stat,
					     fake_op_list, fake_op_read,
					     fake_op_readlink };

	if (!f->n) {
		f->nodes[0].kind = TREE_DIR;
		f->n = 1;
	}
	return (struct tree){ .ops = &ops, .fs = f };
}

#endif
