/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include <errno.h>
#include <string.h>

#include "test.h"

static bool flag, json;
static const char *name, *mode;
static struct opt_list forwards;
static uint64_t cpus, memory;
static unsigned int engine;
static const char *const engines[] = { "pimigrate", "qemu", NULL };

/* clang-format off */
static const struct opt rows[] = {
	{ "--strict", OPT_FLAG, &flag, .help = "h" },
	{ "-on --name", OPT_STRING, &name, "NAME", "h" },
	{ "-o", OPT_STRING, &mode, "MODE", "h" },
	{ "--forward", OPT_LIST, &forwards, "PORT", "h" },
	{ "--cpus", OPT_NUMBER, &cpus, "N", "h", .lo = 1, .hi = 8 },
	{ "-m --memory", OPT_SIZE, &memory, "SIZE", "h" },
	{ "--engine", OPT_CHOICE, &engine, "NAME", "h", .choices = engines },
	OPT_END,
};
static const struct opt more[] = {
	{ "--json --machine-readable", OPT_FLAG, &json, .help = "h" },
	OPT_END,
};
/* clang-format on */

static struct err err;
static char *argv_[16];
static int nargs;

/* The words of a line, read by both tables. */
static int read_line(const char *line, bool first_word)
{
	static char copy[256];
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		argv_[n++] = w;
	argv_[n] = NULL;
	err.text[0] = 0;
	return options_read(rows, more, first_word, n, argv_, &nargs, &err);
}

static void test_words(void)
{
	check(!read_line("card.img -on pi -o local --strict x", false));
	check_eq(nargs, 2);
	check(!strcmp(argv_[0], "card.img") && !strcmp(argv_[1], "x"));
	check(!strcmp(name, "pi") && !strcmp(mode, "local") && flag);

	check(!read_line("--name=a=b --machine-readable", false));
	check(!strcmp(name, "a=b") && json && nargs == 0);
	check(!read_line("--name= --", false));
	check(!strcmp(name, "") && nargs == 0);
	check(!read_line("- -- --strict -on", false));
	check_eq(nargs, 3);
	check(!strcmp(argv_[1], "--strict"));
}

static void test_first_word(void)
{
	json = false;
	check(!read_line("--json run --unknown -- x", true));
	check_eq(nargs, 4);
	check(json && !strcmp(argv_[1], "--unknown"));
}

static void test_values(void)
{
	check(!read_line("--forward 80 --forward=81 --forward 82", false));
	check_eq(forwards.words.n, 3);
	check(!strcmp(forwards.words.at[2], "82"));
	vec_free(&forwards.words);

	check(!read_line("--cpus 8 -m 1g --engine qemu", false));
	check_eq(cpus, 8);
	check_eq(memory, 1ull << 30);
	check_eq(engine, 1);
}

static void refused(const char *line, const char *says)
{
	check(read_line(line, false) == -EINVAL);
	if (!strstr(err.text, says)) {
		fprintf(stderr, "%s: said '%s'\n", line, err.text);
		test_failed();
	}
}

static void test_refused(void)
{
	refused("--strcit", "did you mean '--strict'?");
	refused("--foward=9", "did you mean '--forward'?");
	refused("--jsno", "did you mean '--json'?");
	refused("--completely-else", "there is no option");
	check(!strstr(err.text, "mean"));
	refused("-on", "wants a NAME");
	refused("--strict=yes", "takes no value");
	refused("--cpus 0", "from 1 to 8");
	refused("--cpus 9", "from 1 to 8");
	refused("--cpus 2x", "from 1 to 8");
	refused("-m 99999999999999T", "size");
	refused("--engine bochs", "one of pimigrate, qemu");
	refused("--a-word-that-is-much-longer-than-what-is-compared-with-others",
		"there is no option");
}

int main(void)
{
	test_words();
	test_first_word();
	test_values();
	test_refused();
	return test_done();
}
