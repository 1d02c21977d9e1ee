/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not getopt_long: it cannot have "-on" beside "-o", and does not know which
 * name the user meant.
 */
#include "cmd/options.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	LONGEST = 40,    /* words longer than that are not compared */
	HELP_COLUMN = 26 /* where the sentences of --help begin */
};

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters to insert, drop, replace or swap with the next. */
static unsigned int distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned int d[LONGEST + 1][LONGEST + 1];

	if (na > LONGEST || nb > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			unsigned int cost = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i][j] > d[i - 2][j - 2])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

const char *options_nearest(const char *typed, const char *const *words,
			    size_t n)
{
	unsigned int best = 1 + (unsigned int)strlen(typed) / 3;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned int d = distance(typed, words[i]);

		if (d < best || (d == best && !found)) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

/* The next of the names in a row: length at *ret_len; NULL at the end. */
static const char *next_name(const char *names, size_t *ret_len)
{
	names += strspn(names, " ");
	*ret_len = strcspn(names, " ");
	return *ret_len ? names : NULL;
}

static bool has_name(const struct opt *row, const char *word, size_t len)
{
	size_t n;

	for (const char *name = next_name(row->names, &n); name;
	     name = next_name(name + n, &n))
		if (n == len && !memcmp(name, word, n))
			return true;
	return false;
}

static const struct opt *find(const struct opt *rows, const char *word,
			      size_t len)
{
	for (; rows && rows->names; rows++)
		if (has_name(rows, word, len))
			return rows;
	return NULL;
}

struct words {
	struct vec_of(char *) all;
};

static void collect(struct words *w, const struct opt *rows)
{
	size_t n;

	for (; rows && rows->names; rows++)
		for (const char *name = next_name(rows->names, &n); name;
		     name = next_name(name + n, &n))
			*vec_add(&w->all) = xstrndup(name, n);
}

static int unknown(const char *word, size_t len, const struct opt *rows,
		   const struct opt *more, struct err *err)
{
	autofree char *typed = xstrndup(word, len);
	struct words w = { 0 };
	const char *near;
	int rc;

	collect(&w, rows);
	collect(&w, more);
	near = options_nearest(typed, (const char *const *)w.all.at, w.all.n);
	if (near)
		rc = err_set(err, EINVAL,
			     "there is no option '%s': did you mean '%s'?",
			     typed, near);
	else
		rc = err_set(err, EINVAL, "there is no option '%s'", typed);
	for (size_t i = 0; i < w.all.n; i++)
		free(w.all.at[i]);
	vec_free(&w.all);
	return rc;
}

static int set_number(const struct opt *row, const char *name,
		      const char *value, struct err *err)
{
	uint64_t hi = row->hi ? row->hi : UINT64_MAX;
	bool fits = row->kind == OPT_SIZE
			    ? str_size(value, row->lo, hi, row->value)
			    : str_number(value, row->lo, hi, row->value);

	if (fits)
		return 0;
	if (row->hi)
		return err_set(err, EINVAL,
			       "'%s %s': want a number from %llu to %llu%s",
			       name, value, (unsigned long long)row->lo,
			       (unsigned long long)row->hi,
			       row->kind == OPT_SIZE
				       ? ", with k, M, G or T if you like"
				       : "");
	return err_set(err, EINVAL, "'%s %s': want a %s", name, value,
		       row->kind == OPT_SIZE ? "size such as 512M or 2G"
					     : "number");
}

static int set_choice(const struct opt *row, const char *name,
		      const char *value, struct err *err)
{
	autostr struct str all = { 0 };

	for (unsigned int i = 0; row->choices[i]; i++) {
		if (!strcmp(row->choices[i], value)) {
			*(unsigned int *)row->value = i;
			return 0;
		}
		str_addf(&all, "%s%s", i ? ", " : "", row->choices[i]);
	}
	return err_set(err, EINVAL, "'%s %s': want one of %s", name, value,
		       all.text);
}

static int set_value(const struct opt *row, const char *name, const char *value,
		     struct err *err)
{
	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)row->value = true;
		return 0;
	case OPT_STRING:
		*(const char **)row->value = value;
		return 0;
	case OPT_LIST:
		*vec_add(&((struct opt_list *)row->value)->words) = value;
		return 0;
	case OPT_NUMBER:
	case OPT_SIZE:
		return set_number(row, name, value, err);
	case OPT_CHOICE:
		return set_choice(row, name, value, err);
	}
	return err_set(err, EINVAL, "option '%s' has no kind", name);
}

/* One option at argv[0]; *ret_used becomes 2 if its value is the next word. */
static int read_one(const struct opt *rows, const struct opt *more, char **argv,
		    int *ret_used, struct err *err)
{
	const char *equals = strchr(argv[0], '=');
	size_t len = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	const struct opt *row = find(rows, argv[0], len);
	autofree char *name = xstrndup(argv[0], len);
	const char *value = equals ? equals + 1 : NULL;

	if (!row)
		row = find(more, argv[0], len);
	if (!row)
		return unknown(argv[0], len, rows, more, err);
	if (row->kind == OPT_FLAG && value)
		return err_set(err, EINVAL, "option '%s' takes no value", name);
	if (row->kind != OPT_FLAG && !value) {
		if (!argv[1])
			return err_set(err, EINVAL, "option '%s' wants a %s",
				       name, row->arg ? row->arg : "value");
		value = argv[1];
		*ret_used = 2;
	}
	return set_value(row, name, value, err);
}

int options_read(const struct opt *rows, const struct opt *more,
		 bool first_word, int argc, char **argv, int *ret_nargs,
		 struct err *err)
{
	bool over = false; /* after "--" */
	int kept = 0, i = 0;

	while (i < argc) {
		int used = 1, rc;

		if (!over && !strcmp(argv[i], "--")) {
			over = true;
			i++;
			continue;
		}
		if (over || argv[i][0] != '-' || !argv[i][1]) {
			if (first_word)
				over = true;
			argv[kept++] = argv[i++];
			continue;
		}
		rc = read_one(rows, more, argv + i, &used, err);
		if (rc < 0)
			return rc;
		i += used;
	}
	*ret_nargs = kept;
	return 0;
}

static void help_row(const struct opt *row, FILE *out)
{
	autostr struct str left = { 0 };
	size_t n;

	for (const char *name = next_name(row->names, &n); name;
	     name = next_name(name + n, &n)) {
		str_add(&left, left.len ? ", " : "  ");
		str_addn(&left, name, n);
	}
	if (row->kind != OPT_FLAG)
		str_addf(&left, " %s", row->arg ? row->arg : "VALUE");
	if (left.len < HELP_COLUMN)
		fprintf(out, "%-*s", HELP_COLUMN, left.text);
	else
		fprintf(out, "%s\n%-*s", left.text, HELP_COLUMN, "");
	fprintf(out, "%s\n", row->help);
}

void options_help(const struct opt *rows, FILE *out)
{
	for (; rows && rows->names; rows++)
		help_row(rows, out);
}
