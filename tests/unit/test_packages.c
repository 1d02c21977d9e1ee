/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "host/files.h"
#include "host/run.h"
#include "kernel/packages.h"
#include "test.h"

#define SUM                                                              \
	"SHA256: 0123456789abcdef0123456789ABCDEF0123456789abcdef012345" \
	"6789abcdef\n"

static struct err err;

static void names(void)
{
	check(packages_wanted("linux-image-armmp-lpae"));
	check(packages_wanted("linux-image-6.1.0-50-armmp-lpae"));
	check(packages_wanted("busybox-static"));
	check(packages_wanted("linux-image-arm64"));
	check(packages_wanted("linux-image-6.1.0-50-arm64"));
	check(packages_wanted("linux-image-6.12.57+deb13-arm64"));
	check(!packages_wanted("linux-image-6.1.0-50-cloud-arm64"));
	check(!packages_wanted("linux-image-6.1.0-50-rt-arm64"));
	check(!packages_wanted("linux-image-6.1.0-50-arm64-unsigned"));
	check(packages_of_kernel("linux-base"));
	check(packages_of_kernel("linux-modules-6.16-armmp-lpae"));
	check(!packages_of_kernel("busybox-static"));
	check(!packages_wanted("linux-image-6.1.0-50-armmp"));
	check(!packages_wanted("linux-image-6.1.0-50-armmp-lpae-dbg"));
	check(!packages_wanted("linux-libc-dev"));
}

static void good(void)
{
	static const char text[] =
		"Package: linux-base\nVersion: 4.9\nArchitecture: all\n"
		"Depends: debconf\nFilename: pool/l.deb\nSize: 10\n" SUM "\n"
		"Package: linux-base\nVersion: 4.12\nArchitecture: all\n"
		"Filename: pool/m.deb\nSize: 11\n" SUM;
	autopackages struct packages list = { 0 };
	const struct package *p;

	check(!packages_parse(text, "http://m/debian", "bookworm", &list,
			      &err));
	check_eq(list.n, 2);
	p = packages_find(&list, "linux-base");
	check(p && !strcmp(p->version, "4.12") && p->size == 11);
	check(!strcmp(p->url, "http://m/debian/pool/m.deb"));
	check(strspn(p->sha256, "0123456789abcdef") == 64);
	check(!packages_find(&list, "linux"));
}

static void bad(void)
{
	static const char *const rows[] = {
		"Version: 1\n",
		"Package: p\nArchitecture: all\n",
		"Package: ../x\nVersion: 1\nArchitecture: all\n",
		"Package: p\nVersion: 1/2\nArchitecture: all\n",
		"Package: p\nVersion: 1\nArchitecture: a b\n",
		"Package: p\nVersion: 1\nArchitecture: all\n",
		"Package: p\nVersion: 1\nArchitecture: all\n"
		"Filename: ../p.deb\nSize: 1\n" SUM,
		"Package: p\nVersion: 1\nArchitecture: all\n"
		"Filename: /p.deb\nSize: 1\n" SUM,
		"Package: p\nVersion: 1\nArchitecture: all\n"
		"Filename: p.deb\nSize: 0\n" SUM,
		"Package: p\nVersion: 1\nArchitecture: all\n"
		"Filename: p.deb\nSize: 99999999999\n" SUM,
		"Package: p\nVersion: 1\nArchitecture: all\n"
		"Filename: p.deb\nSize: 1\nSHA256: 12\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autopackages struct packages list = { 0 };

		check(packages_parse(rows[i], "http://m", "s", &list, &err) ==
		      -EBADMSG);
		check_eq(list.n, 0);
	}
}

/* Many paragraphs around the wanted ones, across all buffers' edges. */
static void filter(void)
{
	autofree char *dir = NULL, *plain = NULL, *packed = NULL;
	autostr struct str index = { 0 }, got = { 0 };
	struct str broken = { 0 };

	check(!files_temp_dir(NULL, &dir, &err));
	plain = xasprintf("%s/Packages", dir);
	packed = xasprintf("%s/Packages.xz", dir);
	for (int i = 0; i < 40000; i++)
		str_addf(&index, "Package: p%d\nDescription: d\n more\n\n%s", i,
			 i % 13000 ? "" : "Package: linux-base\nN: 1\n\n");
	str_add(&index, "Package: busybox-static\nVersion: 1");
	check(!files_replace(plain, index.text, index.len, 0600, &err));

	const char *const xz[] = { "xz", "-k", "-0", plain, NULL };
	struct run_child child = { .argv = xz };

	check(!run_check(&child, NULL, &err));
	for (int i = 0; i < 2; i++) {
		str_free(&got);
		check(!packages_filter(i ? packed : plain, &got, &err));
		check(!strcmp(got.text, "Package: linux-base\nN: 1\n\n"
					"Package: linux-base\nN: 1\n\n"
					"Package: linux-base\nN: 1\n\n"
					"Package: linux-base\nN: 1\n\n"
					"Package: busybox-static\n"
					"Version: 1\n"));
	}

	/* Cut off in the middle; and a paragraph without an end. */
	check(!truncate(packed, 1000));
	check(packages_filter(packed, &got, &err) == -EBADMSG);
	for (int i = 0; i < 2000000; i++)
		str_add(&broken, "x");
	check(!files_replace(plain, broken.text, broken.len, 0600, &err));
	check(packages_filter(plain, &got, &err) == -EBADMSG);
	str_free(&broken);
	check(!files_replace(plain, "", 0, 0600, &err));
	check(!packages_filter(plain, &got, &err));
	check(!files_remove_tree(dir, &err));
}

int main(void)
{
	names();
	good();
	bad();
	filter();
	return test_done();
}
