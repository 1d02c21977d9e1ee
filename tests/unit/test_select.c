/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule, the choice among offers, and the closure: all pure. */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "kernel/apt.h"
#include "kernel/closure.h"
#include "kernel/select.h"
#include "test.h"

static struct err err;
static const struct flavour *flavour;

/* A guest from literals; freed by nobody. */
static struct guest card(enum guest_arch arch, const char *os,
			 const char *suite)
{
	struct guest g = { .arch = arch };

	memcpy(&g.os_id, &os, sizeof(os));
	memcpy(&g.suite, &suite, sizeof(suite));
	return g;
}

static void rules(void)
{
	static const struct {
		enum guest_arch arch;
		const char *os, *suite, *asked;
		int want;
		const char *from;
		bool enter;
	} rows[] = {
		{ ARCH_ARMHF, "raspbian", "bookworm", NULL, 0, "bookworm", 1 },
		{ ARCH_ARMHF, "debian", "trixie", NULL, 0, "trixie", 1 },
		{ ARCH_ARMHF, "raspbian", "buster", NULL, 0, "bullseye", 1 },
		{ ARCH_ARMHF, "raspbian", "jessie", NULL, 0, "bullseye", 1 },
		{ ARCH_ARMHF, "raspbian", "bullseye", "bookworm", 0, "bookworm",
		  1 },
		{ ARCH_ARMEL, "debian", "bookworm", NULL, 0, "bookworm", 0 },
		{ ARCH_ARM64, "debian", "bookworm", NULL, 0, "bookworm", 1 },
		{ ARCH_ARM64, "debian", "buster", NULL, 0, "bullseye", 1 },
		{ ARCH_OTHER, "debian", "bookworm", NULL, -ENOTSUP, NULL, 0 },
		{ ARCH_UNKNOWN, NULL, NULL, NULL, -ENOTSUP, NULL, 0 },
		{ ARCH_ARMHF, "ubuntu", "jammy", NULL, -ENOTSUP, NULL, 0 },
		{ ARCH_ARMHF, "ubuntu", "jammy", "bookworm", 0, "bookworm", 1 },
		{ ARCH_ARMHF, "arch", NULL, NULL, -ENOTSUP, NULL, 0 },
		{ ARCH_ARMHF, "debian", "bookworm", "jammy", -ENOTSUP, NULL,
		  0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest g = card(rows[i].arch, rows[i].os, rows[i].suite);
		struct kernel_wish wish = { .suite = rows[i].asked };
		autorule struct kernel_rule rule = { 0 };

		check_eq(select_rule(&g, &wish, &rule, &err), rows[i].want);
		if (rows[i].want)
			continue;
		check(!rule.keep && rule.enter == rows[i].enter);
		check(!strcmp(rule.suite, rows[i].from));
		check(strstr(rule.reason, rule.suite));
	}
}

static void keeping(void)
{
	char package[] = "linux-image-6.1.0-50-armmp-lpae";
	char release[] = "6.1.0-50-armmp-lpae", other[] = "6.1.0-rpi7-rpi-v7";
	struct guest g = card(ARCH_ARMHF, "debian", "bookworm");
	struct kernel_wish wish = { 0 };
	struct kernel_rule rule = { 0 };

	g.kernel_package = package;
	vec_add(&g.modules)->release = other;
	check(!select_rule(&g, &wish, &rule, &err));
	check(!rule.keep); /* its modules are gone */
	select_rule_free(&rule);
	vec_add(&g.modules)->release = release;
	check(!select_rule(&g, &wish, &rule, &err));
	check(rule.keep && strstr(rule.reason, package));
	select_rule_free(&rule);
	wish.suite = "trixie"; /* asked for: not kept */
	check(!select_rule(&g, &wish, &rule, &err));
	check(!rule.keep);
	select_rule_free(&rule);
	vec_free(&g.modules);
}

static void releases(void)
{
	check(!strcmp(select_release("linux-image-6.1.0-50-armmp-lpae"),
		      "6.1.0-50-armmp-lpae"));
	check(!strcmp(select_release("linux-image-6.12.107+deb13-armmp-lpae"),
		      "6.12.107+deb13-armmp-lpae"));
	check(!select_release("linux-image-armmp-lpae"));
	check(!select_release("linux-image-6.12-armmp-lpae"));
	check(!select_release("linux-base"));
}

#define REST                                                             \
	"Architecture: armhf\nFilename: f\nSize: 1\n"                    \
	"SHA256: 0123456789abcdef0123456789abcdef0123456789abcdef012345" \
	"6789abcdef\n"

static const char index_text[] =
	"Package: linux-image-armmp-lpae\nVersion: 6.1.170-3\n"
	"Depends: linux-image-6.1.0-47-armmp-lpae (= 6.1.170-3)\n" REST "\n"
	"Package: linux-image-armmp-lpae\nVersion: 6.1.176-1\n"
	"Depends: linux-image-6.1.0-50-armmp-lpae (= 6.1.176-1)\n" REST "\n"
	"Package: linux-image-6.1.0-47-armmp-lpae\nVersion: 6.1.170-3\n" REST
	"\n"
	"Package: linux-image-6.1.0-50-armmp-lpae\nVersion: 6.1.176-1\n"
	"Pre-Depends: linux-base (>= 4.12~)\n"
	"Depends: kmod, initramfs-tools (>= 0.120) | linux-initramfs-tool\n"
	"Breaks: wireless-regdb (<< 2019)\n" REST "\n"
	"Package: linux-base\nVersion: 4.12.1\n"
	"Depends: debconf | debconf-2.0\n" REST "\n"
	"Package: linux-image-6.99.1-armmp-lpae\nVersion: 6.99.1-1\n"
	"Depends: linux-image-6.99.1-armmp-lpae (>= 7)\n" REST;

#define STANZA(name, version, more)                                          \
	"Package: " name "\nStatus: install ok installed\nVersion: " version \
	"\nArchitecture: armhf\n" more "\n"

static void closures(void)
{
	static const struct {
		const char *status;
		size_t n;
		const char *first, *unmet;
	} rows[] = {
		{ STANZA("kmod", "30", "") STANZA("debconf", "1", "")
			  STANZA("tiny-initramfs", "1",
				 "Provides: linux-initramfs-tool\n"),
		  3, "linux-base", NULL },
		{ STANZA("kmod", "30", "") STANZA("linux-base", "4.12.1", "")
			  STANZA("initramfs-tools", "0.142", ""),
		  2, "linux-image-6.1.0-50-armmp-lpae", NULL },
		/* Too old: it comes along. */
		{ STANZA("kmod", "30", "") STANZA("linux-base", "4.6", "")
			  STANZA("initramfs-tools", "0.142", "")
				  STANZA("debconf", "1", ""),
		  3, "linux-base", NULL },
		{ STANZA("linux-base", "4.12.1", "")
			  STANZA("initramfs-tools", "0.1", ""),
		  2, "linux-image-6.1.0-50-armmp-lpae",
		  "kmod; initramfs-tools (>= 0.120)" },
		{ STANZA("kmod", "30", "") STANZA("linux-base", "4.12.1", "")
			  STANZA("initramfs-tools", "0.142", "")
				  STANZA("wireless-regdb", "2016", ""),
		  2, "linux-image-6.1.0-50-armmp-lpae",
		  "breaks wireless-regdb (<< 2019)" },
	};
	autopackages struct packages offers = { 0 };
	const struct package *top;

	check(!packages_parse(index_text, "http://m", "s", &offers, &err));
	top = select_top(&offers, flavour);
	check(top && !strcmp(top->version, "6.1.176-1"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autoclosure struct closure c = { 0 };
		autodpkg struct dpkg_db db = { 0 };

		dpkg_read(rows[i].status, &db);
		closure_find(&offers, &db, top, &c);
		check_eq(c.packages.n, rows[i].n);
		check(!strcmp(c.packages.at[0]->name, rows[i].first));
		check(c.packages.at[c.packages.n - 1] == top);
		check(rows[i].unmet ? c.unmet.text && !strcmp(c.unmet.text,
							      rows[i].unmet)
				    : !c.unmet.len);
	}

	/* A package that needs itself in a version that is not there. */
	autoclosure struct closure loop = { 0 };
	autodpkg struct dpkg_db none = { 0 };

	closure_find(&offers, &none, &offers.at[5], &loop);
	check_eq(loop.packages.n, 1);
	check(strstr(loop.unmet.text, "(>= 7)"));
}

static void images_only(void)
{
	autopackages struct packages offers = { 0 };
	const char *text = strstr(index_text, "Package: linux-image-6.1.0-47");

	check(!select_top(&offers, flavour));
	check(!packages_parse(text, "http://m", "s", &offers, &err));
	check(!strcmp(select_top(&offers, flavour)->version, "6.99.1-1"));
}

static void sources(void)
{
	struct guest raspbian = card(ARCH_ARMHF, "raspbian", "bookworm");
	struct guest debian = card(ARCH_ARMHF, "debian", "bookworm");
	autofree char *source = apt_source_text(flavour, "bookworm", "http://m",
						"http://s");
	autofree char *pin = apt_pin_text(flavour);
	const char *end = source + strlen(source), *at = source;
	struct control par;
	int n = 0;

	check(apt_needs_source(&raspbian) && !apt_needs_source(&debian));
	for (; control_next(&at, end, &par); n++) {
		check(control_is(&par, "Architectures", "armhf"));
		check(control_is(&par, "Signed-By", APT_KEYRING_PATH));
		check(control_is(&par, "Suites",
				 n ? "bookworm-security" : "bookworm"));
	}
	check_eq(n, 2);
	free(source);
	source = apt_source_text(flavour, "bullseye", "http://m", NULL);
	check(strstr(source, "Suites: bullseye\n"));
	check(!strstr(source, "-security"));
	at = pin;
	check(control_next(&at, pin + strlen(pin), &par));
	check(control_is(&par, "Package", "*"));
	check(control_is(&par, "Pin-Priority", "-1"));
	check(control_next(&at, pin + strlen(pin), &par));
	check(control_is(&par, "Pin-Priority", "500"));
}

int main(void)
{
	flavour = flavour_of(ARCH_ARMHF);
	rules();
	keeping();
	releases();
	closures();
	images_only();
	sources();
	return test_done();
}
