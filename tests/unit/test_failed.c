/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/failed.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "fake_tree.h"
#include "test.h"

static void console(void)
{
	static const char text[] =
		"[  \033[0;32mOK\033[0m  ] Started \033[0;1;39mcron.service\033[0m.\r\n"
		"[\033[0;1;31mFAILED\033[0m] Failed to start \033[0;1;39mhciuart.service\033[0m - Modems.\r\n"
		"[\033[0;1;31mFAILED\033[0m] Failed to start \033[0;1;39mhciuart.service\033[0m - Modems.\r\n"
		"See 'systemctl status hciuart.service' for details.\r\n"
		"[FAILED] Failed to start a rather lo…name.service.\n"
		"said by a program: Failed to start the car.\n";
	autofailed struct failed f = { 0 };

	failed_on_console(text, &f);
	check_eq(f.names.n, 2);
	check(!strcmp(f.names.at[0], "hciuart.service - Modems"));
	check(!strcmp(f.names.at[1], "a rather lo…name.service"));
}

/* Two boots in one log; as systemd before 250 writes it, too. */
static void in_a_line(void)
{
	autofailed struct failed two = { 0 }, none = { 0 };
	autofree char *text = NULL;

	failed_on_console(
		"[\33[0;1;31mFAILED\33[0m] Failed to start before.service.\n"
		"[    0.0] Booting Linux on physical CPU 0x0\n"
		"[\33[0;32m  OK  \33[0m] Started Failed to start is no unit.\r\n"
		"[\33[0;1;31mFAILED\33[0m] Failed to start ssh.service - "
		"OpenBSD Secure Shell server.\r\n"
		"[FAILED] Failed to start Raise network interfaces.\n",
		&two);
	text = failed_text(&two);
	check(text && !strcmp(text, "ssh.service, Raise network interfaces"));
	failed_on_console("[  OK  ] Started all of it\n", &none);
	check(!failed_text(&none));
	check(failed_has_boot("[    0.0] Booting Linux on physical CPU 0x0\n"));
	check(!failed_has_boot("[  OK  ] Started all of it\n"));
}

static void journal(void)
{
	static const char bytes[] =
		"LPKSHHRH\0\1MESSAGE=Failed to start hciuart.service - Modems.\0\0\1"
		"\0MESSAGE=Started cron.\0\0\1\0"
		"MESSAGE=Failed to start a rather long name.service.\1\0"
		"NOTE=Failed to start the car.\1\0";
	static struct fake_tree files;
	struct tree t = fake_tree(&files);
	autofailed struct failed f = { 0 };

	failed_in_logs(&t, &f);
	check(!f.known);
	fake_bytes(&files, "/var/log/journal/0123/system.journal", bytes,
		   sizeof(bytes));
	failed_in_logs(&t, &f);
	check(f.known);
	check_eq(f.names.n, 2);
	check(failed_has(&f, "hciuart.service - Modems"));
	check(failed_has(&f, "a rather lo…name.service"));
	check(!failed_has(&f, "a rather lo…game.service"));
	check(!failed_has(&f, "the car"));
}

static void syslog_lines(void)
{
	static struct fake_tree files;
	struct tree t = fake_tree(&files);
	autofailed struct failed f = { 0 };

	fake_file(&files, "/var/log/syslog",
		  "Oct 10 10:10:10 pi systemd[1]: Failed to start Modems.\n"
		  "Oct 10 10:10:10 pi sh[7]: Failed to start the car.\n");
	failed_in_logs(&t, &f);
	check_eq(f.names.n, 1);
	check(failed_has(&f, "Modems"));
}

/* A message where one piece that is read ends and the next begins. */
static void over_an_edge(void)
{
	enum {
		CHUNK = 1 << 20
	};
	static const char words[] = "MESSAGE=Failed to start edge.service.";
	static char bytes[2 * CHUNK];

	for (size_t back = 0; back <= sizeof(words); back += 5) {
		static struct fake_tree files;
		struct tree t;
		autofailed struct failed f = { 0 };

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + CHUNK - back, words, strlen(words));
		memset(&files, 0, sizeof(files));
		fake_bytes(&files, "/var/log/journal/0/system.journal", bytes,
			   sizeof(bytes));
		t = fake_tree(&files);
		failed_in_logs(&t, &f);
		check(failed_has(&f, "edge.service"));
	}
}

int main(void)
{
	console();
	in_a_line();
	journal();
	syslog_lines();
	over_an_edge();
	return test_done();
}
