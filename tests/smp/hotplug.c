/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU that switches itself off is switched on again as soon as
 * AFFINITY_INFO says that it is off, over and over; meanwhile another reads
 * identity registers and does what ARMv6's barriers are.
 */
#include "smp.h"

enum {
	ROUNDS = 10000,
};

static struct space space;
static uint32_t came, stop;

static void off_at_once(void)
{
	store_release(&came, came + 1);
	cpu_off();
}

static void identify(void)
{
	uint32_t first, now;

	__asm__ volatile("mrc p15, 0, %0, c0, c2, 0" : "=r"(first));
	while (!load_acquire(&stop)) {
		__asm__ volatile("mrc p15, 0, %0, c0, c2, 0" : "=r"(now));
		check("ID_ISAR0", now, first);
		WRITE_CP15(0, c7, c10, 5, 0); /* CP15DMB */
	}
}

int main(void)
{
	space_init(&space, 0);
	mmu_on(&space);
	cpu_start(2, identify, &space);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		cpu_start(1, off_at_once, &space);
		while (load_acquire(&came) != i)
			;
		cpu_wait_off(1);
	}
	store_release(&stop, 1);
	cpu_join(2);
	done("hotplug");
}
