/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/match.h"

#include <string.h>

static bool among(const struct profile_words *words, const char *word)
{
	for (size_t i = 0; word && i < words->all.n; i++)
		if (!strcmp(words->all.at[i], word))
			return true;
	return false;
}

/* How many conditions there are, all of which hold; -1: one does not. */
static int conditions(const struct profile *p, const struct guest *g)
{
	int n = 0;

	if (p->os.all.n && !among(&p->os, g->os_id))
		return -1;
	n += p->os.all.n > 0;
	if (p->suites.all.n && !among(&p->suites, g->suite))
		return -1;
	n += p->suites.all.n > 0;
	if (p->arch != ARCH_UNKNOWN && p->arch != g->arch)
		return -1;
	n += p->arch != ARCH_UNKNOWN;
	if (p->asks_raspberry && p->raspberry != g->raspberry)
		return -1;
	return n + p->asks_raspberry;
}

const struct profile *match_profile(const struct profiles *profiles,
				    const struct guest *g)
{
	const struct profile *best = NULL;
	int most = -1;

	for (size_t i = 0; i < profiles->all.n; i++) {
		int n = conditions(&profiles->all.at[i], g);

		if (n > most) {
			most = n;
			best = &profiles->all.at[i];
		}
	}
	return best;
}

const struct profile *match_name(const struct profiles *profiles,
				 const char *name)
{
	for (size_t i = 0; i < profiles->all.n; i++)
		if (!strcmp(profiles->all.at[i].name, name))
			return &profiles->all.at[i];
	return NULL;
}
