/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/facts.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

static const struct tree *root_of(void *arg)
{
	const struct facts_source *source = arg;

	return &source->trees->root;
}

static char *read_text(void *arg, const char *path)
{
	return tree_text(root_of(arg), path);
}

static bool exists(void *arg, const char *path)
{
	struct tree_stat st;

	return tree_lstat(root_of(arg), path, &st) == 0;
}

static char **list(void *arg, const char *path)
{
	const struct facts_source *source = arg;
	const struct tree *tree = &source->trees->root;
	struct tree_names names = { 0 };
	char **all;

	if (str_starts(path, "boot:")) {
		tree = &source->trees->boot;
		path += strlen("boot:");
	}
	if (!tree->ops || tree_list(tree, path, &names) < 0)
		return NULL;
	all = xcalloc(names.all.n + 1, sizeof(*all));
	for (size_t i = 0; i < names.all.n; i++)
		all[i] = xstrdup(names.all.at[i]);
	tree_names_free(&names);
	return all;
}

static char *read_link(void *arg, const char *path)
{
	return tree_readlink(root_of(arg), path);
}

static const char *reason_of(const struct profile_row *row)
{
	return row ? row->reason : NULL;
}

static const char *drop_service(void *profile, const char *name)
{
	return reason_of(profile_service(profile, name));
}

static const char *drop_word(void *profile, const char *word)
{
	return reason_of(profile_word(profile, word));
}

static const char *drop_module(void *profile, const char *module)
{
	return reason_of(profile_module(profile, module));
}

void facts_init(struct adapt_facts *facts, struct facts_source *source)
{
	facts->read = read_text;
	facts->exists = exists;
	facts->list = list;
	facts->readlink = read_link;
	facts->arg = source;
	facts->drop_service = drop_service;
	facts->drop_word = drop_word;
	facts->drop_module = drop_module;
	facts->profile = (void *)(uintptr_t)source->profile;
}
