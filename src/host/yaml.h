/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML as a small tree of maps, lists and scalars: read it, ask it, change it,
 * write it back.
 *
 * What a program does not know stays in the tree and is written again, in the
 * same order; comments are lost.  Anchors, aliases and tags are refused, and
 * so is a text of more than 4 MiB, 32 levels or 200,000 nodes: the files are
 * ours, but people edit them.
 */
#ifndef HOST_YAML_H
#define HOST_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"

enum yaml_kind {
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_item {
	char *key; /* MAP; NULL in a list */
	struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	unsigned int line; /* in the file, 1 up; 0: made by a program */
	char *text;        /* TEXT */
	bool quoted;       /* TEXT: stood in quotes, so not a number or null */
	struct vec_of(struct yaml_item) items; /* LIST, MAP */
};

/*
 * name is for messages: "name:12: what is wrong".  An empty text is an empty
 * map.  A key that stands twice in a map is an error.
 */
int yaml_parse(const char *name, const char *text, size_t len,
	       struct yaml_node **ret_tree, struct err *err);
int yaml_load(const char *path, struct yaml_node **ret_tree, struct err *err);

/* The tree as text, which the caller frees. */
char *yaml_emit(const struct yaml_node *tree);

void yaml_node_free(struct yaml_node *node);
void yaml_node_drop(struct yaml_node **node);
#define autoyaml __attribute__((__cleanup__(yaml_node_drop)))

/*
 * Asking.  A path is keys and, in lists, numbers from 0 on: "disks.0.file".
 * NULL or false where there is no such node, or one of another kind.  node may
 * be NULL, path may be "" for the node itself.
 */
struct yaml_node *yaml_get(const struct yaml_node *node, const char *path);
const char *yaml_text(const struct yaml_node *node, const char *path);
bool yaml_bool(const struct yaml_node *node, const char *path, bool *ret_b);
bool yaml_number(const struct yaml_node *node, const char *path,
		 uint64_t *ret_n);

/* Making.  A key that is there already gets the new value in its place. */
struct yaml_node *yaml_node_new(enum yaml_kind kind);
struct yaml_node *yaml_set(struct yaml_node *map, const char *key,
			   struct yaml_node *value); /* owned by the map now */
void yaml_set_text(struct yaml_node *map, const char *key, const char *text);
void yaml_set_number(struct yaml_node *map, const char *key, uint64_t n);
void yaml_set_bool(struct yaml_node *map, const char *key, bool b);
struct yaml_node *yaml_append(struct yaml_node *list, struct yaml_node *value);
void yaml_append_text(struct yaml_node *list, const char *text);
void yaml_remove(struct yaml_node *map, const char *key);

#endif
