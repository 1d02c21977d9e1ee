/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dev/gicv2.h"
#include "test.h"

enum {
	CTLR = 0x000,
	TYPER = 0x004,
	IGROUPR = 0x080,
	ISENABLER = 0x100,
	ICENABLER = 0x180,
	ISPENDR = 0x200,
	ICPENDR = 0x280,
	ISACTIVER = 0x300,
	ICACTIVER = 0x380,
	IPRIORITYR = 0x400,
	ITARGETSR = 0x800,
	ICFGR = 0xc00,
	SGIR = 0xf00,
	CPENDSGIR = 0xf10,
	SPENDSGIR = 0xf20,

	C_CTLR = 0x00,
	C_PMR = 0x04,
	C_BPR = 0x08,
	C_IAR = 0x0c,
	C_EOIR = 0x10,
	C_RPR = 0x14,
	C_HPPIR = 0x18,
	C_ABPR = 0x1c,
	C_AIAR = 0x20,
	C_APR = 0xd0,
	C_DIR = 0x1000,

	SPI5 = 37, /* INTID of shared interrupt 5 */
};

static struct gicv2 gic;
static unsigned int me; /* the CPU that asks */
static bool irq[GIC_CPUS], fiq[GIC_CPUS];

static void output(void *arg, unsigned int cpu, bool irq_level, bool fiq_level)
{
	check(arg == &me);
	irq[cpu] = irq_level;
	fiq[cpu] = fiq_level;
}

static unsigned int current(void *arg)
{
	(void)arg;
	return me;
}

static uint32_t dr(uint32_t off)
{
	return (uint32_t)gicv2_dist_ops.read(&gic, off, 4);
}

static void dw(uint32_t off, uint32_t val)
{
	gicv2_dist_ops.write(&gic, off, val, 4);
}

static void db(uint32_t off, uint8_t val)
{
	gicv2_dist_ops.write(&gic, off, val, 1);
}

static uint32_t cr(uint32_t off)
{
	return (uint32_t)gicv2_cpu_ops.read(&gic, off, 4);
}

static void cw(uint32_t off, uint32_t val)
{
	gicv2_cpu_ops.write(&gic, off, val, 4);
}

static void spi(unsigned int n, bool level)
{
	struct irq_line line = gicv2_spi(&gic, n);

	irq_set(&line, level);
}

/* As Linux does it: group 0 on, all priorities 0xa0, SPIs to CPU 0. */
static void start(unsigned int cpus)
{
	gicv2_init(&gic, cpus, output, current, &me);
	memset(irq, 0, sizeof(irq)); /* as the outputs are now */
	memset(fiq, 0, sizeof(fiq));
	me = 0;
	dw(CTLR, 1);
	for (uint32_t i = 32; i < GIC_IRQS; i += 4) {
		dw(IPRIORITYR + i, 0xa0a0a0a0);
		dw(ITARGETSR + i, 0x01010101);
	}
	for (me = 0; me < cpus; me++) {
		for (uint32_t i = 0; i < 32; i += 4)
			dw(IPRIORITYR + i, 0xa0a0a0a0);
		cw(C_PMR, 0xf0);
		cw(C_CTLR, 1);
	}
	me = 0;
}

static void identity(void)
{
	static const uint8_t want[] = { 4,    0, 0,   0,    0x90, 0xb4,
					0x2b, 0, 0xd, 0xf0, 5,    0xb1 };

	gicv2_init(&gic, 4, output, current, &me);
	check_eq(dr(CTLR), 0);
	check_eq(dr(TYPER), 8 | 3 << 5);
	check_eq(dr(8), 0x43b);
	check_eq(cr(0xfc), 0x2043b);
	check_eq(cr(C_IAR), 1023);
	check_eq(cr(C_RPR), 0xff);
	check_eq(cr(C_HPPIR), 1023);
	check_eq(cr(C_ABPR), 1);
	check_eq(dr(ISENABLER), 0xffff);
	check_eq(dr(ICFGR), 0xaaaaaaaa);
	for (unsigned int i = 0; i < sizeof(want); i++)
		check_eq(dr(0xfd0 + i * 4), want[i]);
	check_eq(gicv2_dist_ops.read(&gic, 5, 1), 0);
	check_eq(gicv2_dist_ops.read(&gic, 4, 2), 0x68);
	gicv2_fini(&gic);
}

static void level_spi(void)
{
	start(1);
	spi(5, true);
	check(!irq[0]); /* not enabled */
	check_eq(dr(ISPENDR + 4), 1 << 5);
	dw(ISENABLER + 4, 1 << 5);
	check(irq[0] && !fiq[0]);
	check_eq(cr(C_HPPIR), SPI5);
	check_eq(cr(C_IAR), SPI5);
	check(!irq[0]);
	check_eq(cr(C_RPR), 0xa0);
	check_eq(dr(ISACTIVER + 4), 1 << 5);
	check_eq(cr(C_IAR), 1023);
	cw(C_EOIR, SPI5); /* still high: again */
	check(irq[0]);
	check_eq(cr(C_IAR), SPI5);
	spi(5, false);
	cw(C_EOIR, SPI5);
	check(!irq[0]);
	check_eq(cr(C_RPR), 0xff);

	/* software may pend a level interrupt; acknowledging ends that */
	dw(ISPENDR + 4, 1 << 5);
	check(irq[0]);
	dw(ICPENDR + 4, 1 << 5);
	check(!irq[0]);
	spi(5, true);
	dw(ICPENDR + 4, 1 << 5); /* but the input's level cannot be cleared */
	check(irq[0]);
	dw(ICENABLER + 4, 1 << 5);
	check(!irq[0]);
	spi(5, false);
	gicv2_fini(&gic);
}

static void edge_spi(void)
{
	start(1);
	dw(ICFGR + 8, 2 << 10);
	check_eq(dr(ICFGR + 8), 2 << 10);
	dw(ISENABLER + 4, 1 << 5);
	spi(5, true);
	spi(5, true);
	check_eq(cr(C_IAR), SPI5);
	spi(5, false);
	spi(5, true); /* while active: pending and active */
	check(!irq[0]);
	check_eq(dr(ISPENDR + 4) & dr(ISACTIVER + 4), 1 << 5);
	cw(C_EOIR, SPI5);
	check(irq[0]);
	check_eq(cr(C_IAR), SPI5);
	cw(C_EOIR, SPI5);
	check(!irq[0]); /* high, but no edge */
	spi(5, false);
	gicv2_fini(&gic);
}

static void priorities(void)
{
	start(1);
	dw(ISENABLER + 4, 0xf);
	db(IPRIORITYR + 32, 0x80);
	db(IPRIORITYR + 33, 0x40);
	db(IPRIORITYR + 34, 0x40);
	db(IPRIORITYR + 35, 0x48);
	spi(2, true);
	spi(1, true);
	spi(0, true);
	check_eq(cr(C_IAR), 33); /* lowest value, then lowest number */
	check_eq(cr(C_RPR), 0x40);
	check(!irq[0]); /* 34 has the same priority: no preemption */
	db(IPRIORITYR + 34, 0x20);
	check(irq[0]);
	check_eq(cr(C_IAR), 34); /* nested */
	check_eq(cr(C_RPR), 0x20);
	check_eq(cr(C_APR), 1u << 16);
	check_eq(cr(C_APR + 4), 1);
	cw(C_EOIR, 34);
	check_eq(cr(C_RPR), 0x40);
	cw(C_EOIR, 33);
	check_eq(cr(C_RPR), 0xff);
	spi(1, false);
	spi(2, false);

	/* the binary point: 0x40 and 0x48 are one group at bits [7:4] */
	cw(C_BPR, 3);
	spi(3, true);
	check_eq(cr(C_IAR), 35);
	check_eq(cr(C_RPR), 0x40);
	spi(1, true);
	check(!irq[0]);
	cw(C_EOIR, 35);
	check(irq[0]);
	cw(C_PMR, 0x40); /* must be below */
	check(!irq[0]);
	check_eq(cr(C_IAR), 1023);
	check_eq(cr(C_HPPIR), 33);
	cw(C_PMR, 0x41);
	check(irq[0]);
	cw(C_CTLR, 0);
	check(!irq[0]);
	check_eq(cr(C_HPPIR), 1023);
	cw(C_CTLR, 1);
	dw(CTLR, 0);
	check(!irq[0]);
	cw(C_BPR, 7); /* one group of all: nothing preempts */
	dw(CTLR, 1);
	check_eq(cr(C_IAR), 33);
	check_eq(cr(C_RPR), 0);
	cw(C_EOIR, 33);
	gicv2_fini(&gic);
}

static void split_eoi(void)
{
	start(1);
	dw(ISENABLER + 4, 1 << 5);
	cw(C_CTLR, 1 | 1 << 9);
	check_eq(cr(C_CTLR), 1 | 1 << 9);
	spi(5, true);
	check_eq(cr(C_IAR), SPI5);
	cw(C_EOIR, SPI5);
	check_eq(cr(C_RPR), 0xff); /* priority dropped */
	check(!irq[0]);            /* still active */
	check_eq(dr(ISACTIVER + 4), 1 << 5);
	cw(C_DIR, SPI5);
	check(irq[0]);
	cw(C_CTLR, 1);
	check_eq(cr(C_IAR), SPI5);
	cw(C_DIR, SPI5); /* without EOImode: nothing */
	check_eq(dr(ISACTIVER + 4), 1 << 5);
	dw(ICACTIVER + 4, 1 << 5);
	check_eq(dr(ISACTIVER + 4), 0);
	spi(5, false);
	gicv2_fini(&gic);
}

static void sgis(void)
{
	start(4);
	me = 2;
	dw(SGIR, 0x3 << 16 | 7); /* to 0 and 1 */
	me = 3;
	dw(SGIR, 0x1 << 16 | 7);
	check(irq[0] && irq[1] && !irq[2] && !irq[3]);
	me = 0;
	check_eq(dr(CPENDSGIR + 4) >> 24, 0xc);
	check_eq(cr(C_HPPIR), 7 | 2 << 10);
	check_eq(cr(C_IAR), 7 | 2 << 10);
	check(!irq[0]); /* the other one waits until this is done */
	cw(C_EOIR, 7 | 2 << 10);
	check(irq[0]);
	check_eq(cr(C_IAR), 7 | 3 << 10);
	cw(C_EOIR, 7 | 3 << 10);
	check_eq(cr(C_IAR), 1023);

	me = 1;
	db(CPENDSGIR + 7, 4);
	check(!irq[1]);
	db(SPENDSGIR + 3, 1);
	check_eq(cr(C_IAR), 3);
	cw(C_EOIR, 3);
	dw(SGIR, 1 << 24 | 1); /* all but me */
	check(irq[0] && !irq[1] && irq[2] && irq[3]);
	dw(SGIR, 2 << 24 | 2); /* me */
	check_eq(cr(C_IAR), 2 | 1 << 10);
	cw(C_EOIR, 2);
	dw(SGIR, 3 << 24 | 2);
	dw(ISPENDR, 0xffff); /* not this way */
	dw(ICENABLER, 0xffff);
	check_eq(dr(ISENABLER), 0xffff);
	check_eq(cr(C_IAR), 1023);
	gicv2_fini(&gic);
}

static void private_and_targets(void)
{
	start(2);
	dw(ISENABLER, 1u << 27);
	gicv2_set_ppi(&gic, 1, 11, true);
	check(!irq[0] && !irq[1]); /* enabled on CPU 0 only */
	gicv2_set_ppi(&gic, 0, 11, true);
	check(irq[0] && !irq[1]);
	check_eq(cr(C_IAR), 27);
	gicv2_set_ppi(&gic, 0, 11, false);
	cw(C_EOIR, 27);
	me = 1;
	check_eq(dr(ITARGETSR), 0x02020202);
	dw(ISENABLER, 1u << 27);
	check(irq[1]);
	gicv2_set_ppi(&gic, 1, 11, false);
	check(!irq[1]);

	db(ITARGETSR + SPI5, 0xff);
	check_eq(dr(ITARGETSR + 36), 0x01010301);
	dw(ISENABLER + 4, 1 << 5);
	spi(5, true);
	check(irq[0] && irq[1]);
	check_eq(cr(C_IAR), SPI5); /* one takes it */
	check(!irq[0]);
	me = 0;
	check_eq(cr(C_IAR), 1023);
	me = 1;
	cw(C_EOIR, SPI5);
	check(irq[0] && irq[1]);
	db(ITARGETSR + SPI5, 0);
	check(!irq[0] && !irq[1]);
	spi(5, false);
	gicv2_fini(&gic);

	start(1); /* with one CPU there is nothing to choose */
	dw(ITARGETSR + 36, 0);
	check_eq(dr(ITARGETSR + 36), 0);
	dw(ISENABLER + 4, 1 << 5);
	spi(5, true);
	check(irq[0]);
	spi(5, false);
	gicv2_fini(&gic);
}

static void groups(void)
{
	start(1);
	dw(CTLR, 3);
	dw(IGROUPR + 4, 1 << 5);
	dw(ISENABLER + 4, 3 << 4);
	cw(C_CTLR, 3 | 1 << 3); /* FIQEn */
	spi(5, true);
	check(irq[0] && !fiq[0]);
	check_eq(cr(C_HPPIR), 1022);
	check_eq(cr(C_IAR), 1022);
	check_eq(cr(C_AIAR), SPI5);
	cw(C_EOIR, SPI5);
	spi(4, true);
	check(fiq[0] && !irq[0]);
	check_eq(cr(C_AIAR), 1023);
	check_eq(cr(C_IAR), 36);
	cw(C_EOIR, 36);
	spi(4, false);
	cw(C_CTLR, 3 | 1 << 2); /* AckCtl */
	check_eq(cr(C_IAR), SPI5);
	cw(C_EOIR, SPI5);
	cw(C_CTLR, 1);
	check(!irq[0] && !fiq[0]);
	spi(5, false);
	gicv2_fini(&gic);
}

static void reset_keeps_inputs(void)
{
	start(2);
	dw(ISENABLER + 4, 1 << 5);
	spi(5, true);
	check_eq(cr(C_IAR), SPI5);
	gicv2_reset(&gic);
	check(!irq[0]);
	check_eq(dr(ISENABLER + 4), 0);
	check_eq(dr(ISACTIVER + 4), 0);
	check_eq(cr(C_APR), 0);
	check_eq(dr(ISPENDR + 4), 1 << 5);
	spi(5, false);
	check_eq(dr(ISPENDR + 4), 0);
	gicv2_fini(&gic);
}

/* Every offset, every size, nonsense values: the sanitizers watch. */
static void nonsense(void)
{
	uint32_t seed = 1;

	start(8);
	for (unsigned int i = 0; i < 400000; i++) {
		unsigned int size = 1u << (i % 3);
		uint32_t off;

		seed = seed * 1664525 + 1013904223;
		off = (seed >> 8) % 0x1100;
		me = seed >> 5 & 7;
		gicv2_dist_ops.write(&gic, off, seed * 2654435761u, size);
		gicv2_dist_ops.read(&gic, off, size);
		gicv2_cpu_ops.write(&gic, off, seed * 2246822519u, 4);
		gicv2_cpu_ops.read(&gic, off, 4);
		cr(C_IAR);
		spi(seed >> 3 & 0xff, seed >> 4 & 1);
		cw(C_EOIR, seed >> 7);
	}
	for (uint32_t off = 0; off < 0x10000; off++) {
		gicv2_dist_ops.read(&gic, off, 1u << off % 3);
		gicv2_cpu_ops.read(&gic, off, 4);
	}
	check_eq(dr(TYPER), 8 | 7 << 5);
	gicv2_fini(&gic);
}

int main(void)
{
	identity();
	level_spi();
	edge_spi();
	priorities();
	split_eoi();
	sgis();
	private_and_targets();
	groups();
	reset_keeps_inputs();
	nonsense();
	return test_done();
}
