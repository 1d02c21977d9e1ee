/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation (ARM IHI 0048B chapters 3 and 4).
 *
 * An interrupt is pending if it is latched (an edge, GICD_ISPENDR, an SGI) or
 * its input is high and it is level-sensitive.  It can be signalled to a CPU
 * if it is pending, enabled, not active, sent to that CPU (SPIs: targets), and
 * its group is enabled in the distributor and the CPU interface.  Of those,
 * the one with the lowest priority value, then the lowest number, is 'best'.
 * The CPU's input goes up if best's priority is below GICC_PMR and its group
 * priority (the bits that GICC_BPR leaves) below the running priority.
 *
 * Reading GICC_IAR makes best active and enters its group priority into the
 * active priorities: 128 bits, the lowest one set being the running priority.
 * Writing GICC_EOIR drops that bit and, unless EOImode is set, deactivates the
 * interrupt; else GICC_DIR does that.
 *
 * Everything is kept as words of 32 interrupts, so that working out best, which
 * happens at every change, is nine ANDs and a look at the few bits left.
 *
 * Without the security extensions both groups are there; group 0 is FIQ if
 * GICC_CTLR.FIQEn.  A pending group 1 interrupt reads as 1022 from GICC_IAR
 * unless AckCtl is set, and is acknowledged by GICC_AIAR.  GICC_CTLR's bypass
 * bits do nothing: there is no legacy input.
 */
#include "dev/gicv2.h"

#include <string.h>

#include "common/cleanup.h"
#include "dev/gicv2_priv.h"

bool gic_in_group1(struct gicv2 *gic, unsigned int cpu, unsigned int irq)
{
	return gic_bank(gic, cpu, irq / 32)->group >> irq % 32 & 1;
}

unsigned int gic_group_priority(struct gicv2 *gic, unsigned int cpu,
				unsigned int irq)
{
	const struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int bpr = c->bpr;

	if (gic_in_group1(gic, cpu, irq) && !(c->ctlr & CTLR_CBPR))
		bpr = c->abpr - 1;
	return *gic_priority(gic, cpu, irq) & ~0u << (bpr + 1);
}

unsigned int gic_running_priority(const struct gicv2_cpu *c)
{
	for (unsigned int i = 0; i < GIC_APRS; i++) {
		uint32_t bits = c->apr[0][i] | c->apr[1][i];

		if (bits)
			return (i * 32 + (unsigned int)__builtin_ctz(bits)) * 2;
	}
	return IDLE;
}

/* The highest priority pending interrupt that may be signalled, or 1023. */
static unsigned int find_best(struct gicv2 *gic, unsigned int cpu)
{
	const struct gicv2_cpu *c = &gic->cpu[cpu];
	uint32_t groups = gic->ctlr & c->ctlr & CTLR_GROUPS;
	unsigned int best = SPURIOUS, best_priority = IDLE;

	for (unsigned int w = 0; groups && w < GIC_WORDS; w++) {
		const struct gicv2_bank *b = gic_bank(gic, cpu, w);
		uint32_t bits = gic_pending(b) & b->enabled & ~b->active &
				c->targets[w];

		bits &= (groups & 1 ? ~b->group : 0) |
			(groups & 2 ? b->group : 0);
		for (; bits; bits &= bits - 1) {
			unsigned int irq = w * 32 +
					   (unsigned int)__builtin_ctz(bits);
			unsigned int p = *gic_priority(gic, cpu, irq);

			if (p < best_priority) {
				best = irq;
				best_priority = p;
			}
		}
	}
	return best;
}

void gic_update_cpu(struct gicv2 *gic, unsigned int cpu)
{
	struct gicv2_cpu *c = &gic->cpu[cpu];
	bool irq = false, fiq = false;

	c->best = find_best(gic, cpu);
	if (c->best != SPURIOUS && *gic_priority(gic, cpu, c->best) < c->pmr &&
	    gic_group_priority(gic, cpu, c->best) < gic_running_priority(c)) {
		fiq = c->ctlr & CTLR_FIQEN && !gic_in_group1(gic, cpu, c->best);
		irq = !fiq;
	}
	if (irq != c->irq || fiq != c->fiq) {
		c->irq = irq;
		c->fiq = fiq;
		gic->output(gic->arg, cpu, irq, fiq);
	}
}

void gic_update_all(struct gicv2 *gic)
{
	for (unsigned int cpu = 0; cpu < gic->cpus; cpu++)
		gic_update_cpu(gic, cpu);
}

void gic_update_for(struct gicv2 *gic, unsigned int cpu, unsigned int irq)
{
	for (unsigned int i = 0; i < gic->cpus; i++) {
		if (i == cpu || (irq >= 32 &&
				 gic->cpu[i].targets[irq / 32] >> irq % 32 & 1))
			gic_update_cpu(gic, i);
	}
}

static void set_level(struct gicv2_bank *b, unsigned int n, bool level)
{
	uint32_t bit = 1u << n;

	if (!level) {
		b->level &= ~bit;
		return;
	}
	if (!(b->level & bit))
		b->latched |= b->edge & bit;
	b->level |= bit;
}

static void set_spi(void *ctl, unsigned int n, bool level)
{
	struct gicv2 *gic = ctl;

	with_lock(&gic->lock);
	set_level(&gic->spi[n / 32], n % 32, level);
	gic_update_for(gic, GIC_CPUS, n + 32);
}

struct irq_line gicv2_spi(struct gicv2 *gic, unsigned int n)
{
	return (struct irq_line){ .set = set_spi, .ctl = gic, .n = n };
}

void gicv2_set_ppi(struct gicv2 *gic, unsigned int cpu, unsigned int n,
		   bool level)
{
	with_lock(&gic->lock);
	set_level(&gic->cpu[cpu].own, n + 16, level);
	gic_update_cpu(gic, cpu);
}

static void reset_bank(struct gicv2_bank *b)
{
	*b = (struct gicv2_bank){ .level = b->level };
}

/* With one CPU all SPIs go to it. */
static void reset_cpu(struct gicv2_cpu *c, uint32_t targets)
{
	reset_bank(&c->own);
	c->own.enabled = c->own.edge = 0xffff;
	memset(c->targets, targets ? 0xff : 0, sizeof(c->targets));
	c->targets[0] = ~0u;
	memset(c->priority, 0, sizeof(c->priority));
	memset(c->sgi_from, 0, sizeof(c->sgi_from));
	memset(c->apr, 0, sizeof(c->apr));
	c->ctlr = c->pmr = c->bpr = 0;
	c->abpr = 1;
}

void gicv2_reset(struct gicv2 *gic)
{
	with_lock(&gic->lock);
	gic->ctlr = 0;
	memset(gic->priority, 0, sizeof(gic->priority));
	for (unsigned int i = 0; i < GIC_WORDS - 1; i++)
		reset_bank(&gic->spi[i]);
	for (unsigned int i = 0; i < gic->cpus; i++)
		reset_cpu(&gic->cpu[i], gic->cpus == 1);
	gic_update_all(gic);
}

void gicv2_init(struct gicv2 *gic, unsigned int cpus,
		void (*output)(void *arg, unsigned int cpu, bool irq, bool fiq),
		unsigned int (*current)(void *arg), void *arg)
{
	*gic = (struct gicv2){
		.cpus = cpus, .output = output, .current = current, .arg = arg
	};
	pthread_mutex_init(&gic->lock, NULL);
	gicv2_reset(gic);
}

void gicv2_fini(struct gicv2 *gic)
{
	pthread_mutex_destroy(&gic->lock);
}
