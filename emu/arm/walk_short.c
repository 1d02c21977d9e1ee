/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short-descriptor format (ARM DDI 0406C B3.5; pseudocode
 * TranslationTableWalkSD, B3.19.5): sections and supersections in the first
 * level, large and small pages in the second, all with domains.
 *
 * The processor has no Security Extensions, but PD0 and PD1 work, as they do
 * in QEMU.  NS bits mean nothing.  The order of faults is the pseudocode's:
 * both levels' translation faults before domain faults.
 *
 * memattr: TEX[2:0], C, B in bits 4:0; S in bit 5; bit 6: a supersection.
 */
#include "arm/walk.h"

#include "common/bits.h"

enum {
	ATTR_S = 1 << 5,
	ATTR_SUPER = 1 << 6,
	TTBCR_PD0 = 1 << 4,
	TTBCR_PD1 = 1 << 5,
};

/* Where the parts of a leaf are, by kind (B3.5.1). */
struct leaf {
	uint32_t size;
	uint8_t tex, ap2, ap, xn, s, ng; /* lowest bit */
};

/* clang-format off */
static const struct leaf section = { 1 << 20, 12, 15, 10,  4, 16, 17 };
static const struct leaf super   = { 1 << 24, 12, 15, 10,  4, 16, 17 };
static const struct leaf large   = { 1 << 16, 12,  9,  4, 15, 10, 11 };
static const struct leaf small   = { 1 << 12,  6,  9,  4,  0, 10, 11 };
/* clang-format on */

static bool fault(const struct cpu *cpu, enum fault why, struct translation *t)
{
	t->fsr = mmu_fsr(cpu, why, t->level, t->domain);
	return false;
}

/* One descriptor, in one access; false if it is not in RAM. */
static bool read_desc(const struct cpu *cpu, paddr pa, uint32_t *ret_desc)
{
	const uint32_t *p = ram_at(cpu->sys->ram, pa, sizeof(*p));

	if (!p)
		return false;
	*ret_desc = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	if (cpu->cp15.sctlr & SCTLR_EE)
		*ret_desc = __builtin_bswap32(*ret_desc);
	return true;
}

/* Which TTBR (B3.5.4), and the address of the first descriptor. */
static bool first_level(const struct cpu *cpu, vaddr va, paddr *ret_pa)
{
	uint32_t ttbcr = cpu->cp15.ttbcr;
	unsigned int n = ttbcr & 7;
	uint64_t ttbr = cpu->cp15.ttbr0;
	bool off = ttbcr & TTBCR_PD0;

	if (n && va >> (32 - n)) {
		n = 0;
		ttbr = cpu->cp15.ttbr1;
		off = ttbcr & TTBCR_PD1;
	}
	*ret_pa = ((uint32_t)ttbr & ~0u << (14 - n)) | (va << n >> n >> 20)
							       << 2;
	return !off;
}

/* B3.7.1: what AP[2:0] grants. */
static void set_rights(unsigned int ap, struct translation *t)
{
	enum {
		RO = ACCESS_READ,
		RW = ACCESS_READ | ACCESS_WRITE
	};
	/* clang-format off */
	static const uint8_t priv[8] = { 0, RW, RW, RW, 0, RO, RO, RO };
	static const uint8_t user[8] = { 0,  0, RO, RW, 0,  0, RO, RO };
	/* clang-format on */

	t->rights_priv = priv[ap];
	t->rights_user = user[ap];
}

/* B3.8.2, B3.8.3: is TEX, C, B Device or Strongly-ordered? */
static unsigned int remap_type(const struct cpu *cpu, uint32_t texcb)
{
	return cpu->cp15.prrr >> 2 * (texcb & 7) & 3;
}

static bool is_device(const struct cpu *cpu, uint32_t texcb)
{
	if (cpu->cp15.sctlr & SCTLR_TRE)
		return remap_type(cpu, texcb) < 2;
	return texcb == 0 || texcb == 1 || texcb == 8;
}

/* What the leaf says, domain and access flag included. */
static bool take_leaf(const struct cpu *cpu, const struct leaf *leaf,
		      uint32_t desc, bool pxn, struct translation *t)
{
	unsigned int ap = bits32(desc, leaf->ap, 2) | bit32(desc, leaf->ap2)
							      << 2;
	unsigned int access = cpu->cp15.dacr >> 2 * t->domain & 3;

	t->page = leaf->size;
	t->global = !bit32(desc, leaf->ng);
	t->memattr |= bits32(desc, leaf->tex, 3) << 2 | bits32(desc, 2, 2);
	t->device = is_device(cpu, t->memattr & 0x1f);
	t->memattr |= bit32(desc, leaf->s) ? ATTR_S : 0;
	if (cpu->cp15.sctlr & SCTLR_AFE) {
		if (!(ap & 1))
			return fault(cpu, FAULT_ACCESS_FLAG, t);
	}
	if (!(access & 1)) /* no access, or reserved */
		return fault(cpu, FAULT_DOMAIN, t);
	if (access == 3) { /* manager: nothing is checked */
		t->rights_user = t->rights_priv = ACCESS_ALL;
		return true;
	}
	set_rights(ap, t);
	walk_add_exec(cpu, bit32(desc, leaf->xn), pxn, t);
	return true;
}

static bool take_section(const struct cpu *cpu, vaddr va, uint32_t desc,
			 struct translation *t)
{
	bool pxn = desc & 1;

	if (!bit32(desc, 18)) {
		t->domain = (uint8_t)bits32(desc, 5, 4);
		t->pa = (desc & 0xfff00000) | (va & 0x000fffff);
		return take_leaf(cpu, &section, desc, pxn, t);
	}
	t->pa = (paddr)bits32(desc, 5, 4) << 36 |
		(paddr)bits32(desc, 20, 4) << 32 | (desc & 0xff000000) |
		(va & 0x00ffffff);
	t->memattr = ATTR_SUPER;
	return take_leaf(cpu, &super, desc, pxn, t);
}

bool walk_short(const struct cpu *cpu, vaddr va, struct translation *t)
{
	uint32_t first, desc;
	paddr pa;

	t->level = 1;
	if (!first_level(cpu, va, &pa))
		return fault(cpu, FAULT_TRANSLATION, t);
	if (!read_desc(cpu, pa, &first))
		return fault(cpu, FAULT_EXTERNAL_WALK, t);
	if (!(first & 3))
		return fault(cpu, FAULT_TRANSLATION, t);
	if (first & 2)
		return take_section(cpu, va, first, t);

	t->level = 2;
	t->domain = (uint8_t)bits32(first, 5, 4);
	pa = (first & 0xfffffc00) | bits32(va, 12, 8) << 2;
	if (!read_desc(cpu, pa, &desc))
		return fault(cpu, FAULT_EXTERNAL_WALK, t);
	if (!(desc & 3))
		return fault(cpu, FAULT_TRANSLATION, t);
	if (desc & 2) {
		t->pa = (desc & 0xfffff000) | (va & 0xfff);
		return take_leaf(cpu, &small, desc, bit32(first, 2), t);
	}
	t->pa = (desc & 0xffff0000) | (va & 0xffff);
	return take_leaf(cpu, &large, desc, bit32(first, 2), t);
}

/* The PAR's attributes (B4.1.112). */
enum {
	PAR_SS = 1 << 1,
	PAR_SH = 1 << 7,
	PAR_NS = 1 << 9,
	PAR_NOS = 1 << 10,
	INNER_SO = 1,
	INNER_DEVICE = 3,
};

/* C, B or an NMRR field, 0 to 3: non-cacheable, write-back allocating,
 * write-through, write-back; as Outer[1:0] has it, Inner[2:0] with bit 2. */
static uint32_t par_normal(unsigned int inner, unsigned int outer)
{
	return (inner ? inner | 4 : 0) << 4 | outer << 2;
}

static uint32_t par_plain(uint32_t memattr)
{
	uint32_t texcb = memattr & 0x1f;
	uint32_t sh = memattr & ATTR_S ? PAR_SH : 0;

	switch (texcb) {
	case 0:
		return INNER_SO << 4 | PAR_SH;
	case 1:
		return INNER_DEVICE << 4 | PAR_SH;
	case 2:
	case 3:
		return sh | par_normal(texcb, texcb);
	case 7:
		return sh | par_normal(1, 1);
	case 8:
		return INNER_DEVICE << 4;
	default:
		if (texcb & 0x10)
			return sh | par_normal(texcb & 3, texcb >> 2 & 3);
		return sh;
	}
}

/* With SCTLR.TRE: PRRR says the type and the shareability, NMRR the caches. */
static uint32_t par_remapped(const struct cpu *cpu, uint32_t memattr)
{
	unsigned int n = memattr & 7;
	bool s = memattr & ATTR_S;
	uint32_t prrr = cpu->cp15.prrr, nmrr = cpu->cp15.nmrr, par = 0;

	switch (remap_type(cpu, n)) {
	case 0:
		return INNER_SO << 4 | PAR_SH;
	case 1:
		return INNER_DEVICE << 4 |
		       (bit32(prrr, s ? 17 : 16) ? PAR_SH : 0);
	default:
		if (bit32(prrr, s ? 19 : 18))
			par = PAR_SH | (bit32(prrr, 24 + n) ? PAR_NOS : 0);
		return par |
		       par_normal(nmrr >> 2 * n & 3, nmrr >> (16 + 2 * n) & 3);
	}
}

uint64_t walk_short_par(const struct cpu *cpu, const struct translation *t)
{
	uint64_t par = PAR_NS | (cpu->cp15.sctlr & SCTLR_TRE
					 ? par_remapped(cpu, t->memattr)
					 : par_plain(t->memattr));

	if (t->memattr & ATTR_SUPER)
		return par | PAR_SS | (t->pa & 0xff000000) |
		       (t->pa >> 32 & 0xff) << 16;
	return par | (t->pa & 0xfffff000);
}
