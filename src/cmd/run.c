/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run, start, stop, status, list: a guest's daily life.
 *
 * run is the supervisor itself, in the foreground; start detaches one and
 * waits until the guest runs (or until it says login, with --wait).
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "host/files.h"
#include "run/status.h"
#include "run/supervise.h"
#include "store/store.h"
#include "unit/unit.h"

enum {
	START_SECONDS = 60,
	STOP_SECONDS = 120,
	MORE_SECONDS = 10, /* that the supervisor has, should we be gone */
	QUIT_SECONDS = 20,
	POLL_MS = 100,
	LOG_BYTES = 1 << 20
};

static const char *const engine_words[] = { "pimigrate", "qemu", NULL };
enum {
	ENGINE_UNSET = 1000
};

static unsigned int arg_engine = ENGINE_UNSET;
static uint64_t arg_timeout, arg_wait_timeout = 900; /* 0: not given */
static bool arg_console, arg_wait, arg_force;

static unsigned int stop_seconds(void)
{
	return arg_timeout ? (unsigned int)arg_timeout : STOP_SECONDS;
}

/* Who is not run by libvirt has no network of libvirt's. */
static int network_check(const struct machine *m, struct err *err)
{
	for (size_t i = 0; i < m->nics.n && !m->libvirt; i++)
		if (m->nics.at[i].kind == NIC_NETWORK)
			return err_set(err, EINVAL,
				       "guest '%s' is on libvirt's network "
				       "'%s', which only libvirt can give it: "
				       "pimigrate define %s",
				       m->name, m->nics.at[i].network, m->name);
	return 0;
}

static int load(struct cmd_ctx *ctx, struct machine *ret_m, struct err *err)
{
	int r = store_load(ctx->args[0], ret_m, err);

	if (r < 0)
		return r;
	if (arg_engine != ENGINE_UNSET)
		ret_m->engine = (enum engine)arg_engine;
	r = network_check(ret_m, err);
	if (r < 0)
		machine_free(ret_m);
	return r;
}

static int run_run(struct cmd_ctx *ctx, struct err *err)
{
	struct supervise_options opt = {
		.stop_seconds = stop_seconds(),
		.print_console = arg_console,
		.before_start = sync_before_start,
		.reached = sync_reached,
	};
	struct machine m;
	int r = load(ctx, &m, err);

	if (!r && m.libvirt) {
		r = err_set(err, EINVAL,
			    "guest '%s' is run by libvirt; start it with: "
			    "pimigrate start %s",
			    m.name, m.name);
		machine_free(&m);
	}
	if (r < 0)
		return r;
	r = supervise(&m, &opt, err);
	machine_free(&m);
	return r == -ENOENT ? CMD_HOST : r;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&t, NULL);
}

/* A supervisor of its own session, that outlives us. */
static int detach(const char *name, const char *log, pid_t *ret_pid,
		  struct err *err)
{
	autofree char *timeout = xasprintf("%u", stop_seconds());
	const char *argv[] = { "pimigrate", "run",      name, "--timeout",
			       timeout,     "--engine", NULL, NULL };
	autoclose int out = files_open_log(log, err);
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r;

	if (out < 0)
		return out;
	if (arg_engine != ENGINE_UNSET)
		argv[6] = engine_words[arg_engine];
	else
		argv[5] = NULL;
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawn_file_actions_adddup2(&fa, 1, 2);
	r = posix_spawn(ret_pid, "/proc/self/exe", &fa, &attr,
			(char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return r ? err_errno(err, r, "cannot start the supervisor") : 0;
}

/* What the supervisor said before it ended. */
static int failed(const char *name, const char *log, struct err *err)
{
	autofree char *text = NULL;
	struct err ignored;
	char *line;
	size_t n;

	if (files_read(log, LOG_BYTES, &text, &n, &ignored) < 0)
		return err_set(err, EIO, "guest '%s' did not start", name);
	while (n && text[n - 1] == '\n')
		text[--n] = 0;
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (!strncmp(line, "pimigrate: ", 11))
		line += 11;
	return err_set(err, EIO, "guest '%s' did not start: %s", name, line);
}

/* Until the guest is as far as wanted, or its supervisor has ended. */
static int wait_for(const struct machine *m, pid_t pid, const char *log,
		    enum status_state wanted, uint64_t seconds,
		    struct status *ret_status, struct err *err)
{
	const char *name = m->name;

	for (uint64_t waited = 0; waited < seconds * 1000; waited += POLL_MS) {
		struct status status;
		int r;

		if (pid > 0 && waitpid(pid, NULL, WNOHANG) == pid)
			return failed(name, log, err);
		r = guest_status(m, &status, err);
		if (r < 0)
			return r;
		if (status.state >= wanted) {
			*ret_status = status;
			return 0;
		}
		status_free(&status);
		if (pid <= 0 && waited && status.state == STATUS_OFF)
			return err_set(err, EIO, "guest '%s' is off", name);
		sleep_ms(POLL_MS);
	}
	return err_set(err, ETIMEDOUT,
		       "guest '%s' did not come up within %llu seconds; see "
		       "pimigrate console %s",
		       name, (unsigned long long)seconds, name);
}

static void print_ports(const char *name, const struct status *status)
{
	for (size_t i = 0; i < status->forwards.n; i++) {
		struct machine_forward f = status->forwards.at[i];

		if (f.guest == 22)
			printf("%s: log in with: ssh -p %u USER@127.0.0.1\n",
			       name, (unsigned int)f.host);
		else
			printf("%s: port %u of the guest is 127.0.0.1:%u\n",
			       name, (unsigned int)f.guest,
			       (unsigned int)f.host);
	}
}

static const char *state_name(const struct status *status)
{
	return status ? status_state_name(status->state) : "unknown";
}

/* status NULL: nobody can tell. */
static struct json_object *status_object(const struct machine *m,
					 const struct status *status)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(m->name));
	json_object_object_add(o, "state",
			       json_object_new_string(state_name(status)));
	if (m->libvirt)
		json_object_object_add(o, "libvirt",
				       json_object_new_string(m->libvirt));
	if (status && status->stalled)
		json_object_object_add(o, "stalled",
				       json_object_new_string(status->stalled));
	json_object_object_add(o, "forwards",
			       status ? status_forwards(status)
				      : json_object_new_array());
	return o;
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
}

/* Are these the guests that services are of, and ours to start and stop? */
static bool may_be_service(void)
{
	autofree char *root = store_root();

	return !geteuid() && !strcmp(root, UNIT_GUESTS) && unit_systemd();
}

/* Enabled, and systemd is here: then the service is what runs it. */
static bool is_service(const char *name)
{
	return may_be_service() && arg_engine == ENGINE_UNSET &&
	       unit_enabled("", name);
}

/* The system's libvirt calls our hook; a user's has none. */
static void sync_without_hook(const struct machine *m)
{
	struct err why;

	if (domain_is_system(m->libvirt))
		return;
	if (libvirt_login_seen(m))
		sync_reached(NULL, m);
	if (sync_before_start(NULL, m, &why) < 0)
		log_warn("guest '%s' starts with the kernel that it has: %s",
			 m->name, why.text);
}

/* By whoever runs it; *ret_pid is a supervisor of ours, or 0. */
static int start_guest(const struct machine *m, const char *log, pid_t *ret_pid,
		       struct err *err)
{
	int r;

	*ret_pid = 0;
	if (m->libvirt) {
		sync_without_hook(m);
		return libvirt_start(m, err);
	}
	if (is_service(m->name))
		return unit_start(m->name, err);
	r = store_runtime_make(m->name, err);
	return r < 0 ? r : detach(m->name, log, ret_pid, err);
}

static int start_and_wait(const struct cmd_ctx *ctx, const struct machine *m,
			  struct status *ret_status, struct err *err)
{
	autofree char *dir = store_runtime_dir(m->name);
	autofree char *log = xasprintf("%s/supervisor.log", dir);
	pid_t pid = 0;
	int r = guest_status(m, ret_status, err);

	if (r < 0)
		return r;
	if (ret_status->state != STATUS_OFF) {
		if (!ctx->quiet)
			printf("%s is running already\n", m->name);
	} else {
		r = start_guest(m, log, &pid, err);
		if (!r)
			r = wait_for(m, pid, log, STATUS_BOOTING, START_SECONDS,
				     ret_status, err);
	}
	if (r < 0 || !arg_wait || ret_status->state >= STATUS_UP)
		return r;
	status_free(ret_status);
	return wait_for(m, pid, log, STATUS_UP, arg_wait_timeout, ret_status,
			err);
}

/* What others decide who run it. */
static int options_check(const struct machine *m, struct err *err)
{
	if (m->libvirt && arg_engine != ENGINE_UNSET)
		return err_set(err, EINVAL,
			       "guest '%s' is run by libvirt, with the "
			       "emulator that its domain names",
			       m->name);
	if (arg_timeout && (m->libvirt || is_service(m->name)))
		return err_set(err, EINVAL,
			       "guest '%s' is run by %s, and --timeout is for "
			       "stop to say",
			       m->name, m->libvirt ? "libvirt" : "systemd");
	return 0;
}

static int start_run(struct cmd_ctx *ctx, struct err *err)
{
	struct machine m;
	struct status status;
	int r = load(ctx, &m, err);

	if (r < 0)
		return r;
	if (options_check(&m, err) < 0) {
		machine_free(&m);
		return CMD_USAGE;
	}
	r = start_and_wait(ctx, &m, &status, err);
	if (!r && ctx->json)
		print_json(status_object(&m, &status));
	else if (!r && !ctx->quiet)
		print_ports(m.name, &status);
	if (!r)
		status_free(&status);
	machine_free(&m);
	if (r == -ENODEV)
		return CMD_HOST;
	return r == -ETIMEDOUT && arg_wait ? CMD_BOOT : r;
}

/* seconds: how long the guest may take (run/supervise.h). */
static int send_signal(int pidfd, int signal, unsigned int seconds)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_int = (int)seconds;
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, &info, 0);
}

static bool ends_within(int pidfd, unsigned int seconds)
{
	struct pollfd poll_fd = { pidfd, POLLIN, 0 };

	return poll(&poll_fd, 1, (int)seconds * 1000) > 0;
}

/* A user whose word it is may name its own processes only.  The process is held
 * by its descriptor already, so the number is not another's meanwhile. */
static bool may_name(uid_t owner, pid_t pid)
{
	autofree char *path = xasprintf("/proc/%d", (int)pid);
	struct stat st;

	return !stat(path, &st) && st.st_uid == owner;
}

/* It would pull the plug by itself; we do so first, to know that it was. */
static int stop_supervisor(const char *name, const struct status *status,
			   struct err *err)
{
	pid_t pid = status->supervisor;
	autoclose int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0)
				      : -1;
	unsigned int seconds = stop_seconds();
	int r = -1;

	if (pidfd >= 0 && !may_name(status->owner, pid))
		return err_set(err, EPERM,
			       "status.json of guest '%s' names process %d, "
			       "which is not of the user whose file it is: it "
			       "is not asked to stop",
			       name, (int)pid);
	if (pidfd >= 0)
		r = arg_force ? send_signal(pidfd, SIGQUIT, 0)
			      : send_signal(pidfd, SIGTERM,
					    seconds + MORE_SECONDS);
	if (r < 0)
		return err_errno(err, errno,
				 "cannot ask the supervisor of '%s' to stop",
				 name);
	if (arg_force)
		return ends_within(pidfd, QUIT_SECONDS) ? 0 : -ETIMEDOUT;
	if (ends_within(pidfd, seconds) || send_signal(pidfd, SIGQUIT, 0) < 0)
		return 0;
	if (!ends_within(pidfd, QUIT_SECONDS))
		return -ETIMEDOUT;
	return err_set(err, EIO,
		       "guest '%s' did not power off within %u seconds: it was "
		       "switched off, as if the power failed",
		       name, seconds);
}

static int stop_guest(const struct cmd_ctx *ctx, const struct machine *m,
		      struct err *err)
{
	struct status status;
	int r = guest_status(m, &status, err);

	if (r < 0)
		return r;
	status_free(&status);
	/* systemd may be about to start it, for the first time or again. */
	if (status.state == STATUS_OFF && !m->libvirt && may_be_service() &&
	    unit_busy(m->name))
		return unit_stop(m->name, err);
	if (status.state == STATUS_OFF) {
		if (!ctx->quiet)
			printf("%s is off\n", m->name);
		return 0;
	}
	if (m->libvirt)
		r = libvirt_stop(m, arg_force, stop_seconds(), err);
	else
		r = stop_supervisor(m->name, &status, err);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT,
			       "guest '%s' is still running; switch it off "
			       "with: pimigrate stop --force %s",
			       m->name, m->name);
	return r;
}

static int stop_run(struct cmd_ctx *ctx, struct err *err)
{
	const struct status off = { .state = STATUS_OFF };
	struct machine m;
	int r = store_load(ctx->args[0], &m, err);

	if (r < 0)
		return r;
	r = stop_guest(ctx, &m, err);
	if (!r && ctx->json)
		print_json(status_object(&m, &off));
	machine_free(&m);
	return cmd_host(r);
}

static void print_status(const char *name, const struct machine *m,
			 const struct status *status)
{
	autofree char *dir = store_dir(name);
	char since[64] = "";
	time_t t = status->since;
	struct tm tm;

	printf("%s: %s", name, status_state_name(status->state));
	if (status->since && localtime_r(&t, &tm) &&
	    strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm))
		printf(" since %s", since);
	printf("\n");
	if (status->stalled)
		printf("  it stands still, because its disk cannot be written: "
		       "%s\n",
		       status->stalled);
	if (status->stalled && m->libvirt)
		printf("  when there is room: virsh resume %s\n", name);
	if (m->title)
		printf("  system   %s\n", m->title);
	printf("  machine  %u CPUs, %llu MiB, %s\n", m->cpus,
	       (unsigned long long)(m->memory >> 20),
	       (status->state == STATUS_OFF ? m->engine : status->engine) ==
			       ENGINE_QEMU
		       ? machine_is_arm64(m) ? "qemu-system-aarch64"
					     : "qemu-system-arm"
		       : "pimigrate-emu");
	if (m->libvirt)
		printf("  libvirt  %s\n", m->libvirt);
	printf("  folder   %s\n", dir);
	for (size_t i = 0; i < status->forwards.n; i++)
		printf("  port     127.0.0.1:%u is the guest's %u\n",
		       (unsigned int)status->forwards.at[i].host,
		       (unsigned int)status->forwards.at[i].guest);
}

static int status_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	struct machine m;
	struct status status;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	r = guest_status(&m, &status, err);
	if (r < 0) {
		machine_free(&m);
		return cmd_host(r);
	}
	if (ctx->json)
		print_json(status_object(&m, &status));
	else
		print_status(name, &m, &status);
	machine_free(&m);
	status_free(&status);
	return 0;
}

/* A guest that nobody can tell of does not hide the others. */
static void list_one(const struct cmd_ctx *ctx, const char *name,
		     struct json_object *list)
{
	struct machine m = { 0 };
	struct status status;
	struct err err;
	bool known;

	if (store_load(name, &m, &err) < 0)
		m.name = xstrdup(name);
	known = m.uuid && guest_status(&m, &status, &err) >= 0;
	if (ctx->json)
		json_object_array_add(
			list, status_object(&m, known ? &status : NULL));
	else
		printf("%-24s %s\n", name, state_name(known ? &status : NULL));
	if (known)
		status_free(&status);
	else
		ui_warn(ctx->ui, "%s", err.text);
	machine_free(&m);
}

static int list_run(struct cmd_ctx *ctx, struct err *err)
{
	struct json_object *list = json_object_new_array();
	struct store_names names;
	int r = store_list(&names, err);

	for (size_t i = 0; !r && i < names.names.n; i++)
		list_one(ctx, names.names.at[i], list);
	if (!r && !ctx->json && !names.names.n && !ctx->quiet)
		printf("no guests yet; pimigrate convert CARD makes one\n");
	store_names_free(&names);
	if (!r && ctx->json)
		print_json(list);
	else
		json_object_put(list);
	return r;
}

/* clang-format off */
#define ENGINE_OPTION                                                         \
	{ "--engine", OPT_CHOICE, &arg_engine, "pimigrate|qemu",              \
	  "run it under this emulator, this time", .choices = engine_words }
#define TIMEOUT_OPTION                                                        \
	{ "--timeout", OPT_NUMBER, &arg_timeout, "SECONDS",                   \
	  "how long the guest may take to power off (120)", 1, 86400 }

static const struct opt run_options[] = {
	ENGINE_OPTION,
	TIMEOUT_OPTION,
	{ "--console", OPT_FLAG, &arg_console, .help = "print what the guest prints" },
	OPT_END,
};

static const struct opt start_options[] = {
	ENGINE_OPTION,
	TIMEOUT_OPTION,
	{ "--wait", OPT_FLAG, &arg_wait, .help = "wait for the login prompt" },
	{ "--wait-timeout", OPT_NUMBER, &arg_wait_timeout, "SECONDS",
	  "for how long (900)", 1, 86400 },
	OPT_END,
};

static const struct opt stop_options[] = {
	TIMEOUT_OPTION,
	{ "--force", OPT_FLAG, &arg_force,
	  .help = "switch it off at once, as if the power failed" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_run = {
	.name = "run",
	.help = "run a guest in the foreground, until it powers off",
	.args = "NAME",
	.about = "The supervisor that start detaches and that systemd runs. "
		 "SIGTERM presses the\nguest's power button; a second one "
		 "switches it off.",
	.min_args = 1,
	.max_args = 1,
	.options = run_options,
	.run = run_run,
};

const struct cmd cmd_start = {
	.name = "start",
	.help = "start a guest",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = start_options,
	.run = start_run,
};

const struct cmd cmd_stop = {
	.name = "stop",
	.help = "power a guest off, and wait until it is",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = stop_options,
	.run = stop_run,
};

const struct cmd cmd_status = {
	.name = "status",
	.help = "how a guest is, and how to reach it",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.run = status_run,
};

const struct cmd cmd_list = {
	.name = "list",
	.help = "all guests",
	.run = list_run,
};
