/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions, one row each: mode, vector, masks and what is added to the PC
 * for LR (B1.8.3, B1.9).  There is neither a Monitor nor Hyp mode to route to.
 */
#include "arm/exception.h"

#include "arm/trace.h"

static const struct entry {
	uint8_t mode, vector;
	uint16_t masks;
	uint8_t lr_arm, lr_thumb;
} entries[] = {
	/* clang-format off */
	[EXCP_UNDEF] =          { MODE_UND, 0x04, CPSR_I, 4, 2 },
	[EXCP_SVC] =            { MODE_SVC, 0x08, CPSR_I, 0, 0 },
	[EXCP_PREFETCH_ABORT] = { MODE_ABT, 0x0c, CPSR_A | CPSR_I, 4, 4 },
	[EXCP_DATA_ABORT] =     { MODE_ABT, 0x10, CPSR_A | CPSR_I, 8, 8 },
	[EXCP_IRQ] =            { MODE_IRQ, 0x18, CPSR_A | CPSR_I, 4, 4 },
	[EXCP_FIQ] =            { MODE_FIQ, 0x1c, CPSR_A | CPSR_I | CPSR_F, 4, 4 },
	/* clang-format on */
};

enum {
	HIGH_VECTORS = 0xffff0000,
	CPSR_IT = 0x0600fc00,
};

static void record_fault(struct cpu *cpu, enum excp excp)
{
	if (excp == EXCP_PREFETCH_ABORT) {
		cpu->cp15.ifsr = cpu->excp_fsr;
		cpu->cp15.ifar = cpu->excp_far;
	} else if (excp == EXCP_DATA_ABORT) {
		cpu->cp15.dfsr = cpu->excp_fsr;
		cpu->cp15.dfar = cpu->excp_far;
	}
}

void exception_take(struct cpu *cpu, enum excp excp, uint32_t pc, uint8_t it)
{
	const struct entry *e = &entries[excp];
	uint32_t sctlr = cpu->cp15.sctlr, saved, cpsr;

	cpu->it = it;
	saved = cpu_cpsr(cpu);
	trace_exception(cpu, excp, pc);
	record_fault(cpu, excp);

	cpsr = saved & ~(uint32_t)(CPSR_M | CPSR_T | CPSR_E | CPSR_IT);
	cpsr |= e->mode | e->masks;
	if (sctlr & SCTLR_TE)
		cpsr |= CPSR_T;
	if (sctlr & SCTLR_EE)
		cpsr |= CPSR_E;
	cpu_set_cpsr(cpu, cpsr);
	cpu->spsr[cpu_bank_of(e->mode)] = saved;
	cpu->r[14] = pc + (saved & CPSR_T ? e->lr_thumb : e->lr_arm);
	cpu->pc_next = (sctlr & SCTLR_V ? HIGH_VECTORS : cpu->cp15.vbar) +
		       e->vector;
}

void exception_deliver(struct cpu *cpu)
{
	const struct insn *in = cpu->cur;

	exception_take(cpu, cpu->excp,
		       cpu->r[15] - (in->flags & INSN_THUMB ? 4 : 8), in->it);
}

void exception_interrupts(struct cpu *cpu)
{
	uint32_t lines = atomic_load(&cpu->lines);

	if (lines & CPU_LINE_FIQ && !(cpu->masks & CPSR_F))
		exception_take(cpu, EXCP_FIQ, cpu->pc_next, cpu->it);
	else if (lines & CPU_LINE_IRQ && !(cpu->masks & CPSR_I))
		exception_take(cpu, EXCP_IRQ, cpu->pc_next, cpu->it);
}

void exception_return(struct cpu *cpu, uint32_t pc, uint32_t spsr)
{
	if (!cpu_privileged(cpu))
		cpu_raise(cpu, EXCP_UNDEF);
	/* A mode that does not exist is UNPREDICTABLE; QEMU stays where it
	 * is and takes the rest. */
	if (!cpu_mode_valid(spsr & CPSR_M))
		spsr = (spsr & ~(uint32_t)CPSR_M) | cpu->mode;
	cpu_set_cpsr(cpu, spsr);
	cpu->pc_next = pc & (cpu->thumb ? ~1u : ~3u);
	if (cpu->it)
		cpu_attend_self(cpu, ATT_CONTEXT); /* see interp.c */
}
