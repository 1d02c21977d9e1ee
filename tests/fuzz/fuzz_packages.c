/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/kernel/packages.c, release.c over any text: a Packages index, the signed
 * text of an InRelease. */
#include "kernel/packages.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "fuzz.h"
#include "kernel/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(size + 1, 1);
	autopackages struct packages list = { 0 };
	autorelease struct release rel = { 0 };
	struct err err;

	memcpy(text, data, size);
	(void)packages_parse(text, "http://x.example/debian", "x", &list, &err);
	(void)packages_find(&list, "linux-image-armmp-lpae");
	(void)release_parse(text, &rel, &err);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static const char *const text[] = {
		"Package: linux-image-armmp-lpae\n"
		"Version: 1:6.1.170-1~deb12u1\n"
		"Architecture: armhf\n"
		"Pre-Depends: dpkg (>= 1.17)\n"
		"Depends: linux-image-6.1.0-50-armmp-lpae (= 6.1.170-1),\n"
		" kmod | busybox:any (<< 2), x [armhf] <!nocheck>\n"
		"Breaks: initramfs-tools (<< 0.120+deb8u2)\n"
		"Conflicts: y\nProvides: wireguard-modules (= 1.0.0)\n"
		"Filename: pool/main/l/linux/linux-image_6.1_armhf.deb\n"
		"Size: 1456\n"
		"SHA256: 0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef\n"
		"Description: a kernel\n"
		" more\n .\n"
		"\n"
		"Package: busybox-static\nVersion: 1:1.35\n"
		"Architecture: armel\nSize: 18446744073709551615\n"
		"Filename: ../../x\nSHA256: 0\n",
		"Origin: Debian\nSuite: oldstable\nCodename: bookworm\n"
		"Date: Sat, 06 Sep 2025 09:57:47 UTC\n"
		"Valid-Until: Sat, 13 Sep 2025 09:57:47 UTC\n"
		"Acquire-By-Hash: yes\n"
		"SHA256:\n"
		" 0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef"
		" 1484 main/binary-armhf/Packages.xz\n"
		" 0123 99999999999999999999 /x\n",
		NULL,
	};

	return fuzz_text_seed(text, n, buf, size);
}
