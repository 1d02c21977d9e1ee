/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decoded instruction.
 *
 * The encodings are rows of a32.inc, a32_uncond.inc, t16.inc, t32.inc, vfp.inc
 * and neon.inc:
 *
 *	INSN(name, exec, fix, "bits")
 *
 * name is unique in its table; exec_<exec>() does it (several rows, of
 * several tables, may share one); fix_<fix>() runs once after decoding and
 * turns what the encoding says into what exec wants (an expanded immediate,
 * a register list), or is none.  Everything that must know encodings is made
 * from these rows: the enum here, the decoder, the disassembler, and the
 * random instructions of tests/diff.
 *
 * T32's VFP and NEON instructions are rewritten to their A32 words before
 * they are looked up, so those two tables serve both instruction sets.
 */
#ifndef ARM_INSN_H
#define ARM_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu;
struct insn;

/* What a row does: DESIGN "exec_fn". */
typedef void exec_fn(struct cpu *cpu, const struct insn *in);

enum insn_op {
#define INSN(name, exec, fix, bits) A32_##name,
#include "arm/a32.inc"
#include "arm/a32_uncond.inc"
#undef INSN
#define INSN(name, exec, fix, bits) T16_##name,
#include "arm/t16.inc"
#undef INSN
#define INSN(name, exec, fix, bits) T32_##name,
#include "arm/t32.inc"
#undef INSN
#define INSN(name, exec, fix, bits) VFP_##name,
#include "arm/vfp.inc"
#undef INSN
#define INSN(name, exec, fix, bits) NEON_##name,
#include "arm/neon.inc"
#undef INSN
	OP_UNDEF, /* no row matches */
	OP_COUNT,
};

enum insn_flag {
	INSN_THUMB = 1 << 0,
	INSN_ENDS_BLOCK = 1 << 1, /* may write the PC, CPSR, CP15 or the MMU's
				   * state: nothing may follow it in a block */
	INSN_CARRY = 1 << 2,      /* imm was rotated: imm bit 31 is shifter C */
};

enum shift_type {
	SHIFT_LSL, /* 0 to 31 */
	SHIFT_LSR, /* 1 to 32 */
	SHIFT_ASR, /* 1 to 32 */
	SHIFT_ROR, /* 1 to 31 */
	SHIFT_RRX,
};

struct insn {
	exec_fn *exec;
	uint32_t word; /* T16: in the low half; T32: first halfword on top, or
			* the A32 word if vfp.inc, neon.inc or a coprocessor
			* row of a32.inc matched */
	uint32_t imm;
	uint16_t op;   /* enum insn_op */
	uint16_t off;  /* of this instruction in its page, bytes */
	uint8_t len;   /* 2 or 4 bytes */
	uint8_t cond;  /* 0..14; 14 for always, also for the 0xf space */
	uint8_t it;    /* ITSTATE in force at this instruction; 0 in A32 */
	uint8_t flags; /* enum insn_flag */
	uint8_t rn, rd, rm, rs, ra, rt;
	uint8_t shift_type, shift_imm; /* as DecodeImmShift() gives them;
					* SHIFT_RRX has its own number */
	uint8_t s, p, u, w;            /* one bit each */
	uint8_t size, q;               /* NEON: element size 0..3, quadword */
	uint8_t vd, vn, vm;            /* VFP, NEON: register numbers, 0..31 */
	uint8_t coproc, opc1, opc2;    /* coprocessor instructions */
	uint8_t mode;                  /* CPS, SRS: processor mode */
	uint8_t x; /* a small field of one family; see row */
};

#endif
