/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "kernel/deb.h"
#include "make_deb.h"

static char *dir, *deb, *out;
static struct err err;

static const struct member control[] = {
	{ "./", S_IFDIR | 0755, "" },
	{ "./control", S_IFREG | 0644, "Package: p\nVersion: 1\n" },
	{ "./postinst", S_IFREG | 0755, "#!/bin/sh\n" },
	{ "./md5sums", S_IFREG | 0644, "0  x\n" },
	{ NULL },
};

static void fresh(void)
{
	check(!files_remove_tree(out, &err));
	check(!files_mkdir_p(out, 0755, &err));
}

static bool content_is(const char *name, const char *want)
{
	autofree char *path = xasprintf("%s/%s", out, name);
	autofree char *text = NULL;
	struct err ignored;

	return !files_read(path, 1000, &text, NULL, &ignored) &&
	       !strcmp(text, want);
}

static void control_part(void)
{
	static const struct member none[] = { { NULL } };
	autodeb struct deb_control c = { 0 };

	make_deb(deb, control, none);
	check(!deb_read_control(deb, &c, &err));
	check(!strcmp(c.control, "Package: p\nVersion: 1\n"));
	check_eq(c.scripts.n, 2);
	check(!strcmp(c.scripts.at[0].name, "postinst"));
	check_eq(c.scripts.at[0].mode, 0755);
	check(!strcmp(c.scripts.at[1].content, "0  x\n"));

	make_deb(deb, none, none);
	check(deb_read_control(deb, &c, &err) == -EBADMSG);
	make_deb(deb, NULL, none);
	check(deb_read_control(deb, &c, &err) == -EBADMSG);
	check(!files_replace(deb, "nothing of the kind", 19, 0600, &err));
	check(deb_read_control(deb, &c, &err) == -EBADMSG);
	check(!files_replace(deb, "", 0, 0600, &err));
	check(deb_read_control(deb, &c, &err) == -EBADMSG);
}

static const struct member tree[] = {
	{ "./", S_IFDIR | 0755, "" },
	{ "./boot/", S_IFDIR | 0755, "" },
	{ "./boot/vmlinuz-1", S_IFREG | 0644, "kernel" },
	{ "./lib/", S_IFDIR | 0755, "" },
	{ "./lib/modules/", S_IFDIR | 0755, "" },
	{ "./lib/modules/m.ko", S_IFREG | 0600, "module" },
	{ "./lib/modules/again", S_IFREG | 0600, "", 0, "./lib/modules/m.ko" },
	{ "./library", S_IFREG | 0755, "not in lib" },
	{ "./link", S_IFLNK | 0777, "/etc/passwd" },
	{ NULL },
};

static void unpack_renamed(void)
{
	static const char *const want[] = {
		"/.",
		"/boot",
		"/boot/vmlinuz-1",
		"/lib",
		"/lib/modules",
		"/lib/modules/m.ko",
		"/lib/modules/again",
		"/library",
		"/link",
	};
	struct deb_paths paths = { 0 };
	char target[64] = "";
	struct stat st;

	make_deb(deb, control, tree);
	fresh();
	check(!deb_unpack(deb, out, "lib", "usr/lib", &paths, &err));
	check_eq(paths.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < paths.n; i++)
		check(!strcmp(paths.at[i], want[i]));
	deb_paths_free(&paths);
	check(content_is("boot/vmlinuz-1", "kernel"));
	check(content_is("usr/lib/modules/m.ko", "module"));
	check(content_is("usr/lib/modules/again", "module"));
	check(content_is("library", "not in lib"));

	autofree char *lib = xasprintf("%s/lib", out);
	autofree char *link = xasprintf("%s/link", out);
	autofree char *module = xasprintf("%s/usr/lib/modules/m.ko", out);

	check(access(lib, F_OK)); /* it would replace a merged guest's /lib */
	check(readlink(link, target, sizeof(target) - 1) > 0);
	check(!strcmp(target, "/etc/passwd"));
	check(!stat(module, &st));
	check_eq(st.st_mode & 07777, 0600);
	check_eq(st.st_mtime, 1000000000);

	/* Again over the same: what exists is replaced. */
	check(!deb_unpack(deb, out, "lib", "usr/lib", &paths, &err));
	deb_paths_free(&paths);
}

/* Nothing may come out beside the folder. */
static void refuse(const struct member *members, int want)
{
	struct deb_paths paths = { 0 };
	autofree char *outside = xasprintf("%s/outside", dir);

	make_deb(deb, control, members);
	fresh();
	check(deb_unpack(deb, out, NULL, NULL, &paths, &err) == want);
	check(access(outside, F_OK));
	check(access("/pimigrate-test-evil", F_OK));
	deb_paths_free(&paths);
}

#define ONE(...) ((const struct member[]){ { __VA_ARGS__ }, { NULL } })

static void evil(void)
{
	autofree char *up = xasprintf("%s", dir);

	refuse(ONE("../outside", S_IFREG | 0644, "x"), -EBADMSG);
	refuse(ONE("./a/../../outside", S_IFREG | 0644, "x"), -EBADMSG);
	refuse(ONE("/pimigrate-test-evil", S_IFREG | 0644, "x"), -EBADMSG);
	refuse(ONE("./a//b", S_IFREG | 0644, "x"), -EBADMSG);
	refuse(ONE("./a\nb", S_IFREG | 0644, "x"), -EBADMSG);
	refuse(ONE("./dev", S_IFCHR | 0644, ""), -EBADMSG);
	refuse(ONE("./fifo", S_IFIFO | 0644, ""), -EBADMSG);
	refuse(ONE("./f", S_IFREG | 0644, "x", 1000), -ENOTSUP);
	refuse(ONE("./f", S_IFREG | 0644, "", 0, "../../etc/passwd"), -EBADMSG);
	refuse(ONE("./f", S_IFREG | 0644, "", 0, "/etc/passwd"), -EBADMSG);

	/* A link first, then a file behind it. */
	const struct member through[] = {
		{ "./a", S_IFLNK | 0777, up },
		{ "./a/outside", S_IFREG | 0644, "x" },
		{ NULL },
	};
	/* The same with a hard link to what is behind it. */
	const struct member hard[] = {
		{ "./a", S_IFLNK | 0777, "/etc" },
		{ "./b", S_IFREG | 0644, "", 0, "./a/passwd" },
		{ NULL },
	};
	/* A folder where a link is. */
	const struct member folder[] = {
		{ "./a", S_IFLNK | 0777, up },
		{ "./a/", S_IFDIR | 0755, "" },
		{ NULL },
	};

	refuse(through, -ENOTDIR);
	refuse(hard, -ENOTDIR);
	refuse(folder, -EEXIST);
}

static void extract(void)
{
	autofree char *to = xasprintf("%s/one", out);
	struct stat st;

	make_deb(deb, control, tree);
	fresh();
	check(!deb_extract(deb, "boot/vmlinuz-1", to, 0755, &err));
	check(content_is("one", "kernel"));
	check(!stat(to, &st) && (st.st_mode & 07777) == 0755);
	check(deb_extract(deb, "boot", to, 0755, &err) == -ENOENT);
	check(deb_extract(deb, "none", to, 0755, &err) == -ENOENT);
	check(strstr(err.text, "none"));
}

/* Cut off anywhere: an error, or at least no harm. */
static void cut_off(void)
{
	struct deb_paths paths = { 0 };
	struct stat st;

	make_deb(deb, control, tree);
	check(!stat(deb, &st));
	for (off_t len = st.st_size - 1; len > 0; len -= 37) {
		autodeb struct deb_control c = { 0 };
		int r;

		check(!truncate(deb, len));
		fresh();
		r = deb_read_control(deb, &c, &err);
		check(!r || r == -EBADMSG);
		r = deb_unpack(deb, out, NULL, NULL, &paths, &err);
		check(r == -EBADMSG || (!r && len > st.st_size - 12));
		deb_paths_free(&paths);
	}
}

int main(void)
{
	check(!files_temp_dir(NULL, &dir, &err));
	deb = xasprintf("%s/p.deb", dir);
	out = xasprintf("%s/out", dir);
	control_part();
	unpack_renamed();
	evil();
	extract();
	cut_off();
	check(!files_remove_tree(dir, &err));
	free(dir);
	free(deb);
	free(out);
	return test_done();
}
