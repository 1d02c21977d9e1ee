/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes sense on a Pi only is turned off: the profile's list, with
 * reasons.  Under systemd a unit is masked, which holds for init scripts too;
 * SysV's init starts what has an S link in a folder of its run level, and a K
 * link is what update-rc.d leaves alone from then on.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

/* The unit that masks it: a SysV script's is made by systemd's generator. */
static char *unit_of(const char *name)
{
	return strchr(name, '.') ? xstrdup(name)
				 : xasprintf("%s.service", name);
}

static void mask(struct plan *plan, const char *name, const char *reason)
{
	autofree char *unit = unit_of(name);
	autofree char *path = xasprintf("/etc/systemd/system/%s", unit);
	autofree char *id = xasprintf("mask-%s", unit);

	plan_add(plan, CHANGE_SYMLINK, id, path, reason)->target = xstrdup(
		"/dev/null");
}

/* Is this "S01raspi-config" the script's? */
static bool is_start_link(const char *link, const char *script)
{
	return link[0] == 'S' && isdigit((unsigned char)link[1]) &&
	       isdigit((unsigned char)link[2]) && !strcmp(link + 3, script);
}

static void stop_script(const struct adapt_facts *facts, struct plan *plan,
			const char *script, const char *reason)
{
	static const char *const levels[] = { "/etc/rcS.d", "/etc/rc2.d",
					      "/etc/rc3.d", "/etc/rc4.d",
					      "/etc/rc5.d" };
	autofree char *id = xasprintf("stop-%s", script);

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		autolist char **names = facts->list(facts->arg, levels[i]);

		for (char **n = names; n && *n; n++) {
			autofree char *start = NULL, *stop = NULL;

			if (!is_start_link(*n, script))
				continue;
			start = xasprintf("%s/%s", levels[i], *n);
			stop = xasprintf("%s/K01%s", levels[i], script);
			plan_add(plan, CHANGE_REMOVE, id, start, reason);
			plan_add(plan, CHANGE_SYMLINK, id, stop, reason)
				->target = xasprintf("../init.d/%s", script);
		}
	}
}

void adapt_services(const struct adapt_facts *facts, struct plan *plan)
{
	const struct guest *g = facts->guest;

	for (size_t i = 0; i < g->services.n; i++) {
		const struct guest_service *s = &g->services.at[i];
		const char *reason = facts->drop_service(facts->profile,
							 s->name);
		autofree char *script = xstrndup(s->name,
						 strcspn(s->name, "."));

		if (!reason || s->masked || !s->enabled)
			continue;
		if (g->systemd)
			mask(plan, s->name, reason);
		else
			stop_script(facts, plan, script, reason);
	}
}
