/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clean disk for a system that shared its card with others: NOOBS and PINN
 * leave partitions that nobody needs any more, and a root that cannot grow.
 */
#ifndef CMD_LAYOUT_H
#define CMD_LAYOUT_H

#include <stdint.h>

#include "model/guest.h"

enum {
	LAYOUT_SECTOR = 512
};

/*
 * The guest's disk shall have an MBR, with the boot partition (if there is one)
 * and root alone.  Numbers, ids, references and the disk's size become those
 * of that disk; start stays where a partition is read from.
 */
void layout_two(struct guest *g);

/* The disks of such a guest were made, and are read in the order in which their
 * sources were named: what was each partition called? */
void layout_names(struct guest *copy, const struct guest *g);

/* Where a partition of such a guest comes to lie: bytes. */
uint64_t layout_place(const struct guest *g, const struct guest_partition *p);

/* The first sector of that disk. */
void layout_table(const struct guest *g, uint8_t ret_sector[LAYOUT_SECTOR]);

#endif
