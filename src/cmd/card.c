/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/card.h"

#include <stdlib.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "guest/inspect.h"
#include "image/partition.h"
#include "kernel/select.h"
#include "profile/match.h"

/* The profile, and what it says to the user. */
static void match(struct card *card)
{
	struct guest *g = &card->guest;

	card->profile = match_profile(&card->profiles, g);
	if (!card->profile) {
		if (!guest_stop(g))
			guest_say(g, FINDING_STOP, "no-profile",
				  "no profile in '%s' fits this system",
				  card->profiles.folder);
		return;
	}
	g->profile = xstrdup(card->profile->name);
	if (card->profile->generic)
		guest_say(g, FINDING_WARN, "generic-profile",
			  "nothing is known of this release: it is adapted "
			  "like a recent one, which may not be enough");
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

static bool unpacked(void *arg, uint64_t done, uint64_t total)
{
	struct ui *ui = arg;

	if (ui)
		ui_progress(ui, done, total);
	return true;
}

int card_open_as(const char *path, const struct card_wish *wish,
		 struct card *ret_card, struct err *err)
{
	struct image_watch watch = { unpacked, wish->ui };
	struct card *c = ret_card;
	int rc;

	*c = (struct card){ .img = { .fd = -1 } };
	c->guest.root = (int)wish->root;
	/* what is wrong with a profile shall not be said after minutes */
	rc = profile_load(NULL, &c->profiles, err);
	if (rc == 0)
		rc = image_open(path, &watch, &c->img, err);
	if (wish->ui)
		ui_progress_end(wish->ui, 0);
	if (rc == 0)
		rc = partition_read(&c->img, &c->guest, err);
	if (rc == 0)
		rc = inspect_guest(c->img.fd, path, &c->guest, err);
	if (rc < 0)
		return rc;
	match(c);
	choose_kernel(c);
	return 0;
}

int card_open(const char *path, unsigned int root, struct card *ret_card,
	      struct err *err)
{
	struct card_wish wish = { .root = root };

	return card_open_as(path, &wish, ret_card, err);
}

void card_close(struct card *card)
{
	image_fini(&card->img);
	guest_free(&card->guest);
	profile_free(&card->profiles);
	free(card->kernel_reason);
	*card = (struct card){ .img = { .fd = -1 } };
}
