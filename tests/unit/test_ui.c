/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/ui.h"

#include <string.h>

#include "common/cleanup.h"
#include "test.h"

static uint64_t clock_ms = 1000;

static uint64_t fake_now(void)
{
	return clock_ms;
}

static void test_numbers(void)
{
	char b[16], t[24];

	check(!strcmp(ui_bytes(0, b), "0 bytes"));
	check(!strcmp(ui_bytes(999, b), "999 bytes"));
	check(!strcmp(ui_bytes(1000, b), "1.0 kB"));
	check(!strcmp(ui_bytes(9949, b), "9.9 kB"));
	check(!strcmp(ui_bytes(9951, b), "10 kB"));
	check(!strcmp(ui_bytes(999999, b), "1.0 MB"));
	check(!strcmp(ui_bytes(31914983424, b), "32 GB"));
	check(!strcmp(ui_bytes(UINT64_MAX, b), "18446744 TB"));
	check(!strcmp(ui_time(0, t), "0.0 s"));
	check(!strcmp(ui_time(9960, t), "10 s"));
	check(!strcmp(ui_time(185000, t), "3 min 05 s"));
	check(!strcmp(ui_time(7800000, t), "2 h 10 min"));
	check(strlen(ui_time(UINT64_MAX, t)) < 24);
}

/* What a run of calls wrote. */
static char *shown(void (*calls)(struct ui *ui), bool silent, bool terminal)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct ui ui = { .out = f,
			 .silent = silent,
			 .terminal = terminal,
			 .now = fake_now };

	calls(&ui);
	ui_fini(&ui);
	fclose(f);
	return text;
}

static void copy_20s(struct ui *ui)
{
	ui_steps(ui, 3);
	ui_step(ui, "copy %s", "it");
	ui_step(ui, "again");
	for (unsigned int s = 0; s <= 20; s++) {
		ui_progress(ui, s * 1000000, 40000000);
		clock_ms += 1000;
	}
	ui_warn(ui, "slow");
	ui_progress_end(ui, 20000000);
	ui_progress_end(ui, 1);
}

static unsigned int count(const char *in, const char *what)
{
	unsigned int n = 0;

	for (; (in = strstr(in, what)); in++)
		n++;
	return n;
}

static void nothing_came(struct ui *ui)
{
	ui_progress(ui, 0, 100);
	clock_ms += 3000;
	ui_progress_end(ui, 0);
}

static void test_nothing(void)
{
	autofree char *text = shown(nothing_came, false, false);

	check(!*text);
}

static void test_plain(void)
{
	autofree char *text = shown(copy_20s, false, false);

	check(strstr(text, "[1/3] copy it\n[2/3] again\n") == text);
	check_eq(count(text, "MB of 40 MB"), 2);
	check(strstr(text, "10 MB of 40 MB, 1.0 MB/s, 30 s left\n") != NULL);
	check(strstr(text, "20 MB in 21 s\n") != NULL);
	check_eq(count(text, " in "), 1);
	check(!strchr(text, '\r') && !strchr(text, '\033'));
}

static void test_terminal(void)
{
	autofree char *text = shown(copy_20s, false, true);

	check_eq(count(text, "\r\033[K"), 21);
	check_eq(count(text, "\033[1m"), 0);
	check(strstr(text, "[###############...............] 20 MB") != NULL);
	check(strstr(text, "\r\033[Kwarning: slow\n") != NULL);
}

static void test_silent(void)
{
	autofree char *text = shown(copy_20s, true, true);

	check(!strcmp(text, "warning: slow\n"));
}

int main(void)
{
	test_numbers();
	test_nothing();
	test_plain();
	test_terminal();
	test_silent();
	return test_done();
}
