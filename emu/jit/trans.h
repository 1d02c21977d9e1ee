/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The front end: decoded instructions to IR, by rows.
 *
 * A row joins an exec function (arm/exec.h), which all encodings of an
 * operation share, to the function that translates it.  An instruction without
 * a row, or one whose function returns false, is done by its exec function
 * (IR_CALL); what was added until then is taken back.
 *
 * A trans_fn is called between INSN and the next boundary, inside of the
 * SKIP_UNLESS of its condition (behind an EXIT_UNLESS if it may end the
 * unit); it must keep the rules of ir.h: no state
 * changes before the last operation that may fall back, and no value lives
 * longer than the instruction.  in->exec was checked: fixes that made it
 * UNDEFINED or exec_pc_written never come here.
 *
 * Big-endian data needs no thought: the views are empty then, so that each
 * access falls back.
 */
#ifndef JIT_TRANS_H
#define JIT_TRANS_H

#include <stddef.h>

#include "arm/cpu.h"
#include "arm/exec.h"
#include "ir/ir.h"

struct trans {
	struct ir_unit *u;
	bool privileged;   /* the unit runs at PL1 */
	bool aligned;      /* SCTLR.A: unaligned accesses fault */
	uint32_t fp_known; /* trans_vfp.c, trans_neon.c: what this unit has
			    * tested already; 0 at its start and after each
			    * CALL */
	/* The target of exits to code that begins at the instruction at hand
	 * and counts on less (translate.h), or IR_NO_RETRY */
	uint32_t retry;
	/* The instruction at hand has ended the unit: all paths exit. */
	bool ended;
	/* Its row selects: results are to be chosen by in->cond, by
	 * trans_set_reg(). */
	bool select;
	uint8_t cond;
};

typedef bool trans_fn(struct trans *t, const struct insn *in);

struct trans_row {
	exec_fn *exec;
	trans_fn *fn;
	/* Without S and under a condition, it is not skipped over: it falls
	 * back nowhere and writes only by trans_set_reg(). */
	bool selects;
};

/* Each ends with a row of NULL. */
extern const struct trans_row trans_data[], trans_mem[], trans_mul[],
	trans_media[], trans_branch[], trans_sys[], trans_vfp[], trans_fpscr[],
	trans_neon_int[], trans_neon_move[], trans_neon_float[],
	trans_neon_ldst[];

/* What translates this instruction, or NULL. */
const struct trans_row *trans_find(const struct insn *in);

/* State, by the member of struct cpu it is. */
#define TRANS_GET(t, type, member) \
	ir_get((t)->u, type, offsetof(struct cpu, member))
#define TRANS_SET(t, type, member, val) \
	ir_set((t)->u, type, offsetof(struct cpu, member), val)

/* A register as the instruction reads it; 15 is the PC. */
ir_ref trans_reg(struct trans *t, const struct insn *in, unsigned int n);
/* n is not 15. */
void trans_set_reg(struct trans *t, unsigned int n, ir_ref val);
/* The virtual address of this instruction plus distance. */
ir_ref trans_pc(struct trans *t, const struct insn *in, int32_t distance);

/* The guest's flags. */
ir_ref trans_flags(struct trans *t);

void trans_set_flags(struct trans *t, ir_ref flags, unsigned int which);
/* C, 0 or 1. */
ir_ref trans_carry(struct trans *t);

/* 1 if the condition holds for these flags, else 0. */
ir_ref trans_cond(struct trans *t, enum ir_cc cc, ir_ref flags);

ir_ref trans_select(struct trans *t, enum ir_cc cc, ir_ref flags, ir_ref yes,
		    ir_ref no);

/* The PC as the base of a literal: a multiple of 4. */
ir_ref trans_literal(struct trans *t, const struct insn *in);
/* rm, shifted by the immediate. */
ir_ref trans_shifted(struct trans *t, const struct insn *in);

/* Leave the unit for an address whose bit 0 is T. */
void trans_leave(struct trans *t, ir_ref to);

static inline ir_ref trans_const(struct trans *t, uint32_t val)
{
	return ir_const(t->u, IR_I32, val);
}

static inline ir_ref trans_op2(struct trans *t, enum ir_opcode op, ir_ref a,
			       ir_ref b)
{
	return ir_op2(t->u, op, IR_I32, a, b);
}

/* a + constant */
ir_ref trans_add(struct trans *t, ir_ref a, uint32_t val);

/* size bytes at va, zero extended (sign extended with IR_SIGNED in flags, to
 * type); flags: IR_ALIGNED where the instruction itself asks for it. */
ir_ref trans_load(struct trans *t, enum ir_type type, ir_ref va,
		  unsigned int size, unsigned int flags);
void trans_store(struct trans *t, ir_ref va, unsigned int size,
		 unsigned int flags, ir_ref val);

/* If the I32 is not 0 the instruction is done by its exec function. */
void trans_fall_back_if(struct trans *t, ir_ref cond);

/*
 * The mode, if it is one of those that Linux handles exceptions in: Supervisor,
 * Abort, Undefined, IRQ.  In any other the instruction is done by its exec
 * function.  The mode is no part of a unit's key, only the privilege.
 */
ir_ref trans_handler_mode(struct trans *t);

#endif
