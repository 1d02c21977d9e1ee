/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/run.h"
#include "test.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void output_and_status(void)
{
	struct run_child child = {
		.argv = ARGV("sh", "-c", "echo one; echo two >&2; exit 3"),
	};
	autorun struct run_result res = { 0 };
	struct err err;

	check(run_child(&child, &res, &err) == 0);
	check(!strcmp(res.out.text, "one\n"));
	check(!strcmp(res.errors.text, "two\n"));
	check_eq(res.status, 3);
	check_eq(res.signal, 0);
}

static void input_is_given(void)
{
	struct run_child child = { .argv = ARGV("cat"),
				   .input = "a\0b",
				   .input_len = 3 };
	autorun struct run_result res = { 0 };
	struct err err;

	check(run_child(&child, &res, &err) == 0);
	check_eq(res.out.len, 3);
	check(!memcmp(res.out.text, "a\0b", 3));
	run_result_free(&res);

	child.input = NULL; /* not the terminal, not ours: nothing */
	check(run_child(&child, &res, &err) == 0);
	check_eq(res.out.len, 0);
}

/* A child that never reads its input must not hold us up. */
static void input_unread(void)
{
	static char much[300000];
	struct run_child child = { .argv = ARGV("true"),
				   .input = much,
				   .input_len = sizeof(much),
				   .timeout_ms = 20000 };
	struct err err;

	check(run_check(&child, NULL, &err) == 0);
}

static void too_much_output(void)
{
	struct run_child child = {
		.argv = ARGV("sh", "-c", "yes | head -c 200000; exit 1"),
		.limit = 1000,
	};
	autorun struct run_result res = { 0 };
	struct err err;

	check(run_child(&child, &res, &err) == 0);
	check_eq(res.out.len, 1000);
	check(res.truncated);
	check_eq(res.status, 1);
}

/* The grandchild too: it holds the pipe, and the sleep would show. */
static void time_is_over(void)
{
	struct run_child child = {
		.argv = ARGV("sh", "-c", "sleep 60 & sleep 60"),
		.timeout_ms = 200,
	};
	struct run_result res;
	time_t start = time(NULL);
	struct err err;

	check(run_child(&child, &res, &err) == -ETIMEDOUT);
	check(strstr(err.text, "'sh'"));
	check(time(NULL) - start < 20);
}

/* The child ends, its own child keeps the pipe open: we do not wait. */
static void grandchild_keeps_pipe(void)
{
	struct run_child child = {
		.argv = ARGV("sh", "-c", "sleep 5 & echo done"),
	};
	autorun struct run_result res = { 0 };
	time_t start = time(NULL);
	struct err err;

	check(run_child(&child, &res, &err) == 0);
	check(!strcmp(res.out.text, "done\n"));
	check(time(NULL) - start < 5);
}

static void failures(void)
{
	struct run_child child = { .argv = ARGV("no-such-program-here") };
	autostr struct str out = { 0 };
	struct err err;

	check(run_check(&child, NULL, &err) == -ENOENT);
	check(strstr(err.text, "no-such-program-here"));

	child.argv = ARGV("sh", "-c", "echo first >&2; echo why >&2; exit 7");
	check(run_check(&child, &out, &err) == -EIO);
	check(!strcmp(err.text, "'sh' failed with status 7: why"));
	check(!out.text);

	child.argv = ARGV("sh", "-c", "kill -9 $$");
	check(run_check(&child, NULL, &err) == -EIO);
	check(strstr(err.text, "signal 9"));

	child.argv = ARGV("/etc/passwd");
	check(run_check(&child, NULL, &err) == -EACCES);

	check(run_have("sh"));
	check(!run_have("no-such-program-here"));
}

static void surroundings(void)
{
	struct run_child child = {
		.argv = ARGV("sh", "-c", "pwd; echo $A; echo $HOME"),
		.env = ARGV("A=b"),
		.dir = "/",
	};
	autostr struct str out = { 0 };
	struct err err;

	check(run_check(&child, &out, &err) == 0);
	check(!strcmp(out.text, "/\nb\n\n"));
}

int main(void)
{
	output_and_status();
	input_is_given();
	input_unread();
	too_much_output();
	time_is_over();
	grandchild_keeps_pipe();
	failures();
	surroundings();
	return test_done();
}
