/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each module is visited once, its dependencies before it.  Soft dependencies
 * name algorithms ("crypto-crc32c", which ext4 asks for through the crypto
 * interface) as often as modules; those are looked up in modules.alias, and
 * everything that offers the algorithm comes along.  What of it the processor
 * cannot do (crc32-arm-ce) fails to load, which init ignores.
 */
#include "initrd/modules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"

enum {
	MAX_FILE = 32 << 20,
	MAX_MODULES = 2000,
	MAX_DEPTH = 64
};

/* A line of modules.dep. */
struct known {
	char *name;       /* "ext4" */
	const char *path; /* in the text */
	const char *deps; /* paths, separated by blanks; in the text */
	bool visited;
};

struct index {
	const char *dir;
	char *dep, *softdep, *builtin, *alias; /* the files' texts */
	struct vec_of(struct known) known;
};

static void index_fini(struct index *ix)
{
	for (size_t i = 0; i < ix->known.n; i++)
		free(ix->known.at[i].name);
	vec_free(&ix->known);
	free(ix->dep);
	free(ix->softdep);
	free(ix->builtin);
	free(ix->alias);
}

/* "kernel/lib/crc-t10dif.ko.xz" → "crc_t10dif"; the caller frees it. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strstr(base, ".ko");
	char *name = xstrndup(base, dot ? (size_t)(dot - base) : strlen(base));

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static int by_name(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct known *find(const struct index *ix, const char *name)
{
	autofree char *plain = name_of(name);
	struct known key = { .name = plain };

	if (!ix->known.n)
		return NULL;
	return bsearch(&key, ix->known.at, ix->known.n, sizeof(key), by_name);
}

/* A file of the folder; one that is missing reads as empty if it may be. */
static int read_index(const struct index *ix, const char *name, bool needed,
		      char **ret_text, struct err *err)
{
	autofree char *path = xasprintf("%s/%s", ix->dir, name);

	if (!needed && access(path, F_OK) < 0) {
		*ret_text = xstrdup("");
		return 0;
	}
	return files_read(path, MAX_FILE, ret_text, NULL, err);
}

/* Cut modules.dep into its lines: "path: dep dep …". */
static int index_dep(struct index *ix, struct err *err)
{
	char *save = NULL, *colon;

	for (char *line = strtok_r(ix->dep, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct known *k;

		colon = strchr(line, ':');
		/* The paths are opened below dir: none may lead out. */
		if (!colon || *line == '/' || strstr(line, ".."))
			return err_set(err, EBADMSG,
				       "'%s/modules.dep' has a strange line",
				       ix->dir);
		*colon = 0;
		k = vec_add(&ix->known);
		k->name = name_of(line);
		k->path = line;
		k->deps = colon + 1;
	}
	if (ix->known.n)
		qsort(ix->known.at, ix->known.n, sizeof(*ix->known.at),
		      by_name);
	return 0;
}

static int index_open(struct index *ix, const char *dir, struct err *err)
{
	int r;

	ix->dir = dir;
	r = read_index(ix, "modules.dep", true, &ix->dep, err);
	if (!r)
		r = read_index(ix, "modules.softdep", false, &ix->softdep, err);
	if (!r)
		r = read_index(ix, "modules.builtin", false, &ix->builtin, err);
	if (!r)
		r = read_index(ix, "modules.alias", false, &ix->alias, err);
	return r < 0 ? r : index_dep(ix, err);
}

static void visit(struct index *ix, struct known *k, unsigned int depth,
		  struct modules *out);

/* The next word of *p, copied to word; false at the end of the line. */
static bool next_word(const char **p, char *word, size_t size)
{
	size_t n;

	*p += strspn(*p, " \t");
	n = strcspn(*p, " \t\n");
	if (!n)
		return false;
	if (n >= size)
		word[0] = 0;
	else
		memcpy(word, *p, n), word[n] = 0;
	*p += n;
	return true;
}

/* All modules with an alias that fits: "alias PATTERN MODULE". */
static void visit_alias(struct index *ix, const char *name, unsigned int depth,
			struct modules *out)
{
	char word[64], pattern[256], module[256];
	const char *line = ix->alias, *p;
	struct known *k;

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		p = line;
		if (!next_word(&p, word, sizeof(word)) ||
		    strcmp(word, "alias") != 0 ||
		    !next_word(&p, pattern, sizeof(pattern)) ||
		    !next_word(&p, module, sizeof(module)) ||
		    fnmatch(pattern, name, 0) != 0)
			continue;
		k = find(ix, module);
		if (k)
			visit(ix, k, depth, out);
	}
}

/* "softdep NAME pre: A B post: C": either the part before or the one after. */
static void visit_soft(struct index *ix, const struct known *of, bool post,
		       unsigned int depth, struct modules *out)
{
	const char *line = ix->softdep, *p;
	char word[256];
	bool in_post;

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		p = line;
		if (!next_word(&p, word, sizeof(word)) ||
		    strcmp(word, "softdep") != 0 ||
		    !next_word(&p, word, sizeof(word)) || find(ix, word) != of)
			continue;
		in_post = false;
		while (next_word(&p, word, sizeof(word))) {
			struct known *k;

			if (!strcmp(word, "pre:") || !strcmp(word, "post:")) {
				in_post = *word == 'p' && word[1] == 'o';
				continue;
			}
			if (in_post != post)
				continue;
			k = find(ix, word);
			if (k)
				visit(ix, k, depth, out);
			else
				visit_alias(ix, word, depth, out);
		}
	}
}

static void visit(struct index *ix, struct known *k, unsigned int depth,
		  struct modules *out)
{
	const char *p = k->deps;
	char word[256];
	struct module *m;

	if (k->visited || depth > MAX_DEPTH || out->n >= MAX_MODULES)
		return;
	k->visited = true;
	visit_soft(ix, k, false, depth + 1, out);
	while (next_word(&p, word, sizeof(word))) {
		struct known *dep = find(ix, word);

		if (dep)
			visit(ix, dep, depth + 1, out);
	}
	m = vec_add(out);
	m->path = xstrdup(k->path);
	m->name = xstrdup(k->name);
	visit_soft(ix, k, true, depth + 1, out);
}

/* Is it in the kernel itself? */
static bool builtin(const struct index *ix, const char *name)
{
	autofree char *want = name_of(name);
	const char *line = ix->builtin;
	size_t n;

	for (; *line; line += n, line += *line == '\n') {
		n = strcspn(line, "\n");
		autofree char *path = xstrndup(line, n);
		autofree char *have = name_of(path);

		if (!strcmp(have, want))
			return true;
	}
	return false;
}

int modules_closure(const char *dir, const struct module_wish *wishes,
		    struct modules *ret_modules, struct err *err)
{
	cleanup(index_fini) struct index ix = { 0 };
	automodules struct modules out = { 0 };
	int r;

	r = index_open(&ix, dir, err);
	if (r < 0)
		return r;
	for (const struct module_wish *w = wishes; w->name; w++) {
		struct known *k = find(&ix, w->name);

		if (k)
			visit(&ix, k, 0, &out);
		else if (w->needed && !builtin(&ix, w->name))
			return err_set(err, ENOENT,
				       "the kernel in '%s' has no module "
				       "'%s': it cannot run in the guest",
				       dir, w->name);
	}
	*ret_modules = out;
	out = (struct modules){ 0 };
	return 0;
}

void modules_free(struct modules *modules)
{
	for (size_t i = 0; i < modules->n; i++) {
		free(modules->at[i].path);
		free(modules->at[i].name);
	}
	vec_free(modules);
}
