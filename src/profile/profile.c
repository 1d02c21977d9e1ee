/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each key of the format is a row with the function that reads it, so that an
 * unknown key is one that no row names.  What an include brings is read first,
 * and lists grow: a profile can add to them but not take away.
 */
#include "profile/profile.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/place.h"
#include "host/yaml.h"

/* Reading one file: where we are, for messages. */
struct reader {
	const char *path;
	struct profile *p;
	bool part; /* an included file: title and match make no sense there */
	const char *folder;
	struct err *err;
};

typedef int key_fn(struct reader *r, const struct yaml_node *node);

struct key {
	const char *name;
	enum yaml_kind kind;
	key_fn *read;
	bool not_in_part;
};

static int wrong(const struct reader *r, const struct yaml_node *node,
		 const char *what)
{
	return err_set(r->err, EINVAL, "%s:%u: %s", r->path, node->line, what);
}

static const char *kind_name(enum yaml_kind kind)
{
	switch (kind) {
	case YAML_TEXT:
		return "a text";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a map of keys";
	}
	return "something else";
}

static int read_keys(struct reader *r, const struct yaml_node *map,
		     const struct key *keys, size_t n_keys)
{
	for (size_t i = 0; i < map->items.n; i++) {
		const struct yaml_item *item = &map->items.at[i];
		const struct key *key = NULL;
		int rc;

		for (size_t k = 0; k < n_keys; k++)
			if (!strcmp(keys[k].name, item->key))
				key = &keys[k];
		if (!key || (r->part && key->not_in_part))
			return err_set(r->err, EINVAL,
				       "%s:%u: there is no key '%s' here",
				       r->path, item->value->line, item->key);
		if (key->kind != item->value->kind)
			return err_set(r->err, EINVAL, "%s:%u: '%s' must be %s",
				       r->path, item->value->line, item->key,
				       kind_name(key->kind));
		rc = key->read(r, item->value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_words(struct reader *r, const struct yaml_node *list,
		      struct profile_words *words)
{
	for (size_t i = 0; i < list->items.n; i++) {
		const struct yaml_node *node = list->items.at[i].value;

		if (node->kind != YAML_TEXT || !*node->text)
			return wrong(r, node, "want a word here");
		*vec_add(&words->all) = xstrdup(node->text);
	}
	return 0;
}

static int read_rows(struct reader *r, const struct yaml_node *list,
		     struct profile_rows *rows)
{
	for (size_t i = 0; i < list->items.n; i++) {
		const struct yaml_node *node = list->items.at[i].value;
		const char *name = yaml_text(node, "name");
		const char *reason = yaml_text(node, "reason");

		if (node->kind != YAML_MAP || node->items.n != 2 || !name ||
		    !*name || !reason || !*reason)
			return wrong(r, node,
				     "each row wants a name and a reason, and "
				     "nothing else");
		*vec_add(&rows->all) = (struct profile_row){
			.name = xstrdup(name),
			.reason = xstrdup(reason),
		};
	}
	return 0;
}

static int read_bool(struct reader *r, const struct yaml_node *node,
		     bool *ret_b)
{
	return yaml_bool(node, "", ret_b)
		       ? 0
		       : wrong(r, node, "want true or false");
}

static int read_os(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->os);
}

static int read_suites(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->suites);
}

static int read_arch(struct reader *r, const struct yaml_node *node)
{
	/* clang-format off */
	static const struct {
		const char *name;
		enum guest_arch arch;
	} rows[] = {
		{ "armhf", ARCH_ARMHF },
		{ "armel", ARCH_ARMEL },
		{ "arm64", ARCH_ARM64 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!strcmp(rows[i].name, node->text)) {
			r->p->arch = rows[i].arch;
			return 0;
		}
	}
	return wrong(r, node, "want armhf, armel or arm64");
}

static int read_raspberry(struct reader *r, const struct yaml_node *node)
{
	r->p->asks_raspberry = true;
	return read_bool(r, node, &r->p->raspberry);
}

static int read_match(struct reader *r, const struct yaml_node *node)
{
	static const struct key keys[] = {
		{ "os", YAML_LIST, read_os, false },
		{ "suite", YAML_LIST, read_suites, false },
		{ "arch", YAML_TEXT, read_arch, false },
		{ "raspberry", YAML_TEXT, read_raspberry, false },
	};

	return read_keys(r, node, keys, sizeof(keys) / sizeof(*keys));
}

static int read_version(struct reader *r, const struct yaml_node *node)
{
	return !strcmp(node->text, "1")
		       ? 0
		       : wrong(r, node, "this program knows version 1 only");
}

static int read_title(struct reader *r, const struct yaml_node *node)
{
	r->p->title = xstrdup(node->text);
	return 0;
}

static int read_generic(struct reader *r, const struct yaml_node *node)
{
	return read_bool(r, node, &r->p->generic);
}

static int read_kernel_suite(struct reader *r, const struct yaml_node *node)
{
	free(r->p->kernel_suite);
	r->p->kernel_suite = xstrdup(node->text);
	return 0;
}

static int read_kernel(struct reader *r, const struct yaml_node *node)
{
	static const struct key keys[] = {
		{ "suite", YAML_TEXT, read_kernel_suite, false },
	};

	return read_keys(r, node, keys, sizeof(keys) / sizeof(*keys));
}

static int read_services(struct reader *r, const struct yaml_node *node)
{
	return read_rows(r, node, &r->p->services);
}

static int read_cmdline(struct reader *r, const struct yaml_node *node)
{
	return read_rows(r, node, &r->p->words);
}

static int read_modules(struct reader *r, const struct yaml_node *node)
{
	return read_rows(r, node, &r->p->modules);
}

static int read_file(struct reader *r);

/* Parts lie in the same folder; a part cannot take in another. */
static int read_include(struct reader *r, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->items.n; i++) {
		const struct yaml_node *name = node->items.at[i].value;
		autofree char *path = NULL;
		struct reader part = *r;
		int rc;

		if (name->kind != YAML_TEXT || strchr(name->text, '/') ||
		    !str_starts(name->text, "common-"))
			return wrong(r, name,
				     "want the name of a file common-….yaml of "
				     "this folder");
		path = xasprintf("%s/%s", r->folder, name->text);
		part.path = path;
		part.part = true;
		rc = read_file(&part);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_file(struct reader *r)
{
	static const struct key keys[] = {
		{ "version", YAML_TEXT, read_version, false },
		{ "title", YAML_TEXT, read_title, true },
		{ "match", YAML_MAP, read_match, true },
		{ "include", YAML_LIST, read_include, true },
		{ "generic", YAML_TEXT, read_generic, true },
		{ "kernel", YAML_MAP, read_kernel, true },
		{ "services", YAML_LIST, read_services, false },
		{ "cmdline", YAML_LIST, read_cmdline, false },
		{ "modules", YAML_LIST, read_modules, false },
	};
	autoyaml struct yaml_node *tree = NULL;
	int rc = yaml_load(r->path, &tree, r->err);

	if (rc < 0)
		return rc;
	if (tree->kind != YAML_MAP || !yaml_get(tree, "version"))
		return err_set(r->err, EINVAL,
			       "%s: a profile begins with 'version: 1'",
			       r->path);
	return read_keys(r, tree, keys, sizeof(keys) / sizeof(*keys));
}

static void free_words(struct profile_words *words)
{
	for (size_t i = 0; i < words->all.n; i++)
		free(words->all.at[i]);
	vec_free(&words->all);
}

static void free_rows(struct profile_rows *rows)
{
	for (size_t i = 0; i < rows->all.n; i++) {
		free(rows->all.at[i].name);
		free(rows->all.at[i].reason);
	}
	vec_free(&rows->all);
}

static void free_one(struct profile *p)
{
	free(p->name);
	free(p->title);
	free(p->kernel_suite);
	free_words(&p->os);
	free_words(&p->suites);
	free_rows(&p->services);
	free_rows(&p->words);
	free_rows(&p->modules);
}

void profile_free(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->all.n; i++)
		free_one(&profiles->all.at[i]);
	vec_free(&profiles->all);
	free(profiles->folder);
	*profiles = (struct profiles){ 0 };
}

static int read_profile(const char *folder, const char *name,
			struct profiles *all, struct err *err)
{
	autofree char *path = xasprintf("%s/%s", folder, name);
	struct profile *p = vec_add(&all->all);
	struct reader r = {
		.path = path, .p = p, .folder = folder, .err = err
	};
	int rc;

	p->name = xstrndup(name, strlen(name) - strlen(".yaml"));
	rc = read_file(&r);
	if (rc < 0)
		return rc;
	if (!p->title)
		return err_set(err, EINVAL, "%s: a profile wants a title",
			       path);
	if (!p->generic && !p->os.all.n)
		return err_set(err, EINVAL,
			       "%s: a profile wants 'match: os: …', or "
			       "'generic: true'",
			       path);
	return 0;
}

static int is_profile(const struct dirent *entry)
{
	return str_ends(entry->d_name, ".yaml") && entry->d_name[0] != '.' &&
	       !str_starts(entry->d_name, "common-");
}

static int read_folder(const char *folder, struct profiles *all,
		       struct err *err)
{
	struct dirent **names;
	int rc = 0;
	int n = scandir(folder, &names, is_profile, alphasort);

	if (n < 0)
		return err_errno(err, errno, "reading the profiles in '%s'",
				 folder);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = read_profile(folder, names[i]->d_name, all, err);
		free(names[i]);
	}
	free(names);
	if (rc == 0 && !n)
		rc = err_set(err, ENOENT, "there are no profiles in '%s'",
			     folder);
	return rc;
}

int profile_load(const char *folder, struct profiles *ret, struct err *err)
{
	const char *told = folder ? folder : getenv("PIMIGRATE_PROFILES");
	struct profiles all = { 0 };
	int rc;

	all.folder = told ? xstrdup(told) : place_data("profiles");
	if (!all.folder)
		return err_set(err, ENOENT,
			       "the profiles are not where this program was "
			       "installed; name their folder in "
			       "PIMIGRATE_PROFILES");
	rc = read_folder(all.folder, &all, err);
	if (rc < 0) {
		profile_free(&all);
		return rc;
	}
	*ret = all;
	return 0;
}

/* "getty@tty1.service" is an instance of "getty@.service". */
static bool same_unit(const char *row, const char *unit)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	size_t n = at ? (size_t)(at - unit) + 1 : 0;

	if (!strcmp(row, unit))
		return true;
	return at && dot && dot > at && !strncmp(row, unit, n) &&
	       !strcmp(row + n, dot);
}

const struct profile_row *profile_service(const struct profile *p,
					  const char *service)
{
	for (size_t i = 0; i < p->services.all.n; i++)
		if (same_unit(p->services.all.at[i].name, service))
			return &p->services.all.at[i];
	return NULL;
}

const struct profile_row *profile_word(const struct profile *p,
				       const char *word)
{
	for (size_t i = 0; i < p->words.all.n; i++)
		if (!fnmatch(p->words.all.at[i].name, word, 0))
			return &p->words.all.at[i];
	return NULL;
}

static bool same_module(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	return *a == *b;
}

const struct profile_row *profile_module(const struct profile *p,
					 const char *module)
{
	for (size_t i = 0; i < p->modules.all.n; i++)
		if (same_module(p->modules.all.at[i].name, module))
			return &p->modules.all.at[i];
	return NULL;
}
