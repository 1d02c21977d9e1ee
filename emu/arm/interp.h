/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter: the definition of the CPU (DESIGN.md §6).
 *
 * Decoded instructions are kept in blocks that end where the PC may change;
 * at each block's start the attention word is looked at.
 */
#ifndef ARM_INTERP_H
#define ARM_INTERP_H

#include "arm/cpu.h"

/* Run until cpu_leave() or ATT_STOP; by the CPU's own thread.  Enters and
 * leaves the guest as sync.h means it, and clears ATT_STOP. */
enum cpu_exit interp_run(struct cpu *cpu);

/* Run one instruction, exceptions included (tests, single step). */
void interp_step(struct cpu *cpu);

/*
 * What interp_run() is made of, for who runs the guest in another way
 * (jit/run.c); in the guest, with cpu->unwind set.
 *
 * Serve what cpu->attention says and clear it; *ret_seen gets what was set.
 * True: leave the guest, as cpu->exit says.
 */
bool interp_attend(struct cpu *cpu, uint32_t *ret_seen);
/* The block at pc_next, or the exception that its fetch raises. */
void interp_block(struct cpu *cpu);

int interp_init(struct cpu *cpu, struct err *err);
void interp_fini(struct cpu *cpu);

/* Forget all decoded code. */
void interp_flush(struct cpu *cpu);

#endif
