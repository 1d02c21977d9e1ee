/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only packages of the kernel's family are taken from the offers (row
 * `kernel` in packages.c).  What else is missing, kmod or initramfs-tools,
 * has scripts that would have to run; then the caller leaves dpkg alone.
 */
#include "kernel/closure.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* Families are small; deeper than this is a loop of somebody's making. */
enum {
	MAX_DEPTH = 16
};

struct search {
	const struct packages *offers;
	const struct dpkg_db *db;
	struct closure *closure;
};

static bool chosen(const struct closure *c, const struct relation *rel)
{
	for (size_t i = 0; i < c->packages.n; i++)
		if (!strcmp(c->packages.at[i]->name, rel->name) &&
		    relation_holds(rel, c->packages.at[i]->version))
			return true;
	return false;
}

/* The newest offer that meets the relation, or NULL. */
static const struct package *offer_for(const struct search *s,
				       const struct relation *rel)
{
	const struct package *best = NULL;

	for (size_t i = 0; i < s->offers->n; i++) {
		const struct package *p = &s->offers->at[i];

		if (!strcmp(p->name, rel->name) &&
		    packages_of_kernel(p->name) &&
		    relation_holds(rel, p->version) &&
		    (!best || version_compare(p->version, best->version) > 0))
			best = p;
	}
	return best;
}

static void complain(struct search *s, const char *what,
		     const struct relation *rel)
{
	autofree char *text = relation_text(rel);
	struct str *unmet = &s->closure->unmet;

	str_addf(unmet, "%s%s%s", unmet->len ? "; " : "", what, text);
}

static void add(struct search *s, const struct package *p, unsigned int depth);

/*
 * The alternatives from rels->at[i] on; returns how many there are.  What is
 * installed comes first, then what is chosen, then the first that is offered.
 */
static size_t meet(struct search *s, const struct relations *rels, size_t i,
		   unsigned int depth)
{
	const struct package *offer = NULL;
	size_t n = 1;
	bool met = false;

	while (rels->at[i + n - 1].or_next)
		n++;
	for (size_t k = i; k < i + n && !met; k++)
		met = dpkg_meets(s->db, &rels->at[k]) ||
		      chosen(s->closure, &rels->at[k]);
	for (size_t k = i; k < i + n && !met && !offer; k++)
		offer = offer_for(s, &rels->at[k]);
	if (offer)
		add(s, offer, depth + 1);
	else if (!met)
		complain(s, "", &rels->at[i]);
	return n;
}

static void meet_all(struct search *s, const char *field, unsigned int depth)
{
	autorelations struct relations rels = { 0 };

	if (!relations_parse(field, &rels)) {
		str_addf(&s->closure->unmet, "%sunreadable: %s",
			 s->closure->unmet.len ? "; " : "", field);
		return;
	}
	for (size_t i = 0; i < rels.n;)
		i += meet(s, &rels, i, depth);
}

/* Nothing installed may be what the package breaks. */
static void check_breaks(struct search *s, const struct package *p,
			 const char *field)
{
	autorelations struct relations rels = { 0 };
	const char *version;

	if (!relations_parse(field, &rels))
		return;
	for (size_t i = 0; i < rels.n; i++) {
		version = dpkg_version(s->db, rels.at[i].name);
		if (version && strcmp(rels.at[i].name, p->name) != 0 &&
		    relation_holds(&rels.at[i], version))
			complain(s, "breaks ", &rels.at[i]);
	}
}

static void add(struct search *s, const struct package *p, unsigned int depth)
{
	struct relation self = { .name = p->name };

	if (chosen(s->closure, &self))
		return;
	if (depth > MAX_DEPTH) {
		complain(s, "a loop at ", &self);
		return;
	}
	meet_all(s, p->pre_depends, depth);
	meet_all(s, p->depends, depth);
	check_breaks(s, p, p->breaks);
	check_breaks(s, p, p->conflicts);
	*vec_add(&s->closure->packages) = p;
}

void closure_find(const struct packages *offers, const struct dpkg_db *db,
		  const struct package *top, struct closure *ret_closure)
{
	struct search s = { offers, db, ret_closure };

	*ret_closure = (struct closure){ 0 };
	add(&s, top, 0);
}

void closure_free(struct closure *closure)
{
	vec_free(&closure->packages);
	str_free(&closure->unmet);
}
