/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System registers by rows: the 14 bits of an encoding index a table of row
 * numbers that is made once from cp15.inc.
 *
 * Maintenance that is broadcast does this CPU's part, posts the rest and goes
 * on: it is complete at the next DSB (B3.10.5), which waits (sync.h).
 * Cache maintenance has nothing to do, because data and instructions are
 * coherent here by way of codepages.
 */
#include "arm/cp15.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "arm/debug.h"
#include "arm/gtimer.h"
#include "arm/mmu.h"
#include "arm/pmu.h"
#include "arm/sync.h"
#include "arm/vfp.h"

enum {
	SCTLR_RESET = 0x00c50078,
	TTBCR_EAE = 1u << 31,
	TTBCR_N = 7,                 /* no PD0, PD1 without security */
	TTBCR_LPAE_RES = 0x0038c078, /* bits 21..19, 15..14, 6..3 */
	CNTKCTL_PL0PCTEN = 1 << 0,
	CNTKCTL_PL0VCTEN = 1 << 1,
	CNTKCTL_PL0VTEN = 1 << 8,
	CNTKCTL_PL0PTEN = 1 << 9,
	ISR_I = 1 << 7,
	ISR_F = 1 << 6,
	CPACR_WRITABLE = 0xc0f00000, /* ASEDIS, D32DIS, cp11, cp10 */
	MPIDR_MP = 1u << 31,
	L2CTLR_CPUS_SHIFT = 24,
	L2CTLR_CONTROLLER = 1 << 23,
};

static uint64_t low(uint64_t old, uint64_t val)
{
	return (old & ~UINT64_C(0xffffffff)) | (uint32_t)val;
}

static void write_ignored(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)cpu;
	(void)n;
	(void)val;
}

static uint64_t read_zero(struct cpu *cpu, unsigned int n)
{
	(void)cpu;
	(void)n;
	return 0;
}

/* Identification */

static uint64_t read_mpidr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return MPIDR_MP | cpu->index;
}

/* Level 1 data, level 1 instructions, level 2. */
static uint64_t read_ccsidr(struct cpu *cpu, unsigned int n)
{
	static const uint32_t caches[] = { 0x701fe00a, 0x201fe00a, 0x711fe07a };

	(void)n;
	return cpu->cp15.csselr < 3 ? caches[cpu->cp15.csselr] : 0;
}

static uint64_t read_l2ctlr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return (cpu->sys->cpus - 1) << L2CTLR_CPUS_SHIFT | L2CTLR_CONTROLLER;
}

static uint64_t read_isr(struct cpu *cpu, unsigned int n)
{
	uint32_t lines = atomic_load(&cpu->lines);

	(void)n;
	return (lines & CPU_LINE_IRQ ? ISR_I : 0) |
	       (lines & CPU_LINE_FIQ ? ISR_F : 0);
}

/* Translation: each change loads another view and drops nothing (mmu.h).
 * Linux writes what is there already, too. */

#define CONTEXT_REG(reg)                                                     \
	static void write_##reg(struct cpu *cpu, unsigned int n, uint64_t v) \
	{                                                                    \
		__typeof__(cpu->cp15.reg) val = (__typeof__(val))v;          \
                                                                             \
		(void)n;                                                     \
		if (cpu->cp15.reg == val)                                    \
			return;                                              \
		cpu->cp15.reg = val;                                         \
		mmu_context_changed(cpu);                                    \
	}

CONTEXT_REG(sctlr)
CONTEXT_REG(ttbr0)
CONTEXT_REG(ttbr1)
CONTEXT_REG(dacr)
CONTEXT_REG(contextidr)
CONTEXT_REG(ttbcr)

static uint64_t read_ttbr0(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return cpu->cp15.ttbr0;
}

static uint64_t read_ttbr1(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return cpu->cp15.ttbr1;
}

static void write_ttbr0_low(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_ttbr0(cpu, n, low(cpu->cp15.ttbr0, val));
}

static void write_ttbr1_low(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_ttbr1(cpu, n, low(cpu->cp15.ttbr1, val));
}

static uint64_t read_cpacr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return cpu->cp15.cpacr;
}

static void write_cpacr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->cp15.cpacr = val & CPACR_WRITABLE;
	vfp_mode_changed(cpu);
}

static void write_ttbcr_bits(struct cpu *cpu, unsigned int n, uint64_t val)
{
	val &= val & TTBCR_EAE ? ~(uint32_t)TTBCR_LPAE_RES : TTBCR_N;
	write_ttbcr(cpu, n, val);
}

#define ATTRIBUTE_REG(reg)                                                   \
	static uint64_t read_##reg(struct cpu *cpu, unsigned int n)          \
	{                                                                    \
		(void)n;                                                     \
		return cpu->cp15.reg;                                        \
	}                                                                    \
	static void write_##reg(struct cpu *cpu, unsigned int n, uint64_t v) \
	{                                                                    \
		(void)n;                                                     \
		cpu->cp15.reg = (uint32_t)v;                                 \
		mmu_attributes_changed(cpu);                                 \
	}

ATTRIBUTE_REG(prrr)
ATTRIBUTE_REG(nmrr)

static uint64_t read_par(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return cpu->cp15.par;
}

static void write_par(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->cp15.par = val;
}

static void write_par_low(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_par(cpu, n, low(cpu->cp15.par, val));
}

/* Whether a walk found nothing to read: by FS, by STATUS (B3.13). */
static bool external_on_walk(uint32_t fsr)
{
	if (fsr & FSR_LPAE)
		return (fsr & 0x3c) == 0x14;
	return (fsr & 0x40d) == 0x00c;
}

/* opc2 bit 0: write; bit 1: as PL0.  A fault goes to PAR, but an external
 * abort of the walk is taken (B3.12.7). */
static void write_ats(struct cpu *cpu, unsigned int n, uint64_t val)
{
	enum access access = n & 1 ? ACCESS_WRITE : ACCESS_READ;
	bool privileged = !(n & 2);
	struct translation t;

	if (!mmu_translate(cpu, (vaddr)val, access, privileged, &t) &&
	    external_on_walk(t.fsr))
		cpu_abort(cpu, EXCP_DATA_ABORT, t.fsr & ~(uint32_t)FSR_WNR,
			  (vaddr)val);
	cpu->cp15.par = mmu_par(cpu, (vaddr)val, access, privileged);
}

/* Barriers at either privilege, where SCTLR lets them (B4.1.130). */

static void check_barriers(struct cpu *cpu)
{
	if (!(cpu->cp15.sctlr & SCTLR_CP15BEN))
		cpu_raise(cpu, EXCP_UNDEF);
}

static void write_isb(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	(void)val;
	check_barriers(cpu);
}

static void write_dmb(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	(void)val;
	check_barriers(cpu);
	atomic_thread_fence(memory_order_seq_cst);
}

static void write_dsb(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_dmb(cpu, n, val);
	sync_wait(cpu);
}

/* TLB maintenance */

static void write_tlb_all(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	(void)val;
	mmu_flush_all(cpu);
}

static void write_tlb_asid(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	mmu_flush_asid(cpu, val & 0xff);
}

static void write_tlb_mva(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	mmu_flush_page(cpu, (vaddr)val & ~0xfffu, val & 0xff, false);
}

static void write_tlb_mvaa(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	mmu_flush_page(cpu, (vaddr)val & ~0xfffu, 0, true);
}

static void write_tlb_all_is(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_tlb_all(cpu, n, val);
	sync_post(cpu, SYNC_FLUSH_ALL, 0);
}

static void write_tlb_asid_is(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_tlb_asid(cpu, n, val);
	sync_post(cpu, SYNC_FLUSH_ASID, val & 0xff);
}

static void write_tlb_mva_is(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_tlb_mva(cpu, n, val);
	sync_post(cpu, SYNC_FLUSH_PAGE, val & 0xfffff0ff);
}

static void write_tlb_mvaa_is(struct cpu *cpu, unsigned int n, uint64_t val)
{
	write_tlb_mvaa(cpu, n, val);
	sync_post(cpu, SYNC_FLUSH_PAGE_ALL, val & 0xfffff000);
}

/* Generic timer */

static void check_timer(struct cpu *cpu, uint32_t enable)
{
	if (!cpu_privileged(cpu) && !(cpu->gtimer.cntkctl & enable))
		cpu_raise(cpu, EXCP_UNDEF);
}

static uint64_t read_cntfrq(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_timer(cpu, CNTKCTL_PL0PCTEN | CNTKCTL_PL0VCTEN);
	return cpu->gtimer.cntfrq;
}

static void write_cntfrq(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->gtimer.cntfrq = (uint32_t)val;
}

static uint64_t read_cntpct(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_timer(cpu, CNTKCTL_PL0PCTEN);
	return gtimer_count(cpu);
}

static uint64_t read_cntvct(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_timer(cpu, CNTKCTL_PL0VCTEN);
	return gtimer_count(cpu);
}

#define TIMER_REGS(name, unit, enable)                                      \
	static uint64_t read_##name##_tval(struct cpu *cpu, unsigned int n) \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		return gtimer_tval(cpu, &cpu->gtimer.unit);                 \
	}                                                                   \
	static void write_##name##_tval(struct cpu *cpu, unsigned int n,    \
					uint64_t val)                       \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		gtimer_set_tval(cpu, &cpu->gtimer.unit, (uint32_t)val);     \
	}                                                                   \
	static uint64_t read_##name##_ctl(struct cpu *cpu, unsigned int n)  \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		return gtimer_ctl(cpu, &cpu->gtimer.unit);                  \
	}                                                                   \
	static void write_##name##_ctl(struct cpu *cpu, unsigned int n,     \
				       uint64_t val)                        \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		gtimer_set_ctl(cpu, &cpu->gtimer.unit, (uint32_t)val);      \
	}                                                                   \
	static uint64_t read_##name##_cval(struct cpu *cpu, unsigned int n) \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		return cpu->gtimer.unit.cval;                               \
	}                                                                   \
	static void write_##name##_cval(struct cpu *cpu, unsigned int n,    \
					uint64_t val)                       \
	{                                                                   \
		(void)n;                                                    \
		check_timer(cpu, enable);                                   \
		gtimer_set_cval(cpu, &cpu->gtimer.unit, val);               \
	}

TIMER_REGS(cntp, phys, CNTKCTL_PL0PTEN)
TIMER_REGS(cntv, virt, CNTKCTL_PL0VTEN)

/* The rows */

enum {
	RIGHTS_NO = 0,
	RIGHTS_RO = CP15_PL1_READ,
	RIGHTS_WO = CP15_PL1_WRITE,
	RIGHTS_RW = CP15_PL1_READ | CP15_PL1_WRITE,
	RIGHTS_ro = CP15_PL1_READ | CP15_PL0_READ,
	RIGHTS_wo = CP15_PL1_WRITE | CP15_PL0_WRITE,
	RIGHTS_rw = RIGHTS_ro | RIGHTS_wo,
	RIGHTS_rW = RIGHTS_ro | CP15_PL1_WRITE,
	ANY = CP15_ANY,
};

/* Where a row is, and whose, whatever it does. */
#define AT(p, n, o1, m, o2, reg, may)                                      \
	.name = #reg, .cp = p, .crn = n, .opc1 = o1, .crm = m, .opc2 = o2, \
	.rights = RIGHTS_##may
#define CONST(p, n, o1, m, o2, reg, may, small, big) \
	{ AT(p, n, o1, m, o2, reg, may), .a7 = small, .a15 = big },
#define FIELD(p, n, o1, m, o2, reg, may, member, bits) \
	{ AT(p, n, o1, m, o2, reg, may),               \
	  .offset = offsetof(struct cpu, member), .mask = bits },
#define KEPT(p, n, o1, m, o2, reg, may, member, set) \
	{ AT(p, n, o1, m, o2, reg, may),             \
	  .offset = offsetof(struct cpu, member), .write = set },
#define FUNC(p, n, o1, m, o2, reg, may, get, set) \
	{ AT(p, n, o1, m, o2, reg, may), .read = get, .write = set },
#define WIDE(p, o1, m, reg, may, get, set)

static const struct cp15_reg narrow[] = {
#include "arm/cp15.inc"
};

#undef CONST
#undef FIELD
#undef KEPT
#undef FUNC
#undef WIDE
#define CONST(p, n, o1, m, o2, reg, may, small, big)
#define FIELD(p, n, o1, m, o2, reg, may, member, bits)
#define KEPT(p, n, o1, m, o2, reg, may, member, set)
#define FUNC(p, n, o1, m, o2, reg, may, get, set)
#define WIDE(p, o1, m, reg, may, get, set) \
	{ .name = #reg,                    \
	  .cp = p,                         \
	  .opc1 = o1,                      \
	  .crm = m,                        \
	  .rights = RIGHTS_##may,          \
	  .read = get,                     \
	  .write = set },

static const struct cp15_reg wide[] = {
#include "arm/cp15.inc"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static_assert(COUNT(narrow) < 255, "row numbers are bytes");
static_assert(offsetof(struct cpu, pmu) < UINT16_MAX, "offsets are 16 bits");

/* Row number + 1, by coprocessor and encoding; 0: none. */
static uint8_t narrow_at[2][1 << 14];
static uint8_t wide_at[2][1 << 8];

static unsigned int narrow_index(unsigned int crn, unsigned int opc1,
				 unsigned int crm, unsigned int opc2)
{
	return crn << 10 | opc1 << 7 | crm << 3 | opc2;
}

static int wildcards(const struct cp15_reg *reg)
{
	return (reg->opc1 == ANY) + (reg->crm == ANY) + (reg->opc2 == ANY);
}

static bool matches(uint8_t row, unsigned int field)
{
	return row == ANY || row == field;
}

static void enter(unsigned int row)
{
	const struct cp15_reg *reg = &narrow[row];
	uint8_t *table = narrow_at[reg->cp - 14];

	for (unsigned int i = 0; i < 1 << 10; i++)
		if (matches(reg->opc1, i >> 7) &&
		    matches(reg->crm, i >> 3 & 0xf) &&
		    matches(reg->opc2, i & 7))
			table[(unsigned int)reg->crn << 10 | i] =
				(uint8_t)(row + 1);
}

static void make_tables(void)
{
	for (int stars = 3; stars >= 0; stars--)
		for (unsigned int row = 0; row < COUNT(narrow); row++)
			if (wildcards(&narrow[row]) == stars)
				enter(row);
	for (unsigned int row = 0; row < COUNT(wide); row++)
		wide_at[wide[row].cp - 14][wide[row].opc1 << 4 |
					   wide[row].crm] = (uint8_t)(row + 1);
}

/* Other CPUs look up while one is reset. */
void cp15_tables(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_tables);
}

const struct cp15_reg *cp15_rows(bool is_wide, unsigned int *ret_count)
{
	*ret_count = is_wide ? COUNT(wide) : COUNT(narrow);
	return is_wide ? wide : narrow;
}

const struct cp15_reg *cp15_find(struct cp15_at at)
{
	unsigned int row;

	if (at.cp != 14 && at.cp != 15)
		return NULL;
	if (at.wide) {
		row = wide_at[at.cp - 14][at.opc1 << 4 | at.crm];
		return row ? &wide[row - 1] : NULL;
	}
	row = narrow_at[at.cp - 14]
		       [narrow_index(at.crn, at.opc1, at.crm, at.opc2)];
	return row ? &narrow[row - 1] : NULL;
}

static const struct cp15_reg *find_allowed(struct cpu *cpu, struct cp15_at at,
					   enum cp15_rights pl0,
					   enum cp15_rights pl1)
{
	const struct cp15_reg *reg = cp15_find(at);

	if (!reg || !(reg->rights & (cpu_privileged(cpu) ? pl1 : pl0)))
		cpu_raise(cpu, EXCP_UNDEF);
	return reg;
}

static uint32_t *field_of(struct cpu *cpu, const struct cp15_reg *reg)
{
	return (uint32_t *)(void *)((char *)cpu + reg->offset);
}

uint64_t cp15_read(struct cpu *cpu, struct cp15_at at)
{
	const struct cp15_reg *reg = find_allowed(cpu, at, CP15_PL0_READ,
						  CP15_PL1_READ);

	if (reg->offset)
		return *field_of(cpu, reg);
	if (reg->read)
		return reg->read(cpu, (unsigned int)at.crm << 3 | at.opc2);
	return cpu->model == CORTEX_A7 ? reg->a7 : reg->a15;
}

void cp15_write(struct cpu *cpu, struct cp15_at at, uint64_t val)
{
	const struct cp15_reg *reg = find_allowed(cpu, at, CP15_PL0_WRITE,
						  CP15_PL1_WRITE);

	if (reg->write) {
		reg->write(cpu, (unsigned int)at.crm << 3 | at.opc2, val);
	} else if (reg->offset) {
		uint32_t *field = field_of(cpu, reg);

		*field = (*field & ~reg->mask) | ((uint32_t)val & reg->mask);
	}
}

void cp15_reset(struct cpu *cpu)
{
	cpu->cp15 = (struct cp15){ .sctlr = SCTLR_RESET };
	pmu_reset(cpu);
	debug_reset(cpu);
}
