/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation tables of both formats: each kind of entry is read, written and
 * executed at PL1 and at PL0.
 *
 *	AP 2 XN 0: ok 80d ok ok 80d ok
 *
 * are the results in the order of accesses[]: "ok", or the fault status; "!"
 * where the fault address is not the one that was touched.  ATS1CPR, CPW, CUR
 * and CUW follow: the PAR, without attributes if it succeeded.
 */
#include "system.h"

#define VA      0x50000000u /* under test */
#define PA      0x40500000u /* where it mostly leads to: RAM */
#define NOTHING 0x0f000000u /* a physical address where nothing is */

enum {
	USR = 0x1d0,
	SYS = 0x1df,
	FULL = 3 << 10, /* short, section: AP */
	SECTION = 2,
	TABLE = 1,
	SCTLR_M = 1 << 0,
	SCTLR_WXN = 1 << 19,
	SCTLR_UWXN = 1 << 20,
	SCTLR_TRE = 1 << 28,
	SCTLR_AFE = 1 << 29,
	EAE = 1u << 31,
};

static uint32_t first[4096] __attribute__((aligned(16384)));
static uint32_t second[256] __attribute__((aligned(1024)));
static uint64_t level1[4] __attribute__((aligned(32)));
static uint64_t level2[2][512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));

static const uint32_t load[] = { 0xe5904000, A32_END };  /* ldr r4, [r0] */
static const uint32_t store[] = { 0xe5804000, A32_END }; /* str r4, [r0] */
static const uint32_t jump[] = { 0xe12fff10 };           /* bx r0 */

static const struct {
	const uint32_t *code;
	uint32_t cpsr;
} accesses[] = {
	{ load, SYS }, { store, SYS }, { jump, SYS },
	{ load, USR }, { store, USR }, { jump, USR },
};

/* mcr p15, 0, r0, c7, c8, n: ATS1CPR, CPW, CUR, CUW */
static const uint32_t ats[][2] = {
	{ 0xee070f18, A32_END },
	{ 0xee070f38, A32_END },
	{ 0xee070f58, A32_END },
	{ 0xee070f78, A32_END },
};

static void flush(void)
{
	__asm__ volatile("dsb" ::: "memory");
	WRITE_CP15(0, c8, c7, 0, 0);
	__asm__ volatile("dsb\n\tisb" ::: "memory");
}

static void put_result(uint32_t va)
{
	uint32_t fsr, far;

	if (ended()) {
		put(" ok");
		return;
	}
	fsr = state.vector == 3 ? READ_CP15(0, c5, c0, 1)
				: READ_CP15(0, c5, c0, 0);
	far = state.vector == 3 ? READ_CP15(0, c6, c0, 2)
				: READ_CP15(0, c6, c0, 0);
	if (state.vector == 3 && !(fsr & 1 << 9))
		fsr &= ~0xf0u; /* the IFSR has no domain; QEMU gives one */
	put(" ");
	for (int i = 8; i >= 0; i -= 4) {
		char digit[2] = { "0123456789abcdef"[fsr >> i & 15] };

		put(digit);
	}
	if (far != va)
		put("!");
}

static const uint32_t load_odd[] = { 0xe5904001, A32_END };

static void try(uint32_t va, const uint32_t *code, uint32_t cpsr)
{
	state.r[0] = va;
	state.r[4] = A32_END; /* what a store leaves there */
	state.cpsr = cpsr;
	run_case((uintptr_t)code);
	put_result(code == load_odd ? va + 1 : va);
}

/* A walk that finds nothing to read is an abort, even for these. */
static void translate(uint32_t va, const uint32_t *code)
{
	uint32_t par;

	state.r[0] = va;
	state.cpsr = SYS;
	run_case((uintptr_t)code);
	if (!ended()) {
		put_result(va);
		return;
	}
	par = READ_CP15(0, c7, c4, 0);
	put(" ");
	put_hex(par & 1 ? par : par & 0xfffff000);
}

static void try_all(uint32_t va)
{
	flush();
	put(":");
	for (unsigned int i = 0; i < 6; i++)
		try(va, accesses[i].code, accesses[i].cpsr);
	for (unsigned int i = 0; i < 4; i++)
		translate(va, ats[i]);
	put("\n");
}

static void set_sctlr(uint32_t set, uint32_t clear)
{
	uint32_t sctlr = READ_CP15(0, c1, c0, 0);

	WRITE_CP15(0, c1, c0, 0, (sctlr & ~clear) | set);
	flush();
}

static void put_option(const char *name, uint32_t val)
{
	put(name);
	put_dec(val);
}

/* The short format */

/* AP[2:0] of a section, of a page */
static uint32_t section_ap(uint32_t ap)
{
	return (ap & 3) << 10 | (ap & 4) << 13;
}

static uint32_t page_ap(uint32_t ap)
{
	return (ap & 3) << 4 | (ap & 4) << 7;
}

static void set_domain(uint32_t domain, uint32_t type)
{
	WRITE_CP15(0, c3, c0, 0, 1 | type << 2 * domain);
}

/* Flat for us: RAM and the UART, all rights, domain 0. */
static void short_on(void)
{
	for (uint32_t i = 0; i < 4096; i++)
		first[i] = 0;
	for (uint32_t i = 0x400; i < 0x440; i++)
		first[i] = i << 20 | FULL | SECTION;
	first[0x090] = 0x09000000 | FULL | SECTION;
	WRITE_CP15(0, c2, c0, 2, 0);
	WRITE_CP15(0, c2, c0, 0, (uint32_t)first);
	set_domain(1, 1);
	set_sctlr(SCTLR_M, 0);
}

/* An access flag of 0 and XN: QEMU looks at XN first, the manual at the access
 * flag (B3.12.3), and we follow it. */
static bool disputed(uint32_t ap, uint32_t xn)
{
	return xn && !(ap & 1) && READ_CP15(0, c1, c0, 0) & SCTLR_AFE;
}

static void short_sections(const char *title)
{
	for (uint32_t xn = 0; xn < 2; xn++)
		for (uint32_t pxn = 0; pxn < 2; pxn++)
			for (uint32_t ap = 0; ap < 8; ap++) {
				if (disputed(ap, xn | pxn))
					continue;
				first[VA >> 20] = PA | section_ap(ap) |
						  xn << 4 | 1 << 5 | pxn |
						  SECTION;
				put(title);
				put_option(" AP ", ap);
				put_option(" XN ", xn);
				put_option(" PXN ", pxn);
				try_all(VA);
			}
}

static void short_pages(const char *title, uint32_t type)
{
	for (uint32_t xn = 0; xn < 2; xn++)
		for (uint32_t ap = 0; ap < 8; ap++) {
			uint32_t page = PA | page_ap(ap) | type;

			if (disputed(ap, xn))
				continue;
			page |= type == 2 ? xn : xn << 15;
			for (uint32_t i = 0; i < 16; i++)
				second[i] = page;
			first[VA >> 20] = (uint32_t)second | 1 << 5 | TABLE;
			put(title);
			put_option(" AP ", ap);
			put_option(" XN ", xn);
			try_all(VA);
		}
}

static void short_domains(void)
{
	for (uint32_t type = 0; type < 4; type++) {
		set_domain(1, type);
		first[VA >> 20] = PA | section_ap(5) | 1 << 4 | 1 << 5 |
				  SECTION;
		put_option("short: section, domain type ", type);
		try_all(VA);
		second[0] = PA | page_ap(5) | 3;
		first[VA >> 20] = (uint32_t)second | 1 << 5 | TABLE;
		put_option("short: page, domain type ", type);
		try_all(VA);
	}
	set_domain(1, 1);
}

static void short_missing(void)
{
	first[VA >> 20] = 0;
	put("short: no section");
	try_all(VA);
	first[VA >> 20] = (uint32_t)second | 1 << 5 | TABLE;
	second[0] = 0;
	put("short: no page");
	try_all(VA);
	first[VA >> 20] = NOTHING | 1 << 5 | TABLE;
	put("short: no table");
	try_all(VA);
	first[VA >> 20] = NOTHING | FULL | 1 << 5 | SECTION;
	put("short: section of nothing");
	try_all(VA);
	first[VA >> 20] = (uint32_t)second | 1 << 5 | TABLE;
	second[0] = NOTHING | page_ap(3) | 2;
	put("short: page of nothing");
	try_all(VA);
}

static void short_attributes(void)
{
	/* TEX C B: strongly-ordered, device, normal; unaligned access */
	static const uint32_t kinds[] = { 0, 1 << 2, 1 << 12, 3 << 2 };

	for (uint32_t i = 0; i < 4; i++) {
		first[VA >> 20] = PA | FULL | kinds[i] | 1 << 5 | SECTION;
		flush();
		put_option("short: unaligned, attributes ", i);
		put(":");
		try(VA, load_odd, SYS);
		put("\n");
	}
}

static void short_split(void)
{
	static uint32_t lower[2048] __attribute__((aligned(8192)));

	/* N = 1: the upper 2 GiB by TTBR1 */
	for (uint32_t i = 0; i < 2048; i++)
		lower[i] = first[i];
	lower[VA >> 20] = PA | section_ap(2) | SECTION;
	first[(VA >> 20) + 0x800] = PA | section_ap(3) | SECTION;
	WRITE_CP15(0, c2, c0, 0, (uint32_t)lower);
	WRITE_CP15(0, c2, c0, 1, (uint32_t)first);
	WRITE_CP15(0, c2, c0, 2, 1);
	put("short: below the split");
	try_all(VA);
	put("short: above the split");
	try_all(VA + 0x80000000);
	WRITE_CP15(0, c2, c0, 0, (uint32_t)first);
	WRITE_CP15(0, c2, c0, 2, 0);
	first[(VA >> 20) + 0x800] = 0;
}

static void short_format(void)
{
	short_on();
	short_sections("short: section");
	short_pages("short: page", 2);
	short_pages("short: large page", 1);
	short_domains();
	short_missing();
	short_attributes();
	short_split();

	first[VA >> 20] = PA | FULL | SECTION;
	set_sctlr(SCTLR_AFE, 0);
	for (uint32_t i = 0; i < 4096; i++)
		if (first[i])
			first[i] |= 1 << 10;
	short_sections("short: AFE, section");
	short_pages("short: AFE, page", 2);
	set_sctlr(0, SCTLR_AFE | SCTLR_M);
}

/* The long format */

static uint64_t block(uint32_t pa, uint32_t ap, uint64_t low, uint64_t high)
{
	return (high << 52) | pa | 3 << 8 | ap << 6 | 1 << 10 | low;
}

static void long_on(void)
{
	level1[0] = block(0, 1, 1, 0); /* the UART; MAIR 0 */
	level1[1] = (uint32_t)level2[0] | 3;
	level1[2] = level1[3] = 0;
	for (uint32_t i = 0; i < 512; i++)
		level2[0][i] = level2[1][i] = level3[i] = 0;
	for (uint32_t i = 0; i < 0x20; i++)
		level2[0][i] = block(0x40000000 + (i << 21), 1, 1 | 1 << 2, 0);
	WRITE_CP15(0, c10, c2, 0, 0x0000ff00);
	WRITE_CP15(0, c2, c0, 2, EAE);
	__asm__ volatile("mcrr p15, 0, %0, %1, c2" ::"r"(level1), "r"(0));
	set_sctlr(SCTLR_M, 0);
}

#define VA_BLOCK ((VA >> 21) & 511)
#define NORMAL   (1 << 2)

static void long_blocks(const char *title)
{
	for (uint32_t xn = 0; xn < 4; xn++)
		for (uint32_t ap = 0; ap < 4; ap++) {
			level2[0][VA_BLOCK] = block(PA & ~0x1fffffu, ap,
						    1 | NORMAL,
						    (xn & 1) << 2 | (xn & 2));
			put(title);
			put_option(" AP ", ap);
			put_option(" XN ", xn & 1);
			put_option(" PXN ", xn >> 1);
			try_all(VA + 0x100000);
		}
}

static void long_pages(void)
{
	/* the table's APTable, XNTable, PXNTable over the page's AP */
	for (uint64_t table = 0; table < 16; table++)
		for (uint32_t ap = 0; ap < 4; ap++) {
			level2[0][VA_BLOCK] = table << 59 | (uint32_t)level3 |
					      3;
			level3[0] = block(PA, ap, 3 | NORMAL, 0);
			put_option("long: page, table ", (uint32_t)table);
			put_option(" AP ", ap);
			try_all(VA);
		}
}

static void long_missing(void)
{
	level2[0][VA_BLOCK] = (uint32_t)level3 | 3;
	put("long: nothing at level 1");
	try_all(VA + 0x40000000);
	level3[0] = 0;
	put("long: nothing at level 3");
	try_all(VA);
	level3[0] = block(PA, 1, 1, 0);
	put("long: a block at level 3");
	try_all(VA);
	level3[0] = block(PA, 1, 3 | NORMAL, 0) & ~(1ull << 10);
	put("long: no access flag at level 3");
	try_all(VA);
	level3[0] = block(NOTHING, 1, 3 | NORMAL, 0);
	put("long: page of nothing");
	try_all(VA);
	level2[0][VA_BLOCK] = 0;
	put("long: nothing at level 2");
	try_all(VA);
	level2[0][VA_BLOCK] = block(PA & ~0x1fffffu, 1, 1 | NORMAL, 0) &
			      ~(1ull << 10);
	put("long: no access flag at level 2");
	try_all(VA + 0x100000);
	level2[0][VA_BLOCK] = NOTHING | 3;
	put("long: no table at level 3");
	try_all(VA);
	level1[2] = NOTHING | 3;
	put("long: no table at level 2");
	try_all(VA + 0x40000000);
	level1[2] = block(0x40000000, 1, 1 | NORMAL, 0) & ~(1ull << 10);
	put("long: no access flag at level 1");
	try_all(0x80500000);
	level1[2] = block(0x40000000, 1, 1 | NORMAL, 0);
	put("long: block at level 1");
	try_all(0x80500000);
	level1[2] = 0;
}

static void long_attributes(void)
{
	for (uint32_t attr = 0; attr < 2; attr++) {
		level2[0][VA_BLOCK] = block(PA & ~0x1fffffu, 1, 1 | attr << 2,
					    0);
		flush();
		put_option("long: unaligned, attributes ", attr);
		put(":");
		try(VA + 0x100000, load_odd, SYS);
		put("\n");
	}
}

static void long_split(void)
{
	static uint64_t upper[2] __attribute__((aligned(16)));

	level2[1][VA_BLOCK] = block(PA & ~0x1fffffu, 3, 1 | NORMAL, 0);

	/* T0SZ = 0, T1SZ = 2: from 0xc0000000 by TTBR1, one table of level 2 */
	__asm__ volatile("mcrr p15, 1, %0, %1, c2" ::"r"(level2[1]), "r"(0));
	WRITE_CP15(0, c2, c0, 2, EAE | 2 << 16);
	put("long: T1SZ 2, below");
	try_all(0xbfffffff & ~0xfffu);
	put("long: T1SZ 2, above");
	try_all(VA + 0x80000000 + 0x100000);

	/* T0SZ = 1, T1SZ = 1: halves, tables of level 1 */
	__asm__ volatile("mcrr p15, 1, %0, %1, c2" ::"r"(upper), "r"(0));
	upper[0] = block(0x40000000, 1, 1 | NORMAL, 0);
	upper[1] = (uint32_t)level2[1] | 3;
	WRITE_CP15(0, c2, c0, 2, EAE | 1 << 16 | 1);
	put("long: T0SZ 1, T1SZ 1, lower");
	try_all(0x40500000);
	put("long: T0SZ 1, T1SZ 1, upper");
	try_all(0x80500000);
	put("long: T0SZ 1, T1SZ 1, upper, level 2");
	try_all(VA + 0x80000000 + 0x100000);

	/* EPD1 */
	WRITE_CP15(0, c2, c0, 2, EAE | 1 << 23 | 1 << 16 | 1);
	put("long: EPD1");
	try_all(0x80500000);

	/* T0SZ = 1 alone: between them and TTBR1's there is no gap */
	WRITE_CP15(0, c2, c0, 2, EAE | 1);
	put("long: T0SZ 1, above");
	try_all(0x80500000);
	WRITE_CP15(0, c2, c0, 2, EAE);
}

static void long_format(void)
{
	long_on();
	long_blocks("long: block");
	long_pages();
	long_missing();
	long_attributes();
	long_split();
}

int main(void)
{
	*(uint32_t *)PA = A32_END;
	short_format();
	long_format();
	set_sctlr(0, SCTLR_M);
	return 0;
}
