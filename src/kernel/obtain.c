/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pocket that cannot be read is a note, not a failure, unless it is the
 * suite's own: an old kernel that can be updated later is better than none.
 * The archive itself has such pockets (bullseye-security lists an index for
 * armhf that is not there), and so have mirrors that lag behind (the index
 * is not yet the one that InRelease names).  A wrong signature or one that
 * has expired is a failure all the same: that is no accident.
 */
#include "kernel/obtain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/sha256.h"
#include "kernel/cache.h"
#include "kernel/closure.h"
#include "kernel/deb.h"
#include "kernel/pocket.h"
#include "kernel/sources.h"

static const char debian_keyring[] =
	"/usr/share/keyrings/debian-archive-keyring.gpg";

/* What one call works with. */
struct job {
	const struct kernel_wish *wish;
	struct kernel_rule rule;
	struct cache cache;
	struct packages offers;
	struct kernel_set *set;
};

static void job_fini(struct job *job)
{
	select_rule_free(&job->rule);
	cache_close(&job->cache);
	packages_free(&job->offers);
}

static void note(struct kernel_set *set, char *text)
{
	*vec_add(&set->notes) = text;
}

static void find_mirrors(const struct kernel_wish *wish, struct mirrors *ret)
{
	struct mirrors m = { 0 };

	if (wish->mirror) {
		m.main = xstrdup(wish->mirror);
		while (str_ends(m.main, "/"))
			m.main[strlen(m.main) - 1] = 0;
		m.security = sources_security_of(m.main);
	} else {
		sources_find(wish->apt_dir ? wish->apt_dir : "/etc/apt", &m);
	}
	if (wish->security) {
		free(m.security);
		m.security = xstrdup(wish->security);
	}
	*ret = m;
}

/* Load one pocket; if it may be missing, that becomes a note. */
static int load(struct job *job, const char *url, const char *suite,
		bool needed, struct err *err)
{
	struct pocket pocket = {
		.url = url,
		.suite = suite,
		.arch = job->rule.flavour->arch,
		.keyring = job->wish->keyring ? job->wish->keyring
					      : debian_keyring,
		.now = job->wish->now ? job->wish->now : time(NULL),
	};
	autostr struct str said = { 0 };
	int r;

	r = pocket_load(&pocket, &job->cache, &job->offers, &said, err);
	if (said.len)
		note(job->set, str_steal(&said));
	if (r == -ENOENT && needed)
		return err_set(
			err, ENOENT,
			"'%s' is not on the mirror '%s' (any more): name "
			"a mirror that has it, ask for the kernel of a "
			"later suite, or give the .deb files yourself",
			suite, url);
	if (r < 0 && !needed && r != -EKEYREJECTED && r != -ESTALE &&
	    r != -ENOKEY) {
		note(job->set, xasprintf("the pocket '%s' is left out: %s",
					 suite, err->text));
		job->set->no_security |= str_ends(suite, "-security") &&
					 r == -ENOENT;
		return 0;
	}
	return r;
}

static int load_offers(struct job *job, struct err *err)
{
	const char *suite = job->rule.suite;
	autofree char *security = xasprintf("%s-security", suite);
	autofree char *backports = xasprintf("%s-backports", suite);
	automirrors struct mirrors m = { 0 };
	int r;

	find_mirrors(job->wish, &m);
	if (!m.main)
		return err_set(err, ENOENT,
			       "this machine's apt sources name no mirror of "
			       "Debian to take the kernel from: name one with "
			       "--mirror URL");
	r = load(job, m.main, suite, true, err);
	if (!r && m.security && strcmp(suite, "sid") != 0)
		r = load(job, m.security, security, false, err);
	job->set->mirror = xstrdup(m.main);
	if (m.security)
		job->set->security = xstrdup(m.security);
	if (!r && job->wish->backports)
		r = load(job, m.main, backports, false, err);
	return r;
}

/* The files that the user gave are the offers. */
static int read_given(struct job *job, struct err *err)
{
	for (size_t i = 0; i < job->wish->debs.n; i++) {
		const char *path = job->wish->debs.at[i];
		autodeb struct deb_control control = { 0 };
		struct package pkg;
		struct control par;
		const char *at;
		int r;

		r = deb_read_control(path, &control, err);
		if (r < 0)
			return r;
		at = control.control;
		if (!control_next(&at, at + strlen(at), &par))
			return err_set(err, EBADMSG,
				       "the package '%s' has an empty control "
				       "file",
				       path);
		r = packages_read(&par, NULL, "given", &pkg, err);
		if (r < 0)
			return err_within(err, r, "'%s'", path);
		if (!packages_wanted(pkg.name) ||
		    (strcmp(pkg.arch, job->rule.flavour->arch) &&
		     strcmp(pkg.arch, "all"))) {
			note(job->set,
			     xasprintf("'%s' is no part of an %s "
				       "kernel and is left out",
				       path, job->rule.flavour->arch));
			package_fini(&pkg);
			continue;
		}
		pkg.path = xstrdup(path);
		*vec_add(&job->offers) = pkg;
	}
	return 0;
}

/* The .deb on this host; the caller frees *ret_path. */
static int get_deb(struct job *job, const struct package *p, char **ret_path,
		   struct err *err)
{
	if (p->path) {
		*ret_path = xstrdup(p->path);
		return 0;
	}
	return cache_get(&job->cache, p->url, p->sha256, p->size, ".deb",
			 ret_path, err);
}

static int get_all(struct job *job, const struct closure *closure,
		   const struct package *top, struct err *err)
{
	for (size_t i = 0; i < closure->packages.n; i++) {
		const struct package *p = closure->packages.at[i];
		const char *release = select_release(p->name);
		struct kernel_deb *deb;
		char *path;
		int r;

		r = get_deb(job, p, &path, err);
		if (r < 0)
			return r;
		deb = vec_add(&job->set->debs);
		*deb = (struct kernel_deb){ .name = xstrdup(p->name),
					    .version = xstrdup(p->version),
					    .arch = xstrdup(p->arch),
					    .path = path,
					    .asked = p == top,
					    .pocket = xstrdup(p->pocket) };
		if (release && !job->set->release)
			job->set->release = xstrdup(release);
	}
	if (!job->set->release)
		return err_set(err, ENOENT,
			       "the package '%s' (%s) leads to no kernel image",
			       top->name, top->pocket);
	return 0;
}

/*
 * A package with configuration files or triggers cannot be entered by us;
 * none of a kernel's has them today.
 */
static bool enterable(const struct kernel_deb *deb, struct err *err)
{
	autodeb struct deb_control control = { 0 };

	if (deb_read_control(deb->path, &control, err) < 0)
		return false;
	for (size_t i = 0; i < control.scripts.n; i++)
		if (!strcmp(control.scripts.at[i].name, "conffiles") ||
		    !strcmp(control.scripts.at[i].name, "triggers")) {
			err_set(err, ENOTSUP, "'%s' has %s", deb->name,
				control.scripts.at[i].name);
			return false;
		}
	return true;
}

/* May dpkg be told?  If not, a note says why. */
static void decide_enter(struct job *job, const struct closure *closure,
			 const struct dpkg_db *db)
{
	struct kernel_set *set = job->set;
	const char *why = NULL;
	struct err err;

	set->enter = job->rule.enter;
	if (!set->enter)
		why = "the kernel is of another architecture than the guest";
	else if (!db->packages.n)
		why = "the guest has no dpkg database";
	else if (closure->unmet.len)
		why = closure->unmet.text;
	for (size_t i = 0; i < set->debs.n && !why; i++)
		if (!enterable(&set->debs.at[i], &err))
			why = err.text;
	if (!why)
		return;
	set->enter = false;
	note(set, xasprintf("the kernel is not entered in the guest's dpkg "
			    "(%s): apt will not update it",
			    why));
}

static int keep(struct job *job, const struct guest *g)
{
	struct kernel_set *set = job->set;

	set->keep = true;
	set->release = xstrdup(select_release(g->kernel_package));
	set->reason = xstrdup(job->rule.reason);
	return 0;
}

/* dpkg in the guest has it, or a newer one. */
static bool is_there(const struct job *job, const struct guest *g,
		     const struct dpkg_db *db, const struct package *top)
{
	const char *version = dpkg_version(db, top->name);

	return job->wish->renew && g->kernel_package && version &&
	       version_compare(version, top->version) >= 0;
}

static int get_kernel(struct job *job, const struct guest *g,
		      const char *status, struct err *err)
{
	const struct flavour *flavour = job->rule.flavour;
	const struct package *top = select_top(&job->offers, flavour);
	autoclosure struct closure closure = { 0 };
	autodpkg struct dpkg_db db = { 0 };
	struct kernel_set *set = job->set;
	int r;

	if (!top)
		return err_set(err, ENOENT,
			       job->wish->debs.n
				       ? "none of the given packages is a "
					 "kernel (linux-image-…-%s)"
				       : "the mirror offers no package "
					 "linux-image-%s",
			       flavour->name);
	dpkg_read(status, &db);
	if (is_there(job, g, &db, top))
		return keep(job, g);
	closure_find(&job->offers, &db, top, &closure);
	r = get_all(job, &closure, top, err);
	if (r < 0)
		return r;
	decide_enter(job, &closure, &db);
	if (select_release(top->name))
		note(set,
		     xasprintf("without the package %s the guest stays with "
			       "kernel %s",
			       flavour->meta, set->release));
	set->reason = xasprintf("%s: %s %s", job->rule.reason, set->release,
				top->version);
	set->suite = xstrdup(job->rule.suite);
	return 0;
}

static int extract_busybox(struct job *job, const struct package *p,
			   struct err *err)
{
	static const char *const names[] = { "bin/busybox", "usr/bin/busybox" };
	autofree char *deb = NULL, *path = NULL;
	char sum[SHA256_HEX];
	int r;

	r = get_deb(job, p, &deb, err);
	if (!r)
		r = sha256_file(deb, sum, NULL, err);
	if (r < 0)
		return r;
	path = cache_path(&job->cache, sum, ".busybox");
	r = access(path, X_OK) ? -ENOENT : 0;
	for (size_t i = 0; i < 2 && r == -ENOENT; i++)
		r = deb_extract(deb, names[i], path, 0755, err);
	if (r < 0)
		return r;
	job->set->busybox = steal_ptr(path);
	return 0;
}

static int get_busybox(struct job *job, struct err *err)
{
	const struct package *p = packages_find(&job->offers, "busybox-static");

	if (job->wish->busybox) {
		job->set->busybox = xstrdup(job->wish->busybox);
		return 0;
	}
	if (!p)
		return err_set(err, ENOENT,
			       "no package busybox-static (%s) was given; "
			       "the initrd needs it",
			       job->rule.flavour->arch);
	return extract_busybox(job, p, err);
}

static int obtain(struct job *job, const struct guest *g, const char *status,
		  struct err *err)
{
	int r;

	r = select_rule(g, job->wish, &job->rule, err);
	if (!r)
		r = cache_open(&job->cache, job->wish->cache, err);
	if (r < 0)
		return r;
	job->cache.progress = job->wish->progress;
	job->cache.progress_arg = job->wish->progress_arg;
	if (job->wish->debs.n)
		r = read_given(job, err);
	else if (!job->rule.keep || !job->wish->busybox)
		r = load_offers(job, err);
	if (!r)
		r = job->rule.keep ? keep(job, g)
				   : get_kernel(job, g, status, err);
	return r < 0 ? r : get_busybox(job, err);
}

int kernel_obtain(const struct kernel_wish *wish, const struct guest *g,
		  const char *status, struct kernel_set *ret_set,
		  struct err *err)
{
	autokernel struct kernel_set set = { 0 };
	cleanup(job_fini) struct job job = { .wish = wish, .set = &set };
	int r;

	r = obtain(&job, g, status, err);
	if (r < 0)
		return r;
	set.vmlinuz = xasprintf("/boot/vmlinuz-%s", set.release);
	*ret_set = set;
	set = (struct kernel_set){ 0 };
	return 0;
}

void kernel_set_free(struct kernel_set *set)
{
	for (size_t i = 0; i < set->debs.n; i++) {
		free(set->debs.at[i].name);
		free(set->debs.at[i].version);
		free(set->debs.at[i].arch);
		free(set->debs.at[i].path);
		free(set->debs.at[i].pocket);
	}
	vec_free(&set->debs);
	for (size_t i = 0; i < set->notes.n; i++)
		free(set->notes.at[i]);
	vec_free(&set->notes);
	free(set->release);
	free(set->vmlinuz);
	free(set->reason);
	free(set->suite);
	free(set->mirror);
	free(set->security);
	free(set->busybox);
	*set = (struct kernel_set){ 0 };
}
