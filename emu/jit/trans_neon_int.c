/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD on integers (exec_neon_int.c is the definition): each row is
 * an expression of the few operations that hosts have.
 *
 * Where elements saturate, what differs from the wrapped result is or-ed into
 * vfp.qc, and FPSCR.QC is whether that is 0.
 */
#include "jit/trans_neon_expr.h"

static ir_ref shift_right(struct neon *v, bool uns, ir_ref a, unsigned int by)
{
	unsigned int bits = 8 * v->size;
	ir_ref sign;

	if (uns)
		return shift_right_unsigned(v, a, by);
	if (by >= bits)
		by = bits - 1;
	if (!by)
		return a;
	if (v->size == 2 || v->size == 4)
		return shift_imm(v, IR_VSAR, v->size, a, by);
	/* There is none: extend the sign from where it went. */
	sign = all(v, sign_bit(v) >> by);
	a = shift_right_unsigned(v, a, by);
	return op(v, IR_VSUB, op(v, IR_VXOR, a, sign), sign);
}

/* by: 1 to the width.  The last bit that goes out is added. */
static ir_ref shift_right_rounding(struct neon *v, bool uns, ir_ref a,
				   unsigned int by)
{
	ir_ref last = shift_right_unsigned(v, a, by - 1);

	last = op(v, IR_VAND, last, all(v, 1));
	if (by == 8 * v->size && !uns)
		return zero(v); /* -1 + 1, 0 + 0 */
	return op(v, IR_VADD, shift_right(v, uns, a, by), last);
}

/* Saturation */

static void saturated(struct neon *v, ir_ref is, ir_ref would_be)
{
	ir_ref diff = op(v, IR_VXOR, is, would_be);

	if (v->type == IR_V64)
		diff = trans_vec(v->t, IR_VEXTEND, IR_V128, 8, diff, IR_NO_REF);
	diff = trans_vec(v->t, IR_VOR, IR_V128, 8,
			 TRANS_GET(v->t, IR_V128, vfp.qc), diff);
	TRANS_SET(v->t, IR_V128, vfp.qc, diff);
}

static ir_ref add_sat(struct neon *v, ir_ref a, ir_ref b)
{
	ir_ref r = by_sign(v, IR_VADD_SAT, a, b);

	saturated(v, r, op(v, IR_VADD, a, b));
	return r;
}

static ir_ref sub_sat(struct neon *v, bool is_signed, ir_ref a, ir_ref b)
{
	ir_ref r = neon_op_signed(v, IR_VSUB_SAT, is_signed, v->size, a, b);

	saturated(v, r, op(v, IR_VSUB, a, b));
	return r;
}

/* Comparison */

static ir_ref greater(struct neon *v, bool uns, ir_ref a, ir_ref b)
{
	return uns ? invert(v, greater_equal(v, true, b, a))
		   : op(v, IR_VGT, a, b);
}

/* Arithmetic */

/* Halving: what both have, and half of what only one has. */
static ir_ref halve_sum(struct neon *v, ir_ref a, ir_ref b)
{
	return op(v, IR_VADD, op(v, IR_VAND, a, b),
		  shift_right(v, v->uns, op(v, IR_VXOR, a, b), 1));
}

static ir_ref halve_sum_rounding(struct neon *v, ir_ref a, ir_ref b)
{
	if (v->uns && v->size < 4)
		return op(v, IR_VAVERAGE, a, b);
	return op(v, IR_VSUB, op(v, IR_VOR, a, b),
		  shift_right(v, v->uns, op(v, IR_VXOR, a, b), 1));
}

static ir_ref halve_difference(struct neon *v, ir_ref a, ir_ref b)
{
	return op(v, IR_VSUB, shift_right(v, v->uns, op(v, IR_VXOR, a, b), 1),
		  op(v, IR_VBIC, b, a));
}

static ir_ref difference(struct neon *v, ir_ref a, ir_ref b)
{
	return op(v, IR_VSUB, by_sign(v, IR_VMAX, a, b),
		  by_sign(v, IR_VMIN, a, b));
}

static ir_ref multiply(struct neon *v, ir_ref a, ir_ref b)
{
	ir_ref low, high;

	if (v->size > 1)
		return op(v, IR_VMUL, a, b);
	low = neon_op(v, IR_VAND, 2, neon_op(v, IR_VMUL, 2, a, b),
		      neon_const(v, 2, 0xff));
	high = neon_op(v, IR_VMUL, 2, shift_imm(v, IR_VSHR, 2, a, 8),
		       shift_imm(v, IR_VSHR, 2, b, 8));
	return op(v, IR_VOR, low, shift_imm(v, IR_VSHL, 2, high, 8));
}

/* 2 a b >> 16, saturated: only -2^15 squared does. */
static ir_ref multiply_doubling_high(struct neon *v, ir_ref a, ir_ref b,
				     bool round)
{
	ir_ref r, over;

	if (round)
		r = op(v, IR_VMUL_ROUND, a, b);
	else
		r = op(v, IR_VOR, shift_left(v, op(v, IR_VMUL_HIGH, a, b), 1),
		       shift_right_unsigned(v, op(v, IR_VMUL, a, b), 15));
	over = op(v, IR_VEQ, r, all(v, sign_bit(v)));
	over = op(v, IR_VXOR, r, over);
	saturated(v, over, r);
	return over;
}

static ir_ref absolute(struct neon *v, ir_ref a)
{
	return neon_op(v, IR_VABS, v->size, a, IR_NO_REF);
}

static ir_ref absolute_sat(struct neon *v, ir_ref a)
{
	ir_ref r = absolute(v, a), over;

	over = op(v, IR_VXOR, r, op(v, IR_VEQ, r, all(v, sign_bit(v))));
	saturated(v, over, r);
	return over;
}

static ir_ref select_bits(struct neon *v, ir_ref mask, ir_ref yes, ir_ref no)
{
	return op(v, IR_VOR, op(v, IR_VAND, yes, mask),
		  op(v, IR_VBIC, no, mask));
}

static ir_ref count_bits(struct neon *v, ir_ref a)
{
	struct ir_unit *u = v->t->u;
	ir_ref counts = trans_vec(
		v->t, IR_VJOIN, IR_V128, 8,
		ir_const(u, IR_V64, UINT64_C(0x0302020102010100)),
		ir_const(u, IR_V64, UINT64_C(0x0403030203020201)));
	ir_ref low = all(v, 15);
	ir_ref high = shift_right_unsigned(v, a, 4);

	return op(v, IR_VADD, op(v, IR_VTABLE, counts, op(v, IR_VAND, a, low)),
		  op(v, IR_VTABLE, counts, high));
}

/* Elements of v->size summed by pairs to twice the size. */
static ir_ref add_pairs_long(struct neon *v, ir_ref a)
{
	struct neon w = *v;
	unsigned int bits = 8 * v->size;

	w.size = 2 * v->size;
	return op(&w, IR_VADD, shift_right(&w, v->uns, a, bits),
		  shift_right(&w, v->uns, shift_left(&w, a, bits), bits));
}

/* Three registers of the same length */

#define NOT_64   (v->in->size != SIZE_64)
#define ONLY_16  (v->in->size == 1)
#define UP_TO_16 (v->in->size <= 1)

/* clang-format off */
/* exec function; when this is for us; the result of a (vn), b (vm), and the
 * old vd */
#define SAME_ROWS(R) \
	R(VHADD,  NOT_64, halve_sum(v, a, b)) \
	R(VRHADD, NOT_64, halve_sum_rounding(v, a, b)) \
	R(VHSUB,  NOT_64, halve_difference(v, a, b)) \
	R(VQADD,  UP_TO_16, add_sat(v, a, b)) \
	R(VQSUB,  UP_TO_16, sub_sat(v, !v->uns, a, b)) \
	R(VCGT,   NOT_64, greater(v, v->uns, a, b)) \
	R(VCGE,   NOT_64, greater_equal(v, v->uns, a, b)) \
	R(VMAX,   NOT_64, by_sign(v, IR_VMAX, a, b)) \
	R(VMIN,   NOT_64, by_sign(v, IR_VMIN, a, b)) \
	R(VABD,   NOT_64, difference(v, a, b)) \
	R(VABA,   NOT_64, op(v, IR_VADD, vd(v), difference(v, a, b))) \
	R(VADD,   true,   op(v, IR_VADD, a, b)) \
	R(VSUB,   true,   op(v, IR_VSUB, a, b)) \
	R(VTST,   NOT_64, invert(v, op(v, IR_VEQ, op(v, IR_VAND, a, b), zero(v)))) \
	R(VCEQ,   NOT_64, op(v, IR_VEQ, a, b)) \
	R(VMLA,   NOT_64, op(v, IR_VADD, vd(v), multiply(v, a, b))) \
	R(VMLS,   NOT_64, op(v, IR_VSUB, vd(v), multiply(v, a, b))) \
	R(VMUL,   NOT_64, multiply(v, a, b)) \
	R(VQDMULH,  ONLY_16, multiply_doubling_high(v, a, b, false)) \
	R(VQRDMULH, ONLY_16, multiply_doubling_high(v, a, b, true)) \
	R(VAND,   true, op(v, IR_VAND, a, b)) \
	R(VBIC,   true, op(v, IR_VBIC, a, b)) \
	R(VORR,   true, op(v, IR_VOR, a, b)) \
	R(VORN,   true, op(v, IR_VOR, a, invert(v, b))) \
	R(VEOR,   true, op(v, IR_VXOR, a, b)) \
	R(VBSL,   true, select_bits(v, vd(v), a, b)) \
	R(VBIT,   true, select_bits(v, b, a, vd(v))) \
	R(VBIF,   true, select_bits(v, b, vd(v), a))
/* clang-format on */

#define SAME(NAME, ours, expr)                                           \
	static bool do_##NAME(struct trans *t, const struct insn *in)    \
	{                                                                \
		struct neon of, *v = &of;                                \
		ir_ref a, b;                                             \
                                                                         \
		if (!neon_begin_q(v, t, in, in->vd | in->vn | in->vm) || \
		    !(ours))                                             \
			return false;                                    \
		trans_fp_mode(t, in, 0);                                 \
		a = vn(v);                                               \
		b = vm(v);                                               \
		trans_fp_set(t, v->type, in->vd, expr);                  \
		return true;                                             \
	}
SAME_ROWS(SAME)
#undef SAME

/* With element x of vm for all of them */

static ir_ref scalar(struct neon *v)
{
	const struct insn *in = v->in;
	ir_ref m = trans_fp_get(v->t, IR_V64, in->vm);
	uint64_t at = in->x * v->size;
	uint64_t pattern = v->size == 2 ? UINT64_C(0x1010101010101010)
					: UINT64_C(0x3210321032103210);

	return neon_perm(v, m, pattern + at * UINT64_C(0x1111111111111111));
}

/* clang-format off */
#define SCALAR_ROWS(R) \
	R(VMLA_sc, true, op(v, IR_VADD, vd(v), multiply(v, a, b))) \
	R(VMLS_sc, true, op(v, IR_VSUB, vd(v), multiply(v, a, b))) \
	R(VMUL_sc, true, multiply(v, a, b)) \
	R(VQDMULH_sc,  ONLY_16, multiply_doubling_high(v, a, b, false)) \
	R(VQRDMULH_sc, ONLY_16, multiply_doubling_high(v, a, b, true))
/* clang-format on */

#define SCALAR(NAME, ours, expr)                                         \
	static bool do_##NAME(struct trans *t, const struct insn *in)    \
	{                                                                \
		struct neon of, *v = &of;                                \
		ir_ref a, b;                                             \
                                                                         \
		if (!neon_begin_q(v, t, in, in->vd | in->vn) || !(ours)) \
			return false;                                    \
		trans_fp_mode(t, in, 0);                                 \
		a = vn(v);                                               \
		b = scalar(v);                                           \
		trans_fp_set(t, v->type, in->vd, expr);                  \
		return true;                                             \
	}
SCALAR_ROWS(SCALAR)
#undef SCALAR

/* Pairs of vn, then pairs of vm; doublewords only. */

static bool pairwise(struct trans *t, const struct insn *in,
		     enum ir_opcode opcode)
{
	static const uint64_t evens[] = { UINT64_C(0xfdb97531eca86420),
					  UINT64_C(0xfeba7632dc985410),
					  UINT64_C(0xfedc7654ba983210) };
	struct neon v;
	ir_ref both;

	if (in->q || in->size == SIZE_64)
		return false;
	neon_begin_q(&v, t, in, 0);
	trans_fp_mode(t, in, 0);
	both = trans_vec(t, IR_VJOIN, IR_V128, 8, vn(&v), vm(&v));
	both = trans_vec_imm(t, IR_VPERM, IR_V128, 1, both, evens[in->size]);
	trans_fp_set(
		t, IR_V64, in->vd,
		by_sign(&v, opcode,
			trans_vec(t, IR_VLOW, IR_V64, 8, both, IR_NO_REF),
			trans_vec(t, IR_VHIGH, IR_V64, 8, both, IR_NO_REF)));
	return true;
}

static bool do_VPMAX(struct trans *t, const struct insn *in)
{
	return pairwise(t, in, IR_VMAX);
}

static bool do_VPMIN(struct trans *t, const struct insn *in)
{
	return pairwise(t, in, IR_VMIN);
}

static bool do_VPADD(struct trans *t, const struct insn *in)
{
	return pairwise(t, in, IR_VADD);
}

/* Different lengths: v's size is that of the wide elements. */

static ir_ref widen(struct neon *v, ir_ref a, bool uns)
{
	return ir_add(v->t->u, (struct ir_op){
				       .op = IR_VWIDEN,
				       .type = IR_V128,
				       .size = (uint8_t)(v->size / 2),
				       .flags = uns ? 0 : IR_SIGNED,
				       .a = a,
			       });
}

static ir_ref multiply_long(struct neon *v, ir_ref a, ir_ref b)
{
	if (v->size == 8)
		return by_sign(v, IR_VMUL_WIDE, widen(v, a, true),
			       widen(v, b, true));
	if (v->size == 4 && !v->uns)
		return op(v, IR_VMUL_PAIRS, widen(v, a, true),
			  widen(v, b, true));
	return op(v, IR_VMUL, widen(v, a, v->uns), widen(v, b, v->uns));
}

static ir_ref difference_long(struct neon *v, ir_ref a, ir_ref b)
{
	struct neon narrow = *v;

	narrow.type = IR_V64;
	narrow.size = v->size / 2;
	return widen(v, difference(&narrow, a, b), true);
}

/* The low (or the high) half of each wide element. */
static ir_ref narrow(struct neon *v, ir_ref a, bool high)
{
	static const uint64_t halves[] = { UINT64_C(0xeca86420eca86420),
					   UINT64_C(0xdc985410dc985410),
					   UINT64_C(0xba983210ba983210) };
	unsigned int size = v->size / 2;
	uint64_t pattern = halves[__builtin_ctz(size)];

	if (high)
		pattern += size * UINT64_C(0x1111111111111111);
	a = trans_vec_imm(v->t, IR_VPERM, IR_V128, 1, a, pattern);
	return trans_vec(v->t, IR_VLOW, IR_V64, 8, a, IR_NO_REF);
}

static void long_begin(struct neon *v, struct trans *t, const struct insn *in)
{
	*v = (struct neon){ .t = t,
			    .in = in,
			    .type = IR_V128,
			    .size = 2u << in->size,
			    .uns = in->u };
}

/* clang-format off */
/* a, b: the narrow operands */
#define LONG_ROWS(R) \
	R(VADDL, op(v, IR_VADD, widen(v, a, v->uns), widen(v, b, v->uns))) \
	R(VSUBL, op(v, IR_VSUB, widen(v, a, v->uns), widen(v, b, v->uns))) \
	R(VABDL, difference_long(v, a, b)) \
	R(VABAL, op(v, IR_VADD, vd(v), difference_long(v, a, b))) \
	R(VMULL, multiply_long(v, a, b)) \
	R(VMLAL, op(v, IR_VADD, vd(v), multiply_long(v, a, b))) \
	R(VMLSL, op(v, IR_VSUB, vd(v), multiply_long(v, a, b)))
/* clang-format on */

#define LONG(NAME, expr)                                              \
	static bool do_##NAME(struct trans *t, const struct insn *in) \
	{                                                             \
		struct neon of, *v = &of;                             \
		ir_ref a, b;                                          \
                                                                      \
		if (in->vd & 1)                                       \
			return false;                                 \
		long_begin(v, t, in);                                 \
		trans_fp_mode(t, in, 0);                              \
		a = trans_fp_get(t, IR_V64, in->vn);                  \
		b = trans_fp_get(t, IR_V64, in->vm);                  \
		trans_fp_set(t, IR_V128, in->vd, expr);               \
		return true;                                          \
	}
LONG_ROWS(LONG)
#undef LONG

/* clang-format off */
#define SCALAR_LONG_ROWS(R) \
	R(VMULL_sc, multiply_long(v, a, b)) \
	R(VMLAL_sc, op(v, IR_VADD, vd(v), multiply_long(v, a, b))) \
	R(VMLSL_sc, op(v, IR_VSUB, vd(v), multiply_long(v, a, b)))
/* clang-format on */

#define SCALAR_LONG(NAME, expr)                                       \
	static bool do_##NAME(struct trans *t, const struct insn *in) \
	{                                                             \
		struct neon of, *v = &of, narrow_v;                   \
		ir_ref a, b;                                          \
                                                                      \
		if (in->vd & 1)                                       \
			return false;                                 \
		long_begin(v, t, in);                                 \
		narrow_v = *v;                                        \
		narrow_v.type = IR_V64;                               \
		narrow_v.size = v->size / 2;                          \
		trans_fp_mode(t, in, 0);                              \
		a = trans_fp_get(t, IR_V64, in->vn);                  \
		b = scalar(&narrow_v);                                \
		trans_fp_set(t, IR_V128, in->vd, expr);               \
		return true;                                          \
	}
SCALAR_LONG_ROWS(SCALAR_LONG)
#undef SCALAR_LONG

static bool wide_operand(struct trans *t, const struct insn *in,
			 enum ir_opcode opcode)
{
	struct neon v;

	if ((in->vd | in->vn) & 1)
		return false;
	long_begin(&v, t, in);
	trans_fp_mode(t, in, 0);
	trans_fp_set(t, IR_V128, in->vd,
		     op(&v, opcode, vn(&v),
			widen(&v, trans_fp_get(t, IR_V64, in->vm), v.uns)));
	return true;
}

static bool do_VADDW(struct trans *t, const struct insn *in)
{
	return wide_operand(t, in, IR_VADD);
}

static bool do_VSUBW(struct trans *t, const struct insn *in)
{
	return wide_operand(t, in, IR_VSUB);
}

/* The high halves of sums or differences of wide elements. */
static bool high_half(struct trans *t, const struct insn *in,
		      enum ir_opcode opcode, bool round)
{
	struct neon v;
	ir_ref r;

	if ((in->vn | in->vm) & 1)
		return false;
	long_begin(&v, t, in);
	trans_fp_mode(t, in, 0);
	r = op(&v, opcode, vn(&v), vm(&v));
	if (round)
		r = op(&v, IR_VADD, r,
		       all(&v, UINT64_C(1) << (4 * v.size - 1)));
	trans_fp_set(t, IR_V64, in->vd, narrow(&v, r, true));
	return true;
}

static bool do_VADDHN(struct trans *t, const struct insn *in)
{
	return high_half(t, in, IR_VADD, false);
}

static bool do_VRADDHN(struct trans *t, const struct insn *in)
{
	return high_half(t, in, IR_VADD, true);
}

static bool do_VSUBHN(struct trans *t, const struct insn *in)
{
	return high_half(t, in, IR_VSUB, false);
}

static bool do_VRSUBHN(struct trans *t, const struct insn *in)
{
	return high_half(t, in, IR_VSUB, true);
}

/* Shifts by an immediate */

static ir_ref insert_bits(struct neon *v, uint64_t mask, ir_ref a)
{
	ir_ref keep = all(v, mask);

	return op(v, IR_VOR, op(v, IR_VBIC, vd(v), keep), a);
}

/* clang-format off */
#define SHIFT_ROWS(R) \
	R(VSHR,  shift_right(v, v->uns, a, by)) \
	R(VRSHR, shift_right_rounding(v, v->uns, a, by)) \
	R(VSRA,  op(v, IR_VADD, vd(v), shift_right(v, v->uns, a, by))) \
	R(VRSRA, op(v, IR_VADD, vd(v), shift_right_rounding(v, v->uns, a, by))) \
	R(VSRI,  insert_bits(v, low_bits(8 * v->size - by), \
			     shift_right_unsigned(v, a, by))) \
	R(VSHL_imm, shift_left(v, a, by)) \
	R(VSLI,  insert_bits(v, ~low_bits(by), shift_left(v, a, by)))
/* clang-format on */

#define SHIFT(NAME, expr)                                             \
	static bool do_##NAME(struct trans *t, const struct insn *in) \
	{                                                             \
		struct neon of, *v = &of;                             \
		unsigned int by = in->shift_imm;                      \
		ir_ref a;                                             \
                                                                      \
		if (!neon_begin_q(v, t, in, in->vd | in->vm))         \
			return false;                                 \
		trans_fp_mode(t, in, 0);                              \
		a = vm(v);                                            \
		trans_fp_set(t, v->type, in->vd, expr);               \
		return true;                                          \
	}
SHIFT_ROWS(SHIFT)
#undef SHIFT

static bool shift_left_long(struct trans *t, const struct insn *in, bool uns,
			    unsigned int by)
{
	struct neon v;

	if (in->vd & 1 || in->size == SIZE_64)
		return false;
	long_begin(&v, t, in);
	trans_fp_mode(t, in, 0);
	trans_fp_set(t, IR_V128, in->vd,
		     shift_left(&v,
				widen(&v, trans_fp_get(t, IR_V64, in->vm), uns),
				by));
	return true;
}

static bool do_VSHLL(struct trans *t, const struct insn *in)
{
	return shift_left_long(t, in, in->u, in->shift_imm);
}

/* By the width of an element: then the sign does not matter. */
static bool do_VSHLL_max(struct trans *t, const struct insn *in)
{
	return shift_left_long(t, in, true, 8u << in->size);
}

/* Narrowing, with saturation or without; by may be 0 */

static ir_ref narrow_sat(struct neon *v, ir_ref a, bool to_unsigned)
{
	ir_ref r = ir_add(v->t->u, (struct ir_op){
					   .op = IR_VNARROW_SAT,
					   .type = IR_V64,
					   .size = (uint8_t)(v->size / 2),
					   .flags = to_unsigned ? 0 : IR_SIGNED,
					   .a = a,
				   });

	saturated(v, widen(v, r, to_unsigned), a);
	return r;
}

/* Unsigned elements above the greatest narrow one. */
static ir_ref narrow_sat_unsigned(struct neon *v, ir_ref a)
{
	ir_ref most = all(v, low_bits(4 * v->size));
	ir_ref r = neon_op_signed(v, IR_VMIN, false, v->size, a, most);

	saturated(v, r, a);
	return narrow(v, r, false);
}

static bool shift_narrow(struct trans *t, const struct insn *in, bool round,
			 bool from_signed, int saturate)
{
	unsigned int by = in->shift_imm;
	struct neon v;
	ir_ref a;

	if (in->vm & 1 || in->size == SIZE_64 || (saturate && in->size == 2))
		return false;
	long_begin(&v, t, in);
	trans_fp_mode(t, in, 0);
	a = vm(&v);
	if (round)
		a = shift_right_rounding(&v, !from_signed, a, by);
	else
		a = shift_right(&v, !from_signed, a, by);
	if (!saturate)
		a = narrow(&v, a, false);
	else if (from_signed)
		a = narrow_sat(&v, a, saturate < 0);
	else
		a = narrow_sat_unsigned(&v, a);
	trans_fp_set(t, IR_V64, in->vd, a);
	return true;
}

/* clang-format off */
/* round; signed elements; saturate: 1 to the same signedness, -1 to
 * unsigned */
#define NARROW_ROWS(R) \
	R(VSHRN,    false, false, 0) \
	R(VRSHRN,   true,  false, 0) \
	R(VQSHRN,   false, !in->u, 1) \
	R(VQRSHRN,  true,  !in->u, 1) \
	R(VQSHRUN,  false, true, -1) \
	R(VQRSHRUN, true,  true, -1) \
	R(VMOVN,    false, false, 0) \
	R(VQMOVN,   false, !in->u, 1) \
	R(VQMOVUN,  false, true, -1)
/* clang-format on */

#define NARROW(NAME, ...)                                             \
	static bool do_##NAME(struct trans *t, const struct insn *in) \
	{                                                             \
		return shift_narrow(t, in, __VA_ARGS__);              \
	}
NARROW_ROWS(NARROW)
#undef NARROW

/* One register and an immediate (A7.4.6) */

static uint64_t modified_immediate(const struct insn *in, bool op_bit)
{
	uint64_t imm = (uint64_t)in->imm << 32 | in->imm;

	if (in->x == 14 && op_bit) {
		imm = 0;
		for (unsigned int i = 0; i < 8; i++)
			if (in->imm >> i & 1)
				imm |= UINT64_C(0xff) << 8 * i;
		return imm;
	}
	return op_bit ? ~imm : imm;
}

static bool do_VMODIMM(struct trans *t, const struct insn *in)
{
	bool op_bit = in->word >> 5 & 1;
	bool with_old = (in->x & 1) && in->x < 12;
	struct neon v;
	ir_ref r;

	if (!neon_begin_q(&v, t, in, in->vd) || (op_bit && in->x == 15))
		return false;
	trans_fp_mode(t, in, 0);
	r = ir_const(t->u, v.type, modified_immediate(in, op_bit));
	if (with_old)
		r = op(&v, op_bit ? IR_VAND : IR_VOR, vd(&v), r);
	trans_fp_set(t, v.type, in->vd, r);
	return true;
}

/* Two registers */

/* Elements within groups of 8 << group bits, the other way round. */
static ir_ref reverse(struct neon *v, ir_ref a, unsigned int group)
{
	unsigned int flip = (1u << group) - v->size;
	uint64_t pattern = 0;

	for (unsigned int i = 0; i < 16; i++)
		pattern |= (uint64_t)(i ^ flip) << 4 * i;
	return neon_perm(v, a, pattern);
}

/* clang-format off */
#define TWO_ROWS(R) \
	R(VMVN,   true, invert(v, a)) \
	R(VABS,   NOT_64, absolute(v, a)) \
	R(VNEG,   NOT_64, op(v, IR_VSUB, zero(v), a)) \
	R(VQABS,  NOT_64, absolute_sat(v, a)) \
	R(VQNEG,  UP_TO_16, sub_sat(v, true, zero(v), a)) \
	R(VCGTZ,  NOT_64, op(v, IR_VGT, a, zero(v))) \
	R(VCGEZ,  NOT_64, greater_equal(v, false, a, zero(v))) \
	R(VCEQZ,  NOT_64, op(v, IR_VEQ, a, zero(v))) \
	R(VCLEZ,  NOT_64, greater_equal(v, false, zero(v), a)) \
	R(VCLTZ,  NOT_64, op(v, IR_VGT, zero(v), a)) \
	R(VCNT,   true, count_bits(v, a)) \
	R(VREV64, in->size < 3, reverse(v, a, 3)) \
	R(VREV32, in->size < 2, reverse(v, a, 2)) \
	R(VREV16, in->size < 1, reverse(v, a, 1)) \
	R(VPADDL, NOT_64, add_pairs_long(v, a)) \
	R(VPADAL, NOT_64, neon_op(v, IR_VADD, 2 * v->size, vd(v), \
				  add_pairs_long(v, a)))
/* clang-format on */

#define TWO(NAME, ours, expr)                                            \
	static bool do_##NAME(struct trans *t, const struct insn *in)    \
	{                                                                \
		struct neon of, *v = &of;                                \
		ir_ref a;                                                \
                                                                         \
		if (!neon_begin_q(v, t, in, in->vd | in->vm) || !(ours)) \
			return false;                                    \
		trans_fp_mode(t, in, 0);                                 \
		a = vm(v);                                               \
		trans_fp_set(t, v->type, in->vd, expr);                  \
		return true;                                             \
	}
TWO_ROWS(TWO)
#undef TWO

const struct trans_row trans_neon_int[] = {
#define ROW(NAME, ...) { exec_##NAME, do_##NAME, false },
	SAME_ROWS(ROW) SCALAR_ROWS(ROW) LONG_ROWS(ROW) SCALAR_LONG_ROWS(ROW)
		SHIFT_ROWS(ROW) NARROW_ROWS(ROW) TWO_ROWS(ROW)
#undef ROW
			{ exec_VPMAX, do_VPMAX },
	{ exec_VPMIN, do_VPMIN },
	{ exec_VPADD, do_VPADD },
	{ exec_VADDW, do_VADDW },
	{ exec_VSUBW, do_VSUBW },
	{ exec_VADDHN, do_VADDHN },
	{ exec_VRADDHN, do_VRADDHN },
	{ exec_VSUBHN, do_VSUBHN },
	{ exec_VRSUBHN, do_VRSUBHN },
	{ exec_VSHLL, do_VSHLL },
	{ exec_VSHLL_max, do_VSHLL_max },
	{ exec_VMODIMM, do_VMODIMM },
	{ NULL, NULL },
};
