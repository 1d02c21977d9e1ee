/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packages have modules in ./lib/modules (bookworm and older) or in
 * ./usr/lib/modules (trixie); the guest has one place for both.  A folder is
 * renamed on the way where the two differ, while dpkg's list keeps the
 * package's own names, as dpkg's would.
 *
 * depmod looks below BASE/lib/modules or BASE/usr/lib/modules, depending on
 * how it was built: it gets a base of its own that has both.
 */
#include "kernel/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "kernel/dpkg.h"
#include "kernel/pack.h"

enum {
	DEPMOD_MS = 120000
};

struct stage {
	const struct kernel_set *set;
	bool merged_usr;
	const char *work;
	const char *root; /* WORK/root */
	struct kernel_staged *staged;
};

/*
 * Without an entry in dpkg only the kernel itself comes in: linux-base's
 * programs would be files that nobody owns.
 */
static bool comes_in(const struct stage *s, const struct kernel_deb *deb)
{
	return s->set->enter || strcmp(deb->name, "linux-base") != 0;
}

static int write_infos(const struct stage *s, const struct dpkg_infos *infos,
		       struct err *err)
{
	autofree char *dir = xasprintf("%s/var/lib/dpkg/info", s->root);
	int r;

	r = files_mkdir_p(dir, 0755, err);
	for (size_t i = 0; i < infos->n && !r; i++) {
		const struct dpkg_info *info = &infos->at[i];
		autofree char *path = xasprintf("%s/%s", dir, info->name);

		r = files_replace(path, info->content, info->len, info->mode,
				  err);
	}
	return r;
}

/* dpkg's files of one package, and its paragraph in the status text. */
static int enter(struct stage *s, const struct kernel_deb *deb,
		 const struct deb_paths *paths, struct err *err)
{
	cleanup(dpkg_infos_free) struct dpkg_infos infos = { 0 };
	struct kernel_staged *staged = s->staged;
	autodeb struct deb_control control = { 0 };
	const char *why;
	char *text;
	int r;

	r = deb_read_control(deb->path, &control, err);
	if (r < 0)
		return r;
	if (!dpkg_info_files(&control, paths, &infos, &why))
		return err_set(err, ENOTSUP,
			       "'%s' cannot be entered in dpkg: %s", deb->name,
			       why);
	r = write_infos(s, &infos, err);
	if (r < 0)
		return r;
	text = dpkg_put(staged->status, control.control);
	free(staged->status);
	staged->status = text;
	if (!deb->asked) {
		text = dpkg_mark_auto(staged->extended_states, deb->name,
				      deb->arch);
		free(staged->extended_states);
		staged->extended_states = text;
	}
	return 0;
}

static int unpack(struct stage *s, const struct kernel_deb *deb,
		  struct err *err)
{
	const char *from = s->merged_usr ? "lib" : "usr/lib/modules";
	const char *to = s->merged_usr ? "usr/lib" : "lib/modules";
	cleanup(deb_paths_free) struct deb_paths paths = { 0 };
	int r;

	r = deb_unpack(deb->path, s->root, from, to, &paths, err);
	if (r < 0 || !s->set->enter)
		return r;
	return enter(s, deb, &paths, err);
}

static int make_link(const char *target, const char *path, struct err *err)
{
	if (symlink(target, path) < 0)
		return err_errno(err, errno, "cannot make the link '%s'", path);
	return 0;
}

static int run_depmod(const struct stage *s, struct err *err)
{
	autofree char *base = xasprintf("%s/depmod", s->work);
	autofree char *lib = xasprintf("%s/usr/lib", base);
	autofree char *lib_modules = xasprintf("%s/modules", lib);
	autofree char *old_lib = xasprintf("%s/lib", base);
	autofree char *modules = xstrndup(
		s->staged->modules, (size_t)(strrchr(s->staged->modules, '/') -
					     s->staged->modules));
	autofree char *real = realpath(modules, NULL);
	const char *const argv[] = { "depmod", "-b", base, s->set->release,
				     NULL };
	struct run_child child = { .argv = argv, .timeout_ms = DEPMOD_MS };
	int r;

	if (!real)
		return err_errno(err, errno,
				 "the kernel's package has no modules (%s)",
				 modules);
	r = files_mkdir_p(lib, 0755, err);
	if (!r)
		r = make_link(real, lib_modules, err);
	if (!r)
		r = make_link("usr/lib", old_lib, err);
	if (!r)
		r = run_check(&child, NULL, err);
	return r;
}

/* What dpkg's scripts would do, and where the rest is found. */
static int finish(struct stage *s, struct err *err)
{
	const char *release = s->set->release;
	struct kernel_staged *staged = s->staged;
	autofree char *target = xasprintf("boot/vmlinuz-%s", release);
	autofree char *link = xasprintf("%s/vmlinuz", s->root);
	int r;

	staged->modules = xasprintf("%s/%slib/modules/%s", s->root,
				    s->merged_usr ? "usr/" : "", release);
	staged->vmlinuz = xasprintf("%s/%s", s->root, target);
	staged->config = xasprintf("%s/boot/config-%s", s->root, release);
	if (access(staged->config, R_OK) < 0) {
		free(staged->config);
		staged->config = NULL;
	}
	if (access(staged->vmlinuz, R_OK) < 0)
		return err_set(err, EBADMSG,
			       "the kernel's package has no boot/vmlinuz-%s",
			       release);
	r = run_depmod(s, err);
	if (!r)
		r = make_link(target, link, err);
	return r < 0 ? r
		     : pack_list(s->root, &staged->files, &staged->size, err);
}

static int stage_all(struct stage *s, struct err *err)
{
	int r;

	r = files_mkdir_p(s->root, 0755, err);
	for (size_t i = 0; i < s->set->debs.n && !r; i++)
		if (comes_in(s, &s->set->debs.at[i]))
			r = unpack(s, &s->set->debs.at[i], err);
	return r < 0 ? r : finish(s, err);
}

int kernel_stage(const struct kernel_set *set, bool merged_usr,
		 const char *status, const char *extended_states,
		 const char *work_dir, struct kernel_staged *ret_staged,
		 struct err *err)
{
	autostaged struct kernel_staged staged = {
		.root = xasprintf("%s/root", work_dir),
		.status = set->enter ? xstrdup(status) : NULL,
		.extended_states = set->enter ? xstrdup(extended_states) : NULL,
	};
	struct stage s = { .set = set,
			   .merged_usr = merged_usr,
			   .work = work_dir,
			   .root = staged.root,
			   .staged = &staged };
	int r;

	r = stage_all(&s, err);
	if (r < 0)
		return r;
	*ret_staged = staged;
	staged = (struct kernel_staged){ 0 };
	return 0;
}

void kernel_staged_free(struct kernel_staged *staged)
{
	free(staged->root);
	free(staged->modules);
	free(staged->vmlinuz);
	free(staged->config);
	free(staged->status);
	free(staged->extended_states);
	deb_paths_free(&staged->files);
	*staged = (struct kernel_staged){ 0 };
}
