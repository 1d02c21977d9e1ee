/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/convert.h"
#include "cmd/report.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "initrd/initrd.h"
#include "kernel/apt.h"
#include "kernel/dpkg.h"

enum {
	STATUS_MAX = 64 << 20 /* bytes: the largest file that is read whole */
};

/* Packages that hold what a Pi starts; others depend on these. */
static const char *const pi_kernels[] = { "raspberrypi-kernel",
					  "raspberrypi-bootloader",
					  "linux-image-rpi-*", NULL };

const struct card *conversion_card(const struct conversion *c)
{
	return c->copied ? &c->copy : &c->card;
}

char *conversion_disk(const struct conversion *c, unsigned int disk)
{
	autofree char *name = machine_disk_name(disk);

	return xasprintf("%s/%s", c->guest.dir, name);
}

/* A text of the guest that may be large; "" if there is none. */
static char *guest_text(const struct conversion *c, const char *path)
{
	size_t len;
	char *text;

	if (tree_read(&c->trees.root, path, STATUS_MAX, &text, &len) < 0)
		return xstrdup("");
	return text;
}

static int open_trees(struct conversion *c, struct err *err)
{
	const struct card *card = conversion_card(c);

	inspect_trees_close(&c->trees);
	c->source = (struct facts_source){ &c->trees, card->profile };
	return card_trees(card, &c->trees, err);
}

static int stage(struct conversion *c, struct err *err)
{
	const struct card *card = conversion_card(c);
	autofree char *dir = xasprintf("%s/kernel", c->work);
	int r = files_remove_tree(dir, err);

	if (!r)
		r = files_mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	kernel_staged_free(&c->staged);
	c->staged = (struct kernel_staged){ 0 };
	return kernel_stage(&c->kernel, card->guest.merged_usr, c->status,
			    c->states, dir, &c->staged, err);
}

static void say_kernel(struct conversion *c)
{
	const char *from = c->kernel.keep   ? "the card's own"
			   : c->wish.debs.n ? "from the given packages"
			   : c->fetched + c->fetching ? "fetched"
						      : "from the cache";

	ui_say(c->ui, "kernel %s, %s", c->kernel.release, from);
	for (size_t i = 0; i < c->kernel.notes.n; i++)
		ui_say(c->ui, "%s", c->kernel.notes.at[i]);
}

int conversion_kernel(struct conversion *c, struct err *err)
{
	const struct card *card = conversion_card(c);
	int r = open_trees(c, err);
	struct err why;

	if (r < 0)
		return r;
	free(c->status);
	free(c->states);
	c->status = guest_text(c, "/var/lib/dpkg/status");
	c->states = guest_text(c, "/var/lib/apt/extended_states");
	kernel_set_free(&c->kernel);
	c->fetched = c->fetching = 0;
	/* A pocket that is left out writes to its err and is no failure. */
	r = kernel_obtain(&c->wish, &card->guest, c->status, &c->kernel, &why);
	ui_progress_end(c->ui, c->fetched + c->fetching);
	if (r < 0) {
		*err = why;
		return r;
	}
	say_kernel(c);
	return c->kernel.keep ? 0 : stage(c, err);
}

static void kernel_facts(struct conversion *c, struct adapt_kernel *k)
{
	const struct guest *g = &conversion_card(c)->guest;

	k->release = c->kernel.release;
	k->reason = c->kernel.reason;
	free(c->held_status);
	free(c->held);
	c->held = NULL;
	c->held_status = dpkg_hold(c->staged.status ? c->staged.status
						    : c->status,
				   pi_kernels, &c->held);
	k->held_status = c->held_status;
	k->held = c->held;
	if (c->kernel.keep)
		return;
	k->tree = c->staged.root;
	k->size = c->staged.size;
	k->files = c->staged.files.at;
	k->n_files = c->staged.files.n;
	k->status = c->staged.status;
	k->extended_states = c->staged.extended_states;
	/* What dpkg does not know is not updated either. */
	if (!c->kernel.enter || !apt_needs_source(g) || !c->kernel.mirror)
		return; /* offline, nobody knows where updates come from */
	free(c->apt_source);
	free(c->apt_pin);
	c->apt_source = apt_source_text(
		flavour_of(g->arch), c->kernel.suite, c->kernel.mirror,
		c->kernel.no_security ? NULL : c->kernel.security);
	c->apt_pin = apt_pin_text(flavour_of(g->arch));
	k->apt_source = c->apt_source;
	k->apt_pin = c->apt_pin;
	k->apt_source_path = APT_SOURCE_PATH;
	k->apt_pin_path = APT_PIN_PATH;
	k->keyring_path = APT_KEYRING_PATH;
	if (!access(APT_KEYRING_PATH, R_OK))
		k->keyring = APT_KEYRING_PATH;
}

int conversion_plan(struct conversion *c, struct err *err)
{
	struct adapt_facts facts = {
		.guest = &conversion_card(c)->guest,
		.free = c->free,
		.serial_console = c->serial_console,
	};

	facts_init(&facts, &c->source);
	kernel_facts(c, &facts.kernel);
	if (c->clone && !c->machine_id)
		c->machine_id = machine_new_id();
	facts.new_machine_id = c->machine_id;
	plan_free(&c->plan);
	return adapt_plan(&facts, &c->plan, err);
}

void conversion_plan_kernel(struct conversion *c)
{
	struct adapt_facts facts = { .guest = &conversion_card(c)->guest };

	facts_init(&facts, &c->source);
	kernel_facts(c, &facts.kernel);
	plan_free(&c->plan);
	c->plan = (struct plan){ 0 };
	adapt_kernel(&facts, &c->plan);
}

/* A file of the guest, on this host. */
static int extract(const struct tree *tree, const char *path, const char *to,
		   struct err *err)
{
	autofree char *bytes = NULL;
	size_t len;
	int r = tree_read(tree, path, STATUS_MAX, &bytes, &len);

	if (r < 0)
		return err_errno(err, -r, "cannot read '%s' of the card", path);
	return files_replace(to, bytes, len, 0644, err);
}

/* The modules of a kernel that stays, for the initrd. */
static int extract_tree(const struct tree *tree, const char *path,
			const char *to, struct err *err)
{
	autonames struct tree_names names = { 0 };
	int r = files_mkdir_p(to, 0700, err);

	if (r < 0)
		return r;
	r = tree_list(tree, path, &names);
	if (r < 0)
		return err_errno(err, -r, "cannot read '%s' of the card", path);
	for (size_t i = 0; r >= 0 && i < names.all.n; i++) {
		autofree char *from = xasprintf("%s/%s", path, names.all.at[i]);
		autofree char *below = xasprintf("%s/%s", to, names.all.at[i]);
		struct tree_stat st;

		if (tree_lstat(tree, from, &st) < 0)
			continue;
		if (st.kind == TREE_DIR)
			r = extract_tree(tree, from, below, err);
		else if (st.kind == TREE_FILE)
			r = extract(tree, from, below, err);
	}
	return r;
}

static int own_kernel(struct conversion *c, struct initrd_parts *parts,
		      char **ret_vmlinuz, struct err *err)
{
	autofree char *from = xasprintf("/lib/modules/%s", c->kernel.release);
	autofree char *config = xasprintf("/boot/config-%s", c->kernel.release);
	char *modules = xasprintf("%s/modules/%s", c->work, c->kernel.release);
	char *conf = xasprintf("%s/config", c->work);
	int r = extract_tree(&c->trees.root, from, modules, err);

	parts->modules = modules;
	*ret_vmlinuz = xasprintf("%s/vmlinuz", c->work);
	if (!r && tree_exists(&c->trees.root, config)) {
		r = extract(&c->trees.root, config, conf, err);
		parts->config = conf;
	}
	return r < 0 ? r
		     : extract(&c->trees.root, c->kernel.vmlinuz, *ret_vmlinuz,
			       err);
}

int conversion_boot(struct conversion *c, struct err *err)
{
	autofree char *boot = xasprintf("%s/boot", c->guest.dir);
	autofree char *initrd = xasprintf("%s/initrd.img", boot);
	autofree char *kernel = xasprintf("%s/vmlinuz", boot);
	autofree char *vmlinuz = NULL, *bytes = NULL;
	struct initrd_parts parts = {
		.modules = c->staged.modules,
		.busybox = c->kernel.busybox,
		.config = c->staged.config,
	};
	size_t len;
	int r = files_mkdir_p(boot, 0755, err);

	if (!r && c->kernel.keep)
		r = own_kernel(c, &parts, &vmlinuz, err);
	else if (!r)
		vmlinuz = xstrdup(c->staged.vmlinuz);
	if (!r)
		r = files_read(vmlinuz, STATUS_MAX, &bytes, &len, err);
	if (!r)
		r = files_replace(kernel, bytes, len, 0644, err);
	return r < 0 ? r : initrd_make(&parts, initrd, err);
}

static int write_file(const char *dir, const char *name, const char *text,
		      struct err *err)
{
	autofree char *path = xasprintf("%s/%s", dir, name);

	return files_replace(path, text, strlen(text), 0644, err);
}

int conversion_write(struct conversion *c, struct err *err)
{
	autofree char *text = report_text(&c->card, true);
	autofree char *json = report_json(&c->card);
	int r = write_file(c->guest.dir, "report.txt", text, err);

	if (!r)
		r = write_file(c->guest.dir, "report.json", json, err);
	free(c->machine.cmdline);
	c->machine.cmdline = xstrdup(c->plan.kernel_cmdline);
	c->machine.console_hvc0 = c->plan.console_hvc0;
	return r < 0 ? r : store_save_in(c->guest.dir, &c->machine, err);
}

void conversion_free(struct conversion *c)
{
	struct err ignored;

	session_free(c->session);
	if (c->work)
		files_remove_tree(c->work, &ignored);
	store_new_drop(&c->guest);
	inspect_trees_close(&c->trees);
	kernel_staged_free(&c->staged);
	kernel_set_free(&c->kernel);
	plan_free(&c->plan);
	machine_free(&c->machine);
	card_close(&c->card);
	if (c->copied)
		card_close(&c->copy);
	vec_free(&c->wish.debs);
	vec_free(&c->machine_wish.forwards);
	free(c->apt_source);
	free(c->apt_pin);
	free(c->status);
	free(c->states);
	free(c->held_status);
	free(c->held);
	free(c->machine_id);
	free(c->work);
	free(c->disk);
}
