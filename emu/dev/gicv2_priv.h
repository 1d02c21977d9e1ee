/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the three files of the GIC share.  All with the lock held. */
#ifndef DEV_GICV2_PRIV_H
#define DEV_GICV2_PRIV_H

#include "dev/gicv2.h"

enum {
	SPURIOUS = 1023,
	OTHER_GROUP = 1022,
	IDLE = 0x100, /* the running priority when nothing is active */

	CTLR_GROUPS = 3, /* GICD_CTLR and GICC_CTLR: EnableGrp0, EnableGrp1 */
	CTLR_ACKCTL = 1 << 2,
	CTLR_FIQEN = 1 << 3,
	CTLR_CBPR = 1 << 4,
	CTLR_EOIMODE = 1 << 9,
	CTLR_BITS = 0x21f, /* those that can be written */
};

/* The registers of 32 interrupts, as CPU cpu sees them. */
static inline struct gicv2_bank *gic_bank(struct gicv2 *gic, unsigned int cpu,
					  unsigned int word)
{
	return word ? &gic->spi[word - 1] : &gic->cpu[cpu].own;
}

static inline uint8_t *gic_priority(struct gicv2 *gic, unsigned int cpu,
				    unsigned int irq)
{
	return irq < 32 ? &gic->cpu[cpu].priority[irq]
			: &gic->priority[irq - 32];
}

static inline uint32_t gic_pending(const struct gicv2_bank *b)
{
	return b->latched | (b->level & ~b->edge);
}

bool gic_in_group1(struct gicv2 *gic, unsigned int cpu, unsigned int irq);

/* The part of a priority that decides about preemption (3.3.3). */
unsigned int gic_group_priority(struct gicv2 *gic, unsigned int cpu,
				unsigned int irq);

/* Of the active interrupts, or IDLE. */
unsigned int gic_running_priority(const struct gicv2_cpu *c);

/* Work out the outputs anew: of one CPU, of all, or of those that a change of
 * irq, seen by cpu (GIC_CPUS: by none), may concern. */
void gic_update_cpu(struct gicv2 *gic, unsigned int cpu);
void gic_update_all(struct gicv2 *gic);
void gic_update_for(struct gicv2 *gic, unsigned int cpu, unsigned int irq);

#endif
