/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/profile/ over any text, through a folder with one file in it. */
#include "profile/match.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "fuzz.h"

static char dir[] = "/tmp/fuzz_profile.XXXXXX";
static char *file;

static void remove_folder(void)
{
	unlink(file);
	rmdir(dir);
}

static void write_profile(const uint8_t *data, size_t size)
{
	autoclose int fd = -1;

	if (!file) {
		if (!mkdtemp(dir))
			abort();
		file = xasprintf("%s/x.yaml", dir);
		atexit(remove_folder);
	}
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, data, size) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct match_files none;
	autoprofiles struct profiles all = { 0 };
	struct guest g = { .arch = ARCH_ARMHF };
	struct profile copy;
	struct err err;

	write_profile(data, size);
	if (profile_load(dir, &all, &err) < 0)
		return 0;
	*vec_add(&g.config_lines) = (struct guest_config){
		.text = xstrdup("dtoverlay=w1-gpio"),
		.file = xstrdup("config.txt"),
		.applies = true,
	};
	for (size_t i = 0; i < all.all.n; i++) {
		const struct profile *p = &all.all.at[i];

		(void)match_fits(p, &g, &none);
		profile_copy(p, &copy);
		profile_add_layer(&copy, p);
		match_config(&copy, &g);
		(void)profile_service(&copy, "x@y.service");
		(void)profile_word(&copy, "dwc_otg.lpm_enable=0");
		(void)profile_module(&copy, "snd_bcm2835");
		profile_free_one(&copy);
	}
	guest_free(&g);
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static const char text[] =
		"version: 1\n"
		"title: \"X \\u00e9\"\n"
		"adds: true\n"
		"match:\n"
		"  os: [debian, raspbian]\n"
		"  suite: [bookworm]\n"
		"  arch: armhf\n"
		"  raspberry: true\n"
		"  file: [/etc/x, \"boot:y\"]\n"
		"  unit: [x.service]\n"
		"  label: [x]\n"
		"  partuuid: [5e3da3da-01]\n"
		"  disk_id: ['48617373']\n"
		"kernel: {suite: bookworm}\n"
		"refuse: {code: c, text: 'why: so'}\n"
		"says:\n  - {level: warn, code: x, text: >\n      folded\n"
		"      text }\n"
		"services:\n  - name: x@.service\n    reason: y\n"
		"cmdline:\n  - {name: 'dwc_otg.*', reason: y}\n"
		"modules:\n  - {name: snd-bcm2835, reason: y}\n"
		"config:\n  - {name: 'dtoverlay=w1*', fate: lost, code: g,"
		" reason: y}\n"
		"device_files: [/etc/?*]\n";
	static const char generic[] = "version: 1\ntitle: X\ngeneric: true\n";
	const char *seeds[] = { text, generic };

	if (n > 1 || size < sizeof(text))
		return 0;
	memcpy(buf, seeds[n], strlen(seeds[n]));
	return strlen(seeds[n]);
}
