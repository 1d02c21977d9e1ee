/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card as the commands see it: opened, its table read, inspected, and
 * matched with a profile.
 */
#ifndef CMD_CARD_H
#define CMD_CARD_H

#include "common/err.h"
#include "guest/inspect.h"
#include "host/ui.h"
#include "image/image.h"
#include "model/guest.h"
#include "profile/profile.h"

struct card {
	struct image img;                  /* of the system's disk */
	struct vec_of(struct image) disks; /* others, as guest.disks */
	struct guest guest;
	struct profiles profiles;
	struct profile fits;           /* what fits, layers and all */
	const struct profile *profile; /* &fits; NULL: none fits */
	char *kernel_reason;           /* why which kernel; NULL: none fits */
};

/* What is asked of it; all zero: nothing in particular. */
struct card_wish {
	unsigned int root;  /* partition of the system; 0: look for it */
	unsigned int order; /* of the disk that it is on; see guest.order */
	bool ask;           /* which, if there are several */
	const char *const *disks; /* paths of disks besides it */
	size_t n_disks;
	const struct guest *laid_out; /* they are copies of this one's, see
				       * layout_two(); or NULL */
	struct ui *ui; /* is told how far unpacking is; or NULL */
};

/*
 * What --root names: "ask" and "first"; a number, of the card; or a device such
 * as /dev/mmcblk0p7, and where disks were added /dev/sda2 is the first of them.
 */
int card_root(const char *text, struct card_wish *wish, struct err *err);

/*
 * Open and inspect.  What cannot be converted is no failure: see guest_stop().
 * *ret_card need not be initialised, and is good for card_close() in any case.
 */
int card_open_as(const char *path, const struct card_wish *wish,
		 struct card *ret_card, struct err *err);

/* The same with the root's partition alone. */
int card_open(const char *path, unsigned int root, struct card *ret_card,
	      struct err *err);

/* Which partition of a guest's disk is its root, as its changes.yaml says; what
 * is on the disk may name that of the card.  0: it does not say. */
int card_guest_root(const char *name, int *ret_root, struct err *err);

/* A guest's own disk, with that root, or its only one if none is named. */
int card_open_guest(const char *name, struct card *ret_card, struct err *err);

/* As inspect_trees_open(), of a card that is open. */
int card_trees(const struct card *card, struct inspect_trees *ret_trees,
	       struct err *err);

/* The image that was named: 0 is the card, n the n-th disk besides it. */
const struct image *card_image(const struct card *card, unsigned int order);

void card_close(struct card *card);
#define autocard __attribute__((__cleanup__(card_close)))

#endif
