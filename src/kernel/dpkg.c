/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dpkg checks was found by trying: with the list, the sums, the scripts
 * and this paragraph, "dpkg --audit", "dpkg -V", "apt-get check" and upgrades
 * are content.  The state is "installed", not "unpacked": the effects of the
 * scripts (links, depmod) are brought about by us, and nothing has to run at
 * the first boot.
 */
#include "kernel/dpkg.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "kernel/control.h"

/* "install ok installed": the third word counts. */
static bool is_installed(const struct control *par)
{
	autofree char *status = control_field(par, "Status");

	return status && (str_ends(status, " installed") ||
			  str_ends(status, " triggers-awaited") ||
			  str_ends(status, " triggers-pending"));
}

void dpkg_read(const char *status, struct dpkg_db *ret_db)
{
	const char *end = status + strlen(status);
	struct control par;

	*ret_db = (struct dpkg_db){ 0 };
	while (control_next(&status, end, &par)) {
		autofree char *provides = control_field(&par, "Provides");
		autofree char *name = control_field(&par, "Package");
		autofree char *version = control_field(&par, "Version");
		struct dpkg_package *p;

		if (!name || !version || !is_installed(&par))
			continue;
		p = vec_add(&ret_db->packages);
		p->name = steal_ptr(name);
		p->version = steal_ptr(version);
		p->arch = control_field(&par, "Architecture");
		if (!relations_parse(provides, &p->provides))
			relations_free(&p->provides);
	}
}

void dpkg_free(struct dpkg_db *db)
{
	for (size_t i = 0; i < db->packages.n; i++) {
		free(db->packages.at[i].name);
		free(db->packages.at[i].version);
		free(db->packages.at[i].arch);
		relations_free(&db->packages.at[i].provides);
	}
	vec_free(&db->packages);
}

/* A versioned relation is met by a versioned Provides only (Policy 7.5). */
static bool provides(const struct dpkg_package *p, const struct relation *rel)
{
	for (size_t i = 0; i < p->provides.n; i++) {
		const struct relation *given = &p->provides.at[i];

		if (strcmp(given->name, rel->name))
			continue;
		if (rel->op == REL_ANY ||
		    (given->version && relation_holds(rel, given->version)))
			return true;
	}
	return false;
}

bool dpkg_meets(const struct dpkg_db *db, const struct relation *rel)
{
	for (size_t i = 0; i < db->packages.n; i++) {
		const struct dpkg_package *p = &db->packages.at[i];

		if (!strcmp(p->name, rel->name) &&
		    relation_holds(rel, p->version))
			return true;
		if (provides(p, rel))
			return true;
	}
	return false;
}

const char *dpkg_version(const struct dpkg_db *db, const char *name)
{
	for (size_t i = 0; i < db->packages.n; i++)
		if (!strcmp(db->packages.at[i].name, name))
			return db->packages.at[i].version;
	return NULL;
}

/* The paragraph of that package in the text; false if there is none. */
static bool find(const char *text, const char *name, const char *arch,
		 struct control *ret_par)
{
	const char *end = text + strlen(text);

	while (control_next(&text, end, ret_par))
		if (control_is(ret_par, "Package", name) &&
		    control_is(ret_par, "Architecture", arch))
			return true;
	return false;
}

/* The control paragraph with the Status line after its first line. */
static void add_installed(struct str *out, const struct control *par)
{
	const char *nl = memchr(par->at, '\n', par->len);
	size_t first = nl ? (size_t)(nl - par->at) + 1 : par->len;

	str_addn(out, par->at, first);
	if (!nl)
		str_add(out, "\n");
	str_add(out, "Status: install ok installed\n");
	str_addn(out, par->at + first, par->len - first);
	if (out->text[out->len - 1] != '\n')
		str_add(out, "\n");
}

/* End the text so that a new paragraph can follow. */
static void end_paragraph(struct str *out)
{
	if (out->len && out->text[out->len - 1] != '\n')
		str_add(out, "\n");
	if (out->len > 1 && out->text[out->len - 2] != '\n')
		str_add(out, "\n");
}

char *dpkg_put(const char *status, const char *control)
{
	const char *at = control;
	struct control par = { 0 }, old;
	autostr struct str out = { 0 };

	control_next(&at, control + strlen(control), &par);

	autofree char *name = control_field(&par, "Package");
	autofree char *arch = control_field(&par, "Architecture");

	if (!name || !arch)
		return xstrdup(status);
	/* Of any architecture: dpkg has one of "all" and its own at most. */
	if (find(status, name, arch, &old) ||
	    (strcmp(arch, "all") && find(status, name, "all", &old)) ||
	    (!strcmp(arch, "all") && (find(status, name, "armhf", &old) ||
				      find(status, name, "arm64", &old)))) {
		str_addn(&out, status, (size_t)(old.at - status));
		add_installed(&out, &par);
		str_add(&out, old.at + old.len);
		return str_steal(&out);
	}
	str_add(&out, status);
	end_paragraph(&out);
	add_installed(&out, &par);
	str_add(&out, "\n");
	return str_steal(&out);
}

static bool fits(const char *name, const char *const *patterns)
{
	for (; name && *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return false;
}

/* The paragraph with the first word of its Status changed. */
static void add_held(struct str *out, const struct control *par)
{
	static const char wanted[] = "\nStatus: install ";
	const char *at = memmem(par->at, par->len, wanted, strlen(wanted));
	const char *rest = at + strlen(wanted);

	str_addn(out, par->at, (size_t)(at - par->at));
	str_add(out, "\nStatus: hold ");
	str_addn(out, rest, par->len - (size_t)(rest - par->at));
}

char *dpkg_hold(const char *status, const char *const *patterns,
		char **ret_names)
{
	const char *at = status, *done = status, *end = status + strlen(status);
	struct str out = { 0 }, names = { 0 };
	struct control par;

	while (control_next(&at, end, &par)) {
		autofree char *name = control_field(&par, "Package");

		if (!control_is(&par, "Status", "install ok installed") ||
		    !fits(name, patterns) ||
		    !memmem(par.at, par.len, "\nStatus: install ", 17))
			continue;
		str_addf(&names, "%s%s", names.len ? ", " : "", name);
		str_addn(&out, done, (size_t)(par.at - done));
		add_held(&out, &par);
		done = par.at + par.len;
	}
	if (!names.len)
		return NULL;
	str_add(&out, done);
	*ret_names = str_steal(&names);
	return str_steal(&out);
}

char *dpkg_mark_auto(const char *extended, const char *name, const char *arch)
{
	autostr struct str out = { 0 };
	struct control par;

	if (find(extended, name, arch, &par))
		return xstrdup(extended);
	str_add(&out, extended);
	end_paragraph(&out);
	str_addf(&out, "Package: %s\nArchitecture: %s\nAuto-Installed: 1\n\n",
		 name, arch);
	return str_steal(&out);
}

/*
 * Names in info/ are qualified with the architecture for packages of which
 * several can be installed at once.
 */
static char *info_prefix(const struct deb_control *control)
{
	const char *at = control->control;
	struct control par = { 0 };

	control_next(&at, at + strlen(at), &par);

	autofree char *name = control_field(&par, "Package");
	autofree char *arch = control_field(&par, "Architecture");

	if (control_is(&par, "Multi-Arch", "same"))
		return xasprintf("%s:%s", name ? name : "", arch ? arch : "");
	return xstrdup(name ? name : "");
}

static void add_list(const char *prefix, const struct deb_paths *paths,
		     struct dpkg_infos *infos)
{
	struct str text = { 0 };
	struct dpkg_info *info = vec_add(infos);

	for (size_t i = 0; i < paths->n; i++)
		str_addf(&text, "%s\n", paths->at[i]);
	info->name = xasprintf("%s.list", prefix);
	info->mode = 0644;
	info->len = text.len;
	info->content = str_steal(&text);
}

bool dpkg_info_files(const struct deb_control *control,
		     const struct deb_paths *paths, struct dpkg_infos *infos,
		     const char **ret_why)
{
	autofree char *prefix = info_prefix(control);

	for (size_t i = 0; i < control->scripts.n; i++) {
		const struct deb_script *s = &control->scripts.at[i];

		if (!strcmp(s->name, "conffiles")) {
			*ret_why = "it has configuration files";
			return false;
		}
		if (!strcmp(s->name, "triggers")) {
			*ret_why = "it has triggers";
			return false;
		}
	}
	add_list(prefix, paths, infos);
	for (size_t i = 0; i < control->scripts.n; i++) {
		const struct deb_script *s = &control->scripts.at[i];
		struct dpkg_info *info = vec_add(infos);

		info->name = xasprintf("%s.%s", prefix, s->name);
		info->mode = s->mode;
		info->len = s->len;
		info->content = xmalloc(s->len + 1);
		memcpy(info->content, s->content, s->len + 1);
	}
	return true;
}

void dpkg_infos_free(struct dpkg_infos *infos)
{
	for (size_t i = 0; i < infos->n; i++) {
		free(infos->at[i].name);
		free(infos->at[i].content);
	}
	vec_free(infos);
}
