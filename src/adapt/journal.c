/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/journal.h"

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
	for (size_t i = 0; i < before->attributes.n; i++) {
		free(before->attributes.at[i].name);
		free(before->attributes.at[i].value);
	}
	vec_free(&before->attributes);
	*before = (struct journal_before){ .kind = BEFORE_NOTHING };
}

char *journal_hex(const char *bytes, size_t n)
{
	struct str s = { 0 };

	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%02x", (unsigned int)(unsigned char)bytes[i]);
	return str_steal(&s);
}

struct journal *journal_new(uint64_t source_size)
{
	struct journal *j = xnew(struct journal);

	j->source_size = source_size;
	j->tree = yaml_node_new(YAML_MAP);
	yaml_set_number(j->tree, "version", VERSION_WRITTEN);
	j->list = yaml_set(j->tree, "changes", yaml_node_new(YAML_LIST));
	return j;
}

static struct yaml_node *before_of(struct yaml_node *row)
{
	return yaml_set(row, "before", yaml_node_new(YAML_MAP));
}

static void add_stat(struct yaml_node *b, const struct journal_before *before)
{
	char text[48];

	snprintf(text, sizeof(text), "%04o", before->mode & 07777);
	yaml_set_text(b, "mode", text);
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
	if (before->made_parent)
		yaml_set_text(b, "made-folder", before->made_parent);
}

void journal_add(struct journal *j, const struct change *c,
		 const struct journal_before *before)
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
