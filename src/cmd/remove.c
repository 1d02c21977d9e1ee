/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remove, which is called delete too, and rename.  A person at a terminal is
 * asked before a disk is deleted; a script is not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "cmd/off.h"
#include "common/cleanup.h"
#include "store/store.h"
#include "unit/unit.h"

static bool arg_yes;

static int confirm(const char *name, struct err *err)
{
	char answer[16] = "";

	if (arg_yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return 0;
	fprintf(stderr,
		"Delete guest %s, with its disk and all that it has changed? "
		"[y/N] ",
		name);
	if (fgets(answer, sizeof(answer), stdin) &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	return err_set(err, ECANCELED, "guest '%s' stays", name);
}

/* A guest whose guest.yaml is broken can be removed all the same. */
static int forget(const char *name, struct err *err)
{
	struct machine m;
	struct err ignored;
	int r;

	if (store_load(name, &m, &ignored) < 0)
		return 0;
	r = m.libvirt ? libvirt_forget(&m, err) : 0;
	machine_free(&m);
	return r;
}

static int remove_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autoclose int lock = off_lock(name, err);
	int r;

	if (lock < 0)
		return cmd_host(lock);
	r = confirm(name, err);
	if (!r && unit_enabled("", name))
		r = unit_disable("", name, err);
	if (!r)
		r = forget(name, err);
	if (!r)
		r = store_remove(name, err);
	if (!r && !ctx->quiet)
		printf("%s is removed; the card it came from is as it was\n",
		       name);
	return cmd_host(r);
}

static char *real_dir(const char *name)
{
	autofree char *dir = store_dir(name);

	return realpath(dir, NULL);
}

/* The domain follows; if it does not, the guest has its old name again. */
static int rename_domain(const struct machine *m, const char *from,
			 const char *to, struct err *err)
{
	autohost struct domain_host *host = NULL;
	autofree char *dir = real_dir(to);
	enum domain_state state = DOMAIN_MISSING;
	struct err ignored;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r)
		r = domain_state(host, m->uuid, &state, err);
	if (!r && state != DOMAIN_MISSING)
		r = domain_rename(host, m->uuid, to, from, dir, err);
	if (r < 0)
		store_rename(to, m->name, &ignored);
	return r;
}

static int rename_guest(const char *name, const char *to, struct err *err)
{
	autofree char *from = real_dir(name);
	struct machine m;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	r = store_rename(name, to, err);
	if (!r && m.libvirt)
		r = rename_domain(&m, from, to, err);
	machine_free(&m);
	return r;
}

static int rename_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0], *to = ctx->args[1];
	autoclose int lock = off_lock(name, err);
	int r;

	if (lock < 0)
		return cmd_host(lock);
	if (unit_enabled("", name))
		return err_set(err, EBUSY,
			       "guest '%s' is started with this machine under "
			       "that name; first: pimigrate disable %s",
			       name, name);
	r = rename_guest(name, to, err);
	if (!r && !ctx->quiet)
		printf("%s is %s now; the system in it keeps its host name\n",
		       name, to);
	return cmd_host(r);
}

/* clang-format off */
static const struct opt remove_options[] = {
	{ "-y --yes", OPT_FLAG, &arg_yes, .help = "do not ask" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_remove = {
	.name = "remove",
	.help = "delete a guest's disk and all that belongs to it",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = remove_options,
	.run = remove_run,
};

const struct cmd cmd_delete = {
	.name = "delete",
	.help = "the same as remove",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = remove_options,
	.run = remove_run,
};

const struct cmd cmd_rename = {
	.name = "rename",
	.help = "give a guest another name",
	.args = "NAME NEWNAME",
	.min_args = 2,
	.max_args = 2,
	.run = rename_run,
};
