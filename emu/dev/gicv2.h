/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM Generic Interrupt Controller, architecture version 2 without the
 * security and virtualization extensions (ARM IHI 0048B), as QEMU's virt
 * board has it: 288 interrupts, 8-bit priorities, up to 8 CPUs.
 *
 * It locks by itself: inputs may be driven and registers accessed by any
 * thread.  The output callback is made with that lock held.
 */
#ifndef DEV_GICV2_H
#define DEV_GICV2_H

#include <pthread.h>

#include "mem/bus.h"

enum {
	GIC_CPUS = 8,
	GIC_IRQS = 288,            /* SGIs, PPIs and 256 SPIs */
	GIC_WORDS = GIC_IRQS / 32, /* bitmaps: word 0 is each CPU's own */
	GIC_APRS = 4,
};

/* One bit for each of 32 interrupts. */
struct gicv2_bank {
	uint32_t enabled;
	uint32_t latched; /* pending by an edge or by software */
	uint32_t level;   /* of the input */
	uint32_t active;
	uint32_t group; /* 1: group 1 */
	uint32_t edge;  /* edge-triggered, else level-sensitive */
};

struct gicv2_cpu {
	struct gicv2_bank own;       /* SGIs and PPIs */
	uint32_t targets[GIC_WORDS]; /* SPIs sent here; word 0: all */
	uint8_t priority[32];        /* of SGIs and PPIs */
	uint8_t sgi_from[16];        /* pending SGI: which CPUs sent it */
	uint32_t ctlr;               /* GICC_CTLR */
	uint32_t pmr, bpr, abpr;
	uint32_t apr[2][GIC_APRS]; /* active priorities by group */
	unsigned int best;         /* highest pending, or 1023 */
	bool irq, fiq;             /* outputs */
};

struct gicv2 {
	pthread_mutex_t lock;
	unsigned int cpus;
	uint32_t ctlr; /* GICD_CTLR */
	struct gicv2_bank spi[GIC_WORDS - 1];
	uint8_t priority[GIC_IRQS - 32];
	struct gicv2_cpu cpu[GIC_CPUS];

	/* CPU n's interrupt inputs go to these levels. */
	void (*output)(void *arg, unsigned int cpu, bool irq, bool fiq);
	/* Which CPU's thread is asking: registers are banked by it. */
	unsigned int (*current)(void *arg);
	void *arg;
};

void gicv2_init(struct gicv2 *gic, unsigned int cpus,
		void (*output)(void *arg, unsigned int cpu, bool irq, bool fiq),
		unsigned int (*current)(void *arg), void *arg);
void gicv2_fini(struct gicv2 *gic);

/* All registers; the levels of the inputs stay as they are driven. */
void gicv2_reset(struct gicv2 *gic);

/* The input of shared interrupt n: INTID 32 + n. */
struct irq_line gicv2_spi(struct gicv2 *gic, unsigned int n);

/* The input of a CPU's private interrupt n: INTID 16 + n. */
void gicv2_set_ppi(struct gicv2 *gic, unsigned int cpu, unsigned int n,
		   bool level);

/* The distributor and the CPU interface; dev is the struct gicv2. */
extern const struct mmio_ops gicv2_dist_ops, gicv2_cpu_ops;

#endif
