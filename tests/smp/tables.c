/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One CPU writes descriptors by STRD, others walk: each walk sees one of the
 * values that were written, never half of each (LPAE makes 64-bit accesses of
 * descriptors single-copy atomic, A3.5.3).  The two pages differ in both words
 * of their descriptors, and there is RAM where a torn one would lead.
 * Needs 6 GiB of memory.
 */
#include "smp.h"

enum {
	VA = (int)FREE_VA,
	ROUNDS = 60000
};

static const uint64_t pages[2] = { 0x50000000, 0x160001000 };
static const uint64_t torn[2] = { 0x150000000, 0x60001000 };
static struct space space;
static uint32_t stop, walked[2];

static void write_entries(void)
{
	uint64_t *entry = space_entry(&space, VA);
	uint64_t a = pages[0] | PAGE_PL1;
	/* execute-never, contiguous hint: more bits of the high word */
	uint64_t b = pages[1] | PAGE_PL1 | 1ull << 54;

	while (!load_acquire(&stop)) {
		store_entry(entry, a);
		store_entry(entry, b);
	}
}

static void walk(void)
{
	const volatile uint32_t *p = (void *)VA;

	/* The writer may begin late on a busy host. */
	for (unsigned int i = 0; i < ROUNDS || !walked[0] || !walked[1]; i++) {
		uint32_t seen;

		tlb_va(VA, 0);
		seen = *p;
		if (seen < 2)
			walked[seen]++;
		else
			fail("a torn descriptor leads to page", seen, 0);
	}
}

int main(void)
{
	space_init(&space, 0);
	mmu_on(&space);
	for (uint32_t i = 0; i < 2; i++) {
		map(&space, VA, pages[i], PAGE_PL1);
		tlb_va(VA, 0);
		*(volatile uint32_t *)VA = i;
		map(&space, VA, torn[i], PAGE_PL1);
		tlb_va(VA, 0);
		*(volatile uint32_t *)VA = 2 + i;
	}
	map(&space, VA, pages[0], PAGE_PL1);
	cpu_start(1, write_entries, &space);
	walk();
	store_release(&stop, 1);
	cpu_join(1);
	done("tables");
}
