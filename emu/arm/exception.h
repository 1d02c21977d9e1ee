/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions: going in by a vector and coming back (ARM DDI 0406C B1.8, B1.9).
 * By the CPU's own thread.
 */
#ifndef ARM_EXCEPTION_H
#define ARM_EXCEPTION_H

#include "arm/cpu.h"

/*
 * Enter the handler: banks, SPSR, CPSR, and pc_next at the vector.  pc is the
 * address of the instruction for EXCP_UNDEF and the aborts, and of the one
 * that would come next for the others; it is ITSTATE there.  The aborts
 * take their fault status and address from excp_fsr, excp_far.
 */
void exception_take(struct cpu *cpu, enum excp excp, uint32_t pc, uint8_t it);

/* What cpu_raise() or cpu_abort() left, for the instruction cpu->cur. */
void exception_deliver(struct cpu *cpu);

/* Take FIQ or IRQ before pc_next, if a line is up and not masked. */
void exception_interrupts(struct cpu *cpu);

/* SUBS PC, LR and its like, RFE, LDM with ^ and PC: all of the CPSR from a
 * saved one.  At PL0 it does not return: undefined, as in QEMU. */
void exception_return(struct cpu *cpu, uint32_t pc, uint32_t spsr);

/* The SPSR of the current mode; USR and SYS have one that nothing uses. */
static inline uint32_t exception_spsr(const struct cpu *cpu)
{
	return cpu->spsr[cpu_bank_of(cpu->mode)];
}

#endif
