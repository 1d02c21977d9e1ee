/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

/* "\040" is a blank, as in fstab(5). */
static char *unescape(const char *field)
{
	char *out = xstrdup(field), *to = out;

	for (const char *from = out; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
		    from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
		    from[3] <= '7') {
			*to++ = (char)((from[1] - '0') << 6 |
				       (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = 0;
	return out;
}

static int by_tag(const struct guest *g, const char *spec)
{
	static const char *const tags[] = { "PARTUUID=", "UUID=", "LABEL=" };
	static const char *const links[] = { "/dev/disk/by-partuuid/",
					     "/dev/disk/by-uuid/",
					     "/dev/disk/by-label/" };

	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		const char *values[] = { p->card_partuuid ? p->card_partuuid
							  : p->partuuid,
					 p->uuid, p->label };

		for (size_t t = 0; t < 3; t++) {
			const char *value = str_starts(spec, tags[t])
						    ? spec + strlen(tags[t])
					    : str_starts(spec, links[t])
						    ? spec + strlen(links[t])
						    : NULL;
			autofree char *bare = value ? unescape(value) : NULL;

			if (!bare || !values[t])
				continue;
			if (t == 2 ? !strcmp(bare, values[t])
				   : !strcasecmp(bare, values[t]))
				return guest_ref(p);
		}
	}
	return 0;
}

/* The partition that the system knows by that number. */
static int ref_of(const struct guest *g, unsigned int order, uint64_t number)
{
	int disk = guest_disk_of_order(g, order);

	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		if ((int)p->disk == disk &&
		    (p->card_number ? p->card_number : p->number) == number)
			return guest_ref(p);
	}
	return 0;
}

/* Disks were given besides the card: it is mmcblk0, they are sda, sdb, in
 * their order. */
static int by_order(const struct guest *g, const char *spec)
{
	uint64_t n;

	if (str_starts(spec, "/dev/mmcblk0p") &&
	    str_number(spec + strlen("/dev/mmcblk0p"), 1, 128, &n))
		return ref_of(g, 0, n);
	if (str_starts(spec, "/dev/sd") && spec[7] >= 'a' && spec[7] <= 'z' &&
	    str_number(spec + 8, 1, 128, &n))
		return ref_of(g, (unsigned int)(spec[7] - 'a') + 1, n);
	return 0;
}

/* N of "/dev/mmcblk0pN" or, with disk "sda", of "/dev/sdaN"; 0: neither. */
static int by_device(const struct guest *g, const char *spec)
{
	static const char *const disks[] = { "/dev/mmcblk0p", "/dev/sda",
					     "/dev/vda", "/dev/nvme0n1p" };

	for (size_t i = 0; i < sizeof(disks) / sizeof(*disks); i++) {
		uint64_t n;

		if (str_starts(spec, disks[i]) &&
		    str_number(spec + strlen(disks[i]), 1, 128, &n) &&
		    ref_of(g, g->order, n))
			return ref_of(g, g->order, n);
	}
	return 0;
}

/*
 * A USB stick of a Pi that starts from its card is /dev/sda too: such a name
 * is this disk's only if the root is named by it.
 */
static bool other_disk(const struct guest *g, const char *spec)
{
	const struct guest_mount *root = guest_mount_at(g, "/");
	size_t n = strcspn(spec, "0123456789");

	if (str_starts(spec, "/dev/mmcblk0p"))
		return false;
	return !root || strncmp(root->spec, spec, n) != 0;
}

int fstab_partition(const struct guest *g, const char *spec)
{
	int n = by_tag(g, spec);

	if (!n && g->disks.n)
		return by_order(g, spec);
	return !n && !other_disk(g, spec) ? by_device(g, spec) : n;
}

/* Does the spec name a disk, and not memory, a server or another folder? */
static bool names_disk(const struct guest_mount *m)
{
	static const char *const starts[] = { "/dev/", "UUID=", "LABEL=",
					      "PARTUUID=", "PARTLABEL=" };
	static const char *const memory[] = { "/dev/zram*", "/dev/ram*",
					      "/dev/loop*" };

	for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++)
		if (!fnmatch(memory[i], m->spec, 0))
			return false;
	if (!strcmp(m->type, "tmpfs") || strstr(m->options, "bind"))
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (str_starts(m->spec, starts[i]))
			return true;
	return false;
}

/* A volume is on any disk that LVM has; which one, only LVM knows. */
static bool may_be_lvm(const struct guest *g, const char *spec)
{
	if (fnmatch("/dev/*/*", spec, 0) || str_starts(spec, "/dev/disk/"))
		return false;
	for (size_t i = 0; i < g->partitions.n; i++) {
		const char *fs = g->partitions.at[i].fs_name;

		if (fs && !strcmp(fs, "LVM2_member"))
			return true;
	}
	return false;
}

/* Will the VM find that partition by the same name?  What is in crypttab stays
 * as it is. */
static bool keeps_name(const struct guest *g, const char *spec)
{
	if (str_starts(spec, "/dev/") && !str_starts(spec, "/dev/disk/by-"))
		return false;
	return !g->laid_out || !strcasestr(spec, "partuuid");
}

/* Does /etc/crypttab make /dev/mapper/NAME of a partition that is here? */
static bool is_unlocked(const struct guest *g, const char *crypttab,
			const char *spec)
{
	static const char mapper[] = "/dev/mapper/";
	autofree char *copy = crypttab && str_starts(spec, mapper)
				      ? xstrdup(crypttab)
				      : NULL;
	char *rest = copy;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		char *save = NULL;
		const char *name = strtok_r(line, " \t", &save);
		const char *from = strtok_r(NULL, " \t", &save);

		if (name && from && !strcmp(name, spec + strlen(mapper)))
			return may_be_lvm(g, from) ||
			       (fstab_partition(g, from) &&
				keeps_name(g, from));
	}
	return false;
}

static void add_mount(struct guest *g, char *line)
{
	struct guest_mount m = { 0 };
	char *field[6] = { NULL };
	uint64_t n;

	for (int i = 0; i < 6; i++)
		field[i] = strtok_r(i ? NULL : line, " \t", &line);
	if (!field[2] || field[0][0] == '#')
		return;
	m.spec = unescape(field[0]);
	m.dir = unescape(field[1]);
	m.type = xstrdup(field[2]);
	m.options = xstrdup(field[3] ? field[3] : "defaults");
	if (field[4] && str_number(field[4], 0, 9, &n))
		m.freq = (int)n;
	if (field[5] && str_number(field[5], 0, 9, &n))
		m.passno = (int)n;
	*vec_add(&g->mounts) = m;
}

void fstab_inspect(struct guest *g, const struct tree *root)
{
	autofree char *text = tree_text(root, "/etc/fstab");
	autofree char *crypttab = tree_text(root, "/etc/crypttab");
	char *rest = text;

	for (char *line = text_line(&rest); line; line = text_line(&rest))
		add_mount(g, text_trim(line));
	for (size_t i = 0; i < g->mounts.n; i++) {
		struct guest_mount *m = &g->mounts.at[i];

		m->partition = fstab_partition(g, m->spec);
		m->missing = !m->partition && names_disk(m) &&
			     !may_be_lvm(g, m->spec) &&
			     !is_unlocked(g, crypttab, m->spec);
	}
}
