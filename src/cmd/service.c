/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enable, disable, prepare: a guest as a service of this machine.
 *
 * prepare is what the unit runs as root, outside of its sandbox, before and
 * after the guest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "common/cleanup.h"
#include "lan/join.h"
#include "lan/tap.h"
#include "run/status.h"
#include "store/store.h"
#include "unit/unit.h"

enum {
	STOP_SECONDS = 120
};

static bool arg_now, arg_undo;

static int need_root(const char *what, struct err *err)
{
	if (!geteuid())
		return 0;
	return err_set(err, EPERM, "only root may %s: use sudo", what);
}

/* Services look for guests in one place only. */
static int need_system_guests(const char *name, struct err *err)
{
	autofree char *root = store_root();

	if (!strcmp(root, UNIT_GUESTS))
		return 0;
	return err_set(err, EINVAL,
		       "guest '%s' lies in '%s', but services look for guests "
		       "in '%s'",
		       name, root, UNIT_GUESTS);
}

static int save_autostart(const char *name, bool on, struct machine *ret_m,
			  struct err *err)
{
	int r = store_load(name, ret_m, err);

	if (r < 0 || ret_m->autostart == on)
		return r;
	ret_m->autostart = on;
	r = store_save(ret_m, err);
	if (r < 0)
		machine_free(ret_m);
	return r;
}

/* A guest that runs already is not started twice. */
static int start_now(const char *name, struct err *err)
{
	struct status status;
	int r = status_read(name, &status, err);

	if (r < 0)
		return r;
	status_free(&status);
	if (status.state != STATUS_OFF && !unit_active(name))
		return err_set(err, EAGAIN,
			       "guest '%s' is enabled, but runs outside of its "
			       "service; let the service take it with: "
			       "pimigrate stop %s && systemctl start "
			       "pimigrate@%s",
			       name, name, name);
	return unit_start(name, err);
}

/* on or off at once too, for --now. */
static int libvirt_now(const struct machine *m, bool on, struct err *err)
{
	struct status status;
	int r = guest_status(m, &status, err);

	if (r < 0)
		return r;
	status_free(&status);
	if (on && status.state == STATUS_OFF)
		return libvirt_start(m, err);
	if (on || status.state == STATUS_OFF)
		return 0;
	r = libvirt_stop(m, false, STOP_SECONDS, err);
	return r == -ETIMEDOUT ? err_set(err, ETIMEDOUT,
					 "guest '%s' is still running", m->name)
			       : r;
}

/* Under libvirt a guest starts with this machine by its autostart. */
static int libvirt_autostart(const struct cmd_ctx *ctx, struct machine *m,
			     bool on, struct err *err)
{
	autohost struct domain_host *host = NULL;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r)
		r = domain_autostart(host, m->uuid, on, err);
	m->autostart = on;
	if (!r)
		r = store_save(m, err);
	if (!r && arg_now)
		r = libvirt_now(m, on, err);
	if (!r && !ctx->quiet)
		printf("libvirt %s %s with this machine%s\n",
		       on ? "starts" : "does not start", m->name,
		       on ? "" : " any more");
	return r;
}

/* 1: it is a guest of libvirt's, and all is done. */
static int try_libvirt(const struct cmd_ctx *ctx, bool on, struct err *err)
{
	struct machine m;
	int r = store_load(ctx->args[0], &m, err);

	if (r < 0)
		return r;
	if (m.libvirt) {
		r = libvirt_autostart(ctx, &m, on, err);
		r = r < 0 ? r : 1;
	}
	machine_free(&m);
	return r;
}

static int enable_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autofree char *program = NULL;
	struct machine m;
	uid_t uid;
	gid_t gid;
	int r = try_libvirt(ctx, true, err);

	if (r)
		return r < 0 ? cmd_host(r) : 0;
	r = need_root("enable a service", err);
	if (!r)
		r = need_system_guests(name, err);
	if (!r && arg_now && !unit_systemd())
		r = err_set(err, ENOSYS,
			    "systemd does not run here, so --now cannot start "
			    "the service");
	if (!r)
		r = save_autostart(name, true, &m, err);
	if (r < 0)
		return r;
	machine_free(&m);
	if (!unit_installed("")) {
		r = unit_program(&program, err);
		if (!r)
			r = unit_install("", program, err);
		if (!r && !ctx->quiet)
			printf("the units are installed in "
			       "/etc/systemd/system\n");
	}
	if (!r)
		r = unit_user(&uid, &gid, err);
	if (!r)
		r = unit_enable("", name, err);
	if (!r && arg_now)
		r = start_now(name, err);
	if (!r && !ctx->quiet)
		printf("%s starts with this machine%s\n", name,
		       arg_now ? ", and runs" : "");
	return r;
}

static int disable_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	struct machine m;
	int r = try_libvirt(ctx, false, err);

	if (r)
		return r < 0 ? cmd_host(r) : 0;
	r = need_root("disable a service", err);
	if (!r)
		r = save_autostart(name, false, &m, err);
	if (r < 0)
		return r;
	machine_free(&m);
	if (unit_installed(""))
		r = unit_disable("", name, err);
	if (!r && arg_now && unit_busy(name))
		r = unit_stop(name, err);
	if (!r && !ctx->quiet)
		printf("%s does not start with this machine any more\n", name);
	return r;
}

static int prepare(const struct machine *m, struct err *err)
{
	autofree char *dir = store_dir(m->name);
	uid_t uid;
	gid_t gid;
	int r;

	if (m->libvirt)
		return err_set(err, EBUSY,
			       "guest '%s' is run by libvirt, whose disk and "
			       "network are not the service's: systemctl "
			       "disable pimigrate@%s",
			       m->name, m->name);
	r = unit_user(&uid, &gid, err);
	if (!r)
		r = unit_own(dir, m, uid, gid, err);
	if (!r && unit_systemd())
		r = unit_limit(m, err);
	return r < 0 ? r : join_lan(m, uid, gid, err);
}

static int prepare_run(struct cmd_ctx *ctx, struct err *err)
{
	struct machine m;
	int r = need_root("prepare a guest", err);

	if (!r)
		r = store_load(ctx->args[0], &m, err);
	if (r < 0)
		return r;
	r = arg_undo ? tap_drop_all(&m, err) : prepare(&m, err);
	machine_free(&m);
	return r;
}

static const struct opt now_options[] = {
	{ "--now", OPT_FLAG, &arg_now, .help = "start or stop it at once too" },
	OPT_END,
};

static const struct opt prepare_options[] = {
	{ "--undo", OPT_FLAG, &arg_undo,
	  .help = "after the guest: remove what was made" },
	OPT_END,
};

const struct cmd cmd_enable = {
	.name = "enable",
	.help = "start a guest with this machine, as a service",
	.args = "NAME",
	.about = "The service is pimigrate@NAME; what it says is shown by "
		 "journalctl -u pimigrate@NAME,\nwhat the guest prints by "
		 "journalctl -t NAME.",
	.min_args = 1,
	.max_args = 1,
	.options = now_options,
	.run = enable_run,
};

const struct cmd cmd_disable = {
	.name = "disable",
	.help = "do not start a guest with this machine any more",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = now_options,
	.run = disable_run,
};

const struct cmd cmd_prepare = {
	.name = "prepare",
	.help = "what a guest's service needs of root",
	.args = "NAME",
	.about = "The service runs it before and after the guest: it gives the "
		 "disk to the user\npimigrate, limits memory and CPU as "
		 "guest.yaml has them, and makes the guest's TAP.",
	.min_args = 1,
	.max_args = 1,
	.options = prepare_options,
	.run = prepare_run,
};
