/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A login prompt on the board's serial line.  systemd's getty generator makes
 * it from the command line, unless the unit is masked; SysV's init needs a
 * line in inittab.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

static void unmask(const struct adapt_facts *facts, struct plan *plan,
		   const char *unit)
{
	autofree char *link = facts->readlink(facts->arg, unit);

	if (link && !strcmp(link, "/dev/null"))
		plan_add(plan, CHANGE_REMOVE, "console", unit,
			 "it was masked: without it there is no login prompt "
			 "on the console");
}

/* The Pi's own ports; one of USB may be handed to the VM. */
static bool is_lost_terminal(const char *unit)
{
	static const char *const patterns[] = {
		"serial-getty@ttyS[0-9]*.service",
		"serial-getty@serial[0-9]*.service",
		"serial-getty@ttyAMA[1-9]*.service",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], unit, 0))
			return true;
	return false;
}

/* systemd waits 90 seconds for a terminal that never comes. */
static void without_lost_terminals(const struct adapt_facts *facts,
				   struct plan *plan)
{
	const struct guest *g = facts->guest;

	for (size_t i = 0; i < g->services.n; i++) {
		const struct guest_service *s = &g->services.at[i];
		autofree char *path = NULL;

		if (!s->enabled || s->masked || !is_lost_terminal(s->name))
			continue;
		path = xasprintf("/etc/systemd/system/%s", s->name);
		plan_add(plan, CHANGE_SYMLINK, "serial-getty", path,
			 "this serial port is the Pi's; the VM's console is "
			 "ttyAMA0")
			->target = xstrdup("/dev/null");
	}
}

/* Is there a line for that terminal, and not as a comment? */
static bool has_line(const char *inittab, const char *terminal)
{
	for (const char *at = inittab; *at;) {
		size_t len = strcspn(at, "\n");
		const char *found = strstr(at, terminal);

		if (*at != '#' && found && found < at + len)
			return true;
		at += len + (at[len] == '\n');
	}
	return false;
}

#define HVC_WANTED \
	"/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service"
#define HVC_LINE "h0:2345:respawn:/sbin/getty -L hvc0 115200 vt100\n"

/* The serial line is a HAT's or a cable's, and no login prompt shall talk
 * there. */
static void on_hvc0(const struct adapt_facts *facts, struct plan *plan,
		    const struct guest_thing *user)
{
	autofree char *why = xasprintf(
		"%s belongs to what %s is about: the console is hvc0",
		user->name, user->where ? user->where : "a program");
	autofree char *inittab = NULL;

	if (facts->guest->systemd) {
		plan_add(plan, CHANGE_SYMLINK, "console-hvc0", HVC_WANTED, why)
			->target = xstrdup(
			"/lib/systemd/system/serial-getty@.service");
		return;
	}
	inittab = facts->read(facts->arg, "/etc/inittab");
	if (inittab && !has_line(inittab, "hvc0"))
		plan_add(plan, CHANGE_WRITE, "console-hvc0", "/etc/inittab",
			 why)
			->content = xasprintf(
			"%s%s" HVC_LINE, inittab,
			*inittab && !str_ends(inittab, "\n") ? "\n" : "");
}

void adapt_console(const struct adapt_facts *facts, struct plan *plan)
{
	const struct guest_thing *user = adapt_serial_user(facts);

	autofree char *inittab = NULL;
	size_t n;

	if (user) {
		on_hvc0(facts, plan, user);
		if (facts->guest->systemd)
			without_lost_terminals(facts, plan);
		return;
	}
	if (facts->guest->systemd) {
		unmask(facts, plan,
		       "/etc/systemd/system/serial-getty@ttyAMA0.service");
		unmask(facts, plan,
		       "/etc/systemd/system/serial-getty@.service");
		without_lost_terminals(facts, plan);
		return;
	}
	inittab = facts->read(facts->arg, "/etc/inittab");
	if (!inittab || has_line(inittab, "ttyAMA0"))
		return;
	n = strlen(inittab);
	plan_add(plan, CHANGE_WRITE, "console", "/etc/inittab",
		 "a login prompt on the console")
		->content = xasprintf("%s%sAMA0:2345:respawn:/sbin/getty -L "
				      "ttyAMA0 115200 vt100\n",
				      inittab,
				      n && inittab[n - 1] != '\n' ? "\n" : "");
}
