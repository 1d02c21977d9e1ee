/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's command line: the words of cmdline.txt, without those that make
 * sense on a Pi only (the profile's list), root named by an id that stays,
 * and the board's console last, so that it is /dev/console.
 *
 * A kernel that panics would stand still for ever (Linux,
 * Documentation/admin-guide/kernel-parameters.txt, panic=): nobody is there to
 * pull the plug, and only a restart counts as a try of a new kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define SERIAL "console=ttyAMA0,115200"
#define HVC    "console=hvc0"
#define PANIC  "panic=10" /* seconds, then it restarts */

static void add_word(struct str *line, const char *word)
{
	if (line->len)
		str_add(line, " ");
	str_add(line, word);
}

/* root= as the initrd finds it on any disk; without any id, by its place on
 * the board. */
static char *root_word(const struct guest *g)
{
	const struct guest_partition *root = guest_partition(g, g->root);

	if (root->partuuid)
		return xasprintf("root=PARTUUID=%s", root->partuuid);
	if (root->uuid)
		return xasprintf("root=UUID=%s", root->uuid);
	return xasprintf("root=/dev/vda%d", g->root);
}

const struct guest_thing *adapt_serial_user(const struct adapt_facts *facts)
{
	static const char *const names[] = { "/dev/ttyAMA0", "/dev/serial0",
					     "/dev/ttyS0", "/dev/serial1" };

	const struct guest *g = facts->guest;

	for (size_t i = 0; i < g->things.n && !facts->serial_console; i++)
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			if (g->things.at[i].kind == THING_DEVICE &&
			    !strcmp(g->things.at[i].name, names[n]))
				return &g->things.at[i];
	return NULL;
}

static bool is_ours(const char *word)
{
	return str_starts(word, "root=") ||
	       str_starts(word, "console=ttyAMA") || !strcmp(word, "rw") ||
	       !strcmp(word, "ro") || !strcmp(word, "rootwait") ||
	       str_starts(word, "net.ifnames=");
}

void adapt_cmdline(const struct adapt_facts *facts, struct plan *plan)
{
	const struct guest *g = facts->guest;
	autofree char *words = xstrdup(g->cmdline ? g->cmdline : ""), *root;
	autostr struct str line = { 0 };
	bool rw = false; /* as the last of both words says */
	bool panic = false;
	char *save, *word;

	root = root_word(g);
	add_word(&line, root);
	for (word = strtok_r(words, " \t\r\n", &save); word;
	     word = strtok_r(NULL, " \t\r\n", &save)) {
		if (!strcmp(word, "rw") || !strcmp(word, "ro"))
			rw = word[1] == 'w';
		panic |= str_starts(word, "panic=");
		if (!is_ours(word) && !facts->drop_word(facts->profile, word))
			add_word(&line, word);
	}
	add_word(&line, "rootwait");
	/* The one network card is eth0, as it was on the Pi. */
	add_word(&line, "net.ifnames=0");
	if (!panic)
		add_word(&line, PANIC);
	/* fsck comes first, then fstab's entry, if any, makes it writable */
	add_word(&line, rw && !guest_mount_at(g, "/") ? "rw" : "ro");
	plan->console_hvc0 = adapt_serial_user(facts) != NULL;
	add_word(&line, plan->console_hvc0 ? HVC : SERIAL);
	plan->kernel_cmdline = str_steal(&line);
}
