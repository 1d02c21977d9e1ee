/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that the integer rows of Advanced SIMD are written with
 * (trans_neon_int.c, trans_neon_move.c): operands, constants, shifts.
 */
#ifndef JIT_TRANS_NEON_EXPR_H
#define JIT_TRANS_NEON_EXPR_H

#include "jit/trans_neon.h"

enum {
	SIZE_64 = 3 /* struct insn: size of 64-bit elements */
};

static inline ir_ref op(struct neon *v, enum ir_opcode opcode, ir_ref a,
			ir_ref b)
{
	return neon_op(v, opcode, v->size, a, b);
}

static inline ir_ref by_sign(struct neon *v, enum ir_opcode opcode, ir_ref a,
			     ir_ref b)
{
	return neon_op_signed(v, opcode, !v->uns, v->size, a, b);
}

static inline ir_ref ones(struct neon *v)
{
	return ir_const(v->t->u, v->type, UINT64_MAX);
}

static inline ir_ref zero(struct neon *v)
{
	return ir_const(v->t->u, v->type, 0);
}

static inline ir_ref invert(struct neon *v, ir_ref a)
{
	return op(v, IR_VXOR, a, ones(v));
}

static inline ir_ref all(struct neon *v, uint64_t val)
{
	return neon_const(v, v->size, val);
}

static inline uint64_t sign_bit(const struct neon *v)
{
	return UINT64_C(1) << (8 * v->size - 1);
}

static inline ir_ref vn(struct neon *v)
{
	return neon_get(v, v->in->vn);
}

static inline ir_ref vm(struct neon *v)
{
	return neon_get(v, v->in->vm);
}

static inline ir_ref vd(struct neon *v)
{
	return neon_get(v, v->in->vd);
}

/* Shifts by a constant, of any element size */

static inline ir_ref shift_imm(struct neon *v, enum ir_opcode opcode,
			       unsigned int size, ir_ref a, unsigned int by)
{
	return trans_vec_imm(v->t, opcode, v->type, size, a, by);
}

/* by: 0 to the width */
static inline ir_ref shift_left(struct neon *v, ir_ref a, unsigned int by)
{
	if (!by)
		return a;
	if (v->size > 1)
		return shift_imm(v, IR_VSHL, v->size, a, by);
	return op(v, IR_VAND, shift_imm(v, IR_VSHL, 2, a, by),
		  all(v, 0xffu << by & 0xff));
}

static inline ir_ref shift_right_unsigned(struct neon *v, ir_ref a,
					  unsigned int by)
{
	if (!by)
		return a;
	if (v->size > 1)
		return shift_imm(v, IR_VSHR, v->size, a, by);
	return op(v, IR_VAND, shift_imm(v, IR_VSHR, 2, a, by),
		  all(v, 0xffu >> by));
}

static inline ir_ref greater_equal(struct neon *v, bool uns, ir_ref a, ir_ref b)
{
	if (uns)
		return op(v, IR_VEQ,
			  neon_op_signed(v, IR_VMAX, false, v->size, a, b), a);
	return invert(v, op(v, IR_VGT, b, a));
}

static inline uint64_t low_bits(unsigned int n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

#endif
