/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/interp.h"

#include <pthread.h>

#include "arm/icache.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "arm_machine.h"

static struct machine m;

enum {
	VBAR = RAM + 0x8000,
	WFI = 0xe320f003,
	NOP = 0xe320f000,
	B_SELF = 0xeafffffe,
	ADD_R0_1 = 0xe2800001,
	ADD_R6_1 = 0xe2866001,
	ADD_R7_1 = 0xe2877001,
	MOVS_PC_LR = 0xe1b0f00e,
	SUBS_PC_LR_4 = 0xe25ef004,
	SVC = 0xef000000,
	UDF = 0xe7f000f0,
	CPSIE_I = 0xf1080080,
	BX_LR = 0xe12fff1e,
	T_WFI = 0xbf30,
};

static struct cpu *begin(unsigned int cpus)
{
	struct cpu *cpu = machine_init(&m, cpus, CORTEX_A7);

	for (unsigned int i = 0; i < cpus; i++)
		m.cpu[i].cp15.vbar = VBAR;
	return cpu;
}

static void loop(void)
{
	struct cpu *cpu = begin(1);

	/* mov r0, #0; mov r1, #1000; 1: add r0, r0, r1; subs r1, r1, #1;
	 * bne 1b; wfi */
	put_words(&m, RAM, 0xe3a00000, 0xe3a01ffa, 0xe0800001, 0xe2511001,
		  0x1afffffc, WFI);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[0], 500500);
	check_eq(cpu->pc_next, RAM + 0x18);
	check(!cpu->in_guest);
	machine_fini(&m);
}

static void step(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, RAM, ADD_R0_1, ADD_R0_1, 0x10800001, SVC);
	for (uint32_t i = 1; i < 4; i++) { /* the third: addne, Z is 0 */
		interp_step(cpu);
		check_eq(cpu->pc_next, RAM + 4 * i);
		check_eq(cpu->r[0], i < 3 ? i : 2);
	}
	interp_step(cpu);
	check_eq(cpu->pc_next, VBAR + 8);
	check_eq(cpu->r[14], RAM + 16);
	machine_fini(&m);
}

/* The store's own block holds the instruction that it changes. */
static void code_changes_just_ahead(void)
{
	struct cpu *cpu = begin(1);

	for (int round = 0; round < 2; round++) {
		/* str r3, [r2]; mov r0, #1; add r0, r0, #4; wfi */
		put_words(&m, RAM, 0xe5823000, 0xe3a00001, 0xe2800004, WFI);
		codepages_written(&m.codepages, RAM, 16);
		cpu->r[2] = RAM + 4;
		cpu->r[3] = 0xe3a00002; /* mov r0, #2 */
		cpu->pc_next = RAM;
		check_eq(interp_run(cpu), CPU_EXIT_WFI);
		check_eq(cpu->r[0], 6);
	}
	machine_fini(&m);
}

/* What a device writes is seen the next time. */
static void code_changes_from_outside(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, RAM, ADD_R0_1, WFI);
	interp_run(cpu);
	put32(&m, RAM, 0xe2800002);
	codepages_written(&m.codepages, RAM, 4);
	cpu->pc_next = RAM;
	interp_run(cpu);
	check_eq(cpu->r[0], 3);
	machine_fini(&m);
}

/* A block in many lines: each of its lines is watched. */
static void long_block(void)
{
	struct cpu *cpu = begin(1);

	for (uint32_t i = 0; i < 60; i++)
		put32(&m, RAM + 4 * i, ADD_R0_1);
	put32(&m, RAM + 240, WFI);
	for (uint32_t i = 0; i < 60; i++) {
		cpu->r[0] = 0;
		cpu->pc_next = RAM;
		interp_run(cpu);
		check_eq(cpu->r[0], 60 - i);
		put32(&m, RAM + 4 * i, NOP);
		codepages_written(&m.codepages, RAM + 4 * i, 4);
	}
	machine_fini(&m);
}

static void it_over_a_page_end(void)
{
	struct cpu *cpu = begin(1);

	for (uint32_t z = 0; z < 2; z++)
		for (uint32_t back = 2; back <= 10; back += 2) {
			uint32_t at = RAM + PAGE - back;

			/* itttt ne; addne r0, #1, #2, #4, #8; wfi */
			put_halves(&m, at, 0xbf1f, 0x3001, 0x3002, 0x3004,
				   0x3008, T_WFI);
			codepages_written(&m.codepages, at, 12);
			cpu_set_cpsr(cpu, MODE_SVC | CPSR_T | (z ? CPSR_Z : 0));
			cpu->r[0] = 0;
			cpu->pc_next = at;
			check_eq(interp_run(cpu), CPU_EXIT_WFI);
			check_eq(cpu->r[0], z ? 0 : 15);
			check_eq(cpu->it, 0);
			check_eq(cpu->pc_next, at + 12);
		}
	machine_fini(&m);
}

/* An exception inside of an IT block keeps where it was. */
static void it_and_exceptions(void)
{
	struct cpu *cpu = begin(1);

	/* itee eq; addeq r0, #1; udfne; addne r0, #4; wfi */
	put_halves(&m, RAM, 0xbf0e, 0x3001, 0xde00, 0x3004, T_WFI);
	put_words(&m, VBAR + 4, MOVS_PC_LR); /* skips the udf */
	cpu_set_cpsr(cpu, MODE_SVC | CPSR_T);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	/* as at the udf: ne, two instructions left */
	check_eq(cpu->spsr[BANK_UND] & 0x0600fc00, 0x1c00);
	check_eq(cpu->r[0], 4);
	machine_fini(&m);
}

static void t32_over_a_page_end(void)
{
	struct cpu *cpu = begin(1);

	put_halves(&m, RAM + PAGE - 2, 0xf241, 0x2334, T_WFI);
	cpu_set_cpsr(cpu, MODE_SVC | CPSR_T);
	cpu->pc_next = RAM + PAGE - 2;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[3], 0x1234);
	check_eq(cpu->pc_next, RAM + PAGE + 4);

	/* nothing of it was kept: nobody tells of this write */
	put16(&m, RAM + PAGE, 0x2335);
	cpu->pc_next = RAM + PAGE - 2;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[3], 0x1235);

	/* the second half is not there */
	put_words(&m, VBAR + 0xc, WFI);
	put16(&m, RAM + RAM_SIZE - 4, 0x2500);
	put16(&m, RAM + RAM_SIZE - 2, 0xf241);
	cpu->pc_next = RAM + RAM_SIZE - 4;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->mode, MODE_ABT);
	check_eq(cpu->r[14], RAM + RAM_SIZE + 2);
	check_eq(cpu->cp15.ifar, RAM + RAM_SIZE);
	check_eq(cpu->cp15.ifsr, 8);
	machine_fini(&m);
}

/* A branch from a page's start to the halfword before it is two below: no
 * such distance may look like a link that was never made.  What an unmade
 * link's memory held before is another block, of a page that nobody wrote
 * to since. */
static void back_over_a_page_start(void)
{
	struct cpu *cpu = begin(1);

	put_halves(&m, RAM + 3 * PAGE, 0xe006); /* b .+16 */
	put_halves(&m, RAM + 3 * PAGE + 16, T_WFI);
	cpu_set_cpsr(cpu, MODE_SVC | CPSR_T);
	for (int i = 0; i < 2; i++) { /* the second makes the link */
		cpu->pc_next = RAM + 3 * PAGE;
		check_eq(interp_run(cpu), CPU_EXIT_WFI);
	}
	interp_flush(cpu);

	put_halves(&m, RAM + PAGE, 0xe7fd); /* b .-2 */
	put_halves(&m, RAM + PAGE - 2, T_WFI);
	cpu->pc_next = RAM + PAGE;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->pc_next, RAM + PAGE);
	machine_fini(&m);
}

static void no_code_there(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, VBAR + 0xc, WFI);
	put_words(&m, RAM, BX_LR);
	cpu->r[14] = 0x123450;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[14], 0x123454);
	check_eq(cpu->cp15.ifar, 0x123450);
	machine_fini(&m);
}

static void exceptions_and_back(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, VBAR + 4, ADD_R6_1, MOVS_PC_LR, ADD_R7_1);
	put_words(&m, VBAR + 8, MOVS_PC_LR);
	put_words(&m, RAM, UDF, SVC, UDF, ADD_R0_1, WFI);
	cpu_set_cpsr(cpu, MODE_SYS);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[6], 2);
	check_eq(cpu->r[0], 1);
	check_eq(cpu->mode, MODE_SYS);
	machine_fini(&m);
}

static void data_abort(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, VBAR + 0x10, WFI);
	put_words(&m, RAM, ADD_R0_1, 0xe5b10004 /* ldr r0, [r1, #4]! */);
	cpu->r[1] = 0x100;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->mode, MODE_ABT);
	check_eq(cpu->r[14], RAM + 4 + 8);
	check_eq(cpu->r[1], 0x100);
	check_eq(cpu->r[0], 1);
	check_eq(cpu->cp15.dfar, 0x104);
	check_eq(cpu->cp15.dfsr, 8);
	machine_fini(&m);
}

static void interrupts(void)
{
	struct cpu *cpu = begin(1);

	/* masked: nothing, and no longer asked about; then taken at once */
	put_words(&m, VBAR + 0x18, ADD_R7_1, WFI);
	put_words(&m, RAM, ADD_R0_1, NOP, CPSIE_I, ADD_R0_1, WFI);
	cpu_set_line(cpu, CPU_LINE_IRQ, true);
	interp_step(cpu);
	check_eq(cpu->attention & ATT_IRQ, 0);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->mode, MODE_IRQ);
	check_eq(cpu->r[7], 1);
	check_eq(cpu->r[0], 1);
	check_eq(cpu->r[14], RAM + 12 + 4);
	check_eq(cpu->spsr[BANK_IRQ] & (CPSR_I | CPSR_M), MODE_SVC);

	/* and back to where it was, in the middle of a block */
	put_words(&m, VBAR + 0x18, ADD_R7_1, SUBS_PC_LR_4);
	codepages_written(&m.codepages, VBAR, 0x40);
	cpu_set_line(cpu, CPU_LINE_IRQ, false);
	cpu_set_cpsr(cpu, MODE_SVC);
	cpu->pc_next = RAM;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[7], 1); /* the line is down */
	check_eq(cpu->r[0], 3);
	machine_fini(&m);
}

static void *run_thread(void *arg)
{
	return (void *)(uintptr_t)interp_run(arg);
}

static enum cpu_exit join(pthread_t thread)
{
	void *exit;

	check_eq(pthread_join(thread, &exit), 0);
	return (enum cpu_exit)(uintptr_t)exit;
}

static void stop_from_outside(void)
{
	struct cpu *cpu = begin(1);
	pthread_t thread;

	put_words(&m, RAM, B_SELF);
	check_eq(pthread_create(&thread, NULL, run_thread, cpu), 0);
	while (!atomic_load(&cpu->blocks))
		sched_yield();
	cpu_attend(cpu, ATT_STOP);
	check_eq(join(thread), CPU_EXIT_STOP);
	check_eq(cpu->pc_next, RAM);
	check_eq(cpu->attention & ATT_STOP, 0);

	/* a wish to leave does not lose a stop that comes at the same time */
	put_words(&m, RAM, WFI);
	codepages_written(&m.codepages, RAM, 4);
	cpu_leave(cpu, CPU_EXIT_WFI);
	cpu_attend(cpu, ATT_STOP);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(interp_run(cpu), CPU_EXIT_STOP);
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	machine_fini(&m);
}

/* Whether the page is known already or not. */
static void vld1_obeys_sctlr_a(void)
{
	struct cpu *cpu = begin(1);

	cpu->cp15.sctlr |= SCTLR_A;
	cpu->cp15.cpacr = 0xf << 20;
	cpu->vfp.fpexc = 1u << 30;
	vfp_mode_changed(cpu);
	mmu_context_changed(cpu);
	put_words(&m, RAM, 0xf420078f); /* vld1.32 {d0}, [r0] */
	put_words(&m, VBAR + 0x10, WFI);
	for (unsigned int round = 0; round < 2; round++) {
		cpu->r[0] = RAM + 0x2002;
		cpu->pc_next = RAM;
		interp_step(cpu);
		check_eq(cpu->pc_next, VBAR + 0x10);
		check_eq(cpu->cp15.dfsr & 0x40f, 1); /* alignment */
		cpu->r[0] = RAM + 0x2000;            /* makes the page known */
		cpu->pc_next = RAM;
		interp_step(cpu);
		check_eq(cpu->pc_next, RAM + 4);
	}
	machine_fini(&m);
}

/* One CPU runs in circles until another changes the circle. */
static void code_changes_from_another_cpu(void)
{
	struct cpu *cpu = begin(2), *other = &m.cpu[1];
	pthread_t thread;

	for (int round = 0; round < 20; round++) {
		uint64_t blocks = atomic_load(&cpu->blocks);

		put_words(&m, RAM, B_SELF);
		codepages_written(&m.codepages, RAM, 4);
		put_words(&m, RAM + PAGE, 0xe5823000 /* str r3, [r2] */, WFI);
		cpu->pc_next = RAM;
		other->pc_next = RAM + PAGE;
		other->r[2] = RAM;
		other->r[3] = (uint32_t)WFI;
		check_eq(pthread_create(&thread, NULL, run_thread, cpu), 0);
		while (atomic_load(&cpu->blocks) == blocks)
			sched_yield();
		check_eq(interp_run(other), CPU_EXIT_WFI);
		check_eq(join(thread), CPU_EXIT_WFI);
	}
	machine_fini(&m);
}

enum {
	TABLE = RAM + 0x100000,
	VA = 0x50000000,
};

/* The short format: a section of normal memory for all. */
static void map_section(uint32_t pa)
{
	__atomic_store_n((uint32_t *)ram_at(&m.ram, TABLE + (VA >> 20) * 4, 4),
			 pa | 0x21c0e, __ATOMIC_SEQ_CST);
}

/* In the guest, where it serves what is asked of it once the first has. */
static void *answer(void *arg)
{
	struct cpu *other = arg, *first = &m.cpu[0];

	while (atomic_load(&first->sync_asked) !=
	       atomic_load(&first->sync_done))
		sched_yield();
	sync_leave(other);
	return NULL;
}

/* The page that is decoded is mapped elsewhere while decoding waits for the
 * others: what was found is not found again. */
static void remapped_while_it_decodes(void)
{
	struct cpu *cpu = begin(2), *other = &m.cpu[1];
	pthread_t thread;
	uint32_t fsr;
	paddr pa;

	put_words(&m, RAM + 0x200000, ADD_R6_1, WFI);
	put_words(&m, RAM + 0x300000, ADD_R7_1, WFI);
	map_section(RAM + 0x200000);
	cpu->cp15.ttbr0 = TABLE;
	cpu->cp15.dacr = 3;
	cpu->cp15.sctlr |= SCTLR_M;
	cpu->pc_next = VA;
	mmu_context_changed(cpu);
	sync_enter(cpu);
	sync_enter(other);
	check(mmu_fetch(cpu, VA, &pa, &fsr) != NULL);
	map_section(RAM + 0x300000);
	sync_post(other, SYNC_FLUSH_PAGE, VA);
	check_eq(pthread_create(&thread, NULL, answer, other), 0);
	icache_find(cpu);
	check_eq(pthread_join(thread, NULL), 0);
	check_eq(icache_find(cpu)->insn[0].word, ADD_R7_1);
	sync_leave(cpu);
	machine_fini(&m);
}

/* More code than the arena holds, twice. */
static void all_is_forgotten_and_found_again(void)
{
	struct cpu *cpu = begin(1);
	uint32_t n = 400000;

	for (uint32_t i = 0; i < n; i++)
		put32(&m, RAM + 0x10000 + 4 * i, ADD_R0_1);
	put32(&m, RAM + 0x10000 + 4 * n, WFI);
	for (uint32_t round = 1; round <= 2; round++) {
		cpu->pc_next = RAM + 0x10000;
		check_eq(interp_run(cpu), CPU_EXIT_WFI);
		check_eq(cpu->r[0], round * n);
	}
	machine_fini(&m);
}

/* Two instruction sets at one address. */
static void thumb_and_arm(void)
{
	struct cpu *cpu = begin(1);

	/* T16: movs r0, #7; wfi.  A32: the same word is no branch. */
	put_words(&m, RAM, 0xbf302007, WFI);
	cpu->thumb = true;
	interp_run(cpu);
	check_eq(cpu->r[0], 7);
	cpu->thumb = false;
	cpu->pc_next = RAM + 4;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->pc_next, RAM + 8);
	machine_fini(&m);
}

/* Address 0 in Thumb state is like an entry of the caches that is empty; the
 * block that was there before must not be found. */
static void thumb_at_0(void)
{
	struct cpu *cpu = begin(1);

	put_words(&m, RAM, T_WFI << 16 | 0x2001); /* movs r0, #1; wfi */
	cpu->thumb = true;
	check_eq(interp_run(cpu), CPU_EXIT_WFI);
	check_eq(cpu->r[0], 1);
	interp_flush(cpu);
	cpu->r[0] = 0;
	cpu->pc_next = 0;
	interp_step(cpu);
	check_eq(cpu->mode, MODE_ABT);
	check_eq(cpu->r[0], 0);
	machine_fini(&m);
}

int main(void)
{
	loop();
	step();
	code_changes_just_ahead();
	code_changes_from_outside();
	long_block();
	it_over_a_page_end();
	it_and_exceptions();
	t32_over_a_page_end();
	back_over_a_page_start();
	no_code_there();
	exceptions_and_back();
	data_abort();
	interrupts();
	stop_from_outside();
	vld1_obeys_sctlr_a();
	code_changes_from_another_cpu();
	remapped_while_it_decodes();
	all_is_forgotten_and_found_again();
	thumb_and_arm();
	thumb_at_0();
	return test_done();
}
