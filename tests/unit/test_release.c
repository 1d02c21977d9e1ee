/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and checking; verification with real keys is in test_obtain. */
#include <errno.h>
#include <string.h>

#include "kernel/release.h"
#include "test.h"

#define H "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct err err;

static const char text[] = "Origin: Debian\n"
			   "Suite: oldstable\n"
			   "Codename: bookworm\n"
			   "Date: Sat, 11 Jul 2026 10:16:37 UTC\n"
			   "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n"
			   "Acquire-By-Hash: yes\n"
			   "MD5Sum:\n"
			   " 00 1 main/binary-armhf/Packages\n"
			   "SHA256:\n"
			   " " H " 43916878 main/binary-armhf/Packages\n"
			   " " H "   0 empty\n";

enum {
	JULY_11 = 1783764997,
	DAY = 86400
};

static void good(void)
{
	autorelease struct release rel = { 0 };
	const struct release_file *f;

	check(!release_parse(text, &rel, &err));
	check_eq(rel.date, JULY_11);
	check_eq(rel.valid_until, JULY_11 + 7 * DAY);
	check(rel.by_hash);
	check_eq(rel.files.n, 2);
	f = release_find(&rel, "main/binary-armhf/Packages");
	check(f && f->size == 43916878 && !strcmp(f->sha256, H));
	check(!release_find(&rel, "main/binary-armhf"));

	check(!release_check(&rel, "bookworm", JULY_11 + DAY, &err));
	check(!release_check(&rel, "oldstable", JULY_11 + DAY, &err));
	check(release_check(&rel, "trixie", JULY_11 + DAY, &err) == -ESTALE);
	check(strstr(err.text, "bookworm") && strstr(err.text, "trixie"));
	check(release_check(&rel, "bookworm", JULY_11 + 8 * DAY, &err) ==
	      -ESTALE);
	check(strstr(err.text, "2026-07-18"));
	check(release_check(&rel, "bookworm", JULY_11 - 2 * DAY, &err) ==
	      -ESTALE);
	rel.valid_until = 0; /* bullseye-security has none */
	check(!release_check(&rel, "bookworm", JULY_11 + 900 * DAY, &err));
}

static void bad(void)
{
	static const char *const rows[] = {
		"",
		"\n\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\n",
		"SHA256:\n " H " 1 x\n",
		"Date: Sat, 11 Foo 2026 10:16:37 UTC\nSHA256:\n " H " 1 x\n",
		"Date: Sat, 11 anF 2026 10:16:37 UTC\nSHA256:\n " H " 1 x\n",
		"Date: Sat, 11 Jul 2026 10:16:37 CET\nSHA256:\n " H " 1 x\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nValid-Until: soon\n"
		"SHA256:\n " H " 1 x\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n 12 1 x\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n " H " -1 x\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n " H " 1\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autorelease struct release rel = { 0 };

		check(release_parse(rows[i], &rel, &err) == -EBADMSG);
	}
}

int main(void)
{
	good();
	bad();
	return test_done();
}
