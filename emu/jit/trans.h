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
 * SKIP_UNLESS of its condition; it must keep the rules of ir.h: no state
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
	/* The instruction at hand has ended the unit: all paths exit. */
	bool ended;
	/* It may be inside of a SKIP: its condition is not "always". */
	bool conditional;
};

typedef bool trans_fn(struct trans *t, const struct insn *in);

struct trans_row {
	exec_fn *exec;
	trans_fn *fn;
};

/* Each ends with a row of NULL. */
extern const struct trans_row trans_data[], trans_mem[], trans_multiple[],
	trans_mul[], trans_branch[], trans_sys[], trans_vfp[], trans_neon[];

/* What translates this instruction, or NULL. */
trans_fn *trans_find(const struct insn *in);

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

#endif
