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
	bool nfs = !strcmp(spec, "/dev/nfs");
	const char *where = nfs ? "an NFS server" : "another disk";
	const char *how =
		nfs ? "copy the server's to an ext4 partition of a card"
		    : "add that disk with --disk";

	if (g->root)
		guest_say(g, FINDING_STOP, "root-elsewhere",
			  "the Pi started from this card, but its system is on "
			  "%s (root=%s); what is on partition %d is older: %s, "
			  "or take this system all the same with --root %d",
			  where, spec, g->root, how, g->root);
	else
		guest_say(g, FINDING_STOP, "root-elsewhere",
			  "the Pi started from this card, but its system is on "
			  "%s (root=%s): %s",
			  where, spec, how);
}

/* Its own fstab says so: then it is not what the Pi calls /dev/sda2. */
static bool is_on_card(const struct guest *g)
{
	const struct guest_mount *root = guest_mount_at(g, "/");

	return root && str_starts(root->spec, "/dev/mmcblk");
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
	    !strcmp(spec, "/dev/ram0"))
		return;
	if (str_starts(spec, "/dev/sd") && g->root && same_number(g, spec) &&
	    !is_on_card(g)) {
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
