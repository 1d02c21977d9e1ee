/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes sense on a Pi only is turned off: the profile's list, with
 * reasons.  Under systemd a unit is masked, which holds for init scripts too,
 * and so is the desktop's other name, display-manager.service: up to 241
 * (buster's) systemd reads that link's target though the target is masked, and
 * the packages set the link anew unless it is a mask.  SysV's init starts what
 * has an S link in a folder of its run level, and a K link is what update-rc.d
 * leaves alone from then on.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

static const char display_manager[] =
	"/etc/systemd/system/display-manager.service";

/* The unit that masks it: a SysV script's is made by systemd's generator. */
static char *unit_of(const char *name)
{
	return strchr(name, '.') ? xstrdup(name)
				 : xasprintf("%s.service", name);
}

static void add_mask(struct plan *plan, const char *id, const char *path,
		     const char *reason)
{
	plan_add(plan, CHANGE_SYMLINK, id, path, reason)->target = xstrdup(
		"/dev/null");
}

/* Is it what display-manager.service leads to? */
static bool is_display_manager(const struct adapt_facts *facts,
			       const char *unit)
{
	autofree char *target = facts->readlink(facts->arg, display_manager);
	const char *slash = target ? strrchr(target, '/') : NULL;

	return target && !strcmp(slash ? slash + 1 : target, unit);
}

static void mask(const struct adapt_facts *facts, struct plan *plan,
		 const char *name, const char *reason)
{
	autofree char *unit = unit_of(name);
	autofree char *path = xasprintf("/etc/systemd/system/%s", unit);
	autofree char *id = xasprintf("mask-%s", unit);

	add_mask(plan, id, path, reason);
	if (is_display_manager(facts, unit))
		add_mask(plan, id, display_manager, reason);
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
			mask(facts, plan, s->name, reason);
		else
			stop_script(facts, plan, script, reason);
	}
}
