/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FAT partition: on a system that mounts it on /boot it moves to
 * /boot/firmware, because dpkg cannot keep kernels on a FAT (it links files),
 * and every entry of it gets a link where it was: OctoPi, DietPi and dpkg -V
 * look there.
 *
 * The hooks that copy kernels to that partition must not run any more: they
 * would overwrite config.txt and cmdline.txt, and with them the way back to
 * the Pi; Debian's even fail where the partition is not mounted.  They are
 * configuration files of their package: without the run bit they stay so
 * through updates, and run-parts passes them over.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"

static void move_to_firmware(const struct adapt_facts *facts, struct plan *plan)
{
	autolist char **names = facts->list(facts->arg, "boot:/");

	plan_add(plan, CHANGE_MKDIR, "firmware", "/boot/firmware",
		 "the FAT partition is mounted here, so that /boot can hold "
		 "kernels that dpkg manages");
	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("/boot/%s", *n);
		autofree char *target = xasprintf("firmware/%s", *n);
		struct change *c;

		if (!strcmp(*n, "firmware") || facts->exists(facts->arg, path))
			continue;
		c = plan_add(plan, CHANGE_SYMLINK, "firmware-link", path,
			     "programs look for it where the FAT partition "
			     "was mounted");
		c->target = steal_ptr(target);
	}
}

static void disarm_hook(const struct adapt_facts *facts, struct plan *plan,
			const char *path)
{
	char *text = facts->read(facts->arg, path);
	struct change *c;

	if (!text)
		return;
	c = plan_add(plan, CHANGE_WRITE, "firmware-hook", path,
		     "it would overwrite what the Pi boots from (its run bit "
		     "is taken away)");
	c->content = text;
	c->mode = 0644;
}

void adapt_boot(const struct adapt_facts *facts, struct plan *plan)
{
	static const char *const hooks[] = {
		"/etc/kernel/postinst.d/z50-raspi-firmware",
		"/etc/kernel/postrm.d/z50-raspi-firmware",
		"/etc/initramfs/post-update.d/z50-raspi-firmware",
	};
	const struct guest *g = facts->guest;

	if (g->boot && g->boot_dir && !strcmp(g->boot_dir, "/boot"))
		move_to_firmware(facts, plan);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		disarm_hook(facts, plan, hooks[i]);
}
