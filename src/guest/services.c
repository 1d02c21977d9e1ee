/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is enabled, as systemd sees it: links in *.wants and *.requires of
 * /etc and of the packages, what display-manager.service is another name of
 * (graphical.target wants that name, whoever has it), and init scripts with a
 * start link that no unit of the same name replaces.  A mask is a link to
 * /dev/null in /etc.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"

static const char etc_units[] = "/etc/systemd/system";
static const char lib_units[] = "/lib/systemd/system";
static const char usr_units[] = "/usr/lib/systemd/system";

static struct guest_service *service(struct guest *g, const char *name)
{
	struct guest_service *s;

	for (size_t i = 0; i < g->services.n; i++)
		if (!strcmp(g->services.at[i].name, name))
			return &g->services.at[i];
	s = vec_add(&g->services);
	s->name = xstrdup(name);
	return s;
}

static void read_wants(struct guest *g, const struct tree *root,
		       const char *units, const char *folder)
{
	autofree char *path = xasprintf("%s/%s", units, folder);
	autonames struct tree_names names = { 0 };

	if (tree_list(root, path, &names) < 0)
		return;
	for (size_t i = 0; i < names.all.n; i++)
		service(g, names.all.at[i])->enabled = true;
}

static bool is_mask(const struct tree *root, const char *units,
		    const char *name)
{
	autofree char *path = xasprintf("%s/%s", units, name);
	autofree char *target = tree_readlink(root, path);
	struct tree_stat st;

	if (target)
		return !strcmp(target, "/dev/null");
	return tree_lstat(root, path, &st) == 0 && st.kind == TREE_FILE &&
	       !st.size;
}

/* The desktop's unit is enabled by this name alone. */
static void read_display_manager(struct guest *g, const struct tree *root)
{
	autofree char *target = tree_readlink(
		root, "/etc/systemd/system/display-manager.service");
	const char *slash = target ? strrchr(target, '/') : NULL;
	const char *name = slash ? slash + 1 : target;

	if (name && str_ends(name, ".service"))
		service(g, name)->enabled = true;
}

static bool is_unit(const char *name)
{
	static const char *const kinds[] = { ".service", ".socket", ".timer",
					     ".mount",   ".path",   ".target",
					     ".swap",    ".slice" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_ends(name, kinds[i]))
			return true;
	return false;
}

static void read_units(struct guest *g, const struct tree *root,
		       const char *units, bool masks)
{
	autonames struct tree_names names = { 0 };

	if (tree_list(root, units, &names) < 0)
		return;
	for (size_t i = 0; i < names.all.n; i++) {
		const char *name = names.all.at[i];

		if (str_ends(name, ".wants") || str_ends(name, ".requires"))
			read_wants(g, root, units, name);
		else if (masks && is_unit(name) && is_mask(root, units, name))
			service(g, name)->masked = true;
	}
}

static bool has_unit(const struct tree *root, const char *name)
{
	const char *const folders[] = { etc_units, lib_units, usr_units };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		autofree char *path = xasprintf("%s/%s", folders[i], name);

		if (tree_exists(root, path))
			return true;
	}
	return false;
}

/* "S01raspi-config" starts raspi-config. */
static void read_scripts(struct guest *g, const struct tree *root,
			 const char *folder)
{
	autonames struct tree_names names = { 0 };

	if (tree_list(root, folder, &names) < 0)
		return;
	for (size_t i = 0; i < names.all.n; i++) {
		const char *link = names.all.at[i];
		autofree char *name = NULL;

		if (link[0] != 'S' || !isdigit((unsigned char)link[1]) ||
		    !isdigit((unsigned char)link[2]) || !link[3])
			continue;
		name = xasprintf("%s.service", link + 3);
		if (!g->systemd || !has_unit(root, name))
			service(g, name)->enabled = true;
	}
}

/* A file "ssh" on the boot partition enables it at the next start. */
static bool has_ssh(const struct guest *g, const struct tree *boot)
{
	static const char *const names[] = { "ssh.service", "sshd.service",
					     "ssh.socket", "dropbear.service" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (guest_enabled(g, names[i]))
			return true;
	return boot &&
	       (tree_exists(boot, "ssh") || tree_exists(boot, "ssh.txt"));
}

void services_inspect(struct guest *g, const struct tree *root,
		      const struct tree *boot)
{
	static const char *const levels[] = { "/etc/rcS.d", "/etc/rc2.d",
					      "/etc/rc3.d", "/etc/rc5.d" };

	read_units(g, root, etc_units, true);
	read_display_manager(g, root);
	read_units(g, root, lib_units, false);
	if (!g->merged_usr)
		read_units(g, root, usr_units, false);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		read_scripts(g, root, levels[i]);
	g->ssh = has_ssh(g, boot);
}
