/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants and identities: what an operation is when its arguments are
 * known.  The builder and the optimizer both ask here.
 */
#ifndef IR_FOLD_H
#define IR_FOLD_H

#include "ir/ir.h"

/*
 * The value that is the same as op, whose arguments are values of u: an
 * earlier one, or IR_NO_REF.  *op may have become simpler: a CONST, or with
 * fewer arguments.
 */
ir_ref ir_fold(const struct ir_unit *u, struct ir_op *op);

/* Two FLAGS operations or integer ones of constants, evaluated; for CONST
 * they are imm.  The evaluator of the tests uses it as well. */
uint64_t ir_eval(enum ir_opcode op, enum ir_type type, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t imm);

/* Whether ir_eval() knows it. */
bool ir_can_eval(enum ir_opcode op);

/* Which flags a condition reads (enum ir_flag_mask). */
unsigned int ir_cc_flags(enum ir_cc cc);

/* Condition cc on flags as enum ir_flag_mask. */
bool ir_cc_holds(enum ir_cc cc, unsigned int flags);

/* The flags of a FLAGS_ operation on 32- or 64-bit values. */
unsigned int ir_eval_flags(enum ir_opcode op, enum ir_type type, uint64_t a,
			   uint64_t b, uint64_t c);

#endif
