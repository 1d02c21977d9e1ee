/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "kernel/dpkg.h"
#include "test.h"

static const char status[] = "Package: kmod\n"
			     "Status: install ok installed\n"
			     "Version: 30+20221128-1\n"
			     "Architecture: armhf\n"
			     "\n"
			     "Package: linux-base\n"
			     "Status: deinstall ok config-files\n"
			     "Version: 4.6\n"
			     "Architecture: all\n"
			     "\n"
			     "Package: initramfs-tools\n"
			     "Status: hold ok installed\n"
			     "Version: 0.142\n"
			     "Architecture: all\n"
			     "Provides: linux-initramfs-tool, ver (= 2)\n"
			     "Description: x\n"
			     " .\n"
			     "\n";

static const char control[] = "Package: linux-base\n"
			      "Version: 4.9\n"
			      "Architecture: all\n"
			      "Description: new\n"
			      " long\n";

static bool meets(const struct dpkg_db *db, const char *text)
{
	autorelations struct relations rels = { 0 };

	check(relations_parse(text, &rels) && rels.n == 1);
	return dpkg_meets(db, &rels.at[0]);
}

static void reading(void)
{
	autodpkg struct dpkg_db db = { 0 };

	dpkg_read(status, &db);
	check_eq(db.packages.n, 2);
	check(!strcmp(dpkg_version(&db, "kmod"), "30+20221128-1"));
	check(!dpkg_version(&db, "linux-base")); /* removed */
	check(meets(&db, "kmod (>= 20)") && !meets(&db, "kmod (>= 31)"));
	check(meets(&db, "linux-initramfs-tool"));
	check(!meets(&db, "linux-initramfs-tool (>= 1)")); /* unversioned */
	check(meets(&db, "ver (>= 1)") && !meets(&db, "ver (>= 3)"));
	check(!meets(&db, "linux-base"));
}

static void replaced(void)
{
	autofree char *got = dpkg_put(status, control);
	const char *at = strstr(status, "Package: linux-base");
	const char *behind = strstr(status, "Package: initramfs-tools");
	autofree char *want = xasprintf("%.*sPackage: linux-base\n"
					"Status: install ok installed\n"
					"Version: 4.9\n"
					"Architecture: all\n"
					"Description: new\n"
					" long\n"
					"\n%s",
					(int)(at - status), status, behind);

	check(!strcmp(got, want));
}

static void held(void)
{
	static const char *const patterns[] = { "kmod", "linux-*",
						"initramfs-*", NULL };
	static const char *const nothing[] = { "kmo", NULL };
	autofree char *names = NULL, *want = NULL;
	autofree char *got = dpkg_hold(status, patterns, &names);
	const char *behind = strstr(status, "Version: 30");

	/* linux-base is not installed, initramfs-tools is held already */
	want = xasprintf("Package: kmod\nStatus: hold ok installed\n%s",
			 behind);
	check(!strcmp(names, "kmod"));
	check(!strcmp(got, want));
	check(!dpkg_hold(status, nothing, &names));
}

static void appended(void)
{
	static const char entry[] = "Package: linux-base\n"
				    "Status: install ok installed\n"
				    "Version: 4.9\n"
				    "Architecture: all\n"
				    "Description: new\n"
				    " long\n"
				    "\n";
	/* With an empty line at the end, without one, without a newline. */
	static const char *const ends[] = { "", "\n", "\n\n" };
	autofree char *alone = dpkg_put("", control);

	check(!strcmp(alone, entry));
	for (int i = 0; i < 3; i++) {
		autofree char *old = xasprintf("Package: a%s", ends[i]);
		autofree char *got = dpkg_put(old, control);
		autofree char *want = xasprintf("Package: a\n\n%s", entry);

		check(!strcmp(got, want));
	}
	autofree char *other = dpkg_put(status, "Package: kmod\n"
						"Architecture: arm64\n");

	/* kmod of another architecture is another package. */
	check(strstr(other, "Architecture: armhf\n\nPackage: linux-base"));
	check(str_ends(other, "Package: kmod\nStatus: install ok installed\n"
			      "Architecture: arm64\n\n"));
}

static void automatic(void)
{
	autofree char *one = dpkg_mark_auto("", "linux-base", "all");
	autofree char *two = dpkg_mark_auto(one, "linux-base", "all");
	autofree char *three = dpkg_mark_auto(one, "x", "armhf");

	check(!strcmp(one, "Package: linux-base\nArchitecture: all\n"
			   "Auto-Installed: 1\n\n"));
	check(!strcmp(one, two));
	check(str_starts(three, one) && strlen(three) > strlen(one));
}

/* A control part and a list of two. */
static void infos(const char *text, const char *script, bool want,
		  const char *want_prefix)
{
	struct deb_control c = { .control = xstrdup(text) };
	struct dpkg_infos got = { 0 };
	struct deb_paths paths = { 0 };
	const char *why = NULL;
	struct deb_script *s = vec_add(&c.scripts);

	s->name = xstrdup(script);
	s->mode = 0755;
	s->content = xstrdup("x");
	s->len = 1;
	*vec_add(&paths) = xstrdup("/.");
	*vec_add(&paths) = xstrdup("/usr");
	check(dpkg_info_files(&c, &paths, &got, &why) == want);
	if (want) {
		autofree char *list = xasprintf("%s.list", want_prefix);
		autofree char *name = xasprintf("%s.%s", want_prefix, script);

		check_eq(got.n, 2);
		check(!strcmp(got.at[0].name, list));
		check(!strcmp(got.at[0].content, "/.\n/usr\n"));
		check_eq(got.at[0].mode, 0644);
		check(!strcmp(got.at[1].name, name));
		check_eq(got.at[1].mode, 0755);
	} else {
		check(why && *why);
	}
	dpkg_infos_free(&got);
	deb_paths_free(&paths);
	deb_control_free(&c);
}

int main(void)
{
	reading();
	replaced();
	held();
	appended();
	automatic();
	infos(control, "postinst", true, "linux-base");
	infos("Package: l\nArchitecture: armhf\nMulti-Arch: same\n", "prerm",
	      true, "l:armhf");
	infos(control, "conffiles", false, NULL);
	infos(control, "triggers", false, NULL);
	return test_done();
}
