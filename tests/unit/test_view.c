/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What views remember, share and forget.  The tables are LPAE's: 2 MiB of
 * virtual addresses at LOW and the top 2 MiB have a third level.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arm/view.h"
#include "mmu_machine.h"

enum {
	PGD = RAM,
	PMD0 = RAM + 0x1000, /* 0 to 1 GiB */
	PMD3 = RAM + 0x2000, /* 3 to 4 GiB */
	PTE0 = RAM + 0x3000, /* of LOW */
	PTE3 = RAM + 0x4000, /* of HIGH */
	PMD2 = RAM + 0x5000, /* 2 to 3 GiB */
	DATA = RAM + MB,
	EAE = 1 << 31,
	LOW = 0x00200000,
	BLOCK = 0x00400000,
};

static const vaddr high = 0xffe00000;

#define LEAF   (1ull << 10 | 3ull << 8 | 3)
#define NG     (1ull << 11)
#define PL0    (1ull << 6)
#define RO     (1ull << 7)
#define TWO_MB (LEAF & ~2ull)

static struct machine m;
static struct cpu *cpu;

static void use(unsigned int asid, uint32_t mode)
{
	cpu->cp15.ttbr0 = PGD | (uint64_t)asid << 48;
	cpu->mode = mode;
	mmu_context_changed(cpu);
}

static void start(void)
{
	cpu = machine_init(&m, 1);
	cpu->cp15.sctlr = SCTLR_M;
	cpu->cp15.ttbcr = (uint32_t)EAE;
	cpu->cp15.prrr = 0xff; /* all is normal memory */
	set64(&m, PGD, PMD0 | 3);
	set64(&m, PGD + 16, PMD2 | 3);
	set64(&m, PGD + 24, PMD3 | 3);
	set64(&m, PMD0 + 8, PTE0 | 3);
	set64(&m, PMD0 + 16, (RAM + 4 * MB) | TWO_MB | NG | PL0);
	set64(&m, PMD2 + 8 * 511, (RAM + 6 * MB) | TWO_MB | PL0);
	set64(&m, PMD3 + 8 * 511, PTE3 | 3);
	use(1, MODE_SVC);
}

static bool remembered(vaddr va)
{
	return cpu->view_r[va >> 12] > 0;
}

static bool writable(vaddr va)
{
	return cpu->view_w[va >> 12] > 0;
}

static void test_fill(void)
{
	start();
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	set64(&m, PTE0 + 8, (DATA + 0x1000) | LEAF | NG | PL0 | RO);
	set32(&m, DATA + 4, 0x12345678);
	check(!remembered(LOW));
	check_eq(mem_r32(cpu, LOW + 4), 0x12345678);
	check(remembered(LOW));
	check(writable(LOW));
	check(!remembered(LOW + 0x1000));
	check_eq(mem_r32(cpu, LOW + 4), 0x12345678);
	mem_w32(cpu, LOW + 4, 7);
	check_eq(get32(&m, DATA + 4), 7);
	mem_r8(cpu, LOW + 0x1000);
	check(remembered(LOW + 0x1000));
	check(!writable(LOW + 0x1000)); /* read only */
	check(mem_fast(cpu, LOW + 0xff0, 16, ACCESS_WRITE) ==
	      ram_at(&m.ram, DATA + 0xff0, 16));
	check(!mem_fast(cpu, LOW + 0xff1, 16, ACCESS_READ));

	/* big-endian data never sees an addend */
	cpu->big_endian = true;
	mmu_context_changed(cpu);
	check(!remembered(LOW));
	check_eq(mem_r32(cpu, LOW + 4), 0x07000000);
	cpu->big_endian = false;
	mmu_context_changed(cpu);
	check(remembered(LOW));
	machine_fini(&m);
}

/* Each ASID has its own page at LOW; there are more of them than views. */
static void test_recycling(void)
{
	uint32_t ids[200];

	start();
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int asid = 1; asid <= 100; asid++) {
			paddr pa = DATA + asid * 0x1000;

			set64(&m, PTE0, pa | LEAF | NG | PL0);
			use(asid, MODE_SVC);
			ids[round * 100 + asid - 1] = mmu_fetch_id(cpu);
			if (!remembered(LOW))
				mem_w32(cpu, LOW, asid);
			check_eq(mem_r32(cpu, LOW), asid);
		}
	}
	for (unsigned int i = 0; i < 200; i++)
		for (unsigned int j = 0; j < i; j++)
			check(ids[i] != ids[j]);
	/* two contexts in turn keep what they have */
	use(50, MODE_SVC);
	use(51, MODE_USR);
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	use(50, MODE_SVC);
	check(remembered(LOW));
	check_eq(mem_r32(cpu, LOW), 50);
	machine_fini(&m);
}

static void test_regimes(void)
{
	start();
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	set64(&m, PTE3, (DATA + 0x1000) | LEAF);
	mem_r8(cpu, LOW);
	mem_r8(cpu, high);
	/* Linux 6.12 toggles EPD0 around each entry */
	cpu->cp15.ttbcr = (uint32_t)EAE | 1 << 16 | 1 << 7;
	cpu->cp15.ttbr1 = PGD + 16; /* for the upper half */
	mmu_context_changed(cpu);
	check(!remembered(LOW));
	check(caught(cpu, mem_r8(cpu, LOW)));
	mem_r8(cpu, high);
	cpu->cp15.ttbcr = (uint32_t)EAE;
	mmu_context_changed(cpu);
	check(remembered(LOW));
	check(remembered(high));
	/* the MMU off, and on again */
	cpu->cp15.sctlr = 0;
	mmu_context_changed(cpu);
	check(!remembered(high));
	check_eq(mem_r32(cpu, DATA), get32(&m, DATA));
	check(remembered(DATA));
	cpu->cp15.sctlr = SCTLR_M;
	mmu_context_changed(cpu);
	check(!remembered(DATA));
	/* many of them */
	for (unsigned int i = 1; i < 50; i++) {
		cpu->cp15.ttbcr = (uint32_t)EAE | i << 8;
		mmu_context_changed(cpu);
		check(!remembered(LOW));
		check(!remembered(high));
		mem_r8(cpu, LOW);
		mem_r8(cpu, high);
	}
	/* DACR counts in the short format only */
	cpu->cp15.ttbcr = (uint32_t)EAE | 49 << 8;
	cpu->cp15.dacr = 5;
	mmu_context_changed(cpu);
	check(remembered(LOW));
	machine_fini(&m);
}

static void test_shared(void)
{
	start();
	set64(&m, PTE3, DATA | LEAF);
	set64(&m, PTE3 + 8, (DATA + 0x1000) | LEAF | NG);
	use(1, MODE_SVC);
	mem_r8(cpu, high);
	mem_r8(cpu, high + 0x1000);
	check(remembered(high));
	check(!remembered(high + 0x1000)); /* nG: never up there */
	use(2, MODE_SVC);
	check(remembered(high)); /* all privileged views share it */
	use(2, MODE_USR);
	check(!remembered(high));
	check(caught(cpu, mem_r8(cpu, high)));
	use(3, MODE_SVC);
	mmu_flush_asid(cpu, 3);
	check(remembered(high)); /* global */
	/* kmap: another page in the same slot, by address with any ASID */
	set32(&m, DATA, 1);
	set32(&m, DATA + 0x2000, 2);
	check_eq(mem_r32(cpu, high), 1);
	set64(&m, PTE3, (DATA + 0x2000) | LEAF);
	mmu_flush_page(cpu, high, 9, false);
	for (unsigned int asid = 1; asid <= 3; asid++) {
		use(asid, MODE_SVC);
		check_eq(mem_r32(cpu, high), 2);
	}
	machine_fini(&m);
}

/* Modules lie below 3 GiB: global leaves in each view's own part; so do the
 * vectors in unprivileged ones. */
static void test_low_global(void)
{
	start();
	set64(&m, PTE0, DATA | LEAF);
	set64(&m, PTE0 + 8, (DATA + 0x1000) | LEAF | NG);
	set64(&m, PTE3, (DATA + 0x2000) | LEAF | PL0);
	for (unsigned int asid = 1; asid <= 3; asid++) {
		use(asid, MODE_SVC);
		mem_r8(cpu, LOW);
		mem_r8(cpu, LOW + 0x1000);
		use(asid, MODE_USR);
		mem_r8(cpu, high);
	}
	set64(&m, PTE0, (DATA + 0x4000) | LEAF);
	mmu_flush_page(cpu, LOW, 2, false);
	mmu_flush_page(cpu, high, 2, false);
	for (unsigned int asid = 1; asid <= 3; asid++) {
		use(asid, MODE_SVC);
		check(!remembered(LOW));
		use(asid, MODE_USR);
		check(!remembered(high));
	}
	/* without a global leaf only its own ASID forgets */
	mmu_flush_all(cpu);
	use(1, MODE_SVC);
	mem_r8(cpu, LOW + 0x1000);
	use(2, MODE_SVC);
	mem_r8(cpu, LOW + 0x1000);
	mmu_flush_page(cpu, LOW + 0x1000, 1, false);
	check(remembered(LOW + 0x1000));
	use(1, MODE_SVC);
	check(!remembered(LOW + 0x1000));
	use(2, MODE_SVC);
	mmu_flush_page(cpu, LOW + 0x1000, 0, true);
	check(!remembered(LOW + 0x1000));
	mem_r8(cpu, LOW + 0x1000);
	mmu_flush_asid(cpu, 1);
	check(remembered(LOW + 0x1000));
	mmu_flush_asid(cpu, 2);
	check(!remembered(LOW + 0x1000));
	machine_fini(&m);
}

static void test_blocks(void)
{
	unsigned int i;

	start();
	use(1, MODE_USR);
	mmu_mark_code(cpu, RAM + 4 * MB + 0x5040, 4);
	mem_r8(cpu, BLOCK + 0x7000);
	for (i = 0; i < 512; i++) {
		check(remembered(BLOCK + i * 0x1000));
		check_eq(writable(BLOCK + i * 0x1000), i != 5);
	}
	check(!remembered(BLOCK - 0x1000));
	check(!remembered(BLOCK + 2 * MB));

	/* a write that hits no code leaves it so, one that does ends it */
	mem_w32(cpu, BLOCK + 0x5000, 1);
	check(!writable(BLOCK + 0x5000));
	check(!(cpu->attention & ATT_CODE));
	mem_w32(cpu, BLOCK + 0x5040, 2);
	check(cpu->attention & ATT_CODE);
	mem_w32(cpu, BLOCK + 0x5040, 3);
	check(writable(BLOCK + 0x5000));
	check_eq(get32(&m, RAM + 4 * MB + 0x5040), 3);

	/* maintenance of one address forgets the whole leaf */
	mmu_flush_page(cpu, BLOCK + 0x9000, 1, false);
	for (i = 0; i < 512; i++)
		check(!remembered(BLOCK + i * 0x1000) &&
		      !writable(BLOCK + i * 0x1000));

	/* 1 GiB: from anywhere in it */
	set64(&m, PGD + 8, RAM | TWO_MB | NG | PL0);
	mem_r8(cpu, 0x40000000);
	mem_r8(cpu, 0x43000000);
	check(remembered(0x40000000));
	check(caught(cpu, mem_r8(cpu, 0x40000000 + RAM_SIZE))); /* no RAM */
	mmu_flush_page(cpu, 0x7ffff000, 1, false);
	check(!remembered(0x40000000));
	check(!remembered(0x43000000));
	machine_fini(&m);
}

/* A table that changed without a word is believed, and leaves nothing stale
 * behind in the rest of what was filled with it. */
static void test_changed(void)
{
	start();
	mem_r8(cpu, BLOCK);
	set64(&m, PMD0 + 16, (RAM + 8 * MB) | TWO_MB | NG | PL0 | RO);
	mmu_mark_code(cpu, RAM + 4 * MB, 4); /* takes the write addend */
	check(!writable(BLOCK));
	check(caught(cpu, mem_w32(cpu, BLOCK, 1)));
	set64(&m, PMD0 + 16, (RAM + 8 * MB) | TWO_MB | NG | PL0);
	mem_w32(cpu, BLOCK, 1);
	check_eq(get32(&m, RAM + 8 * MB), 1);
	set32(&m, RAM + 8 * MB + 0x1000, 5);
	check_eq(mem_r32(cpu, BLOCK + 0x1000), 5);
	/* pages instead of the block */
	set64(&m, PTE0, (RAM + 4 * MB) | LEAF | NG | PL0);
	set64(&m, PMD0 + 16, PTE0 | 3);
	mmu_unmap_writes(cpu, RAM + 8 * MB);
	mem_w32(cpu, BLOCK, 2);
	check_eq(get32(&m, RAM + 4 * MB), 2);
	check(remembered(BLOCK));
	check(!remembered(BLOCK + 0x1000));
	machine_fini(&m);
}

/* Pages are withdrawn wherever they are mapped. */
static void test_unmap(void)
{
	start();
	set64(&m, PTE0, (RAM + 4 * MB + 0x3000) | LEAF | NG | PL0);
	set64(&m, PTE3, (RAM + 4 * MB + 0x3000) | LEAF);
	for (unsigned int asid = 1; asid <= 2; asid++) {
		use(asid, MODE_SVC);
		mem_r8(cpu, LOW);
		mem_r8(cpu, high);
		mem_r8(cpu, BLOCK);
	}
	mmu_mark_code(cpu, RAM + 4 * MB + 0x3ffc, 4);
	for (unsigned int asid = 1; asid <= 2; asid++) {
		use(asid, MODE_SVC);
		check(!writable(LOW) && remembered(LOW));
		check(!writable(high) && remembered(high));
		check(!writable(BLOCK + 0x3000));
		check(writable(BLOCK + 0x2000) && writable(BLOCK + 0x4000));
	}
	machine_fini(&m);
}

static void test_overflow(void)
{
	start();
	for (unsigned int i = 0; i < 32; i++)
		set64(&m, PMD0 + 16 + 8 * i, (RAM + 0x10000 + i * 0x1000) | 3);
	for (unsigned int i = 0; i < 32 * 512; i++)
		set64(&m, RAM + 0x10000 + 8 * i,
		      (DATA + (i & 0xff) * 0x1000) | LEAF | NG | PL0);
	for (unsigned int i = 0; i < 32 * 512; i++)
		mem_r8(cpu, BLOCK + i * 0x1000);
	check(remembered(BLOCK + 32 * 2 * MB - 0x1000));
	mmu_mark_code(cpu, DATA, 4);
	for (unsigned int i = 0; i < 32 * 512; i++)
		check(!(writable(BLOCK + i * 0x1000) && !(i & 0xff)));
	for (unsigned int i = 0; i < 32 * 512; i++)
		mem_r8(cpu, BLOCK + i * 0x1000);
	mmu_flush_all(cpu);
	for (unsigned int i = 0; i < VIEW_PAGES; i++)
		check(!cpu->view_r[i] && !cpu->view_w[i]);
	mem_r8(cpu, BLOCK);
	check(remembered(BLOCK));
	machine_fini(&m);
}

/* The same in the shared pieces, which are another kind of memory. */
static void test_shared_overflow(void)
{
	start();
	for (unsigned int i = 0; i < 32; i++)
		set64(&m, PMD3 + 8 * i, (RAM + 0x10000 + i * 0x1000) | 3);
	for (unsigned int i = 0; i < 32 * 512; i++)
		set64(&m, RAM + 0x10000 + 8 * i,
		      (DATA + (i & 0xff) * 0x1000) | LEAF);
	for (unsigned int i = 0; i < 32 * 512; i++)
		mem_r8(cpu, 0xc0000000 + i * 0x1000);
	check(remembered(0xc0000000));
	mmu_flush_all(cpu);
	for (unsigned int i = 0xc0000; i < VIEW_PAGES; i++)
		check(!cpu->view_r[i] && !cpu->view_w[i]);
	machine_fini(&m);
}

static void test_fetch(void)
{
	uint32_t fsr = 0;
	paddr pa = 0;

	start();
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	set64(&m, PTE0 + 8, DATA | LEAF | NG | PL0 | 1ull << 54);
	set64(&m, PTE0 + 16, 0x09000000 | LEAF | NG);
	check(mmu_fetch(cpu, LOW + 0x123, &pa, &fsr) ==
	      ram_at(&m.ram, DATA, 1));
	check_eq(pa, DATA);
	check(!mmu_fetch(cpu, LOW + 0x1000, &pa, &fsr));
	check_eq(fsr, 0x20f);
	check(!mmu_fetch(cpu, LOW + 0x2000, &pa, &fsr));
	check_eq(fsr, 0x210); /* no RAM: external abort */
	/* remembered until maintenance, by context */
	set64(&m, PTE0, (DATA + 0x3000) | LEAF | NG);
	mmu_fetch(cpu, LOW, &pa, &fsr);
	check_eq(pa, DATA);
	use(2, MODE_SVC);
	mmu_fetch(cpu, LOW, &pa, &fsr);
	check_eq(pa, DATA + 0x3000);
	use(1, MODE_USR);
	check(!mmu_fetch(cpu, LOW, &pa, &fsr));
	use(1, MODE_SVC);
	mmu_flush_page(cpu, LOW, 1, false);
	mmu_fetch(cpu, LOW, &pa, &fsr);
	check_eq(pa, DATA + 0x3000);
	machine_fini(&m);
}

static uint64_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	check(f && fscanf(f, "%lu", &pages) == 1);
	if (f)
		fclose(f);
	return (uint64_t)pages * 4096;
}

/* A host that lets us have only so many bytes more. */
static void test_limit(uint64_t more, bool works)
{
	struct rlimit limit;
	struct err err = { "" };
	struct view_pool *pool;
	int status = -1;
	pid_t child;

	start();
	child = fork();
	if (!child) {
		limit.rlim_cur = limit.rlim_max = address_space() + more;
		setrlimit(RLIMIT_AS, &limit);
		pool = view_pool_new(&m.ram, &m.codepages, &err);
		if (!pool)
			_exit(works || !strstr(err.text, "translation"));
		_exit(!works || pool->count < 2 || pool->count == VIEW_MAX);
	}
	check_eq(waitpid(child, &status, 0), child);
	check_eq((unsigned int)status, 0);
	machine_fini(&m);
}

/* Maintenance takes from code caches only what it may have changed. */
static void test_fetched(void)
{
	uint32_t generation, id, kernel, fsr;
	paddr pa;

	start();
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	set64(&m, PTE3, (DATA + 0x1000) | LEAF);
	use(1, MODE_SVC);
	generation = mmu_generation(cpu);
	id = mmu_fetch_id(cpu);
	kernel = cpu->fetch_context[1];
	check(id != kernel);
	mmu_flush_page(cpu, LOW, 1, false); /* nobody was there */
	mmu_flush_page(cpu, high, 1, true);
	check_eq(mmu_fetch_id(cpu), id);

	/* the address space's own: a page, any page of a block */
	check(mmu_fetch(cpu, LOW, &pa, &fsr));
	mmu_flush_page(cpu, LOW + 0x1000, 1, false);
	mmu_flush_page(cpu, LOW, 2, false);
	check_eq(mmu_fetch_id(cpu), id);
	mmu_flush_page(cpu, LOW, 1, false);
	check(mmu_fetch_id(cpu) != id);
	id = mmu_fetch_id(cpu);
	check(mmu_fetch(cpu, BLOCK, &pa, &fsr));
	mmu_flush_page(cpu, BLOCK + 0x9000, 1, false);
	check(mmu_fetch_id(cpu) != id);
	id = mmu_fetch_id(cpu);
	mmu_flush_asid(cpu, 2);
	check_eq(mmu_fetch_id(cpu), id);
	check(mmu_fetch(cpu, LOW, &pa, &fsr));
	mmu_flush_asid(cpu, 1);
	check_eq(mmu_fetch_id(cpu), id);
	set64(&m, PTE0, DATA | LEAF | NG);
	mmu_flush_asid(cpu, 1);
	check_eq(mmu_fetch_id(cpu), id);
	set64(&m, PTE0, (DATA + 0x1000) | LEAF | NG);
	mmu_flush_asid(cpu, 1);
	check(mmu_fetch_id(cpu) != id);
	check_eq(mmu_generation(cpu), generation);

	/* the kernel's: the same in all address spaces, and at PL1 only */
	check(mmu_fetch(cpu, high, &pa, &fsr));
	check(mmu_fetch_shared(cpu, high));
	use(2, MODE_SVC);
	check_eq(cpu->fetch_context[1], kernel);
	check(mmu_fetch_shared(cpu, high));
	mmu_flush_page(cpu, high + 0x1000, 2, false);
	check_eq(mmu_generation(cpu), generation);
	mmu_flush_page(cpu, high, 2, false);
	check(mmu_generation(cpu) != generation);
	check(!mmu_fetch_shared(cpu, high));
	use(2, MODE_USR);
	check_eq(cpu->fetch_context[1], mmu_fetch_id(cpu));

	/* a leaf up there that is not global is nobody else's */
	use(1, MODE_SVC);
	set64(&m, PTE3 + 8, (DATA + 0x2000) | LEAF | NG);
	check(mmu_fetch(cpu, high + 0x1000, &pa, &fsr));
	check_eq(pa, DATA + 0x2000);
	check(!mmu_fetch_shared(cpu, high + 0x1000));
	set64(&m, PTE3 + 8, (DATA + 0x3000) | LEAF | NG);
	use(2, MODE_SVC);
	check(mmu_fetch(cpu, high + 0x1000, &pa, &fsr));
	check_eq(pa, DATA + 0x3000);
	machine_fini(&m);
}

/* What a fetch from va in this address space finds; its id. */
static uint32_t fetch_as(unsigned int asid, uint32_t mode, vaddr va, paddr pa)
{
	uint32_t fsr;
	paddr found;

	use(asid, mode);
	check(mmu_fetch(cpu, va, &found, &fsr));
	check_eq(found, pa);
	return mmu_fetch_id(cpu);
}

/* After maintenance of everything, what the tables say as before stays; each
 * address space is looked at when it is in force again. */
static void test_fetched_again(void)
{
	enum {
		OTHER = RAM + 0x6000, /* a level 3 table, for ASID 2 */
	};
	uint32_t generation, one, two, user, fsr;
	paddr pa;

	start();
	set64(&m, PTE0, DATA | LEAF | NG | PL0);
	set64(&m, PTE3, (DATA + 0x1000) | LEAF);
	generation = mmu_generation(cpu);
	one = fetch_as(1, MODE_SVC, LOW, DATA);
	fetch_as(1, MODE_SVC, high, DATA + 0x1000);
	user = fetch_as(1, MODE_USR, LOW, DATA);
	two = fetch_as(2, MODE_USR, LOW, DATA);
	mmu_flush_all(cpu);
	check_eq(mmu_fetch_id(cpu), two);
	check_eq(fetch_as(1, MODE_SVC, LOW, DATA), one);
	check(mmu_fetch_shared(cpu, high));

	/* no page any more, while ASID 2 is not in force */
	set64(&m, OTHER, DATA | LEAF | NG | PL0);
	mmu_flush_all(cpu);
	set64(&m, PMD0 + 8, OTHER | 3);
	check_eq(fetch_as(2, MODE_USR, LOW, DATA), two);
	mmu_flush_all(cpu);
	set64(&m, OTHER, 0);
	use(1, MODE_USR);
	check(mmu_fetch_id(cpu) != user);
	set64(&m, PMD0 + 8, PTE0 | 3);
	use(2, MODE_USR);
	check_eq(mmu_fetch_id(cpu), two);

	/* not for this privilege any more */
	set64(&m, PTE0, DATA | LEAF | NG);
	mmu_flush_all(cpu);
	check(mmu_fetch_id(cpu) != two);
	check_eq(fetch_as(1, MODE_SVC, LOW, DATA), one);
	set64(&m, PTE0, DATA | LEAF | NG | 1ull << 54); /* XN */
	mmu_flush_all(cpu);
	check(mmu_fetch_id(cpu) != one);
	check(!mmu_fetch(cpu, LOW, &pa, &fsr));
	check_eq(mmu_generation(cpu), generation);

	/* the kernel's: also if it is global no more */
	set64(&m, PTE3, (DATA + 0x1000) | LEAF | NG);
	mmu_flush_all(cpu);
	check(mmu_generation(cpu) != generation);
	check(!mmu_fetch_shared(cpu, high));
	machine_fini(&m);
}

/* Global and larger than 2 MiB: maintenance of one address in it reaches what
 * others know of another. */
static void test_large_global(void)
{
	start();
	set64(&m, PGD + 8, RAM | TWO_MB | PL0); /* a block of 1 GiB */
	use(2, MODE_USR);
	mem_r8(cpu, RAM + 5 * MB);
	check(remembered(RAM + 5 * MB));
	use(1, MODE_SVC);
	mmu_flush_page(cpu, RAM + 9 * MB, 1, false);
	use(2, MODE_USR);
	check(!remembered(RAM + 5 * MB));
	machine_fini(&m);
}

/* Without an MMU, too, PL0 does not run what was made for PL1. */
static void test_mmu_off(void)
{
	uint32_t id;

	start();
	cpu->cp15.sctlr = 0;
	id = fetch_as(1, MODE_SVC, DATA, DATA);
	check(fetch_as(1, MODE_USR, DATA, DATA) != id);
	check_eq(fetch_as(1, MODE_SVC, DATA, DATA), id);
	machine_fini(&m);
}

/* More pages than are logged: nothing stays. */
static void test_fetched_much(void)
{
	uint32_t id = 0, fsr;
	paddr pa;

	start();
	for (unsigned int i = 0; i < 512; i++)
		set64(&m, PTE0 + 8 * i, DATA | LEAF | NG | PL0);
	for (unsigned int i = 0; i < VIEW_FETCHED; i++)
		id = fetch_as(1, MODE_USR, LOW + i * 0x1000, DATA);
	mmu_flush_all(cpu);
	check_eq(mmu_fetch_id(cpu), id);
	fetch_as(1, MODE_USR, LOW + 511 * 0x1000, DATA);
	mmu_flush_page(cpu, LOW + 511 * 0x1000, 2, false);
	check_eq(mmu_fetch_id(cpu), id);
	mmu_flush_all(cpu);
	check(mmu_fetch_id(cpu) != id);
	id = mmu_fetch_id(cpu);
	check(mmu_fetch(cpu, LOW + 511 * 0x1000, &pa, &fsr));
	mmu_flush_page(cpu, LOW + 511 * 0x1000, 1, false);
	check(mmu_fetch_id(cpu) != id);
	machine_fini(&m);
}

/* Ids come round only together with another generation. */
static void test_ids_restart(void)
{
	uint32_t generation;

	start();
	generation = mmu_generation(cpu);
	fetch_as(1, MODE_USR, BLOCK, RAM + 4 * MB);
	cpu->views->next_id = 1u << 31;
	use(2, MODE_USR);
	use(3, MODE_USR);
	check(mmu_generation(cpu) != generation);
	check(mmu_fetch_id(cpu) < 1000);
	check(fetch_as(1, MODE_USR, BLOCK, RAM + 4 * MB) !=
	      fetch_as(3, MODE_USR, BLOCK, RAM + 4 * MB));
	machine_fini(&m);
}

int main(void)
{
	test_fill();
	test_recycling();
	test_regimes();
	test_shared();
	test_low_global();
	test_blocks();
	test_changed();
	test_unmap();
	test_overflow();
	test_shared_overflow();
	test_fetch();
	test_fetched();
	test_fetched_again();
	test_fetched_much();
	test_large_global();
	test_mmu_off();
	test_ids_restart();
	test_limit(600 << 20, true);
	test_limit(100 << 20, true);
	test_limit(40 << 20, false);
	return test_done();
}
