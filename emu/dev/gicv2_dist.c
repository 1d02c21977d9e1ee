/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GIC's distributor (ARM IHI 0048B 4.3); the theory is in gicv2.c.
 *
 * Registers with a byte for each interrupt are done byte by byte; of the
 * others whole words are read, and a narrow write becomes a write of a word.
 */
#include "common/cleanup.h"
#include "dev/gicv2_priv.h"

/* GICD registers (4.3), by the start of their range. */
enum {
	GICD_CTLR = 0x000,
	GICD_TYPER = 0x004,
	GICD_IIDR = 0x008,
	GICD_IGROUPR = 0x080,
	GICD_ISENABLER = 0x100,
	GICD_ICENABLER = 0x180,
	GICD_ISPENDR = 0x200,
	GICD_ICPENDR = 0x280,
	GICD_ISACTIVER = 0x300,
	GICD_ICACTIVER = 0x380,
	GICD_IPRIORITYR = 0x400,
	GICD_ITARGETSR = 0x800,
	GICD_ICFGR = 0xc00,
	GICD_SGIR = 0xf00,
	GICD_CPENDSGIR = 0xf10,
	GICD_SPENDSGIR = 0xf20,
	GICD_ID = 0xfd0,
};

/* GICD_ID: PIDR4 to 7, 0 to 3, CIDR0 to 3. */
static const uint8_t id[] = { 0x04, 0x00, 0x00, 0x00, 0x90, 0xb4,
			      0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

/* Bits 2n and 2n+1 of half a bank: GICD_ICFGR. */
static uint32_t config(const struct gicv2_bank *b, unsigned int half)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < 16; i++)
		val |= (b->edge >> (half * 16 + i) & 1) << (2 * i + 1);
	return val;
}

static void set_config(struct gicv2_bank *b, unsigned int half, uint32_t val)
{
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t bit = 1u << (half * 16 + i);

		b->edge = val >> (2 * i + 1) & 1 ? b->edge | bit
						 : b->edge & ~bit;
	}
}

/* GICD_ITARGETSR; with one CPU it reads as zero. */
static uint8_t targets(const struct gicv2 *gic, unsigned int cpu,
		       unsigned int irq)
{
	unsigned int mask = 0;

	if (gic->cpus == 1)
		return 0;
	if (irq < 32)
		return (uint8_t)(1u << cpu);
	for (unsigned int i = 0; i < gic->cpus; i++)
		mask |= (gic->cpu[i].targets[irq / 32] >> irq % 32 & 1) << i;
	return (uint8_t)mask;
}

static void set_targets(struct gicv2 *gic, unsigned int irq, uint8_t mask)
{
	uint32_t bit = 1u << irq % 32;

	if (irq < 32 || gic->cpus == 1)
		return;
	for (unsigned int i = 0; i < gic->cpus; i++) {
		uint32_t *t = &gic->cpu[i].targets[irq / 32];

		*t = mask >> i & 1 ? *t | bit : *t & ~bit;
	}
}

/* Registers with a byte for each interrupt. */
static uint8_t byte_reg(struct gicv2 *gic, unsigned int cpu, uint32_t off)
{
	if (off >= GICD_CPENDSGIR)
		return gic->cpu[cpu].sgi_from[off & 0xf];
	if (off % 0x400 >= GIC_IRQS)
		return 0;
	return off < GICD_ITARGETSR
		       ? *gic_priority(gic, cpu, off - GICD_IPRIORITYR)
		       : targets(gic, cpu, off - GICD_ITARGETSR);
}

static void set_byte_reg(struct gicv2 *gic, unsigned int cpu, uint32_t off,
			 uint8_t val)
{
	struct gicv2_cpu *c = &gic->cpu[cpu];
	unsigned int sgi = off & 0xf;

	if (off >= GICD_CPENDSGIR) {
		if (off < GICD_SPENDSGIR)
			c->sgi_from[sgi] &= (uint8_t)~val;
		else
			c->sgi_from[sgi] |= val;
		c->own.latched &= ~(1u << sgi);
		c->own.latched |= (uint32_t)(c->sgi_from[sgi] != 0) << sgi;
	} else if (off % 0x400 < GIC_IRQS) {
		if (off < GICD_ITARGETSR)
			*gic_priority(gic, cpu, off - GICD_IPRIORITYR) = val;
		else
			set_targets(gic, off - GICD_ITARGETSR, val);
	}
}

static bool is_byte_reg(uint32_t off)
{
	return (off >= GICD_IPRIORITYR && off < GICD_ICFGR) ||
	       (off >= GICD_CPENDSGIR && off < GICD_SPENDSGIR + 0x10);
}

/* The word of bit registers that off is in, if there is one. */
static struct gicv2_bank *bit_bank(struct gicv2 *gic, unsigned int cpu,
				   uint32_t off)
{
	unsigned int word = off % 0x80 / 4;

	return word < GIC_WORDS ? gic_bank(gic, cpu, word) : NULL;
}

static uint32_t dist_word(struct gicv2 *gic, unsigned int cpu, uint32_t off)
{
	const struct gicv2_bank *b;

	if (off >= 0x1000)
		return 0;
	if (off >= GICD_ID)
		return id[(off - GICD_ID) / 4];
	if (off >= GICD_SGIR)
		return 0;
	if (off >= GICD_ICFGR) {
		unsigned int word = (off - GICD_ICFGR) / 8;

		return word < GIC_WORDS
			       ? config(gic_bank(gic, cpu, word), off / 4 % 2)
			       : 0;
	}
	if (off == GICD_CTLR)
		return gic->ctlr;
	if (off == GICD_TYPER)
		return (GIC_WORDS - 1) | (gic->cpus - 1) << 5;
	if (off == GICD_IIDR)
		return 0x43b;
	b = bit_bank(gic, cpu, off);
	if (!b)
		return 0;
	switch (off & ~0x7fu) {
	case GICD_IGROUPR:
		return b->group;
	case GICD_ISENABLER:
	case GICD_ICENABLER:
		return b->enabled;
	case GICD_ISPENDR:
	case GICD_ICPENDR:
		return gic_pending(b);
	case GICD_ISACTIVER:
	case GICD_ICACTIVER:
		return b->active;
	default:
		return 0;
	}
}

static uint64_t dist_read(void *dev, uint32_t off, unsigned int size)
{
	struct gicv2 *gic = dev;
	unsigned int cpu = gic->current(gic->arg);
	uint32_t val = 0;

	with_lock(&gic->lock);
	for (unsigned int i = 0; i < size; i++, off++) {
		uint32_t byte = is_byte_reg(off)
					? byte_reg(gic, cpu, off)
					: dist_word(gic, cpu, off & ~3u) >>
						  (off % 4 * 8);

		val |= (byte & 0xff) << (i * 8);
	}
	return val;
}

/* GICD_SGIR (4.3.15). */
static void send_sgi(struct gicv2 *gic, unsigned int cpu, uint32_t val)
{
	unsigned int sgi = val & 0xf, mask = 0;

	switch (val >> 24 & 3) {
	case 0:
		mask = val >> 16 & 0xff;
		break;
	case 1:
		mask = ~(1u << cpu);
		break;
	case 2:
		mask = 1u << cpu;
		break;
	default: /* reserved: nobody */
		break;
	}
	for (unsigned int i = 0; i < gic->cpus; i++) {
		if (!(mask >> i & 1))
			continue;
		gic->cpu[i].sgi_from[sgi] |= (uint8_t)(1u << cpu);
		gic->cpu[i].own.latched |= 1u << sgi;
		gic_update_cpu(gic, i);
	}
}

/* Registers of one bit each where writing 0 does nothing.  SGIs are always
 * enabled, and pended through GICD_SGIR only. */
static void write_ones(struct gicv2_bank *b, uint32_t off, uint32_t val,
		       bool private)
{
	uint32_t not_sgi = private ? 0xffff0000 : 0xffffffff;

	switch (off & ~0x7fu) {
	case GICD_ISENABLER:
		b->enabled |= val;
		break;
	case GICD_ICENABLER:
		b->enabled &= ~(val & not_sgi);
		break;
	case GICD_ISPENDR:
		b->latched |= val & not_sgi;
		break;
	case GICD_ICPENDR:
		b->latched &= ~(val & not_sgi);
		break;
	case GICD_ISACTIVER:
		b->active |= val;
		break;
	case GICD_ICACTIVER:
		b->active &= ~val;
		break;
	default:
		break;
	}
}

/* val has the bytes of the word that mask covers; the others are zero. */
static void write_word(struct gicv2 *gic, unsigned int cpu, uint32_t off,
		       uint32_t val, uint32_t mask)
{
	uint32_t merged = (dist_word(gic, cpu, off) & ~mask) | val;
	unsigned int word = (off - GICD_ICFGR) / 8;
	struct gicv2_bank *b;

	if (off >= GICD_ICFGR) {
		/* SGIs are edge-triggered */
		if (off >= GICD_SGIR || word >= GIC_WORDS || off == GICD_ICFGR)
			return;
		set_config(gic_bank(gic, cpu, word), off / 4 % 2, merged);
		return;
	}
	if (off == GICD_CTLR)
		gic->ctlr = merged & CTLR_GROUPS;
	b = bit_bank(gic, cpu, off);
	if (off < GICD_IGROUPR || !b)
		return;
	if (off < GICD_ISENABLER)
		b->group = merged;
	else
		write_ones(b, off, val, b == &gic->cpu[cpu].own);
}

static void dist_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	struct gicv2 *gic = dev;
	unsigned int cpu = gic->current(gic->arg);
	unsigned int shift = off % 4 * 8;
	uint32_t mask = size < 4 ? (1u << size * 8) - 1 : ~0u;

	with_lock(&gic->lock);
	if (off == GICD_SGIR && size == 4) {
		send_sgi(gic, cpu, (uint32_t)val);
		return;
	}
	if (is_byte_reg(off)) {
		for (unsigned int i = 0; i < size && is_byte_reg(off + i); i++)
			set_byte_reg(gic, cpu, off + i,
				     (uint8_t)(val >> (i * 8)));
	} else if (off < 0x1000) {
		write_word(gic, cpu, off & ~3u, ((uint32_t)val & mask) << shift,
			   mask << shift);
	}
	gic_update_all(gic);
}

const struct mmio_ops gicv2_dist_ops = {
	.read = dist_read,
	.write = dist_write,
	.min_size = 1,
	.max_size = 4,
};
