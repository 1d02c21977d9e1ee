/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clone: a second guest like the first, that can live beside it: own uuid and
 * network address, own machine id, host keys and host name.  What convert
 * changed is known of it too; what makes it another machine is not undone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapt/adapt.h"
#include "adapt/session.h"
#include "cmd/card.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/convert_machine.h"
#include "cmd/facts.h"
#include "cmd/off.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "guest/inspect.h"
#include "host/files.h"
#include "image/copy.h"
#include "store/store.h"

struct clone {
	struct ui *ui;
	const char *name, *to;
	struct machine machine;
	struct store_new new;
	struct plan plan;
	char *disk, *work;
	int root; /* partition */
	bool static_address;
	char *mac_bound; /* as guest.mac_bound */
};

static void clone_fini(struct clone *c)
{
	machine_free(&c->machine);
	store_new_drop(&c->new);
	plan_free(&c->plan);
	free(c->disk);
	free(c->work);
	free(c->mac_bound);
}

static void copy_progress(void *arg, uint64_t done, uint64_t total)
{
	ui_progress(arg, done, total);
}

static int copy_file(struct clone *c, const char *from, const char *to,
		     struct err *err)
{
	autoclose int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autoclose int out = -1;
	struct copy_range all = { 0 };
	struct copy_job job = { .from = in,
				.from_name = from,
				.to_name = to,
				.ranges = &all,
				.n_ranges = 1,
				.progress = copy_progress,
				.arg = c->ui };
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		   st.st_mode & 0777);
	if (out < 0)
		return err_errno(err, errno, "cannot make '%s'", to);
	all.len = job.size = (uint64_t)st.st_size;
	job.to = out;
	r = copy_run(&job, err);
	return r;
}

static int copy_link(const char *from, const char *to, struct err *err)
{
	char target[4096];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		return err_errno(err, errno, "cannot read '%s'", from);
	target[n] = 0;
	if (symlink(target, to) < 0)
		return err_errno(err, errno, "cannot make '%s'", to);
	return 0;
}

/* Files, links and folders: all that a guest's folder has. */
static int copy_tree(struct clone *c, const char *from, const char *to,
		     struct err *err)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return err_errno(err, errno, "cannot read '%s'", from);
	while (!r && (entry = readdir(dir))) {
		autofree char *a = xasprintf("%s/%s", from, entry->d_name);
		autofree char *b = xasprintf("%s/%s", to, entry->d_name);
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (lstat(a, &st) < 0)
			r = err_errno(err, errno, "cannot look at '%s'", a);
		else if (S_ISLNK(st.st_mode))
			r = copy_link(a, b, err);
		else if (S_ISREG(st.st_mode))
			r = copy_file(c, a, b, err);
		else if (S_ISDIR(st.st_mode) && mkdir(b, st.st_mode & 0777) < 0)
			r = err_errno(err, errno, "cannot make '%s'", b);
		else if (S_ISDIR(st.st_mode))
			r = copy_tree(c, a, b, err);
	}
	closedir(dir);
	return r;
}

/* What makes it another machine, from what is on its own disk. */
static int plan_identity(struct clone *c, struct err *err)
{
	autofree char *id = machine_new_id();
	autotrees struct inspect_trees trees = { 0 };
	struct adapt_facts facts = { 0 };
	struct facts_source source;
	struct card card;
	int r = card_open(c->disk, (unsigned int)c->root, &card, err);

	if (!r)
		r = card_trees(&card, &trees, err);
	if (!r) {
		source = (struct facts_source){ &trees, card.profile };
		facts.guest = &card.guest;
		facts.new_machine_id = id;
		facts.new_hostname = c->to;
		facts_init(&facts, &source);
		adapt_identity(&facts, &c->plan);
		c->static_address = card.guest.static_address;
		c->mac_bound = steal_ptr(card.guest.mac_bound);
	}
	card_close(&card);
	return r;
}

static int change(struct clone *c, struct err *err)
{
	autosession struct session *s = NULL;
	autofree char *undo = xasprintf("%s/undo", c->work);
	autofree char *journal = xasprintf("%s/changes.yaml", c->work);
	bool repaired = false;
	int r;

	ui_say(c->ui, "starting libguestfs's appliance (without KVM that takes "
		      "half a minute)");
	r = session_open(c->disk, c->work, SESSION_COPY, &s, err);
	if (!r)
		r = session_check(s, c->root, &repaired, err);
	if (!r)
		r = plan_identity(c, err);
	if (!r)
		r = files_mkdir_p(undo, 0700, err);
	if (!r)
		r = session_apply(s, c->root, 0, &c->plan, undo, journal, err);
	return r < 0 ? r : session_finish(s, err);
}

static int make(struct clone *c, struct err *err)
{
	autofree char *from = store_dir(c->name);
	int r = card_guest_root(c->name, &c->root, err);

	if (!r)
		r = store_new_begin(&c->new, c->to, err);
	if (r < 0)
		return r;
	c->disk = xasprintf("%s/disk.raw", c->new.dir);
	c->work = xasprintf("%s/work", c->new.dir);
	ui_step(c->ui, "copy the guest");
	r = copy_tree(c, from, c->new.dir, err);
	ui_progress_end(c->ui, 0);
	if (!r)
		r = files_mkdir_p(c->work, 0700, err);
	if (!r) {
		ui_step(c->ui, "make it a machine of its own");
		r = change(c, err);
	}
	if (!r) {
		machine_renew(&c->machine, c->to);
		r = store_save_in(c->new.dir, &c->machine, err);
	}
	if (!r)
		r = files_remove_tree(c->work, err);
	return r < 0 ? r : store_new_commit(&c->new, err);
}

/* machine_renew() freed that of ssh; what its owner named stays. */
static void warn_of_ports(const struct clone *c)
{
	for (size_t i = 0; i < c->machine.nics.n; i++) {
		const struct machine_nic *nic = &c->machine.nics.at[i];

		for (size_t j = 0; j < nic->forwards.n; j++)
			if (nic->forwards.at[j].host)
				ui_warn(c->ui,
					"both want port %u of this machine: "
					"before they run at the same time, "
					"give %s another one in its "
					"guest.yaml, forwards",
					(unsigned int)nic->forwards.at[j].host,
					c->to);
	}
}

static int clone_run(struct cmd_ctx *ctx, struct err *err)
{
	cleanup(clone_fini) struct clone c = { .ui = ctx->ui,
					       .name = ctx->args[0],
					       .to = ctx->args[1] };
	autoclose int lock = off_lock_disk(c.name, "clone", err);
	int r;

	if (lock < 0)
		return cmd_host(lock);
	umask(022);
	r = store_load(c.name, &c.machine, err);
	if (!r)
		r = session_possible(err);
	if (!r) {
		ui_steps(ctx->ui, 2);
		r = make(&c, err);
	}
	if (r < 0)
		return cmd_host(r);
	if (c.static_address)
		ui_warn(ctx->ui,
			"both have the same fixed address: change one of them "
			"before they run in one network");
	warn_of_ports(&c);
	if (c.mac_bound)
		ui_warn(ctx->ui,
			"'%s' names the address of the network card that it "
			"configures, and %s has another: it has no network "
			"until that file names its own",
			c.mac_bound, c.to);
	if (!ctx->quiet)
		printf("guest %s is ready; start it with: pimigrate start %s\n",
		       c.to, c.to);
	return 0;
}

const struct cmd cmd_clone = {
	.name = "clone",
	.help = "make a second guest like one that is off",
	.args = "NAME NEWNAME",
	.about = "The copy gets an address, a machine id, host keys and a host "
		 "name of its own.",
	.min_args = 2,
	.max_args = 2,
	.run = clone_run,
};
