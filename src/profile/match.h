/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROFILE_MATCH_H
#define PROFILE_MATCH_H

#include "profile/profile.h"

/*
 * The profile that says most about this guest: all of its conditions hold,
 * and no other has more of them (of equals, the first by name).  NULL if none
 * fits.
 */
const struct profile *match_profile(const struct profiles *profiles,
				    const struct guest *g);

/* The profile of that name, or NULL. */
const struct profile *match_name(const struct profiles *profiles,
				 const char *name);

#endif
