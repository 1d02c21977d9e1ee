/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify: the same supervisor as for start, in a child, for a machine whose
 * disks are written to temporary files and whose network ends at this host.
 * It holds the guest's lock, so nobody starts it meanwhile.
 */
#include "cmd/verify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/failed.h"
#include "cmd/off.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "run/engine.h"
#include "run/status.h"
#include "run/supervise.h"
#include "store/store.h"

enum {
	SECONDS = 900,
	POLL_MS = 500,
	STOP_SECONDS = 5,
	PORT_SSH = 22,
	TAIL = 20,          /* lines of the console that are shown */
	LOG_BYTES = 9 << 20 /* a console's log is not longer */
};

static uint64_t arg_seconds = SECONDS;

struct verify {
	const char *name;
	struct machine machine;
	char *runtime, *log, *console;
	pid_t child;
};

static void verify_fini(struct verify *v)
{
	if (v->child > 0) {
		kill(v->child, SIGQUIT);
		waitpid(v->child, NULL, 0);
	}
	machine_free(&v->machine);
	free(v->runtime);
	free(v->log);
	free(v->console);
}

/* Nothing that it writes is kept; nothing that it sends leaves this host. */
static void isolate(struct machine *m)
{
	for (size_t i = 0; i < m->disks.n; i++)
		m->disks.at[i].snapshot = true;
	for (size_t i = 0; i < m->nics.n; i++) {
		struct machine_nic *nic = &m->nics.at[i];

		nic->kind = NIC_USER;
		nic->isolated = true;
		nic->forwards.n = 0;
		if (!i)
			*vec_add(&nic->forwards) =
				(struct machine_forward){ 0, PORT_SSH };
	}
}

/* In the child; its end is told by its status, the reason by its log. */
static void run_child(const struct verify *v, int out)
{
	struct supervise_options opt = { .stop_seconds = STOP_SECONDS };
	struct err err = { 0 };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r;

	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(1);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	r = supervise(&v->machine, &opt, &err);
	if (r < 0)
		dprintf(2, "%s\n", err.text);
	_exit(r < 0);
}

static int start(struct verify *v, struct err *err)
{
	int r = store_runtime_make(v->name, err);
	autoclose int log = r < 0 ? r : files_open_log(v->log, err);

	if (log < 0)
		return log;
	unlink(v->console); /* of another run */
	v->child = fork();
	if (v->child < 0)
		return err_errno(err, errno, "cannot start the supervisor");
	if (!v->child)
		run_child(v, log);
	return 0;
}

/* Does a server of SSH greet on that port of this host?  (RFC 4253 4.2) */
static bool greets(uint16_t port)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char banner[4];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd >= 0 &&
	       !connect(fd, (const struct sockaddr *)&to, sizeof(to)) &&
	       recv(fd, banner, sizeof(banner), MSG_WAITALL) ==
		       sizeof(banner) &&
	       !memcmp(banner, "SSH-", sizeof(banner));
}

static bool is_up(const struct status *status)
{
	if (status->state == STATUS_UP)
		return true;
	return status->state == STATUS_BOOTING && status->forwards.n &&
	       greets(status->forwards.at[0].host);
}

/* The last line of what the supervisor said. */
static int ended(struct verify *v, int status, struct err *err)
{
	autofree char *text = NULL;
	struct err ignored;
	size_t n = 0;
	char *line;

	v->child = 0;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return err_set(err, EIO,
			       "guest '%s' powered off before it was up",
			       v->name);
	if (files_read(v->log, LOG_BYTES, &text, &n, &ignored) < 0)
		return err_set(err, EIO, "guest '%s' did not start", v->name);
	while (n && text[n - 1] == '\n')
		text[--n] = 0;
	line = strrchr(text, '\n');
	return err_set(err, EIO, "guest '%s' did not come up: %s", v->name,
		       line ? line + 1 : text);
}

static int wait_up(struct verify *v, uint64_t seconds, struct err *err)
{
	struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		struct status status;
		int end, r;
		bool up;

		if (waitpid(v->child, &end, WNOHANG) == v->child)
			return ended(v, end, err);
		r = status_read(v->name, &status, err);
		if (r < 0)
			return r;
		up = is_up(&status);
		status_free(&status);
		if (up)
			return 0;
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((uint64_t)(now.tv_sec - begin.tv_sec) < seconds);
	return err_set(err, ETIMEDOUT,
		       "guest '%s' did not come up within %llu seconds",
		       v->name, (unsigned long long)seconds);
}

/* What the guest said last. */
static void show_tail(const struct verify *v, struct ui *ui)
{
	autofree char *text = NULL;
	struct err ignored;
	size_t n = 0, at;

	if (files_read(v->console, LOG_BYTES, &text, &n, &ignored) < 0 || !n) {
		ui_say(ui, "it printed nothing");
		return;
	}
	while (n && strchr("\r\n", text[n - 1]))
		text[--n] = 0;
	at = n;
	for (unsigned int lines = 0; at && lines < TAIL; at--)
		lines += text[at - 1] == '\n';
	ui_say(ui, "the last it said:");
	ui_say(ui, "%s", text + at + (text[at] == '\n'));
}

static void read_logs(void *arg, const struct tree *t)
{
	failed_in_logs(t, arg);
}

/* A unit that failed is the owner's to judge: the Pi may have had it too. */
static void tell_failed(const struct verify *v, struct ui *ui)
{
	autofailed struct failed now = { 0 }, before = { 0 };
	autofree char *dir = store_dir(v->name);
	autofree char *text = NULL;
	struct err ignored;
	size_t n = 0;

	if (files_read(v->console, LOG_BYTES, &text, &n, &ignored) < 0)
		return;
	failed_on_console(text, &now);
	if (!now.names.n)
		return;
	sync_look(&v->machine, dir, read_logs, &before);
	for (size_t i = 0; i < now.names.n; i++) {
		const char *name = now.names.at[i], *past;

		if (failed_has(&before, name))
			past = "as it did before, say the logs on its disk";
		else if (before.known)
			past = "which the logs on its disk do not say of "
			       "before";
		else
			past = "and no log on its disk tells whether it did "
			       "before";
		ui_warn(ui, "did not start: %s; %s", name, past);
	}
}

int verify_guest(const char *name, uint64_t seconds, struct ui *ui,
		 struct err *err)
{
	cleanup(verify_fini) struct verify v = { .name = name };
	autofree char *engine = NULL;
	int r = off_lock(name, err);

	if (r < 0)
		return r;
	close(r); /* the supervisor takes it */
	r = store_load(name, &v.machine, err);
	if (!r)
		r = engine_find(v.machine.engine, machine_is_arm64(&v.machine),
				&engine, err);
	if (r < 0)
		return r;
	v.runtime = store_runtime_dir(name);
	v.log = xasprintf("%s/verify.log", v.runtime);
	v.console = xasprintf("%s/console.log", v.runtime);
	isolate(&v.machine);
	r = start(&v, err);
	if (!r)
		r = wait_up(&v, seconds, err);
	if (r < 0)
		show_tail(&v, ui);
	else
		tell_failed(&v, ui);
	return r;
}

static int verify_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	int r;

	ui_say(ctx->ui,
	       "starting %s, to see whether it comes up; nothing that "
	       "it writes is kept",
	       name);
	r = verify_guest(name, arg_seconds, ctx->ui, err);
	if (r == -ETIMEDOUT || r == -EIO)
		return CMD_BOOT;
	if (r == -ENOENT && store_exists(name))
		return CMD_HOST;
	if (!r && !ctx->quiet)
		printf("%s comes up\n", name);
	return cmd_host(r);
}

/* clang-format off */
static const struct opt options[] = {
	{ "--timeout", OPT_NUMBER, &arg_seconds, "SECONDS",
	  "how long it may take (900)", 1, 86400 },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_verify = {
	.name = "verify",
	.help = "see whether a guest comes up, without changing it",
	.args = "NAME",
	.about = "The guest is started with disks whose changes are thrown "
		 "away, and with a network\nthat ends at this host, until its "
		 "login prompt or its ssh server was seen.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = verify_run,
};
