/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done to the copy, in one launch of the appliance: replay and check,
 * growth, the plan's rows.  After a replay the copy is looked at again, as if
 * it were the card, and all is planned from that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/convert.h"
#include "cmd/layout.h"
#include "cmd/room.h"
#include "common/cleanup.h"
#include "common/mem.h"

#define MIB (UINT64_C(1) << 20)

/* Was it said of the card, before its journal was replayed? */
static bool was_said(const struct conversion *c, const struct finding *f)
{
	for (size_t i = 0; c->copied && i < c->card.guest.findings.n; i++)
		if (!strcmp(c->card.guest.findings.at[i].text, f->text))
			return true;
	return false;
}

/* --mac and --clone give the VM another address than the Pi's. */
static void check_mac(const struct machine *m, struct guest *g)
{
	const struct machine_nic *nic = &m->nics.at[0];

	if (g->mac_bound && nic->kind != NIC_NONE &&
	    strcasecmp(nic->mac, g->mac) != 0)
		guest_say(g, FINDING_WARN, "mac-bound",
			  "'%s' names the address of the network card that it "
			  "configures, %s, and the VM has another: it has no "
			  "network until that file names its own",
			  g->mac_bound, g->mac);
}

int conversion_losses(struct conversion *c, struct err *err)
{
	struct guest *g = c->copied ? &c->copy.guest : &c->card.guest;
	size_t n;

	check_mac(&c->machine, g);
	n = guest_losses(g);
	for (size_t i = 0; i < g->findings.n; i++) {
		const struct finding *f = &g->findings.at[i];

		if (f->level == FINDING_WARN && !was_said(c, f))
			ui_warn(c->ui, "%s", f->text);
	}
	if (!c->strict || !n)
		return 0;
	c->lost = true;
	return err_set(err, ECANCELED,
		       "%zu thing%s would not be as on the Pi, and --strict "
		       "was given: nothing was made",
		       n, n == 1 ? "" : "s");
}

/* The copies, in the order in which their sources were named. */
static int open_copies(struct conversion *c, struct err *err)
{
	const struct guest *g = &c->card.guest;
	struct vec_of(char *) paths = { 0 };
	struct card_wish wish = { .root = (unsigned int)g->root,
				  .order = g->order,
				  .laid_out = g->laid_out ? g : NULL };
	int r;

	for (unsigned int n = 0; n <= g->disks.n; n++)
		*vec_add(&paths) = conversion_disk(
			c, (unsigned int)guest_disk_of_order(g, n));
	wish.disks = (const char *const *)paths.at + 1;
	wish.n_disks = paths.n - 1;
	r = card_open_as(paths.at[0], &wish, &c->copy, err);
	for (size_t i = 0; i < paths.n; i++)
		free(paths.at[i]);
	vec_free(&paths);
	return r;
}

/* Replayed: what the copy shows now is what counts. */
static int look_again(struct conversion *c, struct err *err)
{
	autofree char *name = xstrdup(c->machine.name);
	autofree char *sum = steal_ptr(c->machine.source_sha256);
	int r = open_copies(c, err);

	c->copied = r == 0;
	if (r < 0) {
		card_close(&c->copy);
		return r;
	}
	if (guest_stop(&c->copy.guest))
		return err_set(err, EMEDIUMTYPE,
			       "after its journal was replayed the card "
			       "cannot be converted: %s",
			       guest_stop(&c->copy.guest)->text);
	/* It has room for growth already: not what the card had. */
	c->copy.guest.disk_size = c->card.guest.disk_size;
	machine_free(&c->machine);
	machine_make(&c->machine_wish, name, &c->card.img.source,
		     &c->copy.guest, &c->machine);
	c->machine.source_sha256 = steal_ptr(sum);
	r = conversion_losses(c, err);
	if (!r)
		r = conversion_kernel(c, err);
	return r < 0 ? r : conversion_plan(c, err);
}

static struct change *growth(const struct plan *plan)
{
	for (size_t i = 0; i < plan->changes.n; i++)
		if (plan->changes.at[i].kind == CHANGE_GROW)
			return &plan->changes.at[i];
	return NULL;
}

static bool is_gpt(const struct conversion *c)
{
	return c->card.guest.table && !strcmp(c->card.guest.table, "gpt");
}

/*
 * How large the copy must be before the appliance sees it.  How much is free
 * on a card that was not shut down is known after the replay only: there is
 * room for all cases, which costs nothing, and what is too much is cut off.
 */
static uint64_t room(const struct conversion *c)
{
	uint64_t most = adapt_grown(c->card.guest.disk_size,
				    c->staged.size + c->free);

	if (!c->plan.needs_replay || !c->free)
		return c->plan.disk_size;
	return most > c->plan.disk_size ? most : c->plan.disk_size;
}

/* A GPT has its copy at the disk's end, which cannot be cut off. */
static void settle_growth(struct conversion *c, uint64_t size)
{
	struct change *grow = growth(&c->plan);

	if (grow && (is_gpt(c) || grow->size > size))
		c->plan.disk_size = grow->size = size;
}

static int check_room(const struct conversion *c, struct err *err)
{
	return room_check(c->guest.root, c->staged.size + c->staged.size / 8,
			  ", or name another place with PIMIGRATE_GUESTS", err);
}

static int make_undo(const char *undo, struct err *err)
{
	/* Whatever the umask: it holds keys and passwords. */
	if (mkdir(undo, 0700) < 0)
		return err_errno(err, errno, "cannot make '%s'", undo);
	return 0;
}

static int launch(struct conversion *c, struct err *err)
{
	ui_say(c->ui, "starting libguestfs's appliance (without KVM that "
		      "takes half a minute)");
	return session_open(c->disk, c->work, SESSION_COPY, &c->session, err);
}

static int repair(struct conversion *c, struct err *err)
{
	bool repaired = false;
	int r;

	ui_say(c->ui,
	       c->plan.needs_replay
		       ? "replaying the journal, checking the file system"
		       : "checking the file system");
	r = session_check(c->session, c->card.guest.root, &repaired, err);
	if (!r && repaired)
		ui_warn(c->ui, "the card's file system was damaged; it is "
			       "repaired on the copy, and something may be "
			       "in lost+found");
	if (!r && c->plan.needs_replay)
		r = look_again(c, err);
	return r;
}

/* Where the root file system begins on the copy. */
static uint64_t root_at(const struct conversion *c)
{
	const struct guest *g = &c->card.guest;
	const struct guest_partition *root = guest_partition(g, g->root);

	return g->laid_out ? layout_place(g, root) : root->start;
}

static int change(struct conversion *c, struct err *err)
{
	autofree char *undo = xasprintf("%s/undo", c->guest.dir);
	autofree char *journal = xasprintf("%s/changes.yaml", c->guest.dir);
	int root = c->card.guest.root, r = make_undo(undo, err);

	if (!r && growth(&c->plan)) {
		ui_say(c->ui, "enlarging the root file system");
		r = session_grow(c->session, root, c->plan.disk_size, err);
	}
	if (r < 0)
		return r;
	ui_say(c->ui, "making %zu changes, unpacking the kernel",
	       c->plan.changes.n);
	r = session_apply(c->session, root, root_at(c), &c->plan, undo, journal,
			  err);
	return r < 0 ? r : session_finish(c->session, err);
}

int conversion_apply(struct conversion *c, struct err *err)
{
	uint64_t size = room(c);
	int r = check_room(c, err);

	if (r < 0)
		return r;
	if (truncate(c->disk, (off_t)size) < 0)
		return err_errno(err, errno, "cannot enlarge '%s'", c->disk);
	r = launch(c, err);
	if (!r)
		r = repair(c, err);
	if (r < 0)
		return r;
	settle_growth(c, size);
	r = change(c, err);
	if (!r && c->plan.disk_size < size &&
	    truncate(c->disk, (off_t)c->plan.disk_size) < 0)
		r = err_errno(err, errno, "cannot cut '%s'", c->disk);
	return r;
}
