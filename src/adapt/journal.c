/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/yaml.h"

enum {
	VERSION_WRITTEN = 1
};

struct journal {
	struct yaml_node *tree, *list;
	uint64_t source_size;
};

static const char *const before_names[] = {
	[BEFORE_NOTHING] = "nothing",
	[BEFORE_FILE] = "file",
	[BEFORE_LINK] = "link",
	[BEFORE_FOLDER] = "folder",
};

void journal_before_fini(struct journal_before *before)
{
	free(before->file);
	free(before->target);
	free(before->made_parent);
	free(before->flags);
	for (size_t i = 0; i < before->attributes.n; i++) {
		free(before->attributes.at[i].name);
		free(before->attributes.at[i].value);
	}
	vec_free(&before->attributes);
	*before = (struct journal_before){ .kind = BEFORE_NOTHING };
}

void journal_after_fini(struct journal_after *after)
{
	free(after->sha256);
	free(after->left);
	*after = (struct journal_after){ 0 };
}

char *journal_hex(const char *bytes, size_t n)
{
	struct str s = { 0 };

	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%02x", (unsigned int)(unsigned char)bytes[i]);
	return str_steal(&s);
}

struct journal *journal_new(uint64_t source_size, int partition)
{
	struct journal *j = xnew(struct journal);

	j->source_size = source_size;
	j->tree = yaml_node_new(YAML_MAP);
	yaml_set_number(j->tree, "version", VERSION_WRITTEN);
	yaml_set_number(j->tree, "partition", (uint64_t)partition);
	j->list = yaml_set(j->tree, "changes", yaml_node_new(YAML_LIST));
	return j;
}

static struct yaml_node *before_of(struct yaml_node *row)
{
	return yaml_set(row, "before", yaml_node_new(YAML_MAP));
}

static void set_mode(struct yaml_node *map, unsigned int mode)
{
	char text[8];

	snprintf(text, sizeof(text), "%04o", mode & 07777);
	yaml_set_text(map, "mode", text);
}

static void add_stat(struct yaml_node *b, const struct journal_before *before)
{
	char text[48];

	set_mode(b, before->mode);
	yaml_set_number(b, "uid", before->uid);
	yaml_set_number(b, "gid", before->gid);
	/* Text: a number would be one with a point. */
	snprintf(text, sizeof(text), "%lld.%09u", (long long)before->mtime,
		 (unsigned int)before->mtime_nsec);
	yaml_set_text(b, "mtime", text);
}

static void add_before(struct yaml_node *row,
		       const struct journal_before *before)
{
	struct yaml_node *b = before_of(row);

	yaml_set_text(b, "kind", before_names[before->kind]);
	if (before->target)
		yaml_set_text(b, "target", before->target);
	if (before->file)
		yaml_set_text(b, "file", before->file);
	if (before->kind != BEFORE_NOTHING)
		add_stat(b, before);
	if (before->attributes.n) {
		struct yaml_node *map = yaml_set(b, "attributes",
						 yaml_node_new(YAML_MAP));

		for (size_t i = 0; i < before->attributes.n; i++)
			yaml_set_text(map, before->attributes.at[i].name,
				      before->attributes.at[i].value);
	}
	if (before->flags)
		yaml_set_text(b, "flags", before->flags);
	if (before->made_parent)
		yaml_set_text(b, "made-folder", before->made_parent);
}

static void add_after(struct yaml_node *row, const struct journal_after *after)
{
	struct yaml_node *a;

	if (after->left)
		yaml_set_text(row, "left", after->left);
	if (!after->sha256)
		return;
	a = yaml_set(row, "after", yaml_node_new(YAML_MAP));
	yaml_set_text(a, "sha256", after->sha256);
	set_mode(a, after->mode);
}

void journal_add(struct journal *j, const struct change *c,
		 const struct journal_before *before,
		 const struct journal_after *after)
{
	struct yaml_node *row = yaml_append(j->list, yaml_node_new(YAML_MAP));

	yaml_set_text(row, "id", c->id);
	yaml_set_text(row, "kind", change_kind_name(c->kind));
	yaml_set_text(row, "path", c->path);
	yaml_set_text(row, "reason", c->reason);
	switch (c->kind) {
	case CHANGE_SYMLINK:
		yaml_set_text(row, "target", c->target);
		add_before(row, before);
		break;
	case CHANGE_WRITE:
	case CHANGE_REMOVE:
	case CHANGE_MKDIR:
		add_before(row, before);
		break;
	case CHANGE_TREE:
		yaml_set_text(row, "list", before->file);
		break;
	case CHANGE_GROW:
		yaml_set_number(row, "size", c->size);
		yaml_set_number(before_of(row), "size", j->source_size);
		break;
	}
	add_after(row, after);
}

int journal_write(const struct journal *j, const char *path, struct err *err)
{
	autofree char *text = yaml_emit(j->tree);

	return files_replace(path, text, strlen(text), 0644, err);
}

void journal_free(struct journal *j)
{
	if (j)
		yaml_node_free(j->tree);
	free(j);
}

/* ---- reading it back ---- */

static char *copy_of(const struct yaml_node *node, const char *path)
{
	const char *text = yaml_text(node, path);

	return text ? xstrdup(text) : NULL;
}

static bool read_octal(const struct yaml_node *node, const char *path,
		       unsigned int *ret)
{
	const char *text = yaml_text(node, path);
	char *end;

	if (!text || *text < '0' || *text > '7')
		return false;
	*ret = (unsigned int)strtoul(text, &end, 8);
	return !*end && *ret <= 07777;
}

static void read_attributes(const struct yaml_node *row,
			    struct journal_before *b)
{
	const struct yaml_node *map = yaml_get(row, "before.attributes");

	for (size_t i = 0; map && i < map->items.n; i++) {
		const struct yaml_item *item = &map->items.at[i];

		if (item->key && item->value->kind == YAML_TEXT)
			*vec_add(&b->attributes) = (struct journal_attribute){
				xstrdup(item->key), xstrdup(item->value->text)
			};
	}
}

static bool read_stat(const struct yaml_node *row, struct journal_before *b)
{
	const char *mtime = yaml_text(row, "before.mtime");
	uint64_t uid, gid;
	long long sec;

	if (!read_octal(row, "before.mode", &b->mode) ||
	    !yaml_number(row, "before.uid", &uid) ||
	    !yaml_number(row, "before.gid", &gid) || !mtime ||
	    sscanf(mtime, "%lld.%9u", &sec, &b->mtime_nsec) != 2)
		return false;
	b->mtime = sec;
	b->uid = (uint32_t)uid;
	b->gid = (uint32_t)gid;
	return true;
}

/* What is there of "before" makes sense for its kind. */
static bool read_before(const struct yaml_node *row, struct journal_before *b)
{
	const char *kind = yaml_text(row, "before.kind");

	b->kind = BEFORE_NOTHING;
	if (!kind)
		return false;
	for (size_t i = 0; i < sizeof(before_names) / sizeof(*before_names);
	     i++)
		if (!strcmp(kind, before_names[i]))
			b->kind = (enum before_kind)i;
	if (strcmp(kind, before_names[b->kind]) != 0)
		return false;
	b->file = copy_of(row, "before.file");
	b->target = copy_of(row, "before.target");
	b->made_parent = copy_of(row, "before.made-folder");
	b->flags = copy_of(row, "before.flags");
	read_attributes(row, b);
	if (b->kind != BEFORE_NOTHING && !read_stat(row, b))
		return false;
	return (b->kind != BEFORE_FILE || (b->file && !strchr(b->file, '/'))) &&
	       (b->kind != BEFORE_LINK || b->target);
}

static bool read_kind(const struct yaml_node *row, enum change_kind *ret)
{
	static const enum change_kind kinds[] = { CHANGE_WRITE,  CHANGE_SYMLINK,
						  CHANGE_REMOVE, CHANGE_MKDIR,
						  CHANGE_TREE,   CHANGE_GROW };
	const char *name = yaml_text(row, "kind");

	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++) {
		*ret = kinds[i];
		if (!strcmp(name, change_kind_name(kinds[i])))
			return true;
	}
	return false;
}

static bool read_row(const struct yaml_node *node, struct journal_row *row)
{
	if (!read_kind(node, &row->kind))
		return false;
	row->id = copy_of(node, "id");
	row->path = copy_of(node, "path");
	row->reason = copy_of(node, "reason");
	row->target = copy_of(node, "target");
	row->list = copy_of(node, "list");
	row->after.left = copy_of(node, "left");
	row->after.sha256 = copy_of(node, "after.sha256");
	(void)read_octal(node, "after.mode", &row->after.mode);
	(void)yaml_bool(node, "reverted", &row->reverted);
	if (!row->id || !row->path || row->path[0] != '/')
		return false;
	switch (row->kind) {
	case CHANGE_GROW:
		return true;
	case CHANGE_TREE:
		return row->list && !strchr(row->list, '/') &&
		       (!row->after.left || !strchr(row->after.left, '/'));
	case CHANGE_SYMLINK:
		if (!row->target)
			return false;
		break;
	case CHANGE_WRITE:
	case CHANGE_REMOVE:
	case CHANGE_MKDIR:
		break;
	}
	return read_before(node, &row->before);
}

int journal_load(const char *path, struct journal_read *ret, struct err *err)
{
	const struct yaml_node *list;
	uint64_t partition = 0;
	int r;

	*ret = (struct journal_read){ 0 };
	r = yaml_load(path, &ret->tree, err);
	if (r < 0)
		return r;
	list = yaml_get(ret->tree, "changes");
	if (!list || list->kind != YAML_LIST)
		return err_set(err, EINVAL, "%s: 'changes' is missing", path);
	if (yaml_number(ret->tree, "partition", &partition) && partition < 128)
		ret->partition = (int)partition;
	for (size_t i = 0; i < list->items.n; i++) {
		const struct yaml_node *node = list->items.at[i].value;
		struct journal_row *row = vec_add(&ret->rows);

		row->number = i + 1;
		if (!read_row(node, row))
			return err_set(err, EINVAL,
				       "%s:%u: this is no row of a journal",
				       path, node->line);
	}
	return 0;
}

int journal_mark(const struct journal_read *read, const char *path,
		 struct err *err)
{
	const struct yaml_node *list = yaml_get(read->tree, "changes");
	autofree char *text = NULL;

	for (size_t i = 0; i < read->rows.n; i++)
		if (read->rows.at[i].reverted)
			yaml_set_bool(list->items.at[i].value, "reverted",
				      true);
	text = yaml_emit(read->tree);
	return files_replace(path, text, strlen(text), 0644, err);
}

void journal_read_free(struct journal_read *read)
{
	for (size_t i = 0; i < read->rows.n; i++) {
		struct journal_row *row = &read->rows.at[i];

		free(row->id);
		free(row->path);
		free(row->reason);
		free(row->target);
		free(row->list);
		journal_before_fini(&row->before);
		journal_after_fini(&row->after);
	}
	vec_free(&read->rows);
	yaml_node_free(read->tree);
	read->tree = NULL;
}
