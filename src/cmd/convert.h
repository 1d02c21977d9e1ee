/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversion's state, and its stages in order.  Each takes what those
 * before it left here.  convert.c has the options and the order.
 */
#ifndef CMD_CONVERT_H
#define CMD_CONVERT_H

#include "adapt/adapt.h"
#include "adapt/session.h"
#include "cmd/card.h"
#include "cmd/convert_machine.h"
#include "cmd/facts.h"
#include "host/ui.h"
#include "kernel/obtain.h"
#include "kernel/stage.h"
#include "store/store.h"

struct conversion {
	struct ui *ui;
	bool strict, clone;
	bool serial_console; /* as in struct adapt_facts */
	uint64_t free;       /* bytes, as in struct adapt_facts */
	struct kernel_wish wish;
	struct machine_wish machine_wish;

	struct card card; /* the source; never written to */
	struct card copy; /* the guest's own disk, once it was replayed */
	bool copied;      /* copy is open and is what counts */
	bool lost;        /* ended because of strict */

	struct inspect_trees trees; /* of the card that counts */
	struct facts_source source;
	struct kernel_set kernel;
	struct kernel_staged staged;
	char *apt_source, *apt_pin, *status, *states;
	char *held_status, *held;
	char *machine_id; /* of a clone */
	uint64_t fetched; /* bytes, of the files before the one at hand */
	uint64_t fetching;

	struct plan plan;
	struct machine machine;
	struct store_new guest;
	struct session *session;
	const char *pool; /* libvirt's, for the disk; NULL: the folder */
	char *work;       /* temporary folder, removed at the end */
	char *disk;       /* the guest's disk.raw */
};

/* The card that counts: the copy after a replay, else the source. */
const struct card *conversion_card(const struct conversion *c);

/* Where the copy of the system's disk (0) or of another lies; the caller frees
 * it. */
char *conversion_disk(const struct conversion *c, unsigned int disk);

/* Fetch the kernel for it, and stage it below work. */
int conversion_kernel(struct conversion *c, struct err *err);

/* Make the plan from what can be read; again after a replay. */
int conversion_plan(struct conversion *c, struct err *err);

/* The same with the kernel's rows alone. */
void conversion_plan_kernel(struct conversion *c);

/* Say what will not be as on the Pi.  With strict that is -ECANCELED, and
 * lost is set. */
int conversion_losses(struct conversion *c, struct err *err);

/* The disks, as the sources have them. */
int conversion_copy(struct conversion *c, struct err *err);

/* Replay, grow, and carry out the plan. */
int conversion_apply(struct conversion *c, struct err *err);

/* boot/vmlinuz and boot/initrd.img. */
int conversion_boot(struct conversion *c, struct err *err);

/* report.txt, report.json, guest.yaml. */
int conversion_write(struct conversion *c, struct err *err);

void conversion_free(struct conversion *c);

#endif
