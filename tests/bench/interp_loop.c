/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Million instructions a second of the interpreter on an integer loop: ten
 * instructions, one load, one store, one that is conditional, one branch.
 */
#include <time.h>

#include "../unit/arm_machine.h"

enum {
	LOOPS = 20000000,
	INSNS = 10,
	RUNS = 5,
};

static struct machine m;

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	/* ldr r2, [r1]; add r3, r3, r2, lsl #3; eor r4, r3, r2;
	 * str r4, [r1, #4]; and r5, r4, #255; orr r6, r5, r3; cmp r6, #0;
	 * addne r7, r7, #1; subs r0, r0, #1; bne back; wfi */
	put_words(&m, RAM, 0xe5912000, 0xe0833182, 0xe0234002, 0xe5814004,
		  0xe20450ff, 0xe1856003, 0xe3560000, 0x12877001, 0xe2500001,
		  0x1afffff5, 0xe320f003);
	for (int run = 0; run < RUNS; run++) {
		double begun = seconds();

		cpu->pc_next = RAM;
		cpu->r[0] = LOOPS;
		cpu->r[1] = RAM + PAGE;
		check_eq(interp_run(cpu), CPU_EXIT_WFI);
		printf("%.0f MIPS\n",
		       (double)LOOPS * INSNS / (seconds() - begun) / 1e6);
	}
	machine_fini(&m);
	return test_done();
}
