/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions as text, for -d in_asm: core instructions as the manual writes
 * them (UAL), VFP and NEON by their row's name.  For people, not for an
 * assembler.
 */
#ifndef ARM_DISASM_H
#define ARM_DISASM_H

#include "arm/insn.h"

enum {
	DISASM_SIZE = 96 /* enough for any instruction */
};

/* The instruction that stands at address; at most size bytes, with the 0. */
void disasm(const struct insn *in, uint32_t address, char *ret, size_t size);

#endif
