/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/exception.h"

#include "arm_machine.h"

static struct machine m;

enum {
	VBAR = 0x40008000,
	PC = 0x40001000,
};

/* B1.8.3 and B1.9: mode, vector, LR, and which masks are set. */
static const struct {
	enum excp excp;
	uint32_t mode, vector, lr_arm, lr_thumb, masks;
} entries[] = {
	{ EXCP_UNDEF, MODE_UND, 0x04, PC + 4, PC + 2, CPSR_I },
	{ EXCP_SVC, MODE_SVC, 0x08, PC, PC, CPSR_I },
	{ EXCP_PREFETCH_ABORT, MODE_ABT, 0x0c, PC + 4, PC + 4,
	  CPSR_I | CPSR_A },
	{ EXCP_DATA_ABORT, MODE_ABT, 0x10, PC + 8, PC + 8, CPSR_I | CPSR_A },
	{ EXCP_IRQ, MODE_IRQ, 0x18, PC + 4, PC + 4, CPSR_I | CPSR_A },
	{ EXCP_FIQ, MODE_FIQ, 0x1c, PC + 4, PC + 4, CPSR_I | CPSR_A | CPSR_F },
};

static void entry(uint32_t cpsr, uint32_t sctlr, uint8_t it)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);
		uint32_t want = cpsr & ~(uint32_t)(CPSR_T | CPSR_M | CPSR_E);

		cpu->cp15.vbar = VBAR;
		cpu->cp15.sctlr = sctlr;
		cpu_set_cpsr(cpu, cpsr);
		exception_take(cpu, entries[i].excp, PC, it);

		want |= entries[i].masks | entries[i].mode;
		want |= sctlr & SCTLR_TE ? CPSR_T : 0;
		want |= sctlr & SCTLR_EE ? CPSR_E : 0;
		check_eq(cpu_cpsr(cpu), want);
		check_eq(cpu->pc_next, (sctlr & SCTLR_V ? 0xffff0000 : VBAR) +
					       entries[i].vector);
		check_eq(cpu->r[14], cpsr & CPSR_T ? entries[i].lr_thumb
						   : entries[i].lr_arm);
		check_eq(exception_spsr(cpu), cpsr | (uint32_t)(it & 3) << 25 |
						      (uint32_t)(it >> 2)
							      << 10);
		machine_fini(&m);
	}
}

static void faults_are_recorded(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	cpu->excp_fsr = 0x805;
	cpu->excp_far = 0x1234;
	exception_take(cpu, EXCP_DATA_ABORT, PC, 0);
	check_eq(cpu->cp15.dfsr, 0x805);
	check_eq(cpu->cp15.dfar, 0x1234);
	check_eq(cpu->cp15.ifsr, 0);
	cpu->excp_fsr = 7;
	cpu->excp_far = 0x5678;
	exception_take(cpu, EXCP_PREFETCH_ABORT, PC, 0);
	check_eq(cpu->cp15.ifsr, 7);
	check_eq(cpu->cp15.ifar, 0x5678);
	check_eq(cpu->cp15.dfar, 0x1234);
	machine_fini(&m);
}

static void interrupts_obey_masks(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	cpu->pc_next = PC;
	cpu_set_cpsr(cpu, MODE_SVC | CPSR_I | CPSR_F);
	cpu_set_line(cpu, CPU_LINE_IRQ, true);
	cpu_set_line(cpu, CPU_LINE_FIQ, true);
	exception_interrupts(cpu);
	check_eq(cpu->pc_next, PC);

	/* FIQ goes first, and masks IRQ */
	cpu_set_cpsr(cpu, MODE_SVC);
	exception_interrupts(cpu);
	check_eq(cpu->mode, MODE_FIQ);
	exception_interrupts(cpu);
	check_eq(cpu->mode, MODE_FIQ);

	/* IRQ leaves F alone: a FIQ may come on top */
	cpu_set_line(cpu, CPU_LINE_FIQ, false);
	cpu_set_cpsr(cpu, MODE_SVC);
	exception_interrupts(cpu);
	check_eq(cpu->mode, MODE_IRQ);
	cpu_set_line(cpu, CPU_LINE_FIQ, true);
	exception_interrupts(cpu);
	check_eq(cpu->mode, MODE_FIQ);
	machine_fini(&m);
}

static void returning(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	/* to Thumb, in an IT block */
	exception_return(cpu, PC + 3, MODE_USR | CPSR_T | CPSR_Z | 0x2400);
	check_eq(cpu_cpsr(cpu), MODE_USR | CPSR_T | CPSR_Z | 0x2400);
	check_eq(cpu->it, 0x24);
	check_eq(cpu->pc_next, PC + 2);

	/* not from PL0, where nothing changes */
	check(caught(cpu, exception_return(cpu, 0, MODE_SVC)));
	check_eq(cpu->excp, EXCP_UNDEF);
	check_eq(cpu->pc_next, PC + 2);

	/* a mode that is none: the rest is taken */
	cpu_set_cpsr(cpu, MODE_IRQ);
	exception_return(cpu, PC + 7, 0x16 | CPSR_C);
	check_eq(cpu_cpsr(cpu), MODE_IRQ | CPSR_C);
	check_eq(cpu->pc_next, PC + 4);
	machine_fini(&m);
}

int main(void)
{
	static const uint32_t from[] = { MODE_USR, MODE_SVC, MODE_FIQ };

	for (int i = 0; i < 3; i++) {
		entry(from[i] | CPSR_Z, 0, 0);
		entry(from[i] | CPSR_T | CPSR_E | CPSR_Q, 0, 0xa6);
		entry(from[i], SCTLR_V | SCTLR_TE, 0);
		entry(from[i] | CPSR_F, SCTLR_EE, 0);
	}
	faults_are_recorded();
	interrupts_obey_masks();
	returning();
	return test_done();
}
