/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARM PrimeCell PL061 GPIO (ARM DDI 0190): eight lines. */
#ifndef DEV_PL061_H
#define DEV_PL061_H

#include "mem/bus.h"

struct pl061 {
	struct irq_line irq;
	uint8_t inputs; /* levels that the board drives */

	uint8_t data; /* what outputs drive */
	uint8_t dir;  /* 1: output */
	uint8_t is, ibe, iev, im, ris, afsel;
	uint8_t seen; /* levels at the last look, for edges */
};

extern const struct mmio_ops pl061_ops;

void pl061_init(struct pl061 *gpio, struct irq_line irq);
/* Registers; the inputs stay as they are driven. */
void pl061_reset(struct pl061 *gpio);

/* The board drives line n (0 to 7). */
void pl061_set_input(struct pl061 *gpio, unsigned int n, bool level);

#endif
