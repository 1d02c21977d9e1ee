/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Pi that starts from its card may live on another disk: then cmdline.txt
 * names a root that is not on the card, and what system the card still has is
 * an old one.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

static void say_elsewhere(struct guest *g, const char *spec)
{
	if (g->root)
		guest_say(g, FINDING_STOP, "root-elsewhere",
			  "the Pi started from this card, but its system is on "
			  "another disk (root=%s); what is on partition %d is "
			  "older: add that disk with --disk, or take this "
			  "system all the same with --root %d",
			  spec, g->root, g->root);
	else
		guest_say(g, FINDING_STOP, "root-elsewhere",
			  "the Pi started from this card, but its system is on "
			  "another disk (root=%s): add it with --disk",
			  spec);
}

/* The partition of that number, whatever the disk is called. */
static bool same_number(const struct guest *g, const char *spec)
{
	size_t n = strlen(spec);

	while (n && spec[n - 1] >= '0' && spec[n - 1] <= '9')
		n--;
	return spec[n] && (int)strtoul(spec + n, NULL, 10) == g->root;
}

void rootdev_inspect(struct guest *g, bool chosen)
{
	autofree char *spec = g->cmdline ? text_word(g->cmdline, "root=")
					 : NULL;

	if (!spec || !*spec || chosen || fstab_partition(g, spec) ||
	    !strcmp(spec, "/dev/ram0") || !strcmp(spec, "/dev/nfs"))
		return;
	if (str_starts(spec, "/dev/sd") && g->root && same_number(g, spec)) {
		guest_say(g, FINDING_NOTE, "root-by-name",
			  "cmdline.txt names the root %s, which is taken to be "
			  "partition %d of this disk",
			  spec, g->root);
		return;
	}
	if (str_starts(spec, "/dev/mapper/") && !g->root)
		return;
	say_elsewhere(g, spec);
}

void rootdev_missing(struct guest *g, const struct tree *boot)
{
	autofree char *text = tree_text(boot, "cmdline.txt");

	if (!text || g->cmdline)
		return;
	text[strcspn(text, "\r\n")] = 0;
	g->cmdline = xstrdup(text);
	rootdev_inspect(g, false);
}
