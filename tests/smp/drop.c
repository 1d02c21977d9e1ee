/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that goes away while it runs: a function that overwrites what comes
 * next in it; a loop without an exit that another CPU turns into one with an
 * exit; a loop whose page another CPU maps to something else.
 */
#include "smp.h"

enum {
	ROUNDS = 2000,
	LOOPS = 200,
	VA = (int)FREE_VA
};

static struct space space;
static uint32_t *code;
static uint32_t inside, turn, left;

/* str r1, [r2]; dsb; isb; then the word that was stored */
static const uint32_t self[] = {
	0xe1a03000, /* mov r3, r0 */
	0xe2833001, /* add r3, r3, #1 */
	0xe5821000, /* str r1, [r2] */
	0xee070f3b, /* mcr p15, 0, r0, c7, c11, 1: DCCMVAU; r0 is any address */
	0xf57ff04f, /* dsb */
	0xee070f35, /* mcr p15, 0, r0, c7, c5, 1: ICIMVAU */
	0xf57ff04f, /* dsb */
	0xf57ff06f, /* isb */
	0xe3a00000, /* mov r0, #0: is overwritten */
	0xe0800003, /* add r0, r0, r3 */
	0xe12fff1e, /* bx lr */
};
enum {
	OVERWRITTEN = 8
};

static void fill(const uint32_t *from, unsigned int words)
{
	for (unsigned int i = 0; i < words; i++)
		code[i] = from[i];
	code_written((uintptr_t)code, words * 4);
}

/* r0 is an address in the code's line, for the maintenance. */
static void overwrites_itself(void)
{
	uint32_t (*fn)(uint32_t, uint32_t, uint32_t *) = (uint32_t(*)(
		uint32_t, uint32_t, uint32_t *))code;
	uint32_t base = (uintptr_t)&code[OVERWRITTEN];

	fill(self, sizeof(self) / 4);
	for (uint32_t i = 0; i < ROUNDS; i++)
		check("code that overwrites itself",
		      fn(base, 0xe3a00000 | (i & 0xff), &code[OVERWRITTEN]),
		      base + 1 + (i & 0xff));
}

/* Into the loop, and out when it is let. */
static void enter(void)
{
	void (*fn)(uint32_t *) = (void (*)(uint32_t *))code;

	for (uint32_t i = 1; i <= LOOPS; i++) {
		while (load_acquire(&turn) != i)
			;
		isb();
		fn(&inside);
		store_release(&left, i);
	}
}

/* 1: ldr r1, [r0]; add r1, #1; str r1, [r0]; b 1b; then bx lr */
static const uint32_t endless[] = { 0xe5901000, 0xe2811001, 0xe5801000,
				    0xeafffffb, 0xe12fff1e };
enum {
	BRANCH = 3,
	NOP = (int)0xe1a00000
};

static void wait_inside(void)
{
	uint32_t begin = load_acquire(&inside);

	while (load_acquire(&inside) - begin < 1000)
		;
}

static void wait_left(uint32_t i)
{
	while (load_acquire(&left) != i)
		;
}

static void loop_gets_an_exit(void)
{
	cpu_start(1, enter, &space);
	for (uint32_t i = 1; i <= LOOPS; i++) {
		fill(endless, sizeof(endless) / 4);
		store_release(&turn, i);
		wait_inside();
		*(volatile uint32_t *)&code[BRANCH] = (uint32_t)NOP;
		code_written((uintptr_t)&code[BRANCH], 4);
		wait_left(i);
	}
	cpu_join(1);
}

/* The same at VA, where the page is changed instead of its words. */
static void enter_mapped(void)
{
	void (*fn)(uint32_t *) = (void (*)(uint32_t *))VA;

	for (uint32_t i = 1; i <= LOOPS; i++) {
		while (load_acquire(&turn) != i)
			;
		isb();
		fn(&inside);
		store_release(&left, i);
	}
}

static void loop_is_mapped_away(void)
{
	uint32_t *other = page_new();

	turn = left = 0;
	fill(endless, sizeof(endless) / 4);
	for (unsigned int i = 0; i < sizeof(endless) / 4; i++)
		other[i] = i == BRANCH ? (uint32_t)NOP : endless[i];
	code_written((uintptr_t)other, PAGE);
	map(&space, VA, (uintptr_t)code, PAGE_PL1);
	tlb_va_shared(VA, 0);
	cpu_start(2, enter_mapped, &space);
	for (uint32_t i = 1; i <= LOOPS; i++) {
		map(&space, VA, (uintptr_t)code, PAGE_PL1);
		tlb_va_shared(VA, 0);
		store_release(&turn, i);
		wait_inside();
		map(&space, VA, (uintptr_t)other, PAGE_PL1);
		tlb_va_shared(VA, 0);
		wait_left(i);
	}
	cpu_join(2);
}

int main(void)
{
	code = page_new();
	space_init(&space, 0);
	mmu_on(&space);
	overwrites_itself();
	loop_gets_an_exit();
	loop_is_mapped_away();
	done("drop");
}
