/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables in RAM: a first level for the short format, of 16 KiB, whose entries
 * for all mappings lead to the same second levels; for the long format three
 * levels, whose last ones are also the same for all.
 */
#include "twin.h"

#include <stdlib.h>
#include <string.h>

#include "arm/interp.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "common/mem.h"

enum {
	SHORT_FIRST = 0,
	SHORT_SECOND = 0x4000, /* of one MiB each, 1 KiB */
	LONG_FIRST = 0x8000,
	LONG_SECOND = 0x9000, /* of one GiB each */
	LONG_THIRD = 0xd000,  /* of two MiB each */
	PAGE = 4096,
	MIBS = TWIN_RAM_SIZE >> 20,
	CODE_PAGES = PROGRAM_SIZE / PAGE,
	WFI = (int)0xe320f003,
	CPACR_VFP = 0xf << 20,
	TTBCR_LPAE = 1u << 31,
	MAIR_NORMAL_DEVICE = 0x04ff, /* attribute 0, attribute 1 */
};

const uint32_t twin_mapping[TWIN_MAPPINGS] = { TWIN_RAM, 0x60000000,
					       0xc0000000 };

static void put4(struct twin *t, uint32_t at, uint32_t val)
{
	memcpy(t->ram.host + at, &val, 4);
}

static void put8(struct twin *t, uint32_t at, uint64_t val)
{
	memcpy(t->ram.host + at, &val, 8);
}

/* Descriptors (B3.5.1, B3.6.1) */

static uint32_t short_descriptor(uint32_t pa, enum twin_page kind,
				 unsigned int bits)
{
	uint32_t desc = pa | 2 | 1 << 3 | 1 << 2 | 1 << 6 | 3 << 4;

	switch (kind) {
	case PAGE_RW:
		break;
	case PAGE_RO:
		desc |= 1 << 9;
		break;
	case PAGE_PRIVILEGED:
		desc &= ~(2u << 4);
		break;
	case PAGE_DEVICE_RAM:
	case PAGE_DEVICE:
		desc &= ~(1u << 6 | 1u << 3);
		break;
	default:
		return 0;
	}
	if (bits & TWIN_NOT_GLOBAL)
		desc |= 1 << 11;
	return desc | (bits & TWIN_EXECUTE_NEVER ? 1 : 0);
}

static uint64_t long_descriptor(uint32_t pa, enum twin_page kind,
				unsigned int bits)
{
	uint64_t desc = pa | 3 | 1 << 10 | 1 << 6;

	switch (kind) {
	case PAGE_RW:
		break;
	case PAGE_RO:
		desc |= 1 << 7;
		break;
	case PAGE_PRIVILEGED:
		desc &= ~(UINT64_C(1) << 6);
		break;
	case PAGE_DEVICE_RAM:
	case PAGE_DEVICE:
		desc |= 1 << 2;
		break;
	case PAGE_NO_ACCESS_FLAG:
		desc &= ~(UINT64_C(1) << 10);
		break;
	default:
		return 0;
	}
	if (bits & TWIN_NOT_GLOBAL)
		desc |= 1 << 11;
	return desc | (bits & TWIN_EXECUTE_NEVER ? UINT64_C(1) << 54 : 0);
}

static void map_to(struct twin *t, uint32_t off, uint32_t pa,
		   enum twin_page kind, unsigned int bits)
{
	put4(t, SHORT_SECOND + (off >> 12) * 4,
	     short_descriptor(pa, kind, bits));
	put8(t, LONG_THIRD + (off >> 12) * 8, long_descriptor(pa, kind, bits));
}

static void map(struct twin *t, uint32_t off, enum twin_page kind,
		unsigned int bits)
{
	map_to(t, off, kind == PAGE_DEVICE ? TWIN_DEVICE : TWIN_RAM + off, kind,
	       bits);
}

void twin_map_data(struct twin *t, unsigned int n, enum twin_page kind,
		   unsigned int bits)
{
	map(t, TWIN_DATA + n * PAGE, kind, bits);
}

void twin_map_code(struct twin *t, unsigned int n, enum twin_page kind,
		   unsigned int bits)
{
	map(t, TWIN_CODE + n * PAGE, kind, bits);
}

void twin_move_code(struct twin *t, unsigned int n, unsigned int to)
{
	map_to(t, TWIN_CODE + n * PAGE, TWIN_RAM + TWIN_CODE + to * PAGE,
	       PAGE_RW, 0);
}

static void tables(struct twin *t)
{
	for (unsigned int i = 0; i < TWIN_MAPPINGS; i++) {
		uint32_t va = twin_mapping[i];

		for (unsigned int n = 0; n < MIBS; n++)
			put4(t, SHORT_FIRST + ((va >> 20) + n) * 4,
			     (TWIN_RAM + SHORT_SECOND + n * 1024) | 1);
		put8(t, LONG_FIRST + (va >> 30) * 8,
		     (TWIN_RAM + LONG_SECOND + (va >> 30) * PAGE) | 3);
		for (unsigned int n = 0; n < MIBS / 2; n++)
			put8(t, LONG_SECOND + ((va >> 21) + n) * 8,
			     (TWIN_RAM + LONG_THIRD + n * PAGE) | 3);
	}
	map(t, TWIN_VECTORS, PAGE_PRIVILEGED, 0);
	for (unsigned int n = 0; n < 8; n++)
		put4(t, TWIN_VECTORS + n * 4, (uint32_t)WFI);
}

/* The device */

static uint64_t device_read(void *dev, uint32_t off, unsigned int size)
{
	struct twin *t = dev;

	t->device = (t->device ^ off ^ size << 16) * 0x9e3779b1u;
	return t->device ^ (uint64_t)t->device << 29;
}

static void device_write(void *dev, uint32_t off, uint64_t val,
			 unsigned int size)
{
	struct twin *t = dev;

	t->device = (t->device ^ off ^ size << 16) * 0x9e3779b1u;
	t->device = (t->device ^ (uint32_t)val) * 0x85ebca6bu;
	t->device ^= (uint32_t)(val >> 32) ^ t->device >> 15;
	if ((t->device & 3) == 0)
		cpu_set_line(&t->cpu, CPU_LINE_IRQ, true);
}

static const struct mmio_ops device_ops = { device_read, device_write, 1, 4 };

/* The machine */

static uint64_t no_time(void *board)
{
	(void)board;
	return 0;
}

static void no_kick(struct cpu *cpu)
{
	(void)cpu;
}

struct twin *twin_new(void)
{
	struct twin *t = xnew(struct twin);
	struct err err;

	if (ram_init(&t->ram, TWIN_RAM, TWIN_RAM_SIZE, &err) < 0 ||
	    codepages_init(&t->codepages, &t->ram, &err) < 0)
		goto fail;
	bus_add(&t->bus, TWIN_DEVICE, PAGE, &device_ops, t, NULL);
	t->sys = (struct arm_system){ .ram = &t->ram,
				      .bus = &t->bus,
				      .codepages = &t->codepages,
				      .cpus = 1,
				      .cpu = { &t->cpu },
				      .clock = no_time,
				      .kick = no_kick };
	if (cpu_init(&t->cpu, &t->sys, 0, CORTEX_A15, &err) < 0)
		goto fail;
	t->data = t->ram.host + TWIN_DATA;
	t->code = t->ram.host + TWIN_CODE;
	tables(t);
	return t;
fail:
	fprintf(stderr, "no machine: %s\n", err.text);
	exit(1);
}

void twin_free(struct twin *t)
{
	cpu_fini(&t->cpu);
	codepages_fini(&t->codepages);
	ram_fini(&t->ram);
	free(t);
}

void twin_reset(struct twin *t, bool lpae, bool aligned)
{
	struct cpu *cpu = &t->cpu;
	struct cp15 *cp15 = &cpu->cp15;
	uint32_t sctlr = cp15->sctlr;

	memset(cp15, 0, sizeof(*cp15));
	sctlr |= SCTLR_M | SCTLR_SW | SCTLR_CP15BEN;
	sctlr &= ~(uint32_t)(SCTLR_A | SCTLR_AFE | SCTLR_TRE);
	cp15->sctlr = sctlr | (aligned ? SCTLR_A : 0);
	cp15->vbar = TWIN_RAM + TWIN_VECTORS;
	cp15->ttbr0 = TWIN_RAM + (lpae ? LONG_FIRST : SHORT_FIRST);
	cp15->ttbcr = lpae ? TTBCR_LPAE : 0;
	cp15->dacr = 1; /* domain 0: client */
	if (lpae)
		cp15->prrr = MAIR_NORMAL_DEVICE;
	cp15->cpacr = CPACR_VFP;
	cpu->vfp.fpexc = FPEXC_EN;
	vfp_mode_changed(cpu);
	mmu_context_changed(cpu);
	mmu_flush_all(cpu);
}

void twin_load(struct twin *t, const struct program *p)
{
	memcpy(t->code, p->code, PROGRAM_SIZE);
	codepages_written(&t->codepages, TWIN_RAM + TWIN_CODE, PROGRAM_SIZE);
}
