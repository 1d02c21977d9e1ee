/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "host/files.h"

/* A guest that prints for ever must not fill the host's /run: there are two
 * logs of that size at most. */
enum {
	LOG_MAX = 4 << 20
};

static int socket_at(const char *path, struct sockaddr_un *ret_addr,
		     struct err *err)
{
	int fd;

	*ret_addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_addr->sun_path))
		return err_set(err, ENAMETOOLONG,
			       "the socket '%s' has too long a name (107 "
			       "characters at most)",
			       path);
	strcpy(ret_addr->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a socket");
	return fd;
}

int console_connect(const char *path, struct err *err)
{
	struct sockaddr_un addr;
	autoclose int fd = socket_at(path, &addr, err);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_errno(err, errno, "cannot connect to console '%s'",
				 path);
	return steal_fd(&fd);
}

static int open_log(struct console *con, struct err *err)
{
	con->logged = 0;
	con->log = files_open_log(con->log_path, err);
	return con->log < 0 ? con->log : 0;
}

int console_init(struct console *con, const char *path, const char *log_path,
		 struct err *err)
{
	struct sockaddr_un addr;
	int fd = socket_at(path, &addr, err);
	mode_t mask;
	int bound;

	con->engine = con->log = -1;
	con->listener = fd;
	for (int i = 0; i < CONSOLE_READERS; i++)
		con->reader[i] = -1;
	if (fd < 0)
		return fd;
	con->kept = xmalloc(CONSOLE_KEPT);
	unlink(path);
	/* Under systemd the user's group may use the console too.  Not by
	 * chmod(), which follows what may have taken the socket's place. */
	mask = umask(0117);
	bound = bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (bound < 0 || listen(fd, CONSOLE_READERS) < 0)
		return err_errno(err, errno, "cannot listen at '%s'", path);
	if (!log_path)
		return 0;
	con->log_path = xstrdup(log_path);
	con->old_log_path = xasprintf("%s.0", log_path);
	unlink(con->old_log_path);
	return open_log(con, err);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void console_fini(struct console *con)
{
	drop(&con->engine);
	drop(&con->listener);
	drop(&con->log);
	for (int i = 0; i < CONSOLE_READERS; i++)
		drop(&con->reader[i]);
	free(con->kept);
	free(con->log_path);
	free(con->old_log_path);
	con->kept = con->log_path = con->old_log_path = NULL;
}

void console_attach(struct console *con, int fd)
{
	drop(&con->engine);
	con->engine = fd;
	con->login = false;
	con->escape = ESCAPE_NONE;
	con->line_len = 0;
}

unsigned int console_poll(const struct console *con, struct pollfd *fds)
{
	unsigned int n = 0;

	fds[n++] = (struct pollfd){ con->engine, POLLIN, 0 };
	fds[n++] = (struct pollfd){ con->listener, POLLIN, 0 };
	for (int i = 0; i < CONSOLE_READERS; i++)
		fds[n++] = (struct pollfd){ con->reader[i], POLLIN, 0 };
	return n;
}

static bool ends_in(const char *line, unsigned int len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(line + len - n, with, n);
}

/*
 * Colours and cursor movements do not belong into a line: an escape sequence
 * is passed over (ECMA-48 5.4: ESC [, parameters, one byte from @ to ~; other
 * sequences are ESC and one byte).
 */
static bool in_escape(struct console *con, char c)
{
	switch (con->escape) {
	case ESCAPE_NONE:
		con->escape = c == 033 ? ESCAPE_BEGUN : ESCAPE_NONE;
		return c == 033;
	case ESCAPE_BEGUN:
		con->escape = c == '[' ? ESCAPE_CONTROL : ESCAPE_NONE;
		return true;
	case ESCAPE_CONTROL:
		if (c < ' ' || (c >= '@' && c <= '~'))
			con->escape = ESCAPE_NONE;
		return c >= ' ';
	}
	return false;
}

/* What login(1) says of the last login is no prompt. */
static bool at_prompt(const struct console *con)
{
	static const char last[] = "last login: ";

	return ends_in(con->line, con->line_len, " login: ") &&
	       (con->line_len != strlen(last) ||
		strncasecmp(con->line, last, strlen(last)) != 0);
}

/* The prompt does not end its line, and what follows may come with it:
 * "pi login: root (automatic login)". */
static void look_for_prompt(struct console *con)
{
	if (con->login || !at_prompt(con))
		return;
	con->login = true;
	con->line[con->line_len] = 0;
	if (con->on_line)
		con->on_line(con->arg, con->line);
}

/* Lines for the journal, and the prompt. */
static void follow_lines(struct console *con, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (in_escape(con, c))
			continue;
		if (c == '\n') {
			con->line[con->line_len] = 0;
			if (con->line_len && con->on_line)
				con->on_line(con->arg, con->line);
			con->line_len = 0;
		} else if ((c >= ' ' || c == '\t' || (c & 0x80)) &&
			   con->line_len < CONSOLE_LINE - 1) {
			con->line[con->line_len++] = c;
			if (c == ' ')
				look_for_prompt(con);
		}
	}
}

/* The full log is kept as the old one, and a new one is begun. */
static void roll(struct console *con)
{
	struct err ignored;

	drop(&con->log);
	rename(con->log_path, con->old_log_path);
	open_log(con, &ignored);
}

static void keep(struct console *con, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		con->kept[con->printed++ % CONSOLE_KEPT] = bytes[i];
	if (con->log >= 0 && con->logged + n > LOG_MAX)
		roll(con);
	if (con->log >= 0) {
		io_write(con->log, bytes, n);
		con->logged += n;
	}
}

/* A reader with a full buffer sleeps: it may come back and be shown what it
 * missed. */
static void give(int *reader, const char *bytes, size_t n)
{
	if (*reader >= 0 && send(*reader, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		drop(reader);
}

static void from_engine(struct console *con)
{
	char bytes[4096];
	ssize_t n = read(con->engine, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(&con->engine);
	if (n <= 0)
		return;
	keep(con, bytes, (size_t)n);
	for (int i = 0; i < CONSOLE_READERS; i++)
		give(&con->reader[i], bytes, (size_t)n);
	follow_lines(con, bytes, (size_t)n);
}

static void show_kept(const struct console *con, int *reader)
{
	uint64_t from = con->printed > CONSOLE_KEPT
				? con->printed - CONSOLE_KEPT
				: 0;
	uint64_t first = from % CONSOLE_KEPT, n = con->printed - from;
	uint64_t part = n < CONSOLE_KEPT - first ? n : CONSOLE_KEPT - first;
	int room = CONSOLE_KEPT * 2;

	setsockopt(*reader, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (part)
		give(reader, con->kept + first, part);
	if (n > part)
		give(reader, con->kept, n - part);
}

static void new_reader(struct console *con)
{
	int fd = accept4(con->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (int i = 0; fd >= 0 && i < CONSOLE_READERS; i++)
		if (con->reader[i] < 0) {
			con->reader[i] = fd;
			show_kept(con, &con->reader[i]);
			return;
		}
	if (fd >= 0)
		close(fd);
}

static void from_reader(struct console *con, int *reader)
{
	char bytes[512];
	ssize_t n = read(*reader, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(reader);
	if (n > 0 && con->engine >= 0)
		send(con->engine, bytes, (size_t)n, MSG_NOSIGNAL);
}

void console_ready(struct console *con, const struct pollfd *fds,
		   unsigned int n)
{
	if (n > 0 && fds[0].revents && con->engine >= 0)
		from_engine(con);
	for (unsigned int i = 2; i < n; i++)
		if (fds[i].revents && con->reader[i - 2] == fds[i].fd)
			from_reader(con, &con->reader[i - 2]);
	if (n > 1 && fds[1].revents)
		new_reader(con);
}
