/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  One thread, one poll(): signals, the engine's end,
 * its monitor, its serial line, the console's readers.  The engine inherits
 * two connected sockets, so there is no path to wait for and no race.
 *
 * It is started with -no-reboot: a guest's reboot ends it with a SHUTDOWN
 * event whose reason says so, and the next start may have another kernel.
 * QEMU exits 0 for both, so the event is what counts.
 *
 * A press of the power key before logind listens is lost, therefore it is
 * pressed again every 10 seconds.  pimigrate stop says with its signal how long
 * that may take; as often as it does, the last word counts.
 *
 * A guest whose disk cannot be written, because the host's is full, stands
 * still until somebody says "cont": that is tried every 5 seconds, so it goes
 * on when there is room again.
 *
 * A service's TAPs are made by the unit's prepare, outside of its sandbox.  A
 * guest that root starts without it has them from here, as long as it runs.
 *
 * systemd's watchdog is fed while the monitor has answered all that it was
 * asked and every CPU gets on, which is looked at eight times in the time that
 * systemd allows: one bad look is no verdict, and four are told.
 */
#include "run/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "host/files.h"
#include "host/run.h"
#include "lan/join.h"
#include "lan/tap.h"
#include "run/console.h"
#include "run/engine.h"
#include "run/journal.h"
#include "run/monitor.h"
#include "run/status.h"
#include "run/watch.h"
#include "store/store.h"

enum {
	CHILD_SERIAL = 3, /* descriptors as the engine has them */
	CHILD_MONITOR = 4,
	PRESS_MS = 10000,
	RETRY_MS = 5000,    /* of a guest that its disk stopped */
	KILL_MS = 5000,     /* from quit to SIGKILL */
	GRACE_SECONDS = 30, /* for systemd: from the plug to our end */
	FIRST_PORT = 2222,
	LAST_WORDS = 4096,
	LOOKS = 8, /* of the watchdog, in its time */
};

enum phase {
	RUNNING,
	POWER_OFF,
	QUIT,
	KILLED
};

/*
 * An engine without a supervisor would run on, with nobody at its monitor, and
 * keep the disk locked: it dies when we do, however we do.  A service's is
 * killed by systemd, and its sandbox does not let setpriv(1) work.
 */
static const char *const die_with_us[] = { "setpriv", "--pdeathsig", "KILL",
					   "--", NULL };

static const char *const *prefix(void)
{
	return getenv("NOTIFY_SOCKET") || !run_have("setpriv") ? NULL
							       : die_with_us;
}

struct supervisor {
	const struct machine *m;
	const struct supervise_options *opt;
	char *dir, *runtime, *engine_log, *program;
	struct vec_of(uint16_t) ports;
	struct vec_of(int) claims; /* of them */
	struct console con;
	struct monitor mon;
	struct status status;
	struct watch watch;
	int signals, engine_fd;
	int lines; /* the journal, under the guest's name; -1: none */
	unsigned int presses, bad_looks;
	unsigned int stop_seconds; /* once it was asked to stop */
	pid_t engine;
	enum phase phase;
	uint64_t stop_by, press_at, kill_at; /* ms */
	uint64_t watchdog_every, watchdog_at;
	char *io_error;    /* what a disk said last */
	bool paused;       /* it stands still, because of that */
	uint64_t retry_at; /* while status.stalled */
	bool guest_reset, guest_off, announced;
	bool taps; /* are ours to remove */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void say(struct supervisor *sv, enum status_state state)
{
	struct err err;

	sv->status.state = state;
	if (status_write(sv->m->name, &sv->status, &err) < 0)
		log_warn("%s", err.text);
	sd_notifyf(0, "STATUS=%s", status_state_name(state));
}

static void io_error(struct supervisor *sv, const char *reason)
{
	free(sv->io_error);
	sv->io_error = xstrdup(reason ? reason : "unknown error");
}

/* Only a disk stops a guest of ours: nobody else has its monitor. */
static void stopped(struct supervisor *sv)
{
	if (!sv->io_error)
		return;
	sv->paused = true;
	sv->retry_at = now_ms() + RETRY_MS;
	if (sv->status.stalled)
		return;
	sv->status.stalled = xstrdup(sv->io_error);
	journal_say(JOURNAL_WARNING,
		    "guest '%s' stands still, because its disk cannot be "
		    "written: %s; it goes on when it can",
		    sv->m->name, sv->status.stalled);
	say(sv, sv->status.state);
}

/* It was told to go on: if it still does after a while, all is well. */
static void retry(struct supervisor *sv)
{
	struct err err;

	sv->retry_at = now_ms() + RETRY_MS;
	if (sv->paused) {
		if (monitor_send(&sv->mon, "cont", &err) < 0)
			log_warn("%s", err.text);
		return;
	}
	free(sv->status.stalled);
	sv->status.stalled = NULL;
	journal_say(JOURNAL_NOTICE, "guest '%s' goes on", sv->m->name);
	say(sv, sv->status.state);
}

static void on_event(void *arg, const char *name, const char *reason)
{
	struct supervisor *sv = arg;

	log_debug("event %s%s%s", name, reason ? " " : "",
		  reason ? reason : "");
	if (!strcmp(name, "BLOCK_IO_ERROR"))
		io_error(sv, reason);
	if (!strcmp(name, "STOP"))
		stopped(sv);
	if (!strcmp(name, "RESUME"))
		sv->paused = false;
	if (strcmp(name, "SHUTDOWN"))
		return;
	sv->guest_reset = reason && !strcmp(reason, "guest-reset");
	sv->guest_off = reason && !strcmp(reason, "guest-shutdown");
}

static void on_status(void *arg, const char *status)
{
	struct supervisor *sv = arg;

	if (strcmp(status, "running") || sv->status.state != STATUS_STARTING)
		return;
	say(sv, STATUS_BOOTING);
	if (!sv->announced)
		sd_notify(0, "READY=1");
	sv->announced = true;
}

static void reached(struct supervisor *sv)
{
	if (sv->opt->reached)
		sv->opt->reached(sv->opt->arg, sv->m);
}

static void on_stats(void *arg, struct json_object *stats)
{
	struct supervisor *sv = arg;

	watch_stats(&sv->watch, stats);
}

static void on_line(void *arg, const char *line)
{
	struct supervisor *sv = arg;

	if (sv->lines >= 0)
		dprintf(sv->lines, "%s\n", line);
	if (sv->opt->print_console) {
		printf("%s\n", line);
		fflush(stdout);
	}
	if (sv->con.login && sv->status.state == STATUS_BOOTING) {
		say(sv, STATUS_UP);
		reached(sv);
	}
}

/* From next on; 0: none.  What guest.yaml names is taken as it is. */
static uint16_t take_port(struct supervisor *sv, uint16_t port, uint16_t next)
{
	int claim = port ? engine_claim_port(port) : -EADDRINUSE;

	while (!port && next && (next = engine_free_port(next))) {
		claim = engine_claim_port(next);
		if (claim != -EADDRINUSE)
			port = next;
		next++;
	}
	if (claim >= 0)
		*vec_add(&sv->claims) = claim;
	return port;
}

/* One port for each forward, chosen once, so that a reboot keeps them. */
static int choose_ports(struct supervisor *sv, struct err *err)
{
	for (size_t n = 0; n < sv->m->nics.n; n++) {
		const struct machine_nic *nic = &sv->m->nics.at[n];

		for (size_t i = 0; nic->kind == NIC_USER && i < nic->forwards.n;
		     i++) {
			struct machine_forward f = nic->forwards.at[i];

			f.host = take_port(sv, f.host, FIRST_PORT);
			if (!f.host)
				return err_set(err, EADDRINUSE,
					       "no TCP port from %d on is free "
					       "to reach the guest's port %u",
					       FIRST_PORT,
					       (unsigned int)f.guest);
			*vec_add(&sv->ports) = f.host;
			*vec_add(&sv->status.forwards) = f;
		}
	}
	return 0;
}

static int socket_pair(int ret_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_errno(err, errno, "cannot make a pair of sockets");
	fcntl(ret_fds[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* Both ends may have any number: first out of the way of 3 and 4. */
static int spawn(struct supervisor *sv, char *const *argv, int serial,
		 int monitor, struct err *err)
{
	autoclose int s = fcntl(serial, F_DUPFD_CLOEXEC, 10);
	autoclose int m = fcntl(monitor, F_DUPFD_CLOEXEC, 10);
	autoclose int log = files_open_log(sv->engine_log, err);
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	if (log < 0)
		return log;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, log, 1);
	posix_spawn_file_actions_adddup2(&fa, 1, 2);
	posix_spawn_file_actions_adddup2(&fa, s, CHILD_SERIAL);
	posix_spawn_file_actions_adddup2(&fa, m, CHILD_MONITOR);
	r = posix_spawnp(&sv->engine, argv[0], &fa, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (r)
		return err_errno(err, r, "cannot start '%s'", argv[0]);
	sv->engine_fd = (int)syscall(SYS_pidfd_open, sv->engine, 0);
	if (sv->engine_fd < 0)
		return err_errno(err, errno, "cannot watch the engine");
	fcntl(sv->engine_fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static void note_start(struct status *status)
{
	status->since = time(NULL);
	status->boots++;
	memmove(status->starts, status->starts + 1,
		sizeof(status->starts) - sizeof(status->starts[0]));
	status->starts[STATUS_STARTS - 1] = status->since;
}

static int start_engine(struct supervisor *sv, struct err *err)
{
	autoclose int serial = -1, monitor = -1;
	struct engine_run run = {
		.dir = sv->dir,
		.serial_fd = CHILD_SERIAL,
		.monitor_fd = CHILD_MONITOR,
		.prefix = prefix(),
		.host_ports = sv->ports.at,
	};
	struct engine_argv argv;
	int a[2], b[2], r;

	if (sv->opt->before_start &&
	    sv->opt->before_start(sv->opt->arg, sv->m, err) < 0)
		log_warn("the last kernel is used: %s", err->text);
	sv->guest_reset = sv->guest_off = sv->paused = false;
	free(sv->status.stalled);
	free(sv->io_error);
	sv->status.stalled = sv->io_error = NULL;
	sv->watch = (struct watch){ 0 };
	sv->bad_looks = 0;
	sv->watchdog_at = now_ms() + sv->watchdog_every;
	note_start(&sv->status);
	say(sv, STATUS_STARTING);
	r = socket_pair(a, err);
	if (r < 0)
		return r;
	console_attach(&sv->con, a[0]);
	serial = a[1];
	r = socket_pair(b, err);
	if (r < 0)
		return r;
	monitor = b[1];
	engine_args(sv->m, &run, sv->program, &argv);
	r = spawn(sv, argv.words.at, serial, monitor, err);
	engine_argv_free(&argv);
	sv->status.engine_pid = sv->engine;
	sv->mon.fd = b[0];
	if (r < 0)
		return r;
	r = monitor_open(&sv->mon, b[0], err);
	return r < 0 ? r : monitor_send(&sv->mon, "query-status", err);
}

static void press(struct supervisor *sv)
{
	struct err err;

	journal_say(JOURNAL_NOTICE,
		    "the power button of guest '%s' is pressed%s", sv->m->name,
		    sv->presses++ ? " again" : "");
	if (monitor_send(&sv->mon, "system_powerdown", &err) < 0)
		log_warn("%s", err.text);
	sv->press_at = now_ms() + PRESS_MS;
}

static void quit(struct supervisor *sv)
{
	struct err err;

	sv->phase = QUIT;
	sv->kill_at = now_ms() + KILL_MS;
	if (sv->mon.fd < 0 || monitor_send(&sv->mon, "quit", &err) < 0)
		kill(sv->engine, SIGTERM);
}

static void power_off(struct supervisor *sv, unsigned int seconds)
{
	bool first = sv->phase == RUNNING;

	sv->phase = POWER_OFF;
	sv->stop_seconds = seconds;
	sv->stop_by = now_ms() + seconds * UINT64_C(1000);
	if (first) {
		say(sv, STATUS_STOPPING);
		sd_notify(0, "STOPPING=1");
		press(sv);
	}
	/* systemd's own limit is the unit's TimeoutStopSec=. */
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%llu",
		   (seconds + GRACE_SECONDS) * 1000000ull);
}

static void on_signal(struct supervisor *sv)
{
	struct signalfd_siginfo info;
	bool says;

	if (read(sv->signals, &info, sizeof(info)) != sizeof(info) ||
	    sv->phase >= QUIT)
		return;
	says = info.ssi_code == SI_QUEUE && info.ssi_int > 0;
	if (info.ssi_signo == SIGQUIT || (sv->phase == POWER_OFF && !says)) {
		if (sv->phase == POWER_OFF)
			journal_say(JOURNAL_WARNING,
				    "guest '%s' has not powered off yet: it is "
				    "switched off",
				    sv->m->name);
		quit(sv);
		return;
	}
	power_off(sv,
		  says ? (unsigned int)info.ssi_int : sv->opt->stop_seconds);
}

static void feed(struct supervisor *sv)
{
	bool silent = sv->mon.answered != sv->mon.sent;
	int stuck = sv->paused ? -1 : watch_stuck(&sv->watch);
	struct err ignored;

	sv->watchdog_at = now_ms() + sv->watchdog_every;
	sv->bad_looks++;
	if (!silent && stuck < 0) {
		sv->bad_looks = 0;
		sd_notify(0, "WATCHDOG=1");
	} else if (sv->bad_looks == LOOKS / 2 && silent) {
		journal_say(JOURNAL_WARNING, "the emulator does not answer");
	} else if (sv->bad_looks == LOOKS / 2) {
		journal_say(JOURNAL_WARNING, "CPU %d of the guest stands still",
			    stuck);
	}
	if (!silent && sv->mon.fd >= 0)
		monitor_send(&sv->mon, "x-stats", &ignored);
}

/* What is due, and how long poll() may sleep until the next. */
static int timers(struct supervisor *sv)
{
	uint64_t now = now_ms(), next = UINT64_MAX;

	if (sv->phase == POWER_OFF) {
		if (now >= sv->stop_by) {
			journal_say(JOURNAL_WARNING,
				    "guest '%s' did not power off within %u "
				    "seconds: it is switched off",
				    sv->m->name, sv->stop_seconds);
			quit(sv);
		} else if (now >= sv->press_at) {
			press(sv);
		}
		next = sv->press_at < sv->stop_by ? sv->press_at : sv->stop_by;
	}
	if (sv->phase == QUIT) {
		if (now >= sv->kill_at) {
			journal_say(JOURNAL_WARNING,
				    "the emulator of guest '%s' does not end: "
				    "it is killed",
				    sv->m->name);
			kill(sv->engine, SIGKILL);
			sv->phase = KILLED;
		}
		next = sv->kill_at;
	}
	if (sv->status.stalled && sv->mon.fd >= 0) {
		if (now >= sv->retry_at)
			retry(sv);
		if (sv->retry_at < next)
			next = sv->retry_at;
	}
	if (sv->watchdog_every) {
		if (now >= sv->watchdog_at)
			feed(sv);
		if (sv->watchdog_at < next)
			next = sv->watchdog_at;
	}
	return next == UINT64_MAX ? -1 : next > now ? (int)(next - now) : 0;
}

/* The last line that the engine complained with. */
static char *last_words(const struct supervisor *sv)
{
	autofree char *text = NULL;
	struct err ignored;
	char *line;
	size_t n;

	if (files_read(sv->engine_log, LAST_WORDS * 16, &text, &n, &ignored) <
		    0 ||
	    !n)
		return xstrdup("it left no message");
	while (n && text[n - 1] == '\n')
		text[--n] = 0;
	line = strrchr(text, '\n');
	return xstrdup(line ? line + 1 : text);
}

/* The engine has ended: what that means. */
static int ended(struct supervisor *sv, bool *ret_again, struct err *err)
{
	autofree char *words = NULL;
	int status = 0;

	while (waitpid(sv->engine, &status, 0) < 0 && errno == EINTR)
		;
	close(sv->engine_fd);
	if (sv->mon.fd >= 0)
		monitor_read(&sv->mon);
	monitor_close(&sv->mon);
	sv->mon.sent = sv->mon.answered = 0;
	sv->engine = 0;
	if (sv->guest_off)
		reached(sv);
	*ret_again = sv->guest_reset && sv->phase == RUNNING;
	if (*ret_again)
		journal_say(JOURNAL_NOTICE, "guest '%s' restarts", sv->m->name);
	if (*ret_again || sv->guest_off || sv->phase != RUNNING)
		return 0;
	words = last_words(sv);
	if (WIFSIGNALED(status))
		return err_set(err, EIO, "%s was ended by signal %d: %s",
			       sv->program, WTERMSIG(status), words);
	return err_set(err, EIO, "%s ended with status %d: %s", sv->program,
		       WEXITSTATUS(status), words);
}

/* Until the engine has ended. */
static int serve(struct supervisor *sv, struct err *err)
{
	struct pollfd fds[CONSOLE_FDS + 3];

	for (;;) {
		int timeout = timers(sv);
		unsigned int n = console_poll(&sv->con, fds + 3);

		fds[0] = (struct pollfd){ sv->signals, POLLIN, 0 };
		fds[1] = (struct pollfd){ sv->engine_fd, POLLIN, 0 };
		fds[2] = (struct pollfd){ sv->mon.fd, POLLIN, 0 };
		if (poll(fds, n + 3, timeout) < 0) {
			if (errno == EINTR)
				continue;
			return err_errno(err, errno, "cannot poll");
		}
		if (fds[2].revents && !monitor_read(&sv->mon))
			monitor_close(&sv->mon);
		console_ready(&sv->con, fds + 3, n);
		if (fds[0].revents)
			on_signal(sv);
		if (fds[1].revents)
			return 0;
	}
}

static int block_signals(struct supervisor *sv, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	sv->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sv->signals < 0)
		return err_errno(err, errno, "cannot wait for signals");
	return 0;
}

static int prepare(struct supervisor *sv, struct err *err)
{
	autofree char *sock = xasprintf("%s/console.sock", sv->runtime);
	autofree char *log = xasprintf("%s/console.log", sv->runtime);
	uint64_t usec = 0;
	uid_t uid = geteuid();
	int r = engine_find(sv->m->engine, machine_is_arm64(sv->m),
			    &sv->program, err);

	if (!r)
		r = block_signals(sv, err);
	if (!r)
		r = choose_ports(sv, err);
	if (!r)
		r = console_init(&sv->con, sock, log, err);
	sv->taps = !r && !uid;
	if (!r)
		r = uid ? join_check(sv->m, err)
			: join_lan(sv->m, uid, getegid(), err);
	if (sd_watchdog_enabled(0, &usec) > 0)
		sv->watchdog_every = usec / 1000 / LOOKS;
	return r;
}

static int run(struct supervisor *sv, struct err *err)
{
	bool again = true;
	int r = prepare(sv, err);

	while (!r && again) {
		r = start_engine(sv, err);
		if (!r)
			r = serve(sv, err);
		if (sv->engine && r < 0)
			kill(sv->engine, SIGKILL);
		if (sv->engine) {
			struct err later;
			int end = ended(sv, &again, &later);

			if (!r && end < 0) {
				*err = later;
				r = end;
			}
		}
	}
	return r;
}

static void drop_taps(const struct supervisor *sv)
{
	struct err err;

	if (sv->taps && tap_drop_all(sv->m, &err) < 0)
		log_warn("%s", err.text);
}

int supervise(const struct machine *m, const struct supervise_options *opt,
	      struct err *err)
{
	struct supervisor sv = {
		.m = m,
		.opt = opt,
		.con = { .engine = -1,
			 .listener = -1,
			 .log = -1,
			 .on_line = on_line },
		.mon = { .fd = -1,
			 .event = on_event,
			 .status = on_status,
			 .stats = on_stats },
		.signals = -1,
		.lines = journal_lines(m->name),
		.status = { .supervisor = getpid(),
			    .began = time(NULL),
			    .engine = m->engine },
	};
	autoclose int lock = store_lock_running(m->name, err);
	int r;

	if (lock < 0)
		return lock;
	for (int i = 0; i < CONSOLE_READERS; i++)
		sv.con.reader[i] = -1;
	sv.con.arg = sv.mon.arg = &sv;
	sv.dir = store_dir(m->name);
	sv.runtime = store_runtime_dir(m->name);
	sv.engine_log = xasprintf("%s/engine.log", sv.runtime);
	r = run(&sv, err);
	console_fini(&sv.con);
	if (sv.signals >= 0)
		close(sv.signals);
	if (sv.lines >= 0)
		close(sv.lines);
	drop_taps(&sv);
	say(&sv, STATUS_OFF);
	status_free(&sv.status);
	vec_free(&sv.ports);
	for (size_t i = 0; i < sv.claims.n; i++)
		close(sv.claims.at[i]);
	vec_free(&sv.claims);
	free(sv.dir);
	free(sv.runtime);
	free(sv.engine_log);
	free(sv.io_error);
	free(sv.program);
	return r;
}
