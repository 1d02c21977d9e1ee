/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking paths, over a tree of rows. */
#include "fs/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "test.h"

struct row {
	uint64_t node, dir;
	const char *name;
	enum tree_kind kind;
	const char *content; /* of a file; a link's target */
};

/* clang-format off */
static const struct row rows[] = {
	{ 1, 1, "", TREE_DIR, NULL },
	{ 2, 1, "etc", TREE_DIR, NULL },
	{ 3, 2, "hostname", TREE_FILE, "pi\n" },
	{ 4, 2, "absolute", TREE_LINK, "/usr/lib/file" },
	{ 5, 2, "out", TREE_LINK, "../../../../etc/hostname" },
	{ 6, 2, "self", TREE_LINK, "self" },
	{ 7, 2, "a", TREE_LINK, "b" },
	{ 8, 2, "b", TREE_LINK, "a" },
	{ 9, 1, "usr", TREE_DIR, NULL },
	{ 10, 9, "lib", TREE_DIR, NULL },
	{ 11, 10, "file", TREE_FILE, "text" },
	{ 12, 1, "lib", TREE_LINK, "usr/lib" },
	{ 13, 2, "dangling", TREE_LINK, "/nowhere" },
	{ 14, 10, "up", TREE_LINK, ".." },
	{ 15, 2, "device", TREE_OTHER, NULL },
};
/* clang-format on */

static const struct row *row(uint64_t node)
{
	return &rows[node - 1];
}

static int op_find(void *fs, uint64_t dir, const char *name, size_t len,
		   uint64_t *ret_node)
{
	(void)fs;
	if (row(dir)->kind != TREE_DIR)
		return -ENOTDIR;
	for (size_t i = 1; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].dir == dir && strlen(rows[i].name) == len &&
		    !memcmp(rows[i].name, name, len)) {
			*ret_node = rows[i].node;
			return 0;
		}
	return -ENOENT;
}

static int op_stat(void *fs, uint64_t node, struct tree_stat *ret)
{
	const struct row *r = row(node);

	(void)fs;
	*ret = (struct tree_stat){ .kind = r->kind,
				   .size = r->content ? strlen(r->content)
						      : 0 };
	return 0;
}

static int op_list(void *fs, uint64_t dir, struct tree_names *names)
{
	(void)fs;
	if (row(dir)->kind != TREE_DIR)
		return -ENOTDIR;
	for (size_t i = 1; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].dir == dir)
			*vec_add(&names->all) = xstrdup(rows[i].name);
	return 0;
}

static ssize_t op_read(void *fs, uint64_t node, void *buf, size_t n,
		       uint64_t at)
{
	size_t size = strlen(row(node)->content);

	(void)fs;
	if (at > size)
		return 0;
	n = n < size - at ? n : size - at;
	memcpy(buf, row(node)->content + at, n);
	return (ssize_t)n;
}

static int op_readlink(void *fs, uint64_t node, char *buf, size_t size)
{
	(void)fs;
	snprintf(buf, size, "%s", row(node)->content);
	return 0;
}

static const struct tree_ops ops = { op_find, op_stat, op_list, op_read,
				     op_readlink };
static const struct tree t = { .ops = &ops, .root = 1 };

static void real(const char *path, const char *want)
{
	autofree char *got = tree_real(&t, path);

	if (!got != !want || (got && strcmp(got, want))) {
		fprintf(stderr, "%s: %s\n", path, got ? got : "(none)");
		test_failed();
	}
}

static void test_paths(void)
{
	struct tree_stat st;

	real("", "/");
	real("///", "/");
	real("etc/./hostname", "/etc/hostname");
	real("/../../etc//hostname", "/etc/hostname");
	real("/etc/absolute", "/usr/lib/file");
	real("/lib/file", "/usr/lib/file");
	real("/lib/../lib/file", "/usr/lib/file");
	real("/lib/up/lib/file", "/usr/lib/file");
	real("/etc/out", "/etc/hostname");
	real("/etc/self", NULL);
	real("/etc/dangling", NULL);
	check(tree_stat(&t, "/etc/self", &st) == -ELOOP);
	check(tree_stat(&t, "/etc/a", &st) == -ELOOP);
	check(tree_stat(&t, "/etc/hostname/x", &st) == -ENOTDIR);
	check(!tree_lstat(&t, "/etc/self", &st) && st.kind == TREE_LINK);
	check(!tree_lstat(&t, "/lib/file", &st) && st.kind == TREE_FILE);
	check(!tree_lstat(&t, "/lib/", &st) && st.kind == TREE_LINK);
}

static void test_content(void)
{
	autonames struct tree_names names = { 0 };
	autofree char *text = tree_text(&t, "/etc/out");
	autofree char *link = tree_readlink(&t, "/etc/absolute");
	char *bytes;
	size_t len;

	check(text && !strcmp(text, "pi\n"));
	check(link && !strcmp(link, "/usr/lib/file"));
	check(!tree_readlink(&t, "/etc/hostname"));
	check(!tree_text(&t, "/etc"));
	check(tree_read(&t, "/etc/device", 10, &bytes, &len) == -EINVAL);
	check(tree_read(&t, "/lib/file", 3, &bytes, &len) == -EFBIG);
	check(!tree_list(&t, "/lib", &names));
	check_eq(names.all.n, 2);
	check(!strcmp(names.all.at[0], "file"));
	check(tree_list(&t, "/none", &names) == -ENOENT);
	check_eq(names.all.n, 2);
	check(!tree_list(&t, "/etc", &names) && names.all.n == 8);
}

int main(void)
{
	test_paths();
	test_content();
	return test_done();
}
