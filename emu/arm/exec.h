/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instruction may use, and one exec_ function for each row.
 *
 * The condition was tested before.  r[15] holds the PC as the instruction
 * reads it.  To branch, set pc_next through exec_branch() or exec_bx(); a row
 * that can do so has INSN_ENDS_BLOCK.  Faults do not return (access.h).
 */
#ifndef ARM_EXEC_H
#define ARM_EXEC_H

#include "arm/access.h"
#include "arm/cpu.h"
#include "common/bits.h"

/* BranchWritePC (A2.3.1): stays in this instruction set. */
static inline void exec_branch(struct cpu *cpu, uint32_t to)
{
	cpu->pc_next = cpu->thumb ? to & ~1u : to & ~3u;
}

/* BXWritePC: bit 0 chooses the instruction set. */
static inline void exec_bx(struct cpu *cpu, uint32_t to)
{
	cpu->thumb = to & 1;
	cpu->pc_next = to & 1 ? to & ~1u : to & ~3u;
}

/* ALUWritePC: as BX in A32, as a branch in T32. */
static inline void exec_alu_pc(struct cpu *cpu, uint32_t to)
{
	if (cpu->thumb)
		exec_branch(cpu, to);
	else
		exec_bx(cpu, to);
}

static inline void exec_set_nz(struct cpu *cpu, uint32_t result)
{
	cpu->nf = result;
	cpu->zf = result;
}

/* Rows share functions, so one may be declared several times. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define INSN(name, exec, fix, bits) exec_fn exec_##exec;
#include "arm/a32.inc"
#include "arm/a32_uncond.inc"
#include "arm/neon.inc"
#include "arm/t16.inc"
#include "arm/t32.inc"
#include "arm/vfp.inc"
#undef INSN
/* Raises EXCP_UNDEF. */
exec_fn exec_UNDEF;

/* The row's own function, then a branch to what it left in r[15]: where
 * UNPREDICTABLE encodings write the PC, in QEMU's way (fix.h). */
exec_fn exec_pc_written;
#pragma GCC diagnostic pop

#endif
