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
#include <unistd.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/place.h"
#include "host/yaml.h"

/* Reading one file: where we are, for messages. */
struct reader {
	const char *path;
	struct profile *p;
	bool part; /* an included file: title and match make no sense there */
	const char *const *folders; /* the last one first */
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

/* Absolute in the root, or of the boot partition. */
static int read_files(struct reader *r, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->items.n; i++) {
		const char *path = node->items.at[i].value->text;

		if (path && *path != '/' && !str_starts(path, "boot:"))
			return wrong(r, node->items.at[i].value,
				     "want a path that begins with '/' or "
				     "'boot:'");
	}
	return read_words(r, node, &r->p->files);
}

static int read_units(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->units);
}

static int read_labels(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->labels);
}

static int read_partuuids(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->partuuids);
}

static int read_disk_ids(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->disk_ids);
}

static int read_match(struct reader *r, const struct yaml_node *node)
{
	static const struct key keys[] = {
		{ "os", YAML_LIST, read_os, false },
		{ "suite", YAML_LIST, read_suites, false },
		{ "arch", YAML_TEXT, read_arch, false },
		{ "raspberry", YAML_TEXT, read_raspberry, false },
		{ "file", YAML_LIST, read_files, false },
		{ "unit", YAML_LIST, read_units, false },
		{ "label", YAML_LIST, read_labels, false },
		{ "partuuid", YAML_LIST, read_partuuids, false },
		{ "disk_id", YAML_LIST, read_disk_ids, false },
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

static int read_adds(struct reader *r, const struct yaml_node *node)
{
	return read_bool(r, node, &r->p->adds);
}

static int read_devices(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->device_files);
}

static int read_pi_commands(struct reader *r, const struct yaml_node *node)
{
	return read_words(r, node, &r->p->pi_commands);
}

/* A map of texts with these keys and no others; NULL where one is missing. */
static int read_texts(struct reader *r, const struct yaml_node *node,
		      const char *const *keys, size_t n, const char **ret)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = yaml_text(node, keys[i]);
		found += ret[i] && *ret[i];
	}
	if (node->kind == YAML_MAP && found == node->items.n)
		return 0;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->items.n; i++) {
		bool known = false;

		for (size_t k = 0; k < n; k++)
			known |= !strcmp(keys[k], node->items.at[i].key);
		if (!known)
			return err_set(r->err, EINVAL,
				       "%s:%u: there is no key '%s' here",
				       r->path, node->items.at[i].value->line,
				       node->items.at[i].key);
	}
	return wrong(r, node, "want a map of texts here");
}

static int read_refuse(struct reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = { "code", "text" };
	const char *values[2];
	int rc = read_texts(r, node, keys, 2, values);

	if (rc < 0)
		return rc;
	if (!values[0] || !values[1])
		return wrong(r, node, "'refuse' wants a code and a text");
	free(r->p->refuse_code);
	free(r->p->refuse);
	r->p->refuse_code = xstrdup(values[0]);
	r->p->refuse = xstrdup(values[1]);
	return 0;
}

static int read_says(struct reader *r, const struct yaml_node *list)
{
	static const char *const keys[] = { "level", "code", "text" };

	for (size_t i = 0; i < list->items.n; i++) {
		const struct yaml_node *node = list->items.at[i].value;
		struct profile_say say = { .level = FINDING_NOTE };
		const char *v[3];
		int rc = read_texts(r, node, keys, 3, v);

		if (rc < 0)
			return rc;
		if (!v[0] || !v[1] || !v[2])
			return wrong(r, node,
				     "each row wants a level, a code and a "
				     "text");
		if (!strcmp(v[0], "warn"))
			say.level = FINDING_WARN;
		else if (strcmp(v[0], "note") != 0)
			return wrong(r, node, "the level is note or warn");
		say.code = xstrdup(v[1]);
		say.text = xstrdup(v[2]);
		*vec_add(&r->p->says) = say;
	}
	return 0;
}

static bool fate_of(const char *name, enum guest_fate *ret_fate)
{
	for (enum guest_fate f = FATE_WORKS; f <= FATE_DECIDE; f++) {
		if (!strcmp(guest_fate_name(f), name)) {
			*ret_fate = f;
			return true;
		}
	}
	return false;
}

static int read_config(struct reader *r, const struct yaml_node *list)
{
	static const char *const keys[] = { "name", "fate", "reason", "code" };

	for (size_t i = 0; i < list->items.n; i++) {
		const struct yaml_node *node = list->items.at[i].value;
		struct profile_fate row = { .fate = FATE_LOST };
		const char *v[4];
		int rc = read_texts(r, node, keys, 4, v);

		if (rc < 0)
			return rc;
		if (!v[0] || !v[1] || !v[2])
			return wrong(r, node,
				     "each row wants a name, a fate and a "
				     "reason");
		if (!fate_of(v[1], &row.fate))
			return wrong(r, node,
				     "the fate is works, changed, lost or "
				     "decide");
		row.name = xstrdup(v[0]);
		row.reason = xstrdup(v[2]);
		row.code = v[3] ? xstrdup(v[3]) : NULL;
		*vec_add(&r->p->config) = row;
	}
	return 0;
}

static int read_file(struct reader *r);

/* The path of a file in the first folder that has it; of the last if none. */
static char *find_file(const char *const *folders, const char *name)
{
	char *path = NULL;

	for (size_t i = 0; folders[i]; i++) {
		free(path);
		path = xasprintf("%s/%s", folders[i], name);
		if (!access(path, F_OK))
			break;
	}
	return path;
}

/* Parts are looked for as profiles are; a part cannot take in another. */
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
				     "want the name of a file common-….yaml");
		path = find_file(r->folders, name->text);
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
		{ "adds", YAML_TEXT, read_adds, true },
		{ "refuse", YAML_MAP, read_refuse, true },
		{ "says", YAML_LIST, read_says, false },
		{ "kernel", YAML_MAP, read_kernel, true },
		{ "services", YAML_LIST, read_services, false },
		{ "cmdline", YAML_LIST, read_cmdline, false },
		{ "modules", YAML_LIST, read_modules, false },
		{ "config", YAML_LIST, read_config, false },
		{ "device_files", YAML_LIST, read_devices, false },
		{ "pi_commands", YAML_LIST, read_pi_commands, false },
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

static struct profile_words *words_of(struct profile *p, size_t i)
{
	struct profile_words *all[] = { &p->os,         &p->suites,
					&p->files,      &p->units,
					&p->labels,     &p->partuuids,
					&p->disk_ids,   &p->device_files,
					&p->pi_commands };

	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

static struct profile_rows *rows_of(struct profile *p, size_t i)
{
	struct profile_rows *all[] = { &p->services, &p->words, &p->modules };

	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

void profile_free_one(struct profile *p)
{
	free(p->name);
	free(p->title);
	free(p->kernel_suite);
	free(p->refuse_code);
	free(p->refuse);
	for (size_t i = 0; words_of(p, i); i++)
		free_words(words_of(p, i));
	for (size_t i = 0; rows_of(p, i); i++)
		free_rows(rows_of(p, i));
	for (size_t i = 0; i < p->config.n; i++) {
		free(p->config.at[i].name);
		free(p->config.at[i].code);
		free(p->config.at[i].reason);
	}
	vec_free(&p->config);
	for (size_t i = 0; i < p->says.n; i++) {
		free(p->says.at[i].code);
		free(p->says.at[i].text);
	}
	vec_free(&p->says);
	*p = (struct profile){ 0 };
}

void profile_free(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->all.n; i++)
		profile_free_one(&profiles->all.at[i]);
	vec_free(&profiles->all);
	free(profiles->folder);
	*profiles = (struct profiles){ 0 };
}

static char *dup_or_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void add_words(struct profile_words *to,
		      const struct profile_words *from)
{
	for (size_t i = 0; i < from->all.n; i++)
		*vec_add(&to->all) = xstrdup(from->all.at[i]);
}

static void add_rows(struct profile_rows *to, const struct profile_rows *from)
{
	for (size_t i = 0; i < from->all.n; i++)
		*vec_add(&to->all) = (struct profile_row){
			.name = xstrdup(from->all.at[i].name),
			.reason = xstrdup(from->all.at[i].reason),
		};
}

/* What is said, not the conditions. */
static void add_lists(struct profile *to, const struct profile *from)
{
	add_rows(&to->services, &from->services);
	add_rows(&to->words, &from->words);
	add_rows(&to->modules, &from->modules);
	add_words(&to->device_files, &from->device_files);
	add_words(&to->pi_commands, &from->pi_commands);
	for (size_t i = 0; i < from->config.n; i++) {
		const struct profile_fate *row = &from->config.at[i];

		*vec_add(&to->config) = (struct profile_fate){
			.name = xstrdup(row->name),
			.fate = row->fate,
			.code = dup_or_null(row->code),
			.reason = xstrdup(row->reason),
		};
	}
	for (size_t i = 0; i < from->says.n; i++) {
		const struct profile_say *say = &from->says.at[i];

		*vec_add(&to->says) = (struct profile_say){
			.level = say->level,
			.code = xstrdup(say->code),
			.text = xstrdup(say->text),
		};
	}
}

void profile_copy(const struct profile *from, struct profile *ret_to)
{
	*ret_to = (struct profile){
		.name = xstrdup(from->name),
		.title = xstrdup(from->title),
		.arch = from->arch,
		.generic = from->generic,
		.adds = from->adds,
		.refuse_code = dup_or_null(from->refuse_code),
		.refuse = dup_or_null(from->refuse),
		.kernel_suite = dup_or_null(from->kernel_suite),
	};
	add_lists(ret_to, from);
}

void profile_add_layer(struct profile *p, const struct profile *layer)
{
	struct profile below = *p;

	p->services = (struct profile_rows){ 0 };
	p->words = (struct profile_rows){ 0 };
	p->modules = (struct profile_rows){ 0 };
	p->device_files = p->pi_commands = (struct profile_words){ 0 };
	memset(&p->config, 0, sizeof(p->config));
	memset(&p->says, 0, sizeof(p->says));
	add_lists(p, layer);
	add_lists(p, &below);
	below.name = below.title = below.kernel_suite = NULL;
	below.refuse_code = below.refuse = NULL;
	below.os = below.suites = below.files = below.units = below.labels =
		below.partuuids = below.disk_ids = (struct profile_words){ 0 };
	profile_free_one(&below);
	if (layer->refuse && !p->refuse) {
		p->refuse_code = xstrdup(layer->refuse_code);
		p->refuse = xstrdup(layer->refuse);
	}
}

static bool has_condition(const struct profile *p)
{
	return p->os.all.n || p->files.all.n || p->units.all.n ||
	       p->labels.all.n || p->partuuids.all.n || p->disk_ids.all.n;
}

static int read_profile(const char *const *folders, const char *name,
			struct profiles *all, struct err *err)
{
	autofree char *path = find_file(folders, name);
	struct profile *p = vec_add(&all->all);
	struct reader r = {
		.path = path, .p = p, .folders = folders, .err = err
	};
	int rc;

	p->name = xstrndup(name, strlen(name) - strlen(".yaml"));
	rc = read_file(&r);
	if (rc < 0)
		return rc;
	if (!p->title)
		return err_set(err, EINVAL, "%s: a profile wants a title",
			       path);
	if (!p->generic && !has_condition(p))
		return err_set(err, EINVAL,
			       "%s: a profile wants a condition besides arch "
			       "and suite, such as 'match: os: …', or "
			       "'generic: true'",
			       path);
	return 0;
}

static int is_profile(const struct dirent *entry)
{
	return str_ends(entry->d_name, ".yaml") && entry->d_name[0] != '.' &&
	       !str_starts(entry->d_name, "common-");
}

struct names vec_of(char *);

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->at[i], name))
			return true;
	return false;
}

static int list_folder(const char *folder, struct names *all, struct err *err)
{
	struct dirent **names;
	int n = scandir(folder, &names, is_profile, alphasort);

	if (n < 0)
		return err_errno(err, errno, "reading the profiles in '%s'",
				 folder);
	for (int i = 0; i < n; i++) {
		if (!has_name(all, names[i]->d_name))
			*vec_add(all) = xstrdup(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int profile_load_from(const char *const *folders, struct profiles *ret,
		      struct err *err)
{
	struct profiles all = { 0 };
	struct names names = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && folders[i]; i++)
		rc = list_folder(folders[i], &names, err);
	if (rc == 0 && !names.n)
		rc = err_set(err, ENOENT, "there are no profiles in '%s'",
			     folders[0]);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	for (size_t i = 0; i < names.n; i++) {
		if (rc == 0)
			rc = read_profile(folders, names.at[i], &all, err);
		free(names.at[i]);
	}
	vec_free(&names);
	if (rc < 0) {
		profile_free(&all);
		return rc;
	}
	*ret = all;
	return 0;
}

/* The user's own folder, or NULL. */
static char *user_folder(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && *config)
		return xasprintf("%s/pimigrate/profiles.d", config);
	return home && *home
		       ? xasprintf("%s/.config/pimigrate/profiles.d", home)
		       : NULL;
}

int profile_load(const char *folder, struct profiles *ret, struct err *err)
{
	static const char host[] = "/etc/pimigrate/profiles.d";
	const char *told = folder ? folder : getenv("PIMIGRATE_PROFILES");
	autofree char *user = told ? NULL : user_folder();
	autofree char *ours = told ? xstrdup(told) : place_data("profiles");
	const char *folders[4] = { NULL };
	size_t n = 0;
	int rc;

	if (!ours)
		return err_set(err, ENOENT,
			       "the profiles are not where this program was "
			       "installed; name their folder in "
			       "PIMIGRATE_PROFILES");
	if (user && !access(user, F_OK))
		folders[n++] = user;
	if (!told && !access(host, F_OK))
		folders[n++] = host;
	folders[n] = ours;
	rc = profile_load_from(folders, ret, err);
	if (rc == 0)
		ret->folder = steal_ptr(ours);
	return rc;
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

const struct profile_fate *profile_config(const struct profile *p,
					  const char *line)
{
	for (size_t i = 0; i < p->config.n; i++)
		if (!fnmatch(p->config.at[i].name, line, 0))
			return &p->config.at[i];
	return NULL;
}
