/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD instructions as expressions over vectors.
 *
 * struct neon is an instruction with the type and element size at work; the
 * functions below append one operation each.  A macro of rows makes a
 * trans_fn of each expression (trans_neon_int.c, trans_neon_float.c).
 */
#ifndef JIT_TRANS_NEON_H
#define JIT_TRANS_NEON_H

#include "jit/trans_fp.h"

struct neon {
	struct trans *t;
	const struct insn *in;
	enum ir_type type; /* V64 or V128 */
	unsigned int size; /* of an element, bytes */
	bool uns;          /* elements are unsigned */
};

/* The instruction's own length and size; false: it is UNDEFINED, because one
 * of the quadwords (vd, vn, vm or-ed) is odd. */
static inline bool neon_begin_q(struct neon *v, struct trans *t,
				const struct insn *in, unsigned int regs)
{
	*v = (struct neon){
		.t = t,
		.in = in,
		.type = in->q ? IR_V128 : IR_V64,
		.size = 1u << in->size,
		.uns = in->u,
	};
	return !(in->q && regs & 1);
}

static inline ir_ref neon_op(struct neon *v, enum ir_opcode op,
			     unsigned int size, ir_ref a, ir_ref b)
{
	return trans_vec(v->t, op, v->type, size, a, b);
}

/* The same, of signed elements where v's are. */
static inline ir_ref neon_op_signed(struct neon *v, enum ir_opcode op,
				    bool is_signed, unsigned int size, ir_ref a,
				    ir_ref b)
{
	return ir_add(v->t->u, (struct ir_op){
				       .op = (uint8_t)op,
				       .type = (uint8_t)v->type,
				       .size = (uint8_t)size,
				       .flags = is_signed ? IR_SIGNED : 0,
				       .a = a,
				       .b = b,
			       });
}

/* All elements of size bytes are this. */
static inline ir_ref neon_const(struct neon *v, unsigned int size, uint64_t val)
{
	for (unsigned int bits = 8 * size; bits < 64; bits *= 2)
		val = (val & ((UINT64_C(1) << bits) - 1)) | val << bits;
	return ir_const(v->t->u, v->type, val);
}

static inline ir_ref neon_get(struct neon *v, unsigned int n)
{
	return trans_fp_get(v->t, v->type, n);
}

/* Byte i of the result is byte pattern >> 4 i & 15. */
static inline ir_ref neon_perm(struct neon *v, ir_ref a, uint64_t pattern)
{
	return trans_vec_imm(v->t, IR_VPERM, v->type, 1, a, pattern);
}

#endif
