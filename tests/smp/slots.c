/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's slots, global, below and above 3 GiB: mapped anew with nothing but
 * TLBIMVA, as kmap and modules do, while processes come and go.  What was seen
 * of a slot in one process must not be seen again in another after that; nor by
 * another CPU once TLBIMVAIS is complete.
 */
#include "smp.h"

enum {
	PROCESSES = 12,
	PAGES = 16,
	ROUNDS = 6000,
	SHARED_ROUNDS = 4000,
};

static const uint32_t slots[] = { 0xbf000000, 0xbfe01000, 0xffc00000,
				  0xff7ff000 };
enum {
	SLOTS = sizeof(slots) / sizeof(*slots),
	CODE = 16
};

static struct space space[PROCESSES];
static uint32_t *page[PAGES]; /* its number in word 0, code that says so */
static uint32_t generation, stop;

static uint32_t slot_read(unsigned int slot)
{
	return *(volatile uint32_t *)slots[slot];
}

static uint32_t slot_call(unsigned int slot)
{
	uint32_t (*fn)(void) = (uint32_t(*)(void))(slots[slot] + CODE);

	return fn();
}

/* In one process a slot is used; in another it is mapped anew; in a third it
 * is used again. */
static void local_maintenance(void)
{
	uint32_t seed = 1, in[SLOTS] = { 0 };

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int slot = random_next(&seed) % SLOTS;
		unsigned int n = random_next(&seed) % PAGES;

		space_use(&space[random_next(&seed) % PROCESSES]);
		check("slot, before", slot_read(slot), in[slot]);
		check("code, before", slot_call(slot), in[slot]);
		space_use(&space[random_next(&seed) % PROCESSES]);
		map(&space[0], slots[slot], (uintptr_t)page[n], PAGE_PL1);
		tlb_va(slots[slot], random_next(&seed) % PROCESSES);
		in[slot] = n;
		if (random_next(&seed) & 1)
			space_use(&space[random_next(&seed) % PROCESSES]);
		for (unsigned int k = 0; k < 4; k++) {
			check("slot", slot_read(slot), n);
			check("code", slot_call(slot), n);
		}
	}
}

/* generation is published after the maintenance is complete: nobody who has
 * seen it sees an older page. */
static void reader(void)
{
	uint32_t seed = 2;

	while (!load_acquire(&stop)) {
		uint32_t before = load_acquire(&generation), read, code, after;

		space_use(&space[random_next(&seed) % PROCESSES]);
		read = slot_read(1);
		code = slot_call(1);
		__asm__ volatile("dmb" ::: "memory");
		after = load_acquire(&generation);
		/* numbers go round; two more may be under way */
		if ((read - before) % PAGES > after - before + 1)
			fail("slot of another CPU", read, before % PAGES);
		if ((code - before) % PAGES > after - before + 1)
			fail("code of another CPU", code, before % PAGES);
	}
}

static void shared_maintenance(void)
{
	map(&space[0], slots[1], (uintptr_t)page[0], PAGE_PL1);
	tlb_va_shared(slots[1], 0);
	cpu_start(1, reader, &space[0]);
	cpu_start(2, reader, &space[0]);
	for (uint32_t i = 1; i < SHARED_ROUNDS; i++) {
		map(&space[0], slots[1], (uintptr_t)page[i % PAGES], PAGE_PL1);
		tlb_va_shared(slots[1], 0);
		store_release(&generation, i);
	}
	store_release(&stop, 1);
	cpu_join(1);
	cpu_join(2);
}

int main(void)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		page[i] = page_new();
		page[i][0] = i;
		page[i][CODE / 4] = 0xe3a00000 | i; /* mov r0, #i */
		page[i][CODE / 4 + 1] = 0xe12fff1e; /* bx lr */
	}
	for (unsigned int i = 0; i < PROCESSES; i++)
		space_init(&space[i], i);
	for (unsigned int i = 0; i < SLOTS; i++)
		map(&space[0], slots[i], (uintptr_t)page[0], PAGE_PL1);
	for (unsigned int i = 1; i < PROCESSES; i++) {
		space_share(&space[i], &space[0], FREE_VA);
		space_share(&space[i], &space[0], HIGH_VA);
	}
	mmu_on(&space[0]);
	local_maintenance();
	shared_maintenance();
	done("slots");
}
