/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which profiles fit a guest.  Files are asked for through a function, so that
 * nothing here reads a card: "/etc/x" is of the root, "boot:x" of the boot
 * partition.
 */
#ifndef PROFILE_MATCH_H
#define PROFILE_MATCH_H

#include "profile/profile.h"

struct match_files {
	bool (*exists)(void *arg, const char *path); /* NULL: nothing is */
	void *arg;
};

/*
 * The profile that says most about this guest: all of its conditions hold,
 * and no other has more of them (of equals, the first by name; a generic one
 * only if no other fits).  Layers are left out.  NULL if none fits.
 */
const struct profile *match_profile(const struct profiles *profiles,
				    const struct guest *g,
				    const struct match_files *files);

/* Does this layer, or profile, fit? */
bool match_fits(const struct profile *p, const struct guest *g,
		const struct match_files *files);

/* The profile of that name, or NULL. */
const struct profile *match_name(const struct profiles *profiles,
				 const char *name);

/*
 * What becomes of each line of config.txt that applies: things, and one
 * finding for each code of what is lost.
 */
void match_config(const struct profile *p, struct guest *g);

#endif
