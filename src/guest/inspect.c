/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root is the ext partition that holds a system: an os-release and an
 * init; of several, the one that cmdline.txt names, or the first.  Labels and
 * places are not trusted: NOOBS, USB sticks and hand-made cards have others.
 * The boot partition is the FAT that the root's fstab names, or the one with a
 * Pi's boot files.
 */
#include "guest/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "fs/ext4.h"
#include "fs/fat.h"
#include "guest/parts.h"
#include "guest/text.h"

static char *name_of(const struct inspect_disk *disks,
		     const struct guest_partition *p)
{
	return xasprintf("partition %u of '%s'", p->number,
			 disks[p->disk].name);
}

static int open_ext(const struct inspect_disk *disks,
		    const struct guest_partition *p, struct ext4 **ret_fs,
		    struct err *err)
{
	autofree char *where = name_of(disks, p);

	return ext4_open(disks[p->disk].fd, p->start, p->size, where, ret_fs,
			 err);
}

static int open_fat(const struct inspect_disk *disks,
		    const struct guest_partition *p, struct fat **ret_fs,
		    struct err *err)
{
	autofree char *where = name_of(disks, p);

	return fat_open(disks[p->disk].fd, p->start, p->size, where, ret_fs,
			err);
}

static bool holds_system(const struct tree *t)
{
	return (tree_exists(t, "/etc/os-release") ||
		tree_exists(t, "/usr/lib/os-release") ||
		tree_exists(t, "/etc/debian_version")) &&
	       (tree_exists(t, "/sbin/init") || tree_exists(t, "/etc/fstab"));
}

static void add_system(const struct tree *t, struct guest *g, int ref)
{
	autofree char *release = tree_text(t, "/etc/os-release");
	autofree char *hostname = tree_text(t, "/etc/hostname");

	*vec_add(&g->systems) = (struct guest_system){
		.partition = ref,
		.name = release ? text_value(release, "PRETTY_NAME") : NULL,
		.hostname = hostname ? xstrdup(text_trim(hostname)) : NULL,
	};
}

/* What the superblock says; and is there a system on it?  Those of the first
 * disk count. */
static void look_at_ext(const struct inspect_disk *disks, struct guest *g,
			struct guest_partition *p)
{
	autoext4 struct ext4 *fs = NULL;
	struct err err;
	struct tree t;

	if (open_ext(disks, p, &fs, &err) < 0) {
		guest_say(g, FINDING_WARN, "unreadable", "%s", err.text);
		return;
	}
	p->needs_recovery = ext4_info(fs)->needs_recovery;
	p->fs_size = ext4_info(fs)->size;
	p->fs_free = ext4_info(fs)->free;
	p->fs_free_inodes = ext4_info(fs)->free_inodes;
	t = ext4_tree(fs);
	if (!p->disk && holds_system(&t))
		add_system(&t, g, guest_ref(p));
}

void inspect_systems(const struct inspect_disk *disks, struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		struct guest_partition *p = &g->partitions.at[i];

		if (p->fs == FS_EXT)
			look_at_ext(disks, g, p);
	}
}

static void say_several(struct guest *g)
{
	autostr struct str list = { 0 };

	for (size_t i = 0; i < g->systems.n; i++) {
		const struct guest_system *s = &g->systems.at[i];

		str_addf(&list, "%s%d (%s)", i ? ", " : "", s->partition,
			 s->hostname ? s->hostname : "without a name");
	}
	guest_say(g, FINDING_NOTE, "several-systems",
		  "there are %zu systems on this card, on partitions %s: %d is "
		  "taken; choose another with --root N",
		  g->systems.n, list.text, g->root);
}

/* What cmdline.txt of the card calls root: a reference, or 0. */
static int named_root(const struct inspect_disk *disks, const struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		autofree char *text = NULL, *spec = NULL;
		autofat struct fat *fs = NULL;
		struct tree boot;
		struct err err;

		if (p->disk || p->fs != FS_FAT ||
		    open_fat(disks, p, &fs, &err) < 0)
			continue;
		boot = fat_tree(fs);
		text = tree_text(&boot, "cmdline.txt");
		if (text)
			text[strcspn(text, "\r\n")] = 0;
		spec = text ? text_word(text, "root=") : NULL;
		if (spec && *spec)
			return fstab_partition(g, spec);
	}
	return 0;
}

static bool is_system(const struct guest *g, int ref)
{
	for (size_t i = 0; i < g->systems.n; i++)
		if (g->systems.at[i].partition == ref)
			return true;
	return false;
}

/* The wanted one; else the one that the Pi started, or the first. */
static void find_root(const struct inspect_disk *disks, struct guest *g)
{
	int wanted = g->root;

	g->root = wanted ? wanted : named_root(disks, g);
	if (!is_system(g, g->root))
		g->root = 0;
	if (!g->root && !wanted && g->systems.n)
		g->root = g->systems.at[0].partition;
	if (g->systems.n > 1 && !wanted)
		say_several(g);
}

/* What a root could be on, but is not read here. */
static const struct other_fs {
	const char *name, *what;
} other_fs[] = {
	{ "crypto_LUKS", "is encrypted (LUKS): move the system to a card that "
			 "is not, or unlock it and make an image of that" },
	{ "LVM2_member", "belongs to LVM, which no Pi's image has: copy the "
			 "system to a plain ext4 partition first" },
	{ "btrfs", "is btrfs, which is not supported: copy the system to an "
		   "ext4 partition first" },
	{ "f2fs", "is f2fs, which is not supported: copy the system to an "
		  "ext4 partition first" },
	{ "xfs", "is XFS, which is not supported: copy the system to an ext4 "
		 "partition first" },
	{ "squashfs", "is squashfs, a sealed image that is replaced as a "
		      "whole: that is not converted" },
	{ "erofs", "is EROFS, a sealed image that is replaced as a whole: "
		   "that is not converted" },
};

static bool say_other_fs(struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		for (size_t n = 0; n < sizeof(other_fs) / sizeof(*other_fs);
		     n++) {
			if (!p->fs_name ||
			    strcmp(p->fs_name, other_fs[n].name) != 0)
				continue;
			guest_say(g, FINDING_STOP, "other-fs",
				  "no system on an ext4 file system was "
				  "found; partition %u %s",
				  p->number, other_fs[n].what);
			return true;
		}
	}
	return false;
}

/* A superblock that is lost, with a copy that is not. */
static bool say_damaged(const struct inspect_disk *disks, struct guest *g)
{
	const struct finding *unreadable = guest_finding(g, "unreadable");

	if (unreadable) {
		guest_say(g, FINDING_STOP, "damaged", "%s", unreadable->text);
		return true;
	}
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		unsigned int block, size;

		if (p->fs != FS_NONE ||
		    !ext4_has_copy(disks[p->disk].fd, p->start, p->size, &block,
				   &size))
			continue;
		guest_say(g, FINDING_STOP, "superblock-lost",
			  "partition %u was an ext4 file system and lost its "
			  "superblock, but a copy is there: copy the card to "
			  "an image, and repair that partition in it with "
			  "e2fsck -b %u -B %u",
			  p->number, block, size);
		return true;
	}
	return false;
}

static void say_no_root(const struct inspect_disk *disks, struct guest *g,
			int wanted)
{
	if (wanted)
		guest_say(g, FINDING_STOP, "no-system",
			  "partition %d holds no Linux system that can be read",
			  wanted);
	else if (!say_damaged(disks, g) && !say_other_fs(g))
		guest_say(g, FINDING_STOP, "no-system",
			  "no partition of this card holds a Linux system that "
			  "can be read");
}

static bool is_pi_boot(const struct tree *t)
{
	static const char *const files[] = { "cmdline.txt", "config.txt",
					     "kernel7.img", "kernel.img",
					     "bootcode.bin" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (tree_exists(t, files[i]))
			return true;
	return false;
}

static bool is_boot_dir(const char *dir)
{
	return !strcmp(dir, "/boot") || !strcmp(dir, "/boot/firmware") ||
	       !strcmp(dir, "/boot/efi");
}

/* The FAT that fstab mounts on a boot folder; else the first of a Pi. */
static void find_boot(const struct inspect_disk *disks, struct guest *g)
{
	for (size_t i = 0; i < g->mounts.n; i++) {
		const struct guest_mount *m = &g->mounts.at[i];
		const struct guest_partition *p = guest_partition(g,
								  m->partition);

		if (is_boot_dir(m->dir) && p && p->fs == FS_FAT)
			g->boot = m->partition;
	}
	for (size_t i = 0; i < g->partitions.n && !g->boot; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		autofat struct fat *fs = NULL;
		struct err err;
		struct tree t;

		if (p->fs != FS_FAT || open_fat(disks, p, &fs, &err) < 0)
			continue;
		t = fat_tree(fs);
		if (is_pi_boot(&t))
			g->boot = guest_ref(p);
	}
}

int inspect_root(const struct inspect_disk *disks, struct guest *g)
{
	const char *twice = NULL;

	for (size_t i = 0; i < g->disks.n; i++) {
		const char *id = g->disks.at[i].id;

		if (id && g->disk_id && !strcmp(id, g->disk_id))
			twice = id;
		for (size_t k = 0; id && k < i; k++)
			if (g->disks.at[k].id && !strcmp(g->disks.at[k].id, id))
				twice = id;
	}
	if (twice)
		guest_say(g, FINDING_STOP, "same-disk-id",
			  "two of the disks have the same id, %s: one is a "
			  "copy of the other, and nobody can tell which of "
			  "them the Pi used; leave one out",
			  twice);
	return named_root(disks, g);
}

/* No system here: does the boot partition say where it is? */
static void look_elsewhere(const struct inspect_disk *disks, struct guest *g)
{
	const struct guest_partition *p;
	autofat struct fat *fs = NULL;
	struct tree boot;
	struct err err;

	find_boot(disks, g);
	p = guest_partition(g, g->boot);
	if (!p || open_fat(disks, p, &fs, &err) < 0)
		return;
	boot = fat_tree(fs);
	rootdev_missing(g, &boot);
}

static void read_system(struct guest *g, const struct inspect_trees *trees,
			bool chosen)
{
	const struct tree *root = &trees->root;
	const struct tree *boot = trees->boot.ops ? &trees->boot : NULL;

	boot_config_inspect(g, root, boot);
	config_txt_inspect(g, root, boot);
	services_inspect(g, root, boot);
	network_inspect(g, root);
	mac_inspect(g, root);
	rootdev_inspect(g, chosen);
	findings_inspect(g, root);
	containers_inspect(g, root);
	programs_inspect(g, root);
}

static void list_modules(struct guest *g, const struct tree *root)
{
	autonames struct tree_names names = { 0 };

	(void)tree_list(root, "/lib/modules", &names);
	for (size_t i = 0; i < names.all.n; i++)
		vec_add(&g->modules)->release = xstrdup(names.all.at[i]);
}

int inspect_guest(const struct inspect_disk *disks, struct guest *g,
		  struct err *err)
{
	autotrees struct inspect_trees trees = { 0 };
	int wanted = g->root, rc;

	find_root(disks, g);
	if (!g->root) {
		look_elsewhere(disks, g);
		say_no_root(disks, g, wanted);
		return 0;
	}
	rc = inspect_trees_open(disks, g, &trees, err);
	if (rc < 0)
		return rc;
	os_release_inspect(g, &trees.root);
	packages_inspect(g, &trees.root);
	fstab_inspect(g, &trees.root);
	list_modules(g, &trees.root);
	find_boot(disks, g);
	if (g->boot) {
		const struct guest_partition *p = guest_partition(g, g->boot);
		struct err why;

		if (open_fat(disks, p, &trees.boot_fs, &why) < 0) {
			guest_say(g, FINDING_WARN, "unreadable", "%s",
				  why.text);
			g->boot = 0;
		} else {
			trees.boot = fat_tree(trees.boot_fs);
		}
	}
	read_system(g, &trees, wanted != 0);
	return 0;
}

int inspect_trees_open(const struct inspect_disk *disks, const struct guest *g,
		       struct inspect_trees *ret_trees, struct err *err)
{
	const struct guest_partition *root = guest_partition(g, g->root);
	const struct guest_partition *boot = guest_partition(g, g->boot);
	struct inspect_trees trees = { 0 };
	int rc;

	if (!root)
		return err_set(err, ENOENT, "no system was found on '%s'",
			       disks[0].name);
	rc = open_ext(disks, root, &trees.root_fs, err);
	if (rc == 0 && boot)
		rc = open_fat(disks, boot, &trees.boot_fs, err);
	if (rc < 0) {
		inspect_trees_close(&trees);
		return rc;
	}
	trees.root = ext4_tree(trees.root_fs);
	if (boot)
		trees.boot = fat_tree(trees.boot_fs);
	*ret_trees = trees;
	return 0;
}

void inspect_trees_close(struct inspect_trees *trees)
{
	ext4_close(trees->root_fs);
	fat_close(trees->boot_fs);
	*trees = (struct inspect_trees){ 0 };
}
