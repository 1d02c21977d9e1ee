/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console between an engine's serial line and several readers. */
#include "run/console.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"

struct rig {
	char dir[32];
	char *sock, *log;
	struct console con;
	int serial; /* the engine's end */
	struct str lines;
};

static void on_line(void *arg, const char *line)
{
	struct rig *rig = arg;

	str_addf(&rig->lines, "[%s]", line);
}

static void attach(struct rig *rig)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       fds) < 0)
		abort();
	console_attach(&rig->con, fds[0]);
	rig->serial = fds[1];
}

static void setup(struct rig *rig)
{
	struct err err;

	*rig = (struct rig){ .dir = "/tmp/test-console-XXXXXX" };
	if (!mkdtemp(rig->dir))
		abort();
	rig->sock = xasprintf("%s/sock", rig->dir);
	rig->log = xasprintf("%s/log", rig->dir);
	rig->con.on_line = on_line;
	rig->con.arg = rig;
	check_eq(console_init(&rig->con, rig->sock, rig->log, &err), 0);
	attach(rig);
}

static void teardown(struct rig *rig)
{
	struct err err;

	console_fini(&rig->con);
	close(rig->serial);
	free(rig->sock);
	free(rig->log);
	str_free(&rig->lines);
	check_eq(files_remove_tree(rig->dir, &err), 0);
}

/* Everything that is ready, until nothing is. */
static void turn(struct rig *rig)
{
	struct pollfd fds[CONSOLE_FDS];
	unsigned int n = console_poll(&rig->con, fds);

	check(n <= CONSOLE_FDS);
	for (int i = 0; i < 100 && poll(fds, n, 0) > 0; i++) {
		console_ready(&rig->con, fds, n);
		n = console_poll(&rig->con, fds);
	}
}

static void guest_prints(struct rig *rig, const char *text)
{
	check_eq(write(rig->serial, text, strlen(text)), strlen(text));
	turn(rig);
}

static int reader(struct rig *rig)
{
	struct err err;
	int fd = console_connect(rig->sock, &err);

	check(fd >= 0);
	turn(rig);
	return fd;
}

static void reads(int fd, const char *want)
{
	char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = 0;
	check_text(text, want);
}

static void several_readers(void)
{
	struct rig rig;
	int a, b;

	setup(&rig);
	guest_prints(&rig, "before\r\n");
	a = reader(&rig);
	reads(a, "before\r\n"); /* what was printed before it came */
	b = reader(&rig);
	reads(b, "before\r\n");
	guest_prints(&rig, "both\r\n");
	reads(a, "both\r\n");
	reads(b, "both\r\n");
	/* what either types goes to the guest, and to nobody else */
	check_eq(write(a, "root\r", 5), 5);
	turn(&rig);
	reads(rig.serial, "root\r");
	reads(b, "");
	close(a);
	turn(&rig);
	guest_prints(&rig, "one\r\n");
	reads(b, "one\r\n");
	close(b);
	teardown(&rig);
}

static void lines_and_login(void)
{
	struct rig rig;

	setup(&rig);
	guest_prints(&rig, "\033[0;1mDebian\033[0m 12\r\n\r\nhome");
	check(!rig.con.login);
	guest_prints(&rig, "pi login: ");
	check(rig.con.login);
	check_text(rig.lines.text, "[Debian 12][homepi login: ]");
	/* colours and such are no part of a line, whole or cut off */
	str_free(&rig.lines);
	guest_prints(&rig, "\r\n\033[?25");
	guest_prints(&rig, "lx\033Dy\033[1\nz\n");
	check_text(rig.lines.text, "[homepi login: ][xy][z]");
	/* the next start waits for a new one */
	close(rig.serial);
	attach(&rig);
	check(!rig.con.login);
	guest_prints(&rig, "last login: never\r\n");
	check(!rig.con.login);
	guest_prints(&rig, "homepi login: ");
	check(rig.con.login);
	teardown(&rig);
}

/* What follows the prompt may come with it. */
static void automatic_login(void)
{
	struct rig rig;

	setup(&rig);
	guest_prints(&rig, "Last login: ");
	guest_prints(&rig, "Sun Nov 22 on ttyAMA0\r\n");
	check(!rig.con.login);
	str_free(&rig.lines);
	guest_prints(&rig, "homepi login: pi (automatic login)\r\n\r\nLi");
	check(rig.con.login);
	check_text(rig.lines.text,
		   "[homepi login: ][homepi login: pi (automatic login)]");
	teardown(&rig);
}

/* A line without end is cut; what is kept is the newest. */
static void much_output(void)
{
	autofree char *line = xmalloc(5000), *kept = xmalloc(CONSOLE_KEPT + 1);
	struct rig rig;
	size_t n = 0;
	ssize_t r;
	int fd;

	setup(&rig);
	memset(line, 'x', 4999);
	line[4999] = 0;
	guest_prints(&rig, line);
	check_eq(rig.con.line_len, CONSOLE_LINE - 1);
	guest_prints(&rig, "\n");
	check_eq(rig.con.line_len, 0);
	for (int i = 0; i < CONSOLE_KEPT / 4999; i++)
		guest_prints(&rig, line);
	guest_prints(&rig, "the end");
	fd = reader(&rig);
	while ((r = recv(fd, kept + n, CONSOLE_KEPT + 1 - n, MSG_DONTWAIT)) > 0)
		n += (size_t)r;
	check_eq(n, CONSOLE_KEPT);
	check(!memcmp(kept + n - 7, "the end", 7));
	close(fd);
	teardown(&rig);
}

/* One that does not read is dropped, and holds nobody up. */
static void sleeping_reader(void)
{
	autofree char *line = xmalloc(4096);
	struct rig rig;
	int fd;

	setup(&rig);
	memset(line, 'x', 4095);
	line[4095] = 0;
	fd = reader(&rig);
	for (int i = 0; i < 400 && rig.con.reader[0] >= 0; i++)
		guest_prints(&rig, line);
	check_eq(rig.con.reader[0], -1);
	close(fd);
	teardown(&rig);
}

static void too_many_readers(void)
{
	int fds[CONSOLE_READERS + 1];
	struct rig rig;
	char c;

	setup(&rig);
	for (int i = 0; i <= CONSOLE_READERS; i++)
		fds[i] = reader(&rig);
	check_eq(recv(fds[CONSOLE_READERS], &c, 1, MSG_DONTWAIT), 0); /* end */
	guest_prints(&rig, "x");
	for (int i = 0; i < CONSOLE_READERS; i++) {
		reads(fds[i], "x");
		close(fds[i]);
	}
	turn(&rig);
	for (int i = 0; i < CONSOLE_READERS; i++)
		check_eq(rig.con.reader[i], -1);
	close(fds[CONSOLE_READERS]);
	teardown(&rig);
}

/* Somebody types while the guest is off. */
static void engine_gone(void)
{
	struct rig rig;
	int fd;

	setup(&rig);
	fd = reader(&rig);
	shutdown(rig.serial, SHUT_RDWR);
	turn(&rig);
	check_eq(rig.con.engine, -1);
	check_eq(write(fd, "hello", 5), 5);
	turn(&rig);
	reads(fd, "");
	close(fd);
	teardown(&rig);
}

static void log_file(void)
{
	autofree char *text = NULL;
	struct rig rig;
	struct stat st;
	struct err err;

	setup(&rig);
	guest_prints(&rig, "a line\r\n");
	check_eq(files_read(rig.log, 1000, &text, NULL, &err), 0);
	check_text(text, "a line\r\n");
	check(!stat(rig.log, &st));
	check_eq(st.st_mode & 0777, 0600); /* passwords are typed there */
	teardown(&rig);
}

/* Where the log is to be lies what somebody else put there. */
static void log_is_a_link(void)
{
	autofree char *mine = NULL, *other = NULL, *text = NULL;
	struct console con = { .engine = -1 };
	struct rig rig;
	struct stat st;
	struct err err;

	setup(&rig);
	check(!stat(rig.sock, &st));
	check_eq(st.st_mode & 0777, 0660);
	mine = xasprintf("%s/mine", rig.dir);
	other = xasprintf("%s/other", rig.dir);
	check_eq(files_replace(mine, "kept", 4, 0600, &err), 0);
	check(!symlink(mine, other));
	check_eq(console_init(&con, rig.sock, other, &err), -ELOOP);
	check_has(err.text, "symbolic link");
	check_eq(files_read(mine, 1000, &text, NULL, &err), 0);
	check_text(text, "kept");
	console_fini(&con);
	teardown(&rig);
}

/* The last of what was printed is kept, not the first. */
static void full_log(void)
{
	autofree char *last = NULL, *old = NULL;
	struct rig rig;
	struct stat st;
	struct err err;
	char line[4096];

	setup(&rig);
	old = xasprintf("%s.0", rig.log);
	memset(line, 'x', 4095);
	line[4095] = 0;
	for (int i = 0; i < 3 * 1024; i++) /* 12 MiB */
		guest_prints(&rig, line);
	guest_prints(&rig, "the last line\r\n");
	check(!stat(rig.log, &st) && st.st_size <= 4 << 20);
	check(!stat(old, &st) && st.st_size <= 4 << 20);
	check_eq(st.st_mode & 0777, 0600);
	check_eq(files_read(rig.log, 4 << 20, &last, NULL, &err), 0);
	check(last && strstr(last, "the last line"));
	teardown(&rig);
}

static void bad_paths(void)
{
	char path[200];
	struct console con = { .engine = -1 };
	struct err err;

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	check_eq(console_connect(path, &err), -ENAMETOOLONG);
	check_eq(console_init(&con, path, NULL, &err), -ENAMETOOLONG);
	console_fini(&con);
	check_eq(console_init(&con, "/nonexistent/sock", NULL, &err), -ENOENT);
	check_has(err.text, "/nonexistent/sock");
	console_fini(&con);
	check(console_connect("/nonexistent/sock", &err) < 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	several_readers();
	lines_and_login();
	automatic_login();
	much_output();
	sleeping_reader();
	too_many_readers();
	engine_gone();
	log_file();
	log_is_a_link();
	full_log();
	bad_paths();
	return test_done();
}
