/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code whose page another CPU writes to: data beside it (also in the line of
 * the code), which must arrive and must not keep the code from getting on; and
 * the code itself, of which a version is seen that is not older than the one
 * that was published.
 */
#include "smp.h"

enum {
	ROUNDS = 20000,
	TURNS = 500,
	VERSIONS = 3000,
	FUNCTION = 64,
	DATA = 2048
};

static struct space space;
static uint32_t *page; /* word 0: code's; then data, then the function */
static uint32_t stop, version, turns;

static uint32_t call(void)
{
	uint32_t (*fn)(void) = (uint32_t(*)(void))((uintptr_t)page + FUNCTION);

	return fn();
}

static void put_function(uint32_t val)
{
	page[FUNCTION / 4] = 0xe3000000 | (val & 0xf000) << 4 | (val & 0xfff);
	page[FUNCTION / 4 + 1] = 0xe12fff1e; /* movw r0, #val; bx lr */
	code_written((uintptr_t)page + FUNCTION, 8);
}

/* Beside the function: in its line, in the lines before and behind. */
static void write_data(void)
{
	volatile uint32_t *near = &page[FUNCTION / 4 + 4];
	volatile uint32_t *before = &page[1], *behind = &page[DATA / 4];
	uint32_t n = 0;

	while (!load_acquire(&stop)) {
		*near = ++n;
		*before = n;
		*behind = n;
		check("own data", *near + *before + *behind, 3 * n);
		store_release(&turns, n);
	}
}

static void data_beside(void)
{
	uint32_t last = 0;

	put_function(99);
	cpu_start(1, write_data, &space);
	for (uint32_t i = 0; i < ROUNDS || load_acquire(&turns) < TURNS; i++) {
		uint32_t now;

		check("function beside data", call(), 99);
		now = ((volatile uint32_t *)page)[DATA / 4];
		if (now < last)
			fail("data goes back", now, last);
		last = now;
	}
	store_release(&stop, 1);
	cpu_join(1);
}

static void run_versions(void)
{
	uint32_t seen = 0;

	while (seen < VERSIONS) {
		uint32_t wanted = load_acquire(&version), got;

		isb();
		got = call();
		if (got < wanted || got > wanted + 1 + VERSIONS)
			fail("an old version of the code", got, wanted);
		seen = got;
	}
}

static void code_itself(void)
{
	put_function(0);
	cpu_start(2, run_versions, &space);
	cpu_start(3, run_versions, &space);
	for (uint32_t i = 1; i <= VERSIONS; i++) {
		put_function(i);
		store_release(&version, i);
		check("own code", call(), i);
	}
	cpu_join(2);
	cpu_join(3);
}

int main(void)
{
	page = page_new();
	space_init(&space, 0);
	mmu_on(&space);
	data_beside();
	code_itself();
	done("writers");
}
