/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GIC's CPU interface (ARM IHI 0048B 4.4); the theory is in gicv2.c. */
#include "common/cleanup.h"
#include "dev/gicv2_priv.h"

/* GICC registers (4.4). */
enum {
	GICC_CTLR = 0x00,
	GICC_PMR = 0x04,
	GICC_BPR = 0x08,
	GICC_IAR = 0x0c,
	GICC_EOIR = 0x10,
	GICC_RPR = 0x14,
	GICC_HPPIR = 0x18,
	GICC_ABPR = 0x1c,
	GICC_AIAR = 0x20,
	GICC_AEOIR = 0x24,
	GICC_AHPPIR = 0x28,
	GICC_APR = 0xd0,
	GICC_NSAPR = 0xe0,
	GICC_IIDR = 0xfc,
	GICC_DIR = 0x1000,
};

/* GICC_HPPIR: best, if it belongs to what is asked for. */
static unsigned int pending_for(struct gicv2 *gic, unsigned int cpu, bool alias)
{
	const struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int irq = c->best, from = 0;

	if (irq == SPURIOUS)
		return SPURIOUS;
	if (gic_in_group1(gic, cpu, irq) && !alias && !(c->ctlr & CTLR_ACKCTL))
		return OTHER_GROUP;
	if (!gic_in_group1(gic, cpu, irq) && alias)
		return SPURIOUS;
	if (irq < 16)
		from = (unsigned int)__builtin_ctz(c->sgi_from[irq]);
	return irq | from << 10;
}

static unsigned int acknowledge(struct gicv2 *gic, unsigned int cpu, bool alias)
{
	struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int iar = pending_for(gic, cpu, alias), irq = iar & 0x3ff;
	unsigned int level;
	struct gicv2_bank *b;

	if (irq >= OTHER_GROUP)
		return irq;
	if (!c->irq && !c->fiq) /* masked by priority */
		return SPURIOUS;
	b = gic_bank(gic, cpu, irq / 32);
	if (irq < 16)
		c->sgi_from[irq] &= (uint8_t) ~(1u << (iar >> 10));
	if (irq >= 16 || !c->sgi_from[irq])
		b->latched &= ~(1u << irq % 32);
	b->active |= 1u << irq % 32;
	level = gic_group_priority(gic, cpu, irq) >> 1;
	c->apr[gic_in_group1(gic, cpu, irq)][level / 32] |= 1u << level % 32;
	gic_update_for(gic, cpu, irq);
	return iar;
}

static void deactivate(struct gicv2 *gic, unsigned int cpu, unsigned int irq)
{
	gic_bank(gic, cpu, irq / 32)->active &= ~(1u << irq % 32);
}

/* A number that was never acknowledged is UNPREDICTABLE: the priority drops
 * all the same, as in QEMU. */
static void end_of_interrupt(struct gicv2 *gic, unsigned int cpu, uint32_t val)
{
	struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int irq = val & 0x3ff;
	uint32_t *apr;

	if (irq >= GIC_IRQS || gic_running_priority(c) == IDLE)
		return;
	apr = c->apr[gic_in_group1(gic, cpu, irq)];
	for (unsigned int i = 0; i < GIC_APRS; i++) {
		if (apr[i]) {
			apr[i] &= apr[i] - 1;
			break;
		}
	}
	if (!(c->ctlr & CTLR_EOIMODE))
		deactivate(gic, cpu, irq);
	gic_update_for(gic, cpu, irq);
}

static uint64_t cpu_reg(struct gicv2 *gic, unsigned int cpu, uint32_t off)
{
	struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int running;

	switch (off) {
	case GICC_CTLR:
		return c->ctlr;
	case GICC_PMR:
		return c->pmr;
	case GICC_BPR:
		return c->bpr;
	case GICC_IAR:
	case GICC_AIAR:
		return acknowledge(gic, cpu, off == GICC_AIAR);
	case GICC_RPR:
		running = gic_running_priority(c);
		return running == IDLE ? 0xff : running;
	case GICC_HPPIR:
	case GICC_AHPPIR:
		return pending_for(gic, cpu, off == GICC_AHPPIR);
	case GICC_ABPR:
		return c->abpr;
	case GICC_APR ... GICC_APR + 0xc:
	case GICC_NSAPR ... GICC_NSAPR + 0xc:
		return c->apr[off >= GICC_NSAPR][off / 4 % GIC_APRS];
	case GICC_IIDR:
		return 0x0002043b;
	default:
		return 0;
	}
}

static uint64_t cpu_read(void *dev, uint32_t off, unsigned int size)
{
	struct gicv2 *gic = dev;

	(void)size;
	with_lock(&gic->lock);
	return off & 3 ? 0 : cpu_reg(gic, gic->current(gic->arg), off);
}

static void cpu_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	struct gicv2 *gic = dev;
	unsigned int cpu = gic->current(gic->arg);
	struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int irq = val & 0x3ff;

	(void)size;
	with_lock(&gic->lock);
	switch (off) {
	case GICC_CTLR:
		c->ctlr = val & CTLR_BITS;
		break;
	case GICC_PMR:
		c->pmr = val & 0xff;
		break;
	case GICC_BPR:
		c->bpr = val & 7;
		break;
	case GICC_ABPR:
		c->abpr = val & 7 ? val & 7 : 1;
		break;
	case GICC_EOIR:
	case GICC_AEOIR:
		end_of_interrupt(gic, cpu, (uint32_t)val);
		return;
	case GICC_APR:
	case GICC_APR + 4:
	case GICC_APR + 8:
	case GICC_APR + 12:
	case GICC_NSAPR:
	case GICC_NSAPR + 4:
	case GICC_NSAPR + 8:
	case GICC_NSAPR + 12:
		c->apr[off >= GICC_NSAPR][off / 4 % GIC_APRS] = (uint32_t)val;
		break;
	case GICC_DIR:
		if (irq >= GIC_IRQS || !(c->ctlr & CTLR_EOIMODE))
			return;
		deactivate(gic, cpu, irq);
		gic_update_for(gic, cpu, irq);
		return;
	default:
		return;
	}
	gic_update_cpu(gic, cpu);
}

const struct mmio_ops gicv2_cpu_ops = {
	.read = cpu_read,
	.write = cpu_write,
	.min_size = 4,
	.max_size = 4,
};
