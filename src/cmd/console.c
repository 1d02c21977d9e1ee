/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console: be one of the readers of a guest's console. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "domain/xml.h"
#include "run/console.h"
#include "run/status.h"
#include "store/store.h"

enum {
	ESCAPE = 0x1d,     /* Ctrl-], as virsh and telnet have it */
	SHOWN = 128 << 10, /* bytes of what was printed before */
	FOLLOW_MS = 500
};

/* The terminal in raw mode, as long as the scope lasts. */
struct raw_terminal {
	bool set;
	struct termios before;
};

static void terminal_restore(struct raw_terminal *t)
{
	if (t->set)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
}

static void terminal_raw(struct raw_terminal *t)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &t->before) < 0)
		return;
	raw = t->before;
	cfmakeraw(&raw);
	t->set = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* False: the user wants to leave, or there is nothing more to type. */
static bool type(int guest, bool *stdin_open)
{
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	char *escape;

	if (n <= 0) {
		*stdin_open = false;
		return true;
	}
	escape = isatty(STDIN_FILENO) ? memchr(bytes, ESCAPE, (size_t)n) : NULL;
	io_write(guest, bytes, escape ? (size_t)(escape - bytes) : (size_t)n);
	return !escape;
}

static int copy_both_ways(int guest, struct err *err)
{
	bool stdin_open = true;

	for (;;) {
		struct pollfd fds[] = {
			{ stdin_open ? STDIN_FILENO : -1, POLLIN, 0 },
			{ guest, POLLIN, 0 },
		};
		char bytes[4096];
		ssize_t n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot poll");
		if (fds[0].revents && !type(guest, &stdin_open))
			return 0;
		if (!fds[1].revents)
			continue;
		n = read(guest, bytes, sizeof(bytes));
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return 0; /* the guest is off */
		if (n > 0 && io_write(STDOUT_FILENO, bytes, (size_t)n) < 0)
			return 0;
	}
}

static void say_how_to_leave(const char *name, const struct cmd_ctx *ctx)
{
	if (isatty(STDIN_FILENO) && !ctx->quiet)
		fprintf(stderr,
			"This is the console of %s. Leave it with "
			"Ctrl-].\n",
			name);
}

/* What is new in the log; it was cut if the guest was started again. */
static void copy_log(int log)
{
	off_t at = lseek(log, 0, SEEK_CUR), end = lseek(log, 0, SEEK_END);
	char bytes[4096];
	ssize_t n;

	lseek(log, at > end ? 0 : at, SEEK_SET);
	while ((n = read(log, bytes, sizeof(bytes))) > 0)
		if (io_write(STDOUT_FILENO, bytes, (size_t)n) < 0)
			return;
}

/* libvirt gives a console to one person at a time; the others may read. */
static int follow_log(const struct machine *m, int log, struct err *err)
{
	struct status status;
	int r;

	fprintf(stderr, "Somebody else has this console: you can read, not "
			"type. Leave it with Ctrl-C.\n");
	for (;;) {
		copy_log(log);
		r = guest_status(m, &status, err);
		if (r < 0)
			return r;
		status_free(&status);
		if (status.state == STATUS_OFF)
			return 0;
		poll(NULL, 0, FOLLOW_MS);
	}
}

static int libvirt_console(const struct machine *m, const struct cmd_ctx *ctx,
			   struct err *err)
{
	autofree char *path = libvirt_console_log(m);
	autoclose int log = open(path, O_RDONLY | O_CLOEXEC);
	__attribute__((__cleanup__(
		terminal_restore))) struct raw_terminal terminal = { 0 };
	autohost struct domain_host *host = NULL;
	autoclose int guest = -1;
	int r;

	domain_console_prepare();
	r = domain_host_open(m->libvirt, &host, err);
	if (r < 0)
		return r;
	guest = domain_console(host, m->uuid, m->console_hvc0 ? XML_HVC0 : NULL,
			       err);
	if (guest < 0 && (guest != -EBUSY || log < 0))
		return guest;
	if (guest >= 0)
		say_how_to_leave(m->name, ctx);
	if (log >= 0) {
		if (lseek(log, -SHOWN, SEEK_END) < 0)
			lseek(log, 0, SEEK_SET);
		copy_log(log);
	}
	if (guest < 0) {
		err->text[0] = 0; /* it is no error to read only */
		return follow_log(m, log, err);
	}
	terminal_raw(&terminal);
	return copy_both_ways(guest, err);
}

static int our_console(const struct machine *m, const struct cmd_ctx *ctx,
		       struct err *err)
{
	autofree char *dir = store_runtime_dir(m->name);
	autofree char *path = xasprintf("%s/console.sock", dir);
	__attribute__((__cleanup__(
		terminal_restore))) struct raw_terminal terminal = { 0 };
	autoclose int guest = console_connect(path, err);

	if (guest < 0)
		return guest;
	say_how_to_leave(m->name, ctx);
	terminal_raw(&terminal);
	return copy_both_ways(guest, err);
}

static int console_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	struct machine m;
	struct status status;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	r = guest_status(&m, &status, err);
	if (!r) {
		status_free(&status);
		if (status.state == STATUS_OFF)
			r = err_set(err, EIO,
				    "guest '%s' is off; start it with: "
				    "pimigrate start %s",
				    name, name);
	}
	if (!r)
		r = m.libvirt ? libvirt_console(&m, ctx, err)
			      : our_console(&m, ctx, err);
	machine_free(&m);
	return cmd_host(r);
}

const struct cmd cmd_console = {
	.name = "console",
	.help = "see and use a guest's console",
	.args = "NAME",
	.about = "What was printed before is shown first. Several people may "
		 "look at one time;\nat a guest of libvirt's only the first "
		 "can type.  Ctrl-] leaves; the guest goes on.",
	.min_args = 1,
	.max_args = 1,
	.run = console_run,
};
