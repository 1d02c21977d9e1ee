/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host's serial port that is given to the guest (pimigrate devices) is a
 * terminal of the board there.  The rule gives it the names that the card's
 * programs know their stick by; it takes them from the kernel's command line,
 * so that giving another one later changes nothing in the guest.
 */
#include <stdlib.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/str.h"
#include "model/serial.h"

static void add_rule(struct str *s, const char *terminal, size_t i)
{
	autofree char *key = serial_key(terminal, i);

	str_addf(s,
		 "KERNEL==\"%s\", IMPORT{cmdline}=\"%s\", "
		 "SYMLINK+=\"$env{%s}\", GROUP=\"dialout\", MODE=\"0660\"\n",
		 terminal, key, key);
}

void adapt_sticks(const struct adapt_facts *facts, struct plan *plan)
{
	static const char path[] =
		"/etc/udev/rules.d/60-pimigrate-serial.rules";
	struct str s = { 0 };

	if (!facts->exists(facts->arg, "/etc/udev/rules.d"))
		return;
	str_add(&s, "# pimigrate: the host's serial ports that this guest has, "
		    "by the names that they had on the Pi\n"
		    "SUBSYSTEM!=\"tty\", GOTO=\"pimigrate_end\"\n"
		    "ACTION==\"remove\", GOTO=\"pimigrate_end\"\n");
	for (const char *const *t = serial_terminals; *t; t++)
		for (size_t i = 0; i < SERIAL_NAMES; i++)
			add_rule(&s, *t, i);
	str_add(&s, "LABEL=\"pimigrate_end\"\n");
	plan_add(plan, CHANGE_WRITE, "serial-names", path,
		 "USB sticks that 'pimigrate devices' gives to the guest get "
		 "the names that programs expect")
		->content = str_steal(&s);
}
