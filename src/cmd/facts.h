/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What adapt/ may ask of a card: its files and its profile. */
#ifndef CMD_FACTS_H
#define CMD_FACTS_H

#include "adapt/adapt.h"
#include "cmd/card.h"
#include "guest/inspect.h"

/* Both must outlive the facts. */
struct facts_source {
	const struct inspect_trees *trees;
	const struct profile *profile;
};

/* Fill in the functions of facts; guest, kernel and grow are the caller's. */
void facts_init(struct adapt_facts *facts, struct facts_source *source);

#endif
