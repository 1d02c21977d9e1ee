/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format with made files; and that our own profiles can be read. */
#include "profile/match.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "test.h"

static char dir[] = "/tmp/test_profile.XXXXXX";
static struct err err;

static void file(const char *name, const char *text)
{
	autofree char *path = xasprintf("%s/%s", dir, name);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || io_write(fd, text, strlen(text)) < 0)
		exit(1);
}

static void remove_file(const char *name)
{
	autofree char *path = xasprintf("%s/%s", dir, name);

	unlink(path);
}

static void refused(const char *text, const char *says)
{
	struct profiles p = { 0 };

	file("a.yaml", text);
	err.text[0] = 0;
	check(profile_load(dir, &p, &err) < 0);
	if (!strstr(err.text, says)) {
		fprintf(stderr, "'%s', not '%s'\n", err.text, says);
		test_failed();
	}
	check(!p.all.n);
}

static void test_refused(void)
{
	refused("title: x\n", "begins with 'version: 1'");
	refused("version: 2\n", "a.yaml:1: this program knows version 1");
	refused("version: 1\nmatch:\n  os: [debian]\n", "wants a title");
	refused("version: 1\ntitle: x\n", "wants a condition");
	refused("version: 1\nmatch:\n  file: [etc/x]\n",
		"a.yaml:3: want a path that begins with '/'");
	refused("version: 1\nrefuse: {code: x}\n", "a code and a text");
	refused("version: 1\nrefuse: {code: x, txet: y}\n",
		"a.yaml:2: there is no key 'txet'");
	refused("version: 1\nsays:\n- {level: stop, code: x, text: y}\n",
		"a.yaml:3: the level is note or warn");
	refused("version: 1\nconfig:\n- {name: x, fate: y, reason: z}\n",
		"a.yaml:3: the fate is works, changed, lost or decide");
	refused("version: 1\nconfig:\n- {name: x, fate: lost}\n",
		"a name, a fate and a reason");
	refused("version: 1\nconfig:\n- [x]\n", "want a map of texts");
	refused("version: 1\ntitle: x\nsevices: []\n",
		"a.yaml:3: there is no key 'sevices'");
	refused("version: 1\ntitle: [x]\n", "a.yaml:2: 'title' must be a text");
	refused("version: 1\nmatch: x\n", "'match' must be a map");
	refused("version: 1\nmatch:\n  arch: mips\n", "a.yaml:3: want armhf");
	refused("version: 1\nmatch:\n  raspberry: 7\n", "true or false");
	refused("version: 1\nservices:\n  - name: x\n",
		"a.yaml:3: each row wants a name and a reason");
	refused("version: 1\nservices:\n  - name: x\n    reason: y\n    z: 1\n",
		"nothing else");
	refused("version: 1\nservices: [x]\n", "each row");
	refused("version: 1\ninclude: [../x.yaml]\n", "common-….yaml");
	refused("version: 1\ninclude: [common-none.yaml]\n", "common-none");
	file("common-a.yaml", "version: 1\ninclude: [common-a.yaml]\n");
	refused("version: 1\ninclude: [common-a.yaml]\n",
		"common-a.yaml:2: there is no key 'include'");
	refused("a: [\n", "a.yaml:2");
	remove_file("a.yaml");
	remove_file("common-a.yaml");
	check(profile_load(dir, &(struct profiles){ 0 }, &err) == -ENOENT);
	check(profile_load("/nonexistent", &(struct profiles){ 0 }, &err) < 0);
}

static void test_read(void)
{
	autoprofiles struct profiles all = { 0 };
	const struct profile *p;

	file("common-b.yaml", "version: 1\n"
			      "services:\n"
			      "  - name: bthelper@.service\n"
			      "    reason: from b\n"
			      "cmdline:\n"
			      "  - name: dwc_otg.*\n"
			      "    reason: USB\n");
	file("x.yaml", "version: 1\n"
		       "title: X\n"
		       "include: [common-b.yaml]\n"
		       "match: {os: [debian], arch: armhf, raspberry: true}\n"
		       "kernel: {suite: bookworm}\n"
		       "modules:\n"
		       "  - {name: snd-bcm2835, reason: sound}\n");
	if (profile_load(dir, &all, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		test_failed();
		return;
	}
	check_eq(all.all.n, 1);
	p = match_name(&all, "x");
	check(p && !match_name(&all, "common-b"));
	check(!strcmp(p->kernel_suite, "bookworm"));
	check(!strcmp(profile_service(p, "bthelper@hci0.service")->reason,
		      "from b"));
	check(!profile_service(p, "bthelper@hci0.socket"));
	check(!profile_service(p, "bthelper.service"));
	check(profile_word(p, "dwc_otg.lpm_enable=0") != NULL);
	check(!profile_word(p, "dwc_otgx"));
	check(profile_module(p, "snd_bcm2835") != NULL);
	check(!profile_module(p, "snd_bcm283"));
	remove_file("x.yaml");
	remove_file("common-b.yaml");
}

static const struct match_files no_files;

static bool only_file(void *arg, const char *path)
{
	return !strcmp(path, arg);
}

static void test_layers(void)
{
	static char there[] = "/etc/octopi_version";
	struct match_files files = { only_file, there };
	autoprofiles struct profiles all = { 0 };
	struct guest g = { .arch = ARCH_ARMHF };
	struct profile p;

	file("x.yaml",
	     "version: 1\n"
	     "title: X\n"
	     "generic: true\n"
	     "config:\n"
	     "- {name: 'dtoverlay=a*', fate: lost, code: c, reason: x}\n"
	     "- {name: 'dtoverlay=ab', fate: works, reason: never}\n");
	file("layer-y.yaml",
	     "version: 1\n"
	     "title: Y\n"
	     "adds: true\n"
	     "match: {file: ['boot:z', /etc/octopi_version]}\n"
	     "device_files: [/etc/y]\n"
	     "pi_commands: [y *]\n"
	     "config:\n"
	     "- {name: 'dtoverlay=ac', fate: changed, reason: on top}\n");
	check(!profile_load(dir, &all, &err));
	check(!strcmp(match_profile(&all, &g, &files)->name, "x"));
	check(match_fits(match_name(&all, "layer-y"), &g, &files));
	check(!match_fits(match_name(&all, "layer-y"), &g, &no_files));
	profile_copy(match_name(&all, "x"), &p);
	profile_add_layer(&p, match_name(&all, "layer-y"));
	check(!strcmp(p.title, "X") && p.device_files.all.n == 1);
	check_eq(p.pi_commands.all.n, 1);
	*vec_add(&g.config_lines) =
		(struct guest_config){ .text = xstrdup("dtoverlay=ab"),
				       .file = xstrdup("config.txt"),
				       .applies = true };
	*vec_add(&g.config_lines) =
		(struct guest_config){ .text = xstrdup("dtoverlay=ac"),
				       .file = xstrdup("config.txt"),
				       .applies = true };
	*vec_add(&g.config_lines) =
		(struct guest_config){ .text = xstrdup("dtoverlay=q"),
				       .file = xstrdup("config.txt"),
				       .applies = true };
	*vec_add(&g.config_lines) = (struct guest_config){
		.text = xstrdup("dtoverlay=ax"),
		.file = xstrdup("config.txt"),
	};
	match_config(&p, &g);
	check_eq(g.things.n, 3);
	check(g.things.n == 3 && g.things.at[0].fate == FATE_LOST &&
	      g.things.at[1].fate == FATE_CHANGED &&
	      g.things.at[2].fate == FATE_DECIDE);
	check(guest_finding(&g, "c") && guest_losses(&g) == 1);
	profile_free_one(&p);
	guest_free(&g);
	remove_file("x.yaml");
	remove_file("layer-y.yaml");
}

/* The host's and the user's folders come before ours. */
static void test_folders(void)
{
	static char other[] = "/tmp/test_profile.XXXXXX";
	const char *folders[] = { dir, other, NULL };
	autoprofiles struct profiles all = { 0 };
	autofree char *a = NULL, *b = NULL;
	FILE *f;

	if (!mkdtemp(other))
		exit(1);
	a = xasprintf("%s/x.yaml", other);
	b = xasprintf("%s/common-b.yaml", other);
	f = fopen(a, "w");
	fputs("version: 1\ntitle: ours\ngeneric: true\n", f);
	fclose(f);
	f = fopen(b, "w");
	fputs("version: 1\nmodules: []\n", f);
	fclose(f);
	file("x.yaml", "version: 1\ntitle: theirs\ngeneric: true\n"
		       "include: [common-b.yaml]\n");
	if (profile_load_from(folders, &all, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		test_failed();
	}
	check(all.all.n == 1 && !strcmp(all.all.at[0].title, "theirs"));
	unlink(a);
	unlink(b);
	rmdir(other);
	remove_file("x.yaml");
}

struct match_row {
	const char *os, *suite;
	bool raspberry;
	enum guest_arch arch;
	const char *want;
};

static void test_ours(void)
{
	/* clang-format off */
	static const struct match_row rows[] = {
		{ "raspbian", "bookworm", true, ARCH_ARMHF,
		  "raspios-bookworm-armhf" },
		{ "raspbian", "bullseye", true, ARCH_ARMHF,
		  "raspios-bullseye-armhf" },
		{ "debian", "bookworm", true, ARCH_ARMHF,
		  "raspios-bookworm-armhf" },
		{ "debian", "bookworm", false, ARCH_ARMHF,
		  "debian-bookworm-armhf" },
		{ "debian", "bullseye", false, ARCH_ARMHF,
		  "debian-bullseye-armhf" },
		{ "raspbian", "buster", true, ARCH_ARMHF,
		  "raspios-buster-armhf" },
		{ "raspbian", "forky", true, ARCH_ARMHF, "generic-armhf" },
		{ "ubuntu", "jammy", false, ARCH_ARMHF, "ubuntu" },
		{ NULL, NULL, false, ARCH_ARMHF, "generic-armhf" },
		{ "debian", "bookworm", false, ARCH_ARM64,
		  "debian-bookworm-arm64" },
		{ "debian", "bookworm", true, ARCH_ARM64,
		  "raspios-bookworm-arm64" },
		{ "debian", "bookworm", false, ARCH_OTHER, NULL },
	};
	/* clang-format on */
	autoprofiles struct profiles all = { 0 };

	unsetenv("PIMIGRATE_PROFILES");
	if (profile_load(NULL, &all, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		test_failed();
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		autofree char *os = rows[i].os ? xstrdup(rows[i].os) : NULL;
		autofree char *suite = rows[i].suite ? xstrdup(rows[i].suite)
						     : NULL;
		struct guest g = { .os_id = os,
				   .suite = suite,
				   .raspberry = rows[i].raspberry,
				   .arch = rows[i].arch };
		const struct profile *p = match_profile(&all, &g, &no_files);

		check(!p == !rows[i].want);
		check(!p || !strcmp(p->name, rows[i].want));
	}
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_refused();
	test_read();
	test_layers();
	test_folders();
	test_ours();
	rmdir(dir);
	return test_done();
}
