/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD on single precision (exec_neon_float.c is the definition).
 *
 * Denormals are flushed here, always, and NaNs are the default one; the host
 * does neither.  Arithmetic is FZ_ADD and its like (ir/vector.inc), which fall
 * back where that matters.  Other operations look here: they fall back for
 * denormals, found by integer arithmetic.  2 |a| - 1 (the sign shifted out, so
 * that zero is the greatest) is below 2^24 - 1 for these only.
 */
#include "jit/trans_neon.h"

enum {
	SINGLE = 4
};

static const uint64_t SIGN = UINT64_C(0x80000000);
static const uint64_t TWO = UINT64_C(0x40000000);
static const uint64_t THREE = UINT64_C(0x40400000);
static const uint64_t HALF = UINT64_C(0x3f000000);

static ir_ref op(struct neon *v, enum ir_opcode opcode, ir_ref a, ir_ref b)
{
	return neon_op(v, opcode, SINGLE, a, b);
}

static ir_ref all(struct neon *v, uint64_t val)
{
	return neon_const(v, SINGLE, val);
}

/* fine: elements of all ones or all zeroes */
static void fall_back_unless(struct neon *v, ir_ref fine)
{
	ir_op1(v->t->u, IR_FALL_BACK_UNLESS_ALL, IR_NONE, fine);
}

/* 2 |a| - 1 + 2^31: in signed order, denormals are the least. */
static ir_ref magnitude(struct neon *v, ir_ref a)
{
	return op(v, IR_VADD, op(v, IR_VADD, a, a), all(v, 0x7fffffff));
}

static ir_ref least(struct neon *v, ir_ref a, ir_ref b)
{
	return neon_op_signed(v, IR_VMIN, true, SINGLE, a, b);
}

/* Where a magnitude is not that of a denormal. */
static ir_ref normal(struct neon *v, ir_ref magnitude_of)
{
	return op(v, IR_VGT, magnitude_of, all(v, 0x80fffffe));
}

static ir_ref number(struct neon *v, ir_ref a)
{
	return neon_op(v, IR_FNUMBER, SINGLE, a, IR_NO_REF);
}

static ir_ref both_normal(struct neon *v, ir_ref a, ir_ref b)
{
	return normal(v, least(v, magnitude(v, a), magnitude(v, b)));
}

static ir_ref absolute(struct neon *v, ir_ref a)
{
	return op(v, IR_VAND, a, all(v, 0x7fffffff));
}

static ir_ref negated(struct neon *v, ir_ref a)
{
	return op(v, IR_VXOR, a, all(v, SIGN));
}

static ir_ref three(struct neon *v, enum ir_opcode opcode, ir_ref d, ir_ref a,
		    ir_ref b)
{
	return ir_add(v->t->u, (struct ir_op){ .op = (uint8_t)opcode,
					       .type = (uint8_t)v->type,
					       .size = SINGLE,
					       .a = d,
					       .b = a,
					       .c = b });
}

/* from - a b, for VRECPS and VRSQRTS.  Zero times infinity, which they take
 * for zero, is not for the host, which calls it invalid. */
static ir_ref step(struct neon *v, uint64_t from, ir_ref a, ir_ref b)
{
	ir_ref greater = neon_op_signed(v, IR_VMAX, true, SINGLE,
					absolute(v, a), absolute(v, b));
	ir_ref infinite = op(v, IR_VGT, greater, all(v, 0x7f7fffff));

	fall_back_unless(v, op(v, IR_VXOR, infinite, all(v, UINT32_MAX)));
	return three(v, IR_FZ_MULSUB, all(v, from), a, b);
}

static ir_ref compared(struct neon *v, enum ir_opcode opcode, ir_ref a,
		       ir_ref b)
{
	fall_back_unless(v, both_normal(v, a, b));
	return op(v, opcode, a, b);
}

/* Of two zeroes the host takes the second: combine both orders. */
static ir_ref extreme(struct neon *v, bool max, ir_ref a, ir_ref b)
{
	enum ir_opcode choose = max ? IR_FSELECT_GT : IR_FSELECT_LT;

	fall_back_unless(v, op(v, IR_VAND, both_normal(v, a, b),
			       op(v, IR_VAND, number(v, a), number(v, b))));
	return op(v, max ? IR_VAND : IR_VOR, op(v, choose, a, b),
		  op(v, choose, b, a));
}

static ir_ref from_int(struct neon *v, ir_ref a)
{
	return neon_op(v, IR_FFROM_VECTOR, SINGLE, a, IR_NO_REF);
}

/* What does not fit becomes the least integer, and is not for us. */
static ir_ref to_int(struct neon *v, ir_ref a)
{
	ir_ref r;

	fall_back_unless(v, normal(v, magnitude(v, a)));
	r = neon_op(v, IR_FTO_VECTOR, SINGLE, a, IR_NO_REF);
	fall_back_unless(v, op(v, IR_VXOR, op(v, IR_VEQ, r, all(v, SIGN)),
			       all(v, UINT32_MAX)));
	return r;
}

/* clang-format off */
/* exec function; the result of a (vn), b (vm, or a scalar of it), d (vd) */
#define SAME_ROWS(R) \
	R(VADD_f,  op(v, IR_FZ_ADD, a, b)) \
	R(VSUB_f,  op(v, IR_FZ_SUB, a, b)) \
	R(VMUL_f,  op(v, IR_FZ_MUL, a, b)) \
	R(VABD_f,  absolute(v, op(v, IR_FZ_SUB, a, b))) \
	R(VMLA_f,  three(v, IR_FZ_MULADD, neon_get(v, in->vd), a, b)) \
	R(VMLS_f,  three(v, IR_FZ_MULSUB, neon_get(v, in->vd), a, b)) \
	R(VFMA_f,  three(v, IR_FZ_FUSED, neon_get(v, in->vd), a, b)) \
	R(VFMS_f,  three(v, IR_FZ_FUSED, neon_get(v, in->vd), negated(v, a), b)) \
	R(VMAX_f,  extreme(v, true, a, b)) \
	R(VMIN_f,  extreme(v, false, a, b)) \
	R(VRECPS,  step(v, TWO, a, b)) \
	R(VRSQRTS, op(v, IR_FZ_MUL, step(v, THREE, a, b), all(v, HALF))) \
	R(VCEQ_f,  compared(v, IR_FEQ, a, b)) \
	R(VCGE_f,  compared(v, IR_FGE, a, b)) \
	R(VCGT_f,  compared(v, IR_FGT, a, b)) \
	R(VACGE_f, compared(v, IR_FGE, absolute(v, a), absolute(v, b))) \
	R(VACGT_f, compared(v, IR_FGT, absolute(v, a), absolute(v, b)))

#define SCALAR_ROWS(R) \
	R(VMUL_f_sc, op(v, IR_FZ_MUL, a, b)) \
	R(VMLA_f_sc, three(v, IR_FZ_MULADD, neon_get(v, in->vd), a, b)) \
	R(VMLS_f_sc, three(v, IR_FZ_MULSUB, neon_get(v, in->vd), a, b))

/* a is vm */
#define TWO_ROWS(R) \
	R(VABS_f,  absolute(v, a)) \
	R(VNEG_f,  negated(v, a)) \
	R(VCGTZ_f, compared(v, IR_FGT, a, all(v, 0))) \
	R(VCGEZ_f, compared(v, IR_FGE, a, all(v, 0))) \
	R(VCEQZ_f, compared(v, IR_FEQ, a, all(v, 0))) \
	R(VCLEZ_f, compared(v, IR_FGE, all(v, 0), a)) \
	R(VCLTZ_f, compared(v, IR_FGT, all(v, 0), a))

/* The same, of signed integers */
#define INT_ROWS(R) \
	R(VCVT_f_int, from_int(v, a)) \
	R(VCVT_int_f, to_int(v, a))
/* clang-format on */

static ir_ref scalar(struct neon *v)
{
	ir_ref m = trans_fp_get(v->t, IR_V64, v->in->vm);

	return neon_perm(v, m,
			 v->in->x ? UINT64_C(0x7654765476547654)
				  : UINT64_C(0x3210321032103210));
}

#define ROW(NAME, regs, get_a, get_b, ours, expr)                     \
	static bool do_##NAME(struct trans *t, const struct insn *in) \
	{                                                             \
		struct neon of, *v = &of;                             \
		ir_ref a, b;                                          \
                                                                      \
		if (!neon_begin_q(v, t, in, regs) || !(ours))         \
			return false;                                 \
		trans_fp_mode(t, in, VFP_MODE_DIRECTED);              \
		a = get_a;                                            \
		b = get_b;                                            \
		(void)b;                                              \
		trans_fp_set(t, v->type, in->vd, expr);               \
		return true;                                          \
	}
#define SAME(NAME, expr)                                         \
	ROW(NAME, in->vd | in->vn | in->vm, neon_get(v, in->vn), \
	    neon_get(v, in->vm), true, expr)
#define SCALAR(NAME, expr) \
	ROW(NAME, in->vd | in->vn, neon_get(v, in->vn), scalar(v), true, expr)
#define TWO(NAME, expr) \
	ROW(NAME, in->vd | in->vm, neon_get(v, in->vm), a, true, expr)
#define INT(NAME, expr) \
	ROW(NAME, in->vd | in->vm, neon_get(v, in->vm), a, !in->u, expr)
SAME_ROWS(SAME)
SCALAR_ROWS(SCALAR)
TWO_ROWS(TWO)
INT_ROWS(INT)
#undef SAME
#undef SCALAR
#undef TWO
#undef INT
#undef ROW

/* vn's pair and vm's pair; doublewords only. */
static bool pairwise(struct trans *t, const struct insn *in, ir_ref *ret_a,
		     ir_ref *ret_b, struct neon *v)
{
	ir_ref both;

	if (in->q || !neon_begin_q(v, t, in, 0))
		return false;
	trans_fp_mode(t, in, VFP_MODE_DIRECTED);
	both = trans_vec(t, IR_VJOIN, IR_V128, 8, neon_get(v, in->vn),
			 neon_get(v, in->vm));
	both = trans_vec_imm(t, IR_VPERM, IR_V128, 1, both,
			     UINT64_C(0xfedc7654ba983210));
	*ret_a = trans_vec(t, IR_VLOW, IR_V64, 8, both, IR_NO_REF);
	*ret_b = trans_vec(t, IR_VHIGH, IR_V64, 8, both, IR_NO_REF);
	return true;
}

static bool do_VPADD_f(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref a, b;

	if (!pairwise(t, in, &a, &b, &v))
		return false;
	trans_fp_set(t, IR_V64, in->vd, op(&v, IR_FZ_ADD, a, b));
	return true;
}

static bool do_VPMAX_f(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref a, b;

	if (!pairwise(t, in, &a, &b, &v))
		return false;
	trans_fp_set(t, IR_V64, in->vd, extreme(&v, true, a, b));
	return true;
}

static bool do_VPMIN_f(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref a, b;

	if (!pairwise(t, in, &a, &b, &v))
		return false;
	trans_fp_set(t, IR_V64, in->vd, extreme(&v, false, a, b));
	return true;
}

const struct trans_row trans_neon_float[] = {
#define ROW(NAME, ...) { exec_##NAME, do_##NAME, false },
	SAME_ROWS(ROW) SCALAR_ROWS(ROW) TWO_ROWS(ROW) INT_ROWS(ROW)
#undef ROW
		{ exec_VPADD_f, do_VPADD_f },
	{ exec_VPMAX_f, do_VPMAX_f },
	{ exec_VPMIN_f, do_VPMIN_f },
	{ NULL, NULL },
};
