/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pimigrate-emu: QEMU's words for one ARM board.
 *
 * From the options to the machine and back, read top to bottom in set_up()
 * and close_all().  Errors are printed here and nowhere else.
 *
 * The order matters in three places.  The process forks before it has
 * threads; signals are blocked before the first thread, so that all threads
 * have them blocked, and after sockets that wait for a client, so that Ctrl-C
 * ends the waiting; and nothing is freed before the guest and the disks' pool
 * stand still.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/virt.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/vec.h"
#include "daemon.h"
#include "loop/pool.h"
#include "loop/signals.h"
#include "opts/parts.h"
#include "qmp/qmp.h"

enum {
	DISK_THREADS = 4
};

struct emulator {
	struct opts opts;
	struct parts parts;
	struct loop *loop;
	struct pool *pool;
	struct machine *machine;
	struct qmp *qmp;
	struct vec_of(struct qmp_disk) disks;     /* for qmp */
	struct vec_of(struct qmp_device) devices; /* for qmp */
	struct signals signals;
	int ready_fd, pid_fd; /* -1: not there */
	FILE *log;            /* of -D; NULL: none */
};

static void quit_key(void *arg)
{
	struct emulator *e = arg;

	if (e->machine)
		machine_quit(e->machine, CAUSE_HOST_UI);
}

static void signalled(void *arg)
{
	struct emulator *e = arg;

	machine_quit(e->machine, CAUSE_HOST_SIGNAL);
}

/* What they cause is no signal handler's. */
static int catch_signals(struct emulator *e, struct err *err)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, 0 };

	signal(SIGPIPE, SIG_IGN);
	return signals_init(&e->signals, e->loop, ends, signalled, e, err);
}

static int open_log(struct emulator *e, struct err *err)
{
	const char *path = e->opts.log_file;

	e->opts.config.trace_file = stderr;
	if (!path)
		return 0;
	e->log = fopen(path, "we");
	if (!e->log)
		return err_errno(err, errno, "cannot open the log '%s'", path);
	e->opts.config.trace_file = e->log;
	return 0;
}

/* Everything with an id: chardevs, disks, networks. */
static int open_parts(struct emulator *e, struct err *err)
{
	int ret;

	e->loop = loop_new(err);
	if (!e->loop)
		return -ENOMEM;
	e->parts.loop = e->loop;
	e->parts.quit = quit_key;
	e->parts.quit_arg = e;
	ret = parts_wait(&e->parts, &e->opts, err);
	if (!ret)
		ret = catch_signals(e, err);
	if (ret < 0)
		return ret;
	e->pool = pool_new(DISK_THREADS, err);
	if (!e->pool)
		return -ENOMEM;
	e->parts.pool = e->pool;
	return parts_open(&e->parts, &e->opts, err);
}

static int make_machine(struct emulator *e, struct err *err)
{
	for (int i = 0; i < VIRT_SERIALS; i++)
		e->opts.config.serial[i] = e->parts.serial[i];
	e->machine = virt_new(e->loop, &e->opts.config, err);
	if (!e->machine)
		return -EINVAL;
	return parts_plug(&e->parts, &e->opts, e->machine, err);
}

static void list_disks(struct emulator *e)
{
	for (size_t i = 0; i < e->parts.disks.n; i++) {
		const struct part_disk *d = &e->parts.disks.at[i];

		*vec_add(&e->disks) = (struct qmp_disk){ d->id, d->qdev,
							 d->block, d->cdrom,
							 d->is_node };
	}
}

static void list_devices(struct emulator *e)
{
	for (size_t i = 0; i < e->parts.named.n; i++) {
		const struct part_device *d = &e->parts.named.at[i];

		if (d->id)
			*vec_add(&e->devices) = (struct qmp_device){
				d->id, d->type, d->nd, d->chr
			};
	}
}

static int make_monitors(struct emulator *e, struct err *err)
{
	struct qmp_info info = { .name = e->opts.name,
				 .uuid = e->opts.uuid,
				 .chardevs = e->parts.chardevs.at,
				 .n_chardevs = e->parts.chardevs.n };
	int ret = 0;

	list_disks(e);
	list_devices(e);
	info.disks = e->disks.at;
	info.n_disks = e->disks.n;
	info.devices = e->devices.at;
	info.n_devices = e->devices.n;
	e->qmp = qmp_new(e->loop, e->machine, &info);
	for (size_t i = 0; i < e->parts.monitors.n && !ret; i++)
		ret = qmp_serve(e->qmp, e->parts.monitors.at[i], err);
	return ret;
}

static int set_up(struct emulator *e, struct err *err)
{
	int ret = open_log(e, err);

	if (!ret)
		ret = open_parts(e, err);
	if (!ret)
		ret = make_machine(e, err);
	if (!ret)
		ret = make_monitors(e, err);
	if (!ret)
		ret = virt_finish(e->machine, err);
	if (!ret && e->opts.pidfile)
		ret = daemon_pidfile(e->opts.pidfile, &e->pid_fd, err);
	return ret;
}

static int run(struct emulator *e)
{
	if (e->ready_fd >= 0)
		daemon_ready(e->ready_fd);
	e->ready_fd = -1;
	if (!e->opts.stopped)
		machine_start(e->machine);
	return loop_run(e->loop);
}

/* The vCPUs stand still since the loop ended. */
static void close_all(struct emulator *e)
{
	virt_free(e->machine);
	qmp_free(e->qmp);
	parts_close(&e->parts);
	pool_free(e->pool);
	signals_fini(&e->signals);
	if (e->loop)
		loop_free(e->loop);
	if (e->pid_fd >= 0) {
		unlink(e->opts.pidfile);
		close(e->pid_fd);
	}
	if (e->log)
		fclose(e->log);
	vec_free(&e->disks);
	vec_free(&e->devices);
	opts_free(&e->opts);
}

/* The exit status. */
static int emulate(struct emulator *e, int argc, char **argv, struct err *err)
{
	int ret = opts_read(&e->opts, argc, argv, err);

	if (ret < 0 || e->opts.done)
		return ret;
	if (e->opts.check_image)
		return parts_check(&e->opts, err);
	if (e->opts.daemonize) {
		ret = daemon_fork(&e->ready_fd, err);
		if (ret)
			return ret < 0 ? ret : 0;
	}
	ret = set_up(e, err);
	return ret < 0 ? ret : run(e);
}

int main(int argc, char **argv)
{
	struct emulator e = { .ready_fd = -1, .pid_fd = -1 };
	struct daemon_given given;
	struct err err;
	int ret;

	log_init("pimigrate-emu", LOG_WARN);
	if (parts_helper(argc, argv, &ret))
		return ret;
	daemon_look(&given);
	ret = emulate(&e, argc, argv, &err);
	/* First the reason: when libvirt sees the monitor's socket closed, it
	 * reads what came until then. */
	if (ret < 0) {
		fprintf(stderr, "pimigrate-emu: %s\n", err.text);
		daemon_heard(&given);
	}
	close_all(&e);
	return ret < 0 ? 1 : ret;
}
