/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a file system without mounting it.
 *
 * A path is resolved from the root of the tree, whether it begins with a
 * slash or not; symbolic links are followed inside the tree only, at most 40,
 * and ".." at the root stays there.  Failures are negative errnos: -ENOENT,
 * -ENOTDIR, -ELOOP, -EFBIG, -EIO for a damaged file system.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/vec.h"

enum tree_kind {
	TREE_FILE,
	TREE_DIR,
	TREE_LINK,
	TREE_OTHER, /* devices, pipes, sockets */
};

struct tree_stat {
	enum tree_kind kind;
	unsigned int mode; /* permission bits: 07777 */
	uint32_t uid, gid;
	uint64_t size;
	int64_t mtime; /* seconds since 1970 */
};

/* Names in a folder, sorted by byte, without "." and "..". */
struct tree_names {
	struct vec_of(char *) all;
};

/* What a file system gives.  A node is its name for a file: an inode number. */
struct tree_ops {
	/* The entry of that name (len bytes); -ENOTDIR if dir is none. */
	int (*find)(void *fs, uint64_t dir, const char *name, size_t len,
		    uint64_t *ret_node);
	int (*stat)(void *fs, uint64_t node, struct tree_stat *ret_stat);
	int (*list)(void *fs, uint64_t dir, struct tree_names *names);
	/* Bytes read: less than n only at the end of the file. */
	ssize_t (*read)(void *fs, uint64_t node, void *buf, size_t n,
			uint64_t at);
	/* The target, ended by 0, in buf; NULL where there are no links. */
	int (*readlink)(void *fs, uint64_t node, char *buf, size_t size);
};

struct tree {
	const struct tree_ops *ops;
	void *fs; /* owned by whoever made the tree */
	uint64_t root;
};

/* tree_lstat() looks at a link itself. */
int tree_stat(const struct tree *t, const char *path, struct tree_stat *ret);
int tree_lstat(const struct tree *t, const char *path, struct tree_stat *ret);
/* tree_stat(), and which node it is. */
int tree_node(const struct tree *t, const char *path, uint64_t *ret_node,
	      struct tree_stat *ret);
bool tree_exists(const struct tree *t, const char *path);
bool tree_is_dir(const struct tree *t, const char *path);

/*
 * The whole of a file of at most max bytes, with a 0 behind it, which the
 * caller frees.  -EFBIG if it is longer, -EINVAL if it is no regular file.
 */
int tree_read(const struct tree *t, const char *path, size_t max,
	      char **ret_bytes, size_t *ret_len);

/* The same for a text of at most 1 MiB; NULL whatever the reason. */
char *tree_text(const struct tree *t, const char *path);

/* At most n bytes from at on: how many there were. */
ssize_t tree_read_at(const struct tree *t, const char *path, void *buf,
		     size_t n, uint64_t at);

/* Where a link points, as it stands there; NULL if path is no link. */
char *tree_readlink(const struct tree *t, const char *path);

/* The path without any link in it, "/usr/lib/x"; NULL if it leads nowhere. */
char *tree_real(const struct tree *t, const char *path);

/* Names in a folder; on failure names is as it was. */
int tree_list(const struct tree *t, const char *path, struct tree_names *names);
void tree_names_free(struct tree_names *names);
#define autonames __attribute__((__cleanup__(tree_names_free)))

/*
 * The texts of a folder's files, by name, of those whose names end so:
 *
 *	autotexts struct tree_texts it = tree_texts(t, "/etc/netplan", ".yaml");
 *	while (tree_next_text(&it))
 *		... it.path, it.text
 *
 * Both go with the next one; what cannot be read is left out.
 */
struct tree_texts {
	const struct tree *tree;
	const char *folder, *ending; /* not owned */
	struct tree_names names;
	size_t next;
	char *path, *text;
};

struct tree_texts tree_texts(const struct tree *t, const char *folder,
			     const char *ending);
bool tree_next_text(struct tree_texts *it);
void tree_texts_free(struct tree_texts *it);
#define autotexts __attribute__((__cleanup__(tree_texts_free)))

#endif
