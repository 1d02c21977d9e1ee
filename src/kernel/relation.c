/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/relation.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

/* A version in its three parts: text between begin and end. */
struct part {
	const char *at, *end;
};

struct version {
	struct part epoch, upstream, revision;
};

static struct version split(const char *text)
{
	const char *end = text + strlen(text);
	const char *colon = strchr(text, ':');
	const char *start = colon ? colon + 1 : text;
	const char *dash = strrchr(start, '-');

	return (struct version){
		.epoch = { text, colon ? colon : text },
		.upstream = { start, dash ? dash : end },
		.revision = { dash ? dash + 1 : end, end },
	};
}

/* Letters before all else, '~' even before the end. */
static int rank(const struct part *p)
{
	unsigned char c = p->at < p->end ? (unsigned char)*p->at : 0;

	if (!c || isdigit(c))
		return 0;
	if (isalpha(c))
		return c;
	return c == '~' ? -1 : c + 256;
}

static bool at_digit(const struct part *p)
{
	return p->at < p->end && isdigit((unsigned char)*p->at);
}

/* Numbers of any length: without leading zeros, the longer is larger. */
static int compare_numbers(struct part *a, struct part *b)
{
	int first = 0;

	while (a->at < a->end && *a->at == '0')
		a->at++;
	while (b->at < b->end && *b->at == '0')
		b->at++;
	while (at_digit(a) && at_digit(b)) {
		if (!first)
			first = *a->at - *b->at;
		a->at++;
		b->at++;
	}
	if (at_digit(a))
		return 1;
	if (at_digit(b))
		return -1;
	return first;
}

static int compare_parts(struct part a, struct part b)
{
	int diff;

	while (a.at < a.end || b.at < b.end) {
		while ((a.at < a.end && !at_digit(&a)) ||
		       (b.at < b.end && !at_digit(&b))) {
			diff = rank(&a) - rank(&b);
			if (diff)
				return diff;
			a.at++;
			b.at++;
		}
		diff = compare_numbers(&a, &b);
		if (diff)
			return diff;
	}
	return 0;
}

int version_compare(const char *a, const char *b)
{
	struct version va = split(a), vb = split(b);
	int diff = compare_numbers(&va.epoch, &vb.epoch);

	if (!diff)
		diff = compare_parts(va.upstream, vb.upstream);
	if (!diff)
		diff = compare_parts(va.revision, vb.revision);
	return diff;
}

static const struct {
	const char *text;
	enum relation_op op;
} ops[] = {
	/* The longer first; < and > alone are old ways to write <= and >=. */
	{ "<<", REL_LT }, { "<=", REL_LE }, { ">>", REL_GT }, { ">=", REL_GE },
	{ "=", REL_EQ },  { "<", REL_LE },  { ">", REL_GE },
};

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\n\r");
}

/* "(>= 1.2)" at p; NULL if it is not well formed. */
static const char *read_condition(const char *p, struct relation *rel)
{
	size_t len;

	p = skip_space(p + 1);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		len = strlen(ops[i].text);
		if (strncmp(p, ops[i].text, len))
			continue;
		rel->op = ops[i].op;
		p = skip_space(p + len);
		len = strcspn(p, " \t\n\r)");
		if (!len)
			return NULL;
		rel->version = xstrndup(p, len);
		p = skip_space(p + len);
		return *p == ')' ? skip_space(p + 1) : NULL;
	}
	return NULL;
}

static const char *skip_list(const char *p, char close)
{
	p = strchr(p, close);
	return p ? skip_space(p + 1) : NULL;
}

/* One relation at p; NULL if it is not well formed. */
static const char *read_one(const char *p, struct relation *rel)
{
	size_t len = strcspn(p, " \t\n\r(,|[<:");

	if (!len)
		return NULL;
	rel->name = xstrndup(p, len);
	p += len;
	if (*p == ':')
		p += strcspn(p, " \t\n\r(,|[<");
	p = skip_space(p);
	if (*p == '(')
		p = read_condition(p, rel);
	while (p && (*p == '[' || *p == '<'))
		p = skip_list(p, *p == '[' ? ']' : '>');
	return p;
}

bool relations_parse(const char *field, struct relations *ret)
{
	const char *p = field ? skip_space(field) : "";

	*ret = (struct relations){ 0 };
	while (*p) {
		struct relation *rel = vec_add(ret);

		p = read_one(p, rel);
		if (!p || (*p && *p != ',' && *p != '|'))
			return false;
		rel->or_next = *p == '|';
		if (!*p)
			break;
		p = skip_space(p + 1);
		if (!*p && rel->or_next)
			return false;
	}
	return true;
}

void relations_free(struct relations *rels)
{
	for (size_t i = 0; i < rels->n; i++) {
		free(rels->at[i].name);
		free(rels->at[i].version);
	}
	vec_free(rels);
}

bool relation_holds(const struct relation *rel, const char *version)
{
	int diff;

	if (rel->op == REL_ANY)
		return true;
	diff = version_compare(version, rel->version);
	switch (rel->op) {
	case REL_ANY:
		return true;
	case REL_LT:
		return diff < 0;
	case REL_LE:
		return diff <= 0;
	case REL_EQ:
		return diff == 0;
	case REL_GE:
		return diff >= 0;
	case REL_GT:
		return diff > 0;
	}
	return false;
}

char *relation_text(const struct relation *rel)
{
	static const char *const signs[] = {
		[REL_ANY] = "", [REL_LT] = "<<", [REL_LE] = "<=",
		[REL_EQ] = "=", [REL_GE] = ">=", [REL_GT] = ">>",
	};

	if (rel->op == REL_ANY)
		return xstrdup(rel->name);
	return xasprintf("%s (%s %s)", rel->name, signs[rel->op], rel->version);
}
