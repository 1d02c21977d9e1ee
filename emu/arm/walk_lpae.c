/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The long-descriptor format (ARM DDI 0406C B3.6; pseudocode
 * TranslationTableWalkLD, B3.19.6), stage 1 of PL1&0.
 *
 * T0SZ and T1SZ of 2 or more make the walk begin at the second level; the
 * first table has as many entries as the address has bits left.  Rights that
 * a table takes away (APTable, XNTable, PXNTable) stay away below it.  A
 * descriptor is read by one 64-bit load, because set_pte() is one STRD.  The
 * contiguous hint is ignored, and so is NSTable: there is one physical space.
 * The access flag is the guest's to manage.
 *
 * memattr: SH[1:0] in bits 9:8, the attribute byte out of MAIR in 7:0.
 */
#include "arm/walk.h"

#include "common/bits.h"

enum {
	TTBCR_EPD0 = 1 << 7,
	TTBCR_EPD1 = 1 << 23,
	DESC_VALID = 1 << 0,
	DESC_TABLE = 1 << 1, /* in the third level: a page */
	DESC_AP1 = 1 << 6,   /* PL0, too */
	DESC_AP2 = 1 << 7,   /* read only */
	DESC_AF = 1 << 10,
	DESC_NG = 1 << 11,
	TABLE_PXN = 1 << 0, /* bits 62:59 of a table descriptor */
	TABLE_XN = 1 << 1,
	TABLE_NO_PL0 = 1 << 2,
	TABLE_RO = 1 << 3,
};

static const uint64_t base_mask = 0xfffffff000;

/* Where a walk begins. */
struct start {
	uint64_t ttbr;
	unsigned int bits; /* of the address that are left to translate */
	bool off;          /* EPD */
};

static bool fault(const struct cpu *cpu, enum fault why, struct translation *t)
{
	t->fsr = mmu_fsr(cpu, why, t->level, 0);
	return false;
}

/* B3.6.4.  TTBR1's region wins where both would do. */
static bool find_start(const struct cpu *cpu, vaddr va, struct start *ret)
{
	uint32_t ttbcr = cpu->cp15.ttbcr;
	unsigned int t0sz = bits32(ttbcr, 0, 3), t1sz = bits32(ttbcr, 16, 3);
	bool low = !t0sz || !(va >> (32 - t0sz));

	if (t1sz ? (~va >> (32 - t1sz)) == 0 : !low) {
		*ret = (struct start){ cpu->cp15.ttbr1, 32 - t1sz,
				       ttbcr & TTBCR_EPD1 };
		return true;
	}
	*ret = (struct start){ cpu->cp15.ttbr0, 32 - t0sz, ttbcr & TTBCR_EPD0 };
	return low;
}

static bool take_leaf(const struct cpu *cpu, vaddr va, uint64_t desc,
		      unsigned int shift, unsigned int table,
		      struct translation *t)
{
	uint64_t mair = (uint64_t)cpu->cp15.nmrr << 32 | cpu->cp15.prrr;
	uint64_t low = (UINT64_C(1) << shift) - 1;
	uint8_t rights = ACCESS_READ | ACCESS_WRITE;

	t->pa = (desc & base_mask & ~low) | (va & low);
	t->page = 1u << shift;
	t->global = !(desc & DESC_NG);
	t->memattr = (uint32_t)bits64(desc, 8, 2) << 8 |
		     (mair >> 8 * bits64(desc, 2, 3) & 0xff);
	t->device = !(t->memattr & 0xf0);
	if (!(desc & DESC_AF))
		return fault(cpu, FAULT_ACCESS_FLAG, t);
	if (desc & DESC_AP2 || table & TABLE_RO)
		rights = ACCESS_READ;
	t->rights_priv = rights;
	if (desc & DESC_AP1 && !(table & TABLE_NO_PL0))
		t->rights_user = rights;
	walk_add_exec(cpu, bits64(desc, 54, 1) || table & TABLE_XN,
		      bits64(desc, 53, 1) || table & TABLE_PXN, t);
	return true;
}

bool walk_lpae(const struct cpu *cpu, vaddr va, struct translation *t)
{
	unsigned int level, shift, bits, table = 0;
	struct start start;
	uint64_t base, desc;
	const uint64_t *p;

	t->level = 1;
	if (!find_start(cpu, va, &start) || start.off)
		return fault(cpu, FAULT_TRANSLATION, t);
	level = start.bits > 30 ? 1 : 2;
	shift = 39 - 9 * level;
	bits = start.bits - shift; /* of the index into the first table */
	base = start.ttbr & (base_mask | 0xfff) & -(UINT64_C(8) << bits);
	for (;; level++, shift -= 9, bits = 9) {
		t->level = (uint8_t)level;
		p = ram_at(cpu->sys->ram,
			   base + 8 * (va >> shift & ((1u << bits) - 1)),
			   sizeof(*p));
		if (!p)
			return fault(cpu, FAULT_EXTERNAL_WALK, t);
		desc = __atomic_load_n(p, __ATOMIC_ACQUIRE);
		if (cpu->cp15.sctlr & SCTLR_EE)
			desc = __builtin_bswap64(desc);
		if (!(desc & DESC_VALID) ||
		    (level == 3 && !(desc & DESC_TABLE)))
			return fault(cpu, FAULT_TRANSLATION, t);
		if (level == 3 || !(desc & DESC_TABLE))
			return take_leaf(cpu, va, desc, shift, table, t);
		table |= bits64(desc, 59, 4);
		base = desc & base_mask;
	}
}

/* The PAR's attributes (B4.1.112): Device and Strongly-ordered memory is
 * outer shareable. */
uint64_t walk_lpae_par(const struct cpu *cpu, const struct translation *t)
{
	uint64_t sh = t->device ? 2 : t->memattr >> 8 & 3;

	(void)cpu;
	return (uint64_t)(t->memattr & 0xff) << 56 | (t->pa & base_mask) |
	       1 << 11 | 1 << 9 | sh << 7;
}
