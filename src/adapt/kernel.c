/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel, and what keeps dpkg and apt content with it.
 *
 * The tree's row is undone by the list of what came with it.  So what it
 * would replace is taken away before, by a row of its own that keeps it.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

static void write_text(struct plan *plan, const char *id, const char *path,
		       const char *reason, const char *content)
{
	plan_add(plan, CHANGE_WRITE, id, path, reason)->content = xstrdup(
		content);
}

/* Without the key of its archive, apt would only complain. */
static void add_source(const struct adapt_facts *facts, struct plan *plan)
{
	const struct adapt_kernel *k = &facts->kernel;
	bool has_key;

	if (!k->apt_source)
		return;
	has_key = facts->exists(facts->arg, k->keyring_path);
	if (!has_key && !k->keyring)
		return;
	write_text(plan, "apt-source", k->apt_source_path,
		   "the system's own archive has no kernel for this board: "
		   "updates come from Debian's",
		   k->apt_source);
	write_text(plan, "apt-pin", k->apt_pin_path,
		   "nothing but kernels may come from there", k->apt_pin);
	if (!has_key)
		plan_add(plan, CHANGE_WRITE, "apt-keyring", k->keyring_path,
			 "Debian's archive is verified with this key")
			->target = xstrdup(k->keyring);
}

/* A kernel that the guest installs by itself makes an initrd that only this
 * machine needs: minutes less under emulation, and nothing depends on it. */
static void smaller_initramfs(const struct adapt_facts *facts,
			      struct plan *plan)
{
	if (facts->exists(facts->arg, "/etc/initramfs-tools/conf.d"))
		write_text(plan, "initramfs",
			   "/etc/initramfs-tools/conf.d/pimigrate",
			   "a kernel update takes a minute instead of six",
			   "# pimigrate: this machine is started with an "
			   "initrd that its host makes.\nMODULES=dep\n");
}

/* Does a row before this one make the folder, for what it puts there?  Then
 * that row's undoing removes it, and not ours while its files are still
 * there. */
static bool is_made(const struct plan *plan, const char *dir)
{
	size_t n = strlen(dir);

	for (size_t i = 0; i < plan->changes.n; i++) {
		const struct change *c = &plan->changes.at[i];

		if (c->kind != CHANGE_GROW && c->kind != CHANGE_REMOVE &&
		    !strncmp(c->path, dir, n) && c->path[n] == '/')
			return true;
	}
	return false;
}

/* Folders above path that are not there, and are not listed yet.  Members of
 * one folder follow each other: the last one tells what is listed. */
static void list_folders(const struct adapt_facts *facts,
			 const struct plan *plan, const char *path,
			 const char *last, struct str *list)
{
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		size_t n = (size_t)(p - path);
		autofree char *dir = xstrndup(path, n);

		if (last && !strncmp(last, path, n) && last[n] == '/')
			continue;
		if (!facts->exists(facts->arg, dir) && !is_made(plan, dir))
			str_addf(list, "%s\n", dir);
	}
}

static bool is_folder(const struct adapt_facts *facts, const char *path)
{
	char **names = facts->list(facts->arg, path);

	adapt_names_free(&names);
	return names != NULL;
}

/* What comes, and rows for what is in its way. */
static char *list_tree(const struct adapt_facts *facts, struct plan *plan)
{
	const struct adapt_kernel *k = &facts->kernel;
	const char *last = NULL;
	struct str list = { 0 };

	for (size_t i = 0; i < k->n_files; i++) {
		const char *path = k->files[i];

		list_folders(facts, plan, path, last, &list);
		last = path;
		if (is_folder(facts, path) || is_made(plan, path))
			continue;
		if (facts->exists(facts->arg, path))
			plan_add(plan, CHANGE_REMOVE, "kernel-old", path,
				 "the kernel's package has its own");
		str_addf(&list, "%s\n", path);
	}
	return str_steal(&list);
}

/* Its updates would cost minutes and fill /boot with what only a Pi starts. */
static void hold_pi_kernel(const struct adapt_facts *facts, struct plan *plan)
{
	const struct adapt_kernel *k = &facts->kernel;
	autofree char *reason = NULL;

	if (!k->held_status)
		return;
	reason = xasprintf("nothing here starts the Pi's own kernel: its "
			   "packages are held (%s)",
			   k->held);
	write_text(plan, "hold", "/var/lib/dpkg/status", reason,
		   k->held_status);
}

void adapt_kernel(const struct adapt_facts *facts, struct plan *plan)
{
	const struct adapt_kernel *k = &facts->kernel;
	autofree char *reason = NULL, *list = NULL;
	struct change *c;

	smaller_initramfs(facts, plan);
	if (!k->tree) {
		hold_pi_kernel(facts, plan);
		return;
	}
	reason = xasprintf("kernel %s: %s", k->release, k->reason);
	list = list_tree(facts, plan);
	c = plan_add(plan, CHANGE_TREE, "kernel", "/", reason);
	c->target = xstrdup(k->tree);
	c->content = steal_ptr(list);
	if (k->status)
		write_text(plan, "dpkg-status", "/var/lib/dpkg/status",
			   "dpkg knows the kernel, so that it is updated",
			   k->status);
	hold_pi_kernel(facts, plan);
	if (k->extended_states)
		write_text(plan, "apt-states", "/var/lib/apt/extended_states",
			   "apt knows that the kernel came with its "
			   "metapackage",
			   k->extended_states);
	add_source(facts, plan);
}
