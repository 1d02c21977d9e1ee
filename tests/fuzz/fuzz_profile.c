/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/profile/ over any text, through a folder with one file in it. */
#include "profile/match.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct match_files none;
	static char *dir, *file;
	autoprofiles struct profiles all = { 0 };
	struct guest g = { .arch = ARCH_ARMHF };
	struct profile copy;
	struct err err;

	if (!dir) {
		dir = fuzz_path("profiles");
		if (mkdir(dir, 0755) < 0)
			abort();
		file = fuzz_path("profiles/x.yaml");
	}
	fuzz_write(file, data, size);
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
		"device_files: [/etc/?*]\n"
		"pi_commands: ['gpio *']\n";
	static const char generic[] = "version: 1\ntitle: X\ngeneric: true\n";
	static const char *const seeds[] = { text, generic, NULL };

	return fuzz_text_seed(seeds, n, buf, size);
}
