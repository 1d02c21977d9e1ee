/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapt/journal.h"
#include "cmd/backup.h"
#include "cmd/layout.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "image/partition.h"
#include "kernel/select.h"
#include "profile/match.h"
#include "store/store.h"

static bool file_exists(void *arg, const char *path)
{
	const struct inspect_trees *trees = arg;

	if (!str_starts(path, "boot:"))
		return trees->root.ops && tree_exists(&trees->root, path);
	return trees->boot.ops &&
	       tree_exists(&trees->boot, path + strlen("boot:"));
}

/* Layers by name, so that the result does not depend on folders. */
static void add_layers(struct card *card, const struct match_files *files)
{
	for (size_t i = 0; i < card->profiles.all.n; i++) {
		const struct profile *p = &card->profiles.all.at[i];

		if (!p->adds || !match_fits(p, &card->guest, files))
			continue;
		profile_add_layer(&card->fits, p);
		*vec_add(&card->guest.layers) = xstrdup(p->title);
	}
}

static void say(struct card *card)
{
	const struct profile *p = &card->fits;
	struct guest *g = &card->guest;

	if (p->refuse)
		guest_say_first(g, FINDING_STOP, p->refuse_code, p->refuse);
	if (p->generic)
		guest_say(g, FINDING_WARN, "generic-profile",
			  "nothing is known of this release: it is adapted "
			  "like a recent one, which may not be enough");
	for (size_t i = 0; i < p->says.n; i++)
		guest_say(g, p->says.at[i].level, p->says.at[i].code, "%s",
			  p->says.at[i].text);
}

/* The profile, and what it says to the user. */
static void match(struct card *card, struct inspect_trees *trees)
{
	struct match_files files = { file_exists, trees };
	struct guest *g = &card->guest;
	const struct profile *p = match_profile(&card->profiles, g, &files);

	if (!p) {
		if (!guest_stop(g))
			guest_say(g, FINDING_STOP, "no-profile",
				  "no profile in '%s' fits this system",
				  card->profiles.folder);
		return;
	}
	profile_copy(p, &card->fits);
	card->profile = &card->fits;
	g->profile = xstrdup(p->name);
	add_layers(card, &files);
	say(card);
	match_config(card->profile, g);
	if (!trees->root.ops)
		return;
	inspect_devices(g, &trees->root, card->fits.device_files.all.at,
			card->fits.device_files.all.n);
	inspect_rc_local(g, &trees->root, card->fits.pi_commands.all.at,
			 card->fits.pi_commands.all.n);
}

static void choose_kernel(struct card *card)
{
	struct kernel_wish wish = {
		.suite = card->profile ? card->profile->kernel_suite : NULL
	};
	autorule struct kernel_rule rule = { 0 };
	struct err why;

	if (guest_stop(&card->guest))
		return;
	if (select_rule(&card->guest, &wish, &rule, &why) < 0)
		guest_say(&card->guest, FINDING_STOP, "no-kernel", "%s",
			  why.text);
	else
		card->kernel_reason = steal_ptr(rule.reason);
}

int card_root(const char *text, struct card_wish *wish, struct err *err)
{
	const char *number = text;
	uint64_t n = 0;

	if (str_starts(text, "/dev/"))
		for (const char *at = text; *at; at++)
			if (!strchr("0123456789", *at))
				number = at + 1;
	wish->ask = !strcmp(text, "ask");
	if (!wish->ask && strcmp(text, "first") != 0 &&
	    !str_number(number, 1, 128, &n))
		return err_set(
			err, EINVAL,
			"--root: '%s' is no partition: want ask, first, a "
			"number from 1 to 128, or a device such as "
			"/dev/mmcblk0p2",
			text);
	wish->root = (unsigned int)n;
	if (wish->n_disks && str_starts(text, "/dev/sd") && text[7] >= 'a' &&
	    text[7] <= 'z')
		wish->order = (unsigned int)(text[7] - 'a') + 1;
	return 0;
}

static bool unpacked(void *arg, uint64_t done, uint64_t total)
{
	struct ui *ui = arg;

	if (ui)
		ui_progress(ui, done, total);
	return true;
}

struct open_disks vec_of(struct inspect_disk);

static void list_disks(const struct card *card, struct open_disks *ret)
{
	*vec_add(ret) = (struct inspect_disk){ card->img.fd,
					       card->img.source.path };
	for (size_t i = 0; i < card->disks.n; i++)
		*vec_add(ret) = (struct inspect_disk){
			card->disks.at[i].fd, card->disks.at[i].source.path
		};
}

int card_trees(const struct card *card, struct inspect_trees *ret_trees,
	       struct err *err)
{
	struct open_disks disks = { 0 };
	int rc;

	list_disks(card, &disks);
	rc = inspect_trees_open(disks.at, &card->guest, ret_trees, err);
	vec_free(&disks);
	return rc;
}

const struct image *card_image(const struct card *card, unsigned int order)
{
	int disk = guest_disk_of_order(&card->guest, order);

	return disk > 0 ? &card->disks.at[disk - 1] : &card->img;
}

/* Its partitions become the guest's. */
static void take_disk(struct card *c, struct guest *from)
{
	struct guest *g = &c->guest;
	const struct image *img = &c->disks.at[c->disks.n - 1];

	*vec_add(&g->disks) = (struct guest_disk){
		.path = xstrdup(img->source.path),
		.table = steal_ptr(from->table),
		.id = steal_ptr(from->disk_id),
		.size = from->disk_size,
		.order = (unsigned int)c->disks.n,
	};
	for (size_t i = 0; i < from->partitions.n; i++) {
		from->partitions.at[i].disk = (unsigned int)g->disks.n;
		*vec_add(&g->partitions) = from->partitions.at[i];
	}
	from->partitions.n = 0;
}

static int add_disk(struct card *c, const char *path,
		    const struct image_watch *watch, struct err *err)
{
	struct guest found = { 0 };
	struct image *img = vec_add(&c->disks);
	int rc = image_open(path, watch, img, err);

	if (rc == 0)
		rc = partition_read(img, &found, err);
	if (rc == 0)
		take_disk(c, &found);
	guest_free(&found);
	return rc < 0 ? err_within(err, rc, "--disk") : rc;
}

/* That disk becomes the system's. */
static void swap_disks(struct card *c, unsigned int disk)
{
	struct guest *g = &c->guest;
	struct image old = c->img;

	guest_swap_disks(g, disk);
	c->img = c->disks.at[disk - 1];
	c->disks.at[disk - 1] = old;
	free(g->disks.at[disk - 1].path);
	g->disks.at[disk - 1].path = xstrdup(old.source.path);
	guest_say(g, FINDING_NOTE, "root-on-disk",
		  "the Pi starts from the card and lives on '%s', partition "
		  "%d: the VM gets both",
		  c->img.source.path, g->root);
}

/* The disk that the system lives on is the first, whatever was named first. */
static int settle_root(struct card *c, const struct card_wish *wish,
		       struct open_disks *disks, struct err *err)
{
	struct guest *g = &c->guest;
	const struct guest_partition *p;
	int named = inspect_root(disks->at, g);
	int disk = wish->root ? guest_disk_of_order(g, wish->order) : 0;

	if (disk < 0)
		return err_set(err, EINVAL,
			       "--root names a disk that was not added: there "
			       "are %zu besides the card",
			       g->disks.n);
	p = guest_partition(g, named);
	if (!wish->root && p) {
		disk = (int)p->disk;
		g->root = (int)p->number;
	}
	if (disk)
		swap_disks(c, (unsigned int)disk);
	disks->n = 0;
	list_disks(c, disks);
	return 0;
}

/* Which of several? */
static int ask_root(struct guest *g, struct err *err)
{
	uint64_t n = 0;
	char answer[16];

	if (g->root || g->systems.n < 2)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(
			err, EINVAL,
			"there are %zu systems on this card, and nobody "
			"to ask: see inspect, and choose one with --root",
			g->systems.n);
	for (size_t i = 0; i < g->systems.n; i++) {
		const struct guest_system *s = &g->systems.at[i];
		autofree char *text = xasprintf(
			"%2d  %s  %s", s->partition,
			s->name ? s->name : "(does not say what it is)",
			s->hostname ? s->hostname : "");
		autofree char *clean = str_printable(text, false);

		fprintf(stderr, "%s\n", clean);
	}
	do {
		fputs("Which of these partitions? ", stderr);
		if (!fgets(answer, sizeof(answer), stdin))
			return err_set(err, ECANCELED, "no system was chosen");
		answer[strcspn(answer, "\n")] = 0;
		for (size_t i = 0;
		     str_number(answer, 1, 128, &n) && i < g->systems.n; i++)
			if (g->systems.at[i].partition == (int)n)
				g->root = (int)n;
	} while (!g->root);
	return 0;
}

static int inspect(struct card *c, const struct card_wish *wish,
		   struct err *err)
{
	struct open_disks disks = { 0 };
	int rc = 0;

	list_disks(c, &disks);
	if (c->disks.n)
		rc = settle_root(c, wish, &disks, err);
	if (!rc)
		inspect_systems(disks.at, &c->guest);
	if (!rc && wish->ask)
		rc = ask_root(&c->guest, err);
	if (!rc)
		rc = inspect_guest(disks.at, &c->guest, err);
	vec_free(&disks);
	return rc;
}

int card_open_as(const char *path, const struct card_wish *wish,
		 struct card *ret_card, struct err *err)
{
	struct image_watch watch = { unpacked, wish->ui };
	autotrees struct inspect_trees trees = { 0 };
	struct err ignored;
	struct card *c = ret_card;
	int rc;

	*c = (struct card){ .img = { .fd = -1 } };
	c->guest.root = (int)wish->root;
	/* what is wrong with a profile shall not be said after minutes */
	rc = profile_load(NULL, &c->profiles, err);
	if (rc == 0)
		rc = image_open(path, &watch, &c->img, err);
	if (rc == 0)
		rc = partition_read(&c->img, &c->guest, err);
	for (size_t i = 0; rc == 0 && i < wish->n_disks; i++)
		rc = add_disk(c, wish->disks[i], &watch, err);
	if (rc == 0 && wish->laid_out)
		layout_names(&c->guest, wish->laid_out);
	if (wish->ui)
		ui_progress_end(wish->ui, 0);
	if (rc == 0)
		rc = inspect(c, wish, err);
	if (rc < 0)
		return rc;
	/* without a system there is nothing to open, and ids alone count */
	if (c->guest.root)
		(void)card_trees(c, &trees, &ignored);
	match(c, &trees);
	backup_say(c);
	choose_kernel(c);
	return 0;
}

int card_open(const char *path, unsigned int root, struct card *ret_card,
	      struct err *err)
{
	struct card_wish wish = { .root = root };

	return card_open_as(path, &wish, ret_card, err);
}

int card_guest_root(const char *name, int *ret_root, struct err *err)
{
	autofree char *file = store_file(name, "changes.yaml");
	autojournal struct journal_read journal;
	int rc = journal_load(file, &journal, err);

	if (!rc)
		*ret_root = journal.partition;
	return rc;
}

int card_open_guest(const char *name, struct card *ret_card, struct err *err)
{
	autofree char *disk = store_file(name, "disk.raw");
	struct err why;
	int root = 0, rc = card_guest_root(name, &root, &why);

	*ret_card = (struct card){ .img = { .fd = -1 } };
	if (rc < 0 && rc != -ENOENT) {
		*err = why;
		return rc;
	}
	return card_open(disk, (unsigned int)root, ret_card, err);
}

void card_close(struct card *card)
{
	image_fini(&card->img);
	for (size_t i = 0; i < card->disks.n; i++)
		image_fini(&card->disks.at[i]);
	vec_free(&card->disks);
	guest_free(&card->guest);
	profile_free(&card->profiles);
	profile_free_one(&card->fits);
	free(card->kernel_reason);
	*card = (struct card){ .img = { .fd = -1 } };
}
