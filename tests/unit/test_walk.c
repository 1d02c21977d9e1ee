/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both table formats, each kind of leaf and fault; expected values are worked
 * out from ARM DDI 0406C B3.5, B3.6, B3.7, B3.13.3 and B4.1.112.
 */
#include "mmu_machine.h"

enum {
	L1 = RAM,            /* short: first level; 16 KiB */
	L2 = RAM + 0x4000,   /* short: second level */
	PGD = RAM + 0x8000,  /* LPAE: first level */
	PMD = RAM + 0x9000,  /* LPAE: second level */
	PTE = RAM + 0xa000,  /* LPAE: third level */
	PGD1 = RAM + 0xb000, /* LPAE: of TTBR1 */
	EAE = 1 << 31,
	USER = false,
	PRIV = true,
};

#define R ACCESS_READ
#define W ACCESS_WRITE
#define X ACCESS_EXEC

static struct machine m;
static struct cpu *cpu;
static struct translation t;

static bool look(vaddr va, enum access access, bool privileged)
{
	return mmu_translate(cpu, va, access, privileged, &t);
}

/* The fault status of this access, 0 for none. */
static uint32_t status(vaddr va, enum access access, bool privileged)
{
	return look(va, access, privileged) ? 0 : t.fsr;
}

static void use_short(void)
{
	memset(&cpu->cp15, 0, sizeof(cpu->cp15));
	memset(ram_at(&m.ram, RAM, 0x10000), 0, 0x10000);
	cpu->cp15.sctlr = SCTLR_M;
	cpu->cp15.ttbr0 = L1 | 0x5b; /* attributes mean nothing */
	cpu->cp15.dacr = 0x55555555;
}

static void use_lpae(void)
{
	memset(&cpu->cp15, 0, sizeof(cpu->cp15));
	memset(ram_at(&m.ram, RAM, 0x10000), 0, 0x10000);
	cpu->cp15.sctlr = SCTLR_M;
	cpu->cp15.ttbcr = (uint32_t)EAE;
	cpu->cp15.ttbr0 = PGD;
	cpu->cp15.ttbr1 = PGD1;
	cpu->cp15.prrr = 0x44ff0400; /* MAIR0: SO, Device, WB, non-cacheable */
}

static void test_off(void)
{
	memset(&cpu->cp15, 0, sizeof(cpu->cp15));
	check(look(0xfffff123, X, USER));
	check_eq(t.pa, 0xfffff123);
	check(t.global);
	check_eq(t.rights_user, R | W | X);
}

static void test_short_sizes(void)
{
	use_short();
	/* section: AP 11, nG, domain 1 */
	set32(&m, L1 + 4 * 0x401, 0x50000000 | 1 << 17 | 3 << 10 | 1 << 5 | 2);
	check(look(0x40123456, W, USER));
	check_eq(t.pa, 0x50023456);
	check_eq(t.page, MB);
	check(!t.global);
	check_eq(t.domain, 1);
	/* supersection: PA[39:36] in 8:5, PA[35:32] in 23:20; domain 0 */
	set32(&m, L1 + 4 * 0x10f,
	      0x12000000 | 3u << 20 | 1 << 18 | 3 << 10 | 4 << 5 | 2);
	check(look(0x10f00004, R, PRIV));
	check_eq(t.pa, 0x4312f00004);
	check_eq(t.page, 16 * MB);
	check_eq(t.domain, 0);
	check(t.global);
	/* small and large pages */
	set32(&m, L1 + 4 * 0x200, L2 | 7 << 5 | 1);
	set32(&m, L2 + 4 * 0x34, 0x45678000 | 3 << 4 | 2);
	check(look(0x20034abc, R, USER));
	check_eq(t.pa, 0x45678abc);
	check_eq(t.page, 4096);
	check_eq(t.domain, 7);
	check(t.global);
	for (int i = 0; i < 16; i++)
		set32(&m, L2 + 4 * (0x80 + i),
		      0x45670000 | 1 << 11 | 3 << 4 | 1);
	check(look(0x2008fabc, R, USER));
	check_eq(t.pa, 0x4567fabc);
	check_eq(t.page, 65536);
	check(!t.global);
}

/* B3.7.1, without and with the access flag; AP[2] is bit 9. */
static void test_short_rights(void)
{
	static const struct {
		uint8_t user, priv, user_af, priv_af; /* 0xff: AF fault */
	} want[8] = {
		{ 0, 0, 0xff, 0xff },
		{ 0, R | W | X, 0, R | W | X },
		{ R | X, R | W | X, 0xff, 0xff },
		{ R | W | X, R | W | X, R | W | X, R | W | X },
		{ 0, 0, 0xff, 0xff },
		{ 0, R | X, 0, R | X },
		{ R | X, R | X, 0xff, 0xff },
		{ R | X, R | X, R | X, R | X },
	};

	use_short();
	set32(&m, L1, L2 | 3 << 5 | 1);
	for (unsigned int ap = 0; ap < 8; ap++) {
		set32(&m, L2, RAM | (ap & 4) << 7 | (ap & 3) << 4 | 2);
		cpu->cp15.sctlr = SCTLR_M;
		look(0, R, PRIV);
		check_eq(t.rights_user, want[ap].user);
		check_eq(t.rights_priv, want[ap].priv);
		if (!(want[ap].user & W))
			check_eq(status(0, W, USER), 0x80f | 3 << 4);
		cpu->cp15.sctlr = SCTLR_M | SCTLR_AFE;
		if (want[ap].user_af == 0xff) {
			check_eq(status(0, R, PRIV), 0x006 | 3 << 4);
			continue;
		}
		look(0, R, PRIV);
		check_eq(t.rights_user, want[ap].user_af);
		check_eq(t.rights_priv, want[ap].priv_af);
	}
}

static void test_short_never_execute(void)
{
	use_short();
	set32(&m, L1, RAM | 3 << 10 | 1 << 4 | 2); /* XN */
	check_eq(status(0, X, PRIV), 0x00d);
	check_eq(status(0, R, PRIV), 0);
	set32(&m, L1, RAM | 3 << 10 | 3); /* PXN */
	check_eq(status(0, X, PRIV), 0x00d);
	check_eq(status(0, X, USER), 0);
	set32(&m, L1, L2 | 1 << 2 | 1); /* PXN of a table */
	set32(&m, L2, RAM | 3 << 4 | 2);
	check_eq(status(0, X, PRIV), 0x00f);
	check_eq(status(0, X, USER), 0);
	set32(&m, L1, L2 | 1);
	set32(&m, L2, RAM | 3 << 4 | 3); /* small page, XN */
	check_eq(status(0, X, USER), 0x00f);
	set32(&m, L2, RAM | 1 << 15 | 3 << 4 | 1); /* large page, XN */
	check_eq(status(0, X, USER), 0x00f);

	set32(&m, L2, RAM | 3 << 4 | 2);
	cpu->cp15.sctlr = SCTLR_M | SCTLR_WXN;
	check_eq(status(0, X, USER), 0x00f);
	check_eq(status(0, X, PRIV), 0x00f);
	cpu->cp15.sctlr = SCTLR_M | SCTLR_UWXN;
	check_eq(status(0, X, USER), 0);
	check_eq(status(0, X, PRIV), 0x00f);
	set32(&m, L2, RAM | 2 << 4 | 2); /* PL0 reads only */
	check_eq(status(0, X, PRIV), 0);
}

static void test_short_faults(void)
{
	use_short();
	check_eq(status(0x12345678, R, PRIV), 0x005);
	check_eq(status(0x12345678, W, PRIV), 0x805);
	set32(&m, L1, L2 | 15 << 5 | 1);
	check_eq(status(0, R, PRIV), 0x007 | 0xf0);
	/* no access, then reserved, then manager: nothing is checked */
	set32(&m, L2, RAM | 3);
	cpu->cp15.dacr = 0x15555555;
	check_eq(status(0, R, PRIV), 0x00b | 0xf0);
	cpu->cp15.dacr = 0x95555555;
	check_eq(status(0, R, PRIV), 0x00b | 0xf0);
	cpu->cp15.dacr = 0xd5555555;
	check_eq(status(0, X, USER), 0);
	check_eq(status(0, W, USER), 0);
	set32(&m, L1, RAM | 3 << 5 | 2);
	cpu->cp15.dacr = 0;
	check_eq(status(0, R, PRIV), 0x009 | 3 << 4);
	/* a walk outside of RAM */
	set32(&m, L1, 0x00100000 | 2 << 5 | 1);
	check_eq(status(0, R, PRIV), 0x00e | 2 << 4);
	cpu->cp15.ttbr0 = 0x20000000;
	check_eq(status(0, W, PRIV), 0x80c);
}

/* TTBCR.N, PD0, PD1; a table for N = 1 is 8 KiB. */
static void test_short_ttbcr(void)
{
	use_short();
	cpu->cp15.ttbr0 = L1 + 0x2000;
	cpu->cp15.ttbr1 = L1;
	cpu->cp15.ttbcr = 1;
	set32(&m, L1 + 0x2000 + 4 * 0x7ff, 0x50000000 | 3 << 10 | 2);
	set32(&m, L1 + 4 * 0x800, 0x60000000 | 3 << 10 | 2);
	check(look(0x7ff00000, R, USER));
	check_eq(t.pa, 0x50000000);
	check(look(0x80000000, R, USER));
	check_eq(t.pa, 0x60000000);
	cpu->cp15.ttbcr = 1 | 1 << 4;
	check_eq(status(0x7ff00000, R, USER), 0x005);
	check_eq(status(0x80000000, R, USER), 0);
	cpu->cp15.ttbcr = 1 | 1 << 5;
	check_eq(status(0x7ff00000, R, USER), 0);
	check_eq(status(0x80000000, R, USER), 0x005);
	/* N = 7: 32 entries, 128 bytes aligned */
	cpu->cp15.ttbcr = 7;
	cpu->cp15.ttbr0 = L1 + 0x3f80;
	set32(&m, L1 + 0x3f80 + 4 * 31, 0x70000000 | 3 << 10 | 2);
	check(look(0x01f00000, R, USER));
	check_eq(t.pa, 0x70000000);
	check_eq(status(0x02000000, R, USER), 0x005);
}

/* TEX, C, B without and with remapping; SCTLR.EE. */
static void test_short_memory(void)
{
	static const bool device[8] = { 1, 1, 0, 0, 0, 0, 0, 0 };

	use_short();
	for (unsigned int i = 0; i < 32; i++) {
		set32(&m, L1,
		      RAM | (i >> 2) << 12 | (i & 3) << 2 | 3 << 10 | 2);
		check(look(0, R, USER));
		check_eq(t.device, i < 8 ? device[i] : i == 8);
	}
	cpu->cp15.sctlr |= SCTLR_TRE;
	cpu->cp15.prrr = 0x000a81a4; /* Linux: SO NC Dev NC.., TR7 = Normal */
	set32(&m, L1, RAM | 3 << 10 | 2); /* 0: SO */
	check(look(0, R, USER));
	check(t.device);
	set32(&m, L1, RAM | 1 << 2 | 3 << 10 | 2); /* 1: TR1 = Device */
	cpu->cp15.prrr = 0x000a8004;
	check(look(0, R, USER));
	check(t.device);
	cpu->cp15.prrr = 0x000a8008;
	check(look(0, R, USER));
	check(!t.device);

	cpu->cp15.sctlr = SCTLR_M | SCTLR_EE;
	set32(&m, L1, __builtin_bswap32(0x50000000 | 3 << 10 | 2));
	check(look(0, R, USER));
	check_eq(t.pa, 0x50000000);
}

static void test_short_par(void)
{
	use_short();
	/* normal, inner and outer write-back allocate, shareable */
	set32(&m, L1, 0x50000000 | 1 << 16 | 1 << 12 | 3 << 2 | 3 << 10 | 2);
	check_eq(mmu_par(cpu, 0x12345, R, USER),
		 0x50012000 | 1 << 9 | 1 << 7 | 5 << 4 | 1 << 2);
	set32(&m, L1, 0x50000000 | 3 << 10 | 2); /* Strongly-ordered */
	check_eq(mmu_par(cpu, 0, R, USER),
		 0x50000000 | 1 << 9 | 1 << 7 | 1 << 4);
	set32(&m, L1, 0x50000000 | 1 << 2 | 3 << 10 | 2); /* Device */
	check_eq(mmu_par(cpu, 0, R, USER),
		 0x50000000 | 1 << 9 | 1 << 7 | 3 << 4);
	set32(&m, L1, 0x12300000 | 1 << 18 | 3 << 10 | 4 << 5 | 4 << 12 | 2);
	check_eq(mmu_par(cpu, 0, R, USER), 0x12430000 | 1 << 9 | 2);
	/* permission fault, first level: 0b01101 */
	set32(&m, L1, 0x50000000 | 1 << 10 | 2);
	check_eq(mmu_par(cpu, 0, W, USER), 0xd << 1 | 1);
	/* remapped: PRRR.TR3 normal, NS1 shareable, NOS3; NMRR WB both */
	cpu->cp15.sctlr |= SCTLR_TRE;
	cpu->cp15.prrr = 2 << 6 | 1 << 19 | 1 << 27;
	cpu->cp15.nmrr = 3 << 6 | 3 << 22;
	set32(&m, L1, 0x50000000 | 1 << 16 | 3 << 2 | 3 << 10 | 2);
	check_eq(mmu_par(cpu, 0, R, USER),
		 0x50000000 | 1 << 10 | 1 << 9 | 1 << 7 | 7 << 4 | 3 << 2);
}

#define AF  (1ull << 10)
#define NG  (1ull << 11)
#define AP1 (1ull << 6)
#define AP2 (1ull << 7)

/* PGD[1] -> PMD, PMD[2] -> PTE; the page is 0x40403000. */
static void map_page(uint64_t pgd, uint64_t pmd, uint64_t pte)
{
	set64(&m, PGD + 8, PMD | 3 | pgd);
	set64(&m, PMD + 16, PTE | 3 | pmd);
	set64(&m, PTE + 24, pte);
}

static void test_lpae_sizes(void)
{
	use_lpae();
	map_page(0, 0, 0x1245678000 | AF | NG | AP1 | 2 << 2 | 3);
	check(look(0x40403abc, W, USER));
	check_eq(t.pa, 0x1245678abc);
	check_eq(t.page, 4096);
	check(!t.global);
	check(!t.device);
	/* contiguous hint: nothing */
	map_page(0, 0, 1ull << 52 | 0x1245678000 | AF | 1 << 2 | 3);
	check(look(0x40403abc, W, PRIV));
	check_eq(t.page, 4096);
	check(t.global);
	check(t.device); /* attribute 1 */
	set64(&m, PMD + 24, 0x1245600000 | AF | 2 << 2 | 1);
	check(look(0x407abcde, W, PRIV));
	check_eq(t.pa, 0x12457abcde);
	check_eq(t.page, 2 * MB);
	set64(&m, PGD + 16, 0xffc0000000 | AF | 2 << 2 | 1);
	check(look(0xbabcdef0, W, PRIV));
	check_eq(t.pa, 0xfffabcdef0);
	check_eq(t.page, 1u << 30);
	cpu->cp15.sctlr |= SCTLR_EE;
	set64(&m, PGD, __builtin_bswap64(0x80000000 | AF | 1));
	check(look(0x3000, R, PRIV));
	check_eq(t.pa, 0x80003000);
}

static void test_lpae_rights(void)
{
	/* by AP[2:1] */
	static const uint8_t user[4] = { 0, R | W | X, 0, R | X };
	static const uint8_t priv[4] = { R | W | X, R | W | X, R | X, R | X };
	vaddr va = 0x40403000;
	uint64_t table;

	use_lpae();
	for (uint64_t ap = 0; ap < 4; ap++) {
		map_page(0, 0, RAM | AF | ap << 6 | 3);
		check(look(va, R, PRIV));
		check_eq(t.rights_user, user[ap]);
		check_eq(t.rights_priv, priv[ap]);
	}
	/* XN, PXN; then what each level of table takes away */
	map_page(0, 0, 1ull << 54 | RAM | AF | AP1 | 3);
	check_eq(status(va, X, USER), 0x20f);
	check_eq(status(va, W, USER), 0);
	map_page(0, 0, 1ull << 53 | RAM | AF | AP1 | 3);
	check_eq(status(va, X, PRIV), 0x20f);
	check_eq(status(va, X, USER), 0);
	for (int level = 1; level <= 2; level++) {
		for (int bit = 59; bit <= 62; bit++) {
			table = 1ull << bit;
			map_page(level == 1 ? table : 0, level == 2 ? table : 0,
				 RAM | AF | AP1 | 3);
			check_eq(status(va, X, PRIV),
				 bit == 59 || bit == 60 ? 0x20f : 0);
			check_eq(status(va, X, USER),
				 bit == 60 || bit == 61 ? 0x20f : 0);
			check_eq(status(va, R, USER), bit == 61 ? 0x20f : 0);
			check_eq(status(va, W, PRIV), bit == 62 ? 0xa0f : 0);
		}
	}
	map_page(0, 0, RAM | AF | AP1 | 3);
	cpu->cp15.sctlr |= SCTLR_UWXN;
	check_eq(status(va, X, PRIV), 0x20f);
	check_eq(status(va, X, USER), 0);
	cpu->cp15.sctlr |= SCTLR_WXN;
	check_eq(status(va, X, USER), 0x20f);
	map_page(0, 0, RAM | AF | AP1 | AP2 | 3);
	check_eq(status(va, X, USER), 0);
}

static void test_lpae_faults(void)
{
	use_lpae();
	check_eq(status(0x40403000, R, PRIV), 0x205);
	check_eq(status(0x40403000, W, PRIV), 0xa05);
	set64(&m, PGD + 8, PMD | 3);
	check_eq(status(0x40403000, R, PRIV), 0x206);
	set64(&m, PMD + 16, PTE | 3);
	check_eq(status(0x40403000, R, PRIV), 0x207);
	set64(&m, PTE + 24, RAM | AF | 1); /* reserved in the third level */
	check_eq(status(0x40403000, R, PRIV), 0x207);
	set64(&m, PTE + 24, RAM | AP2 | 3);
	check_eq(status(0x40403000, W, USER), 0xa0b); /* AF goes first */
	set64(&m, PTE + 24, RAM | AP2 | AF | 3);
	check_eq(status(0x40403000, W, USER), 0xa0f);
	set64(&m, PMD + 16, RAM | 1);
	check_eq(status(0x40403000, R, PRIV), 0x20a);
	set64(&m, PMD + 16, RAM | AF | 1);
	check_eq(status(0x40403000, R, USER), 0x20e);
	set64(&m, PGD + 8, RAM | 1);
	check_eq(status(0x40403000, R, PRIV), 0x209);
	set64(&m, PGD + 8, RAM | AF | 1);
	check_eq(status(0x40403000, R, USER), 0x20d);
	/* walks outside of RAM */
	set64(&m, PMD + 16, 0x10000000 | 3);
	set64(&m, PGD + 8, PMD | 3);
	check_eq(status(0x40403000, R, PRIV), 0x217);
	set64(&m, PGD + 8, 0xfffffff000 | 3);
	check_eq(status(0x40403000, R, PRIV), 0x216);
	cpu->cp15.ttbr0 = 0;
	check_eq(status(0x40403000, W, PRIV), 0xa15);
	/* a table that is its own next level ends all the same */
	cpu->cp15.ttbr0 = PGD;
	set64(&m, PGD + 8, PGD | AF | 3);
	set64(&m, PGD + 16, PGD | AF | 3);
	check(look(0x40201000, R, PRIV));
	check_eq(t.pa, PGD);
}

static void test_lpae_ranges(void)
{
	use_lpae();
	/* T1SZ = 1: the upper half is TTBR1's, two entries */
	cpu->cp15.ttbcr = (uint32_t)EAE | 1 << 16;
	cpu->cp15.ttbr1 = PGD1 | 0x10;
	set64(&m, PGD1 + 0x10 + 8, 0xc0000000 | AF | 1);
	set64(&m, PGD + 8, 0x40000000 | AF | 1);
	check(look(0xc0001234, R, PRIV));
	check_eq(t.pa, 0xc0001234);
	check(look(0x40001234, R, PRIV));
	check_eq(t.pa, 0x40001234);
	/* T0SZ = 1, T1SZ = 2 leaves a hole; T1SZ = 2 begins at level 2 */
	cpu->cp15.ttbcr = (uint32_t)EAE | 2 << 16 | 1;
	cpu->cp15.ttbr1 = PMD;
	set64(&m, PMD + 8 * 511, 0x50000000 | AF | 1);
	check_eq(status(0x80000000, R, PRIV), 0x205);
	check_eq(status(0xbfffffff, R, PRIV), 0x205);
	check(look(0xffe12345, R, PRIV));
	check_eq(t.pa, 0x50012345);
	check_eq(t.level, 2);
	/* T0SZ = 7: 25 bits, 16 entries of the second level, TTBR 128 bytes
	 * aligned; all above is TTBR1's */
	cpu->cp15.ttbcr = (uint32_t)EAE | 7;
	cpu->cp15.ttbr0 = PMD + 0x80;
	cpu->cp15.ttbr1 = PGD1;
	set64(&m, PMD + 0x80 + 8 * 15, 0x60000000 | AF | 1);
	check(look(0x01ffffff, R, PRIV));
	check_eq(t.pa, 0x601fffff);
	set64(&m, PGD1, 0x00000000 | AF | 1);
	check(look(0x02000000, R, PRIV));
	check_eq(t.pa, 0x02000000);
	check_eq(t.level, 1);
	/* EPD */
	cpu->cp15.ttbcr |= 1 << 7;
	check_eq(status(0x01ffffff, R, PRIV), 0x205);
	check_eq(status(0x02000000, R, PRIV), 0);
	cpu->cp15.ttbcr |= 1 << 23;
	check_eq(status(0x02000000, R, PRIV), 0x205);
}

static void test_lpae_par(void)
{
	use_lpae();
	map_page(0, 0, 0x1245678000 | AF | 3 << 8 | 2 << 2 | 3);
	check_eq(mmu_par(cpu, 0x40403abc, R, PRIV),
		 0xffull << 56 | 0x1245678000 | 1 << 11 | 1 << 9 | 3 << 7);
	map_page(0, 0, 0x1245678000 | AF | 3 << 8 | 1 << 2 | 3);
	check_eq(mmu_par(cpu, 0x40403abc, R, PRIV),
		 0x04ull << 56 | 0x1245678000 | 1 << 11 | 1 << 9 | 2 << 7);
	check_eq(mmu_par(cpu, 0x40403abc, R, USER), 0x800 | 0xf << 1 | 1);
}

int main(void)
{
	cpu = machine_init(&m, 1);
	test_off();
	test_short_sizes();
	test_short_rights();
	test_short_never_execute();
	test_short_faults();
	test_short_ttbcr();
	test_short_memory();
	test_short_par();
	test_lpae_sizes();
	test_lpae_rights();
	test_lpae_faults();
	test_lpae_ranges();
	test_lpae_par();
	machine_fini(&m);
	return test_done();
}
