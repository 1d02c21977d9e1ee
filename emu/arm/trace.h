/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CPUs do, as lines in sys->trace_file, for -d; see enum trace. */
#ifndef ARM_TRACE_H
#define ARM_TRACE_H

#include "arm/cpu.h"

/* A block that was just decoded: address, words, text. */
void trace_code(const struct cpu *cpu, uint32_t pc, const struct insn *in,
		unsigned int n);

/* Before a block: its address, the registers, as far as asked for. */
void trace_state(const struct cpu *cpu);

/* An exception is taken; pc as exception_take() has it. */
void trace_exception(const struct cpu *cpu, enum excp excp, uint32_t pc);

#endif
