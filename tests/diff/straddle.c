/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A T32 instruction that lies in two pages, translated: what it is depends on
 * both pages and on how both are mapped.  Each program runs on two equal
 * machines, translated and interpreted, whose registers must be the same, and
 * is so hot before anything changes that all ways into it are short.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/exception.h"
#include "arm/interp.h"
#include "arm/mmu.h"
#include "jit/jit.h"
#include "twin.h"
#include "unit/test.h"

enum {
	PAGE = 4096,
	PAGES = PROGRAM_SIZE / PAGE,
	CODE = TWIN_RAM + TWIN_CODE, /* physical */
	ROUNDS = 1000,
	BEGIN = 0xff6, /* of the loop */
	STORE = 0x2000,
	MOVW = 0xf240,
	TO_R2 = 0x0200, /* movw r2, #0: its second half */
	SVC = 0xdf00,
};

/* How the pages are mapped and from where it runs. */
struct way {
	uint32_t mapping, mode;
	bool lpae;
	unsigned int bits[2]; /* enum twin_bits of both pages */
};

static struct twin *twin[2]; /* interpreted, translated */
static struct way way;

#define EACH(t) for (struct twin **t = twin; t < twin + 2; t++)

/* Preparing */

static void put(unsigned int off, uint16_t half)
{
	EACH(t)
	{
		memcpy((*t)->code + off, &half, 2);
		codepages_written(&(*t)->codepages, CODE + off, 2);
	}
}

static void put_all(unsigned int off, const uint16_t *half, unsigned int n)
{
	while (n--)
		put(off + 2 * n, half[n]);
}

/* r3 goes up and is stored at r4; r0 goes up, r1 down to 0; r2 is set by the
 * instruction in two pages */
static void put_loop(bool stores)
{
	static const uint16_t code[] = { 0x3301, 0x8023, 0x3001, 0x3901,
					 MOVW,   TO_R2,  0xd1f8, SVC };
	static const uint16_t store[] = { 0x8023, SVC };

	put_all(BEGIN, code, 8);
	if (!stores)
		put(BEGIN + 2, 0xbf00);
	put_all(STORE, store, 2);
}

static uint32_t address(unsigned int off)
{
	return way.mapping + TWIN_CODE + off;
}

static void map(unsigned int n, enum twin_page kind, unsigned int bits)
{
	EACH(t)
	twin_map_code(*t, n, kind, bits);
}

static void move(unsigned int n, unsigned int to)
{
	EACH(t)
	twin_move_code(*t, n, to);
}

/* As TLBIMVAA does. */
static void flush(unsigned int off)
{
	EACH(t)
	mmu_flush_page(&(*t)->cpu, address(off), 0, true);
}

static void flush_all(void)
{
	EACH(t)
	mmu_flush_all(&(*t)->cpu);
}

static void begin(bool stores)
{
	for (unsigned int n = 0; n < PAGES; n++)
		map(n, PAGE_RW, n < 2 ? way.bits[n] : 0);
	EACH(t)
	{
		twin_reset(*t, way.lpae, false);
		memset((*t)->cpu.r, 0, sizeof((*t)->cpu.r));
	}
	put_loop(stores);
}

/* Running */

static void compare(void)
{
	const struct cpu *a = &twin[0]->cpu, *b = &twin[1]->cpu;

	check(!memcmp(a->r, b->r, 15 * sizeof(a->r[0])));
	check_eq(a->pc_next, b->pc_next);
	check_eq(cpu_cpsr(a), cpu_cpsr(b));
	check_eq(exception_spsr(a), exception_spsr(b));
	check_eq(a->cp15.ifsr, b->cp15.ifsr);
	check_eq(a->cp15.ifar, b->cp15.ifar);
}

/* Until an exception; the mode it went to. */
static uint32_t run(unsigned int off)
{
	EACH(t)
	{
		struct cpu *cpu = &(*t)->cpu;

		cpu_set_cpsr(cpu, way.mode | CPSR_T);
		cpu->pc_next = address(off);
		check_eq(jit_run(cpu), CPU_EXIT_WFI);
	}
	compare();
	return twin[1]->cpu.mode;
}

static void set(unsigned int reg, uint32_t val)
{
	EACH(t)
	(*t)->cpu.r[reg] = val;
}

static uint32_t get(unsigned int reg)
{
	return twin[1]->cpu.r[reg];
}

/* The loop, whose instruction must give r2 this. */
static void check_loop(uint32_t r2)
{
	set(1, ROUNDS);
	set(2, 0);
	check_eq(run(BEGIN), MODE_SVC);
	check_eq(get(1), 0);
	check_eq(get(2), r2);
}

/* PL1 code of one address space in the upper half is not in the jump cache. */
static bool is_short(void)
{
	return way.mode == MODE_USR || !(way.mapping >> 31) ||
	       !((way.bits[0] | way.bits[1]) & TWIN_NOT_GLOBAL);
}

/* All of it is translated, and nobody leaves it on the way. */
static void check_hot(uint32_t r2)
{
	const struct jit_stats *stats = jit_stats(&twin[1]->cpu);
	uint64_t enters, cold;

	check_loop(r2);
	enters = stats->enters;
	cold = stats->cold;
	check_loop(r2);
	check(stats->enters - enters < 20 || !is_short());
	check(stats->cold - cold < 20);
}

/* Cases */

static void written_from_outside(void)
{
	begin(false);
	check_hot(0);
	put(0x1000, TO_R2 | 0x12);
	check_loop(0x12);
	put(0xffe, MOVW | 3);
	check_loop(0x3012);
	/* no 32-bit instruction any more, and again */
	put(0xffe, 0xbf00);
	put(0x1000, 0xbf00);
	check_loop(0);
	put(0xffe, MOVW);
	put(0x1000, TO_R2 | 0x34);
	check_hot(0x34);
}

static void stored(unsigned int off, uint32_t half)
{
	set(3, half);
	set(4, address(off));
	check_eq(run(STORE), MODE_SVC);
}

static void written_by_the_guest(void)
{
	begin(false);
	check_hot(0);
	stored(0x1000, TO_R2 | 0x12);
	check_loop(0x12);
	stored(0xffe, MOVW | 3);
	check_loop(0x3012);
	begin(true);
	set(3, TO_R2);
	set(4, address(0x1000));
	set(1, 200);
	check_eq(run(BEGIN), MODE_SVC);
	check_eq(get(2), 200);
}

static void mapped_elsewhere(void)
{
	begin(false);
	memcpy(twin[0]->code + 3 * PAGE, twin[0]->code + PAGE, PAGE);
	memcpy(twin[1]->code + 3 * PAGE, twin[1]->code + PAGE, PAGE);
	put(0x3000, TO_R2 | 0x56);
	check_hot(0);
	move(1, 3);
	flush(0x1000);
	check_hot(0x56);
	put(0x3000, TO_R2 | 0x57);
	check_loop(0x57);
	put(0x1000, TO_R2 | 1);
	check_loop(0x57);
	move(1, 1);
	flush_all();
	check_hot(1);
	memcpy(twin[0]->code + 3 * PAGE, twin[0]->code, PAGE);
	memcpy(twin[1]->code + 3 * PAGE, twin[1]->code, PAGE);
	put(0x3ffe, MOVW | 1);
	move(0, 3);
	flush(0);
	check_hot(0x1001);
}

/* B3.13.2: of a prefetch abort, IFAR has the address that was fetched from,
 * and LR that of the instruction. */
static void check_abort(void)
{
	set(1, ROUNDS);
	check_eq(run(BEGIN), MODE_ABT);
	check_eq(twin[1]->cpu.cp15.ifar, address(0x1000));
	check_eq(get(14), address(0xffe) + 4);
	check_eq(get(1), ROUNDS - 1);
}

static void not_mapped(void)
{
	begin(false);
	map(1, PAGE_UNMAPPED, 0);
	check_abort();
	check_abort();
	map(1, PAGE_RW, way.bits[1]);
	check_hot(0);
	map(1, PAGE_UNMAPPED, 0);
	flush(0x1000);
	check_abort();
	map(1, PAGE_RW, way.bits[1]);
	check_hot(0);
	map(1, PAGE_RW, way.bits[1] | TWIN_EXECUTE_NEVER);
	flush_all();
	check_abort();
}

/* What stands there, and what stands around it. */
static void forms(void)
{
	static const struct {
		uint16_t before, half[2];
	} form[] = {
		{ 0xbf00, { 0xf8df, 0x2004 } }, /* ldr r2, [pc, #4] */
		{ 0xbf00, { 0xf000, 0xb804 } }, /* b.w forward */
		{ 0xbf00, { 0xf000, 0x8004 } }, /* beq.w forward */
		{ 0xbf00, { 0xf040, 0x8004 } }, /* bne.w forward */
		{ 0xbf00, { 0xf47f, 0xaff9 } }, /* bne.w back */
		{ 0xbf00, { 0xf000, 0xf804 } }, /* bl */
		{ 0xbf00, { 0xea5f, 0x0271 } }, /* movs r2, r1, ror #1 */
		{ 0xbf00, { 0xe8b5, 0x0044 } }, /* ldm r5!, {r2, r6} */
		{ 0xbf00, { 0xf3ef, 0x8200 } }, /* mrs r2, cpsr */
		{ 0xbf00, { 0xe8d5, 0xf000 } }, /* tbb [r5, r0] */
		{ 0xd006, { MOVW, TO_R2 } },    /* beq over it */
		{ 0xd106, { MOVW, TO_R2 } },    /* bne over it */
		{ 0xb199, { MOVW, TO_R2 } },    /* cbz r1, over it */
		{ 0xb999, { MOVW, TO_R2 } },    /* cbnz r1, over it */
		{ 0xbf08, { 0xf04f, 0x0201 } }, /* it eq; moveq.w r2, #1 */
		{ 0xbf18, { 0xf04f, 0x0201 } }, /* it ne */
		{ 0xbf00, { 0xd0ff, 0xd1f8 } }, /* beq, bne: not in two pages */
		{ 0xbf00, { 0xb101, 0xd1f8 } }, /* cbz into the next page */
	};

	begin(false);
	for (unsigned int i = 0; i < 8; i++)
		put(0x1004 + 2 * i, 0x3001 + 0x100 * (i & 1));
	put(0x1014, 0xdf00);
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		put(0xffc, 0x3901);
		put(0xffa, 0x3901);
		put(0xffc, form[i].before);
		put(0xffe, form[i].half[0]);
		put(0x1000, form[i].half[1]);
		for (unsigned int n = 0; n < 8; n++) {
			set(0, n & 1);
			set(1, 1 + n / 2);
			set(5, address(0x100));
			run(BEGIN);
		}
	}
}

static void all_of(const struct way *w)
{
	int before = test_failures;

	way = *w;
	written_from_outside();
	written_by_the_guest();
	mapped_elsewhere();
	not_mapped();
	forms();
	if (test_failures != before)
		fprintf(stderr, "at %08x, mode %02x, lpae %d, bits %u %u\n",
			way.mapping, way.mode, way.lpae, way.bits[0],
			way.bits[1]);
}

static bool prepare(uint64_t seed)
{
	struct jit_options options = {
		.mode = JIT_ON, .v3 = true, .seed = seed, .threshold = 1
	};
	struct err err;

	EACH(t)
	*t = twin_new();
	if (jit_init(&twin[1]->cpu, &options, &err) == 0)
		return true;
	fprintf(stderr, "no translator: %s\n", err.text);
	return false;
}

int main(void)
{
	const char *why;

	if (!jit_available(&why)) {
		printf("%s\n", why);
		return 77;
	}
	decode_init();
	for (unsigned int seed = 0; seed < 2; seed++) {
		if (!prepare(seed))
			return 1;
		for (unsigned int i = 0; i < 4 * 4 * TWIN_MAPPINGS; i++)
			all_of(&(struct way){ twin_mapping[i / 16],
					      i & 1 ? MODE_USR : MODE_SVC,
					      i & 2,
					      { i >> 2 & 1, i >> 3 & 1 } });
		jit_fini(&twin[1]->cpu);
		twin_free(twin[0]);
		twin_free(twin[1]);
	}
	return test_done();
}
