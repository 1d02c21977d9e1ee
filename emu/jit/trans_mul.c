/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiplication, division and saturation (arm/exec_mul.c).  A sum that
 * overflows falls back, for its function sets Q; saturation, which is not
 * rare where it is asked for, is done here.
 */
#include "jit/trans.h"

static void set_word(struct trans *t, const struct insn *in, ir_ref val)
{
	trans_set_reg(t, in->rd, val);
	if (in->s)
		trans_set_flags(t, ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS, val),
				IR_FLAG_NZ);
}

static void set_long(struct trans *t, const struct insn *in, ir_ref val)
{
	trans_set_reg(t, in->ra, ir_op1(t->u, IR_TRUNC, IR_I32, val));
	trans_set_reg(t, in->rd, ir_op1(t->u, IR_HIGH, IR_I32, val));
	if (in->s)
		trans_set_flags(t, ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS, val),
				IR_FLAG_NZ);
}

static ir_ref wide(struct trans *t, ir_ref v, enum ir_opcode how)
{
	return ir_add(t->u, (struct ir_op){ .op = (uint8_t)how,
					    .type = IR_I64,
					    .a = v,
					    .imm = 32 });
}

static ir_ref product_word(struct trans *t, const struct insn *in)
{
	return trans_op2(t, IR_MUL, trans_reg(t, in, in->rm),
			 trans_reg(t, in, in->rs));
}

static ir_ref product(struct trans *t, const struct insn *in,
		      enum ir_opcode how)
{
	ir_ref a = wide(t, trans_reg(t, in, in->rm), how);
	ir_ref b = wide(t, trans_reg(t, in, in->rs), how);

	return ir_op2(t->u, IR_MUL, IR_I64, a, b);
}

static ir_ref add_long(struct trans *t, const struct insn *in, ir_ref v)
{
	ir_ref addend = ir_op2(t->u, IR_CONCAT, IR_I64,
			       trans_reg(t, in, in->ra),
			       trans_reg(t, in, in->rd));

	return ir_op2(t->u, IR_ADD, IR_I64, v, addend);
}

static bool MUL(struct trans *t, const struct insn *in)
{
	set_word(t, in, product_word(t, in));
	return true;
}

static bool MLA(struct trans *t, const struct insn *in)
{
	ir_ref v = product_word(t, in);

	set_word(t, in, trans_op2(t, IR_ADD, v, trans_reg(t, in, in->ra)));
	return true;
}

static bool MLS(struct trans *t, const struct insn *in)
{
	ir_ref v = product_word(t, in);

	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_SUB, trans_reg(t, in, in->ra), v));
	return true;
}

static bool UMULL(struct trans *t, const struct insn *in)
{
	set_long(t, in, product(t, in, IR_ZEXT));
	return true;
}

static bool SMULL(struct trans *t, const struct insn *in)
{
	set_long(t, in, product(t, in, IR_SEXT));
	return true;
}

static bool UMLAL(struct trans *t, const struct insn *in)
{
	set_long(t, in, add_long(t, in, product(t, in, IR_ZEXT)));
	return true;
}

static bool SMLAL(struct trans *t, const struct insn *in)
{
	set_long(t, in, add_long(t, in, product(t, in, IR_SEXT)));
	return true;
}

static bool UMAAL(struct trans *t, const struct insn *in)
{
	ir_ref v = product(t, in, IR_ZEXT);

	v = ir_op2(t->u, IR_ADD, IR_I64, v,
		   wide(t, trans_reg(t, in, in->rd), IR_ZEXT));
	v = ir_op2(t->u, IR_ADD, IR_I64, v,
		   wide(t, trans_reg(t, in, in->ra), IR_ZEXT));
	set_long(t, in, v);
	return true;
}

/* The upper half of a product, with x rounded (SMMUL and its like). */
static bool upper(struct trans *t, const struct insn *in, enum ir_opcode sum)
{
	ir_ref v = product(t, in, IR_SEXT), a;

	if (sum != IR_CONST) {
		a = ir_op2(t->u, IR_CONCAT, IR_I64, trans_const(t, 0),
			   trans_reg(t, in, in->ra));
		v = ir_op2(t->u, sum, IR_I64, a, v);
	}
	if (in->x)
		v = ir_op2(t->u, IR_ADD, IR_I64, v,
			   ir_const(t->u, IR_I64, 0x80000000));
	trans_set_reg(t, in->rd, ir_op1(t->u, IR_HIGH, IR_I32, v));
	return true;
}

static bool SMMUL(struct trans *t, const struct insn *in)
{
	return upper(t, in, IR_CONST);
}

static bool SMMLA(struct trans *t, const struct insn *in)
{
	return upper(t, in, IR_ADD);
}

static bool SMMLS(struct trans *t, const struct insn *in)
{
	return upper(t, in, in->ra == 15 ? IR_CONST : IR_SUB);
}

/* Halves */

static ir_ref half(struct trans *t, const struct insn *in, unsigned int reg,
		   bool top)
{
	ir_ref v = trans_reg(t, in, reg);

	if (top)
		return trans_op2(t, IR_SAR, v, trans_const(t, 16));
	return ir_add(t->u, (struct ir_op){ .op = IR_SEXT,
					    .type = IR_I32,
					    .a = v,
					    .imm = 16 });
}

static ir_ref product_xy(struct trans *t, const struct insn *in)
{
	ir_ref a = half(t, in, in->rm, in->x & 1);
	ir_ref b = half(t, in, in->rs, in->x & 2);

	return trans_op2(t, IR_MUL, a, b);
}

static bool SMULxy(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd, product_xy(t, in));
	return true;
}

static bool SMLALxy(struct trans *t, const struct insn *in)
{
	set_long(t, in, add_long(t, in, wide(t, product_xy(t, in), IR_SEXT)));
	return true;
}

static ir_ref product_w(struct trans *t, const struct insn *in)
{
	ir_ref a = wide(t, trans_reg(t, in, in->rm), IR_SEXT);
	ir_ref b = wide(t, half(t, in, in->rs, in->x), IR_SEXT);
	ir_ref v = ir_op2(t->u, IR_MUL, IR_I64, a, b);

	v = ir_op2(t->u, IR_SAR, IR_I64, v, trans_const(t, 16));
	return ir_op1(t->u, IR_TRUNC, IR_I32, v);
}

static bool SMULWy(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd, product_w(t, in));
	return true;
}

/* rd = v + the addend; Q is set if that overflows. */
static void set_sum_q(struct trans *t, const struct insn *in, ir_ref v)
{
	ir_ref a = trans_reg(t, in, in->ra), sum = trans_op2(t, IR_ADD, v, a);
	ir_ref flags = ir_op2(t->u, IR_FLAGS_ADD, IR_FLAGS, v, a);

	trans_fall_back_if(t, trans_cond(t, IR_VS, flags));
	trans_set_reg(t, in->rd, sum);
}

static bool SMLAxy(struct trans *t, const struct insn *in)
{
	set_sum_q(t, in, product_xy(t, in));
	return true;
}

static bool SMLAWy(struct trans *t, const struct insn *in)
{
	set_sum_q(t, in, product_w(t, in));
	return true;
}

/* Saturation */

static void set_q_if(struct trans *t, enum ir_cc cc, ir_ref flags)
{
	TRANS_SET(t, IR_I32, qf,
		  trans_op2(t, IR_OR, trans_cond(t, cc, flags),
			    TRANS_GET(t, IR_I32, qf)));
}

/* a + b or a - b, or what is nearest. */
static ir_ref saturated(struct trans *t, enum ir_opcode op, ir_ref a, ir_ref b)
{
	enum ir_opcode of = op == IR_ADD ? IR_FLAGS_ADD : IR_FLAGS_SUB;
	ir_ref v = trans_op2(t, op, a, b);
	ir_ref flags = ir_op2(t->u, of, IR_FLAGS, a, b);
	/* on overflow the result's sign is wrong */
	ir_ref most = trans_op2(t, IR_XOR,
				trans_op2(t, IR_SAR, v, trans_const(t, 31)),
				trans_const(t, 0x80000000));

	set_q_if(t, IR_VS, flags);
	return trans_select(t, IR_VS, flags, most, v);
}

static bool add_saturated(struct trans *t, const struct insn *in,
			  enum ir_opcode op, bool twice)
{
	ir_ref a = trans_reg(t, in, in->rm), b = trans_reg(t, in, in->rn);

	if (twice)
		b = saturated(t, IR_ADD, b, b);
	trans_set_reg(t, in->rd, saturated(t, op, a, b));
	return true;
}

static bool QADD(struct trans *t, const struct insn *in)
{
	return add_saturated(t, in, IR_ADD, false);
}

static bool QSUB(struct trans *t, const struct insn *in)
{
	return add_saturated(t, in, IR_SUB, false);
}

static bool QDADD(struct trans *t, const struct insn *in)
{
	return add_saturated(t, in, IR_ADD, true);
}

static bool QDSUB(struct trans *t, const struct insn *in)
{
	return add_saturated(t, in, IR_SUB, true);
}

/* rn shifted left, or right with its sign; right by 0 is by 32. */
static ir_ref sat_operand(struct trans *t, const struct insn *in)
{
	unsigned int n = in->shift_imm;

	if (in->shift_type && !n)
		n = 31;
	return trans_op2(t, in->shift_type ? IR_SAR : IR_SHL,
			 trans_reg(t, in, in->rn), trans_const(t, n));
}

static bool clamp(struct trans *t, const struct insn *in, int32_t min,
		  int32_t max)
{
	ir_ref v = sat_operand(t, in), least = trans_const(t, (uint32_t)min);
	ir_ref most = trans_const(t, (uint32_t)max), sat;

	sat = trans_select(t, IR_GT,
			   ir_op2(t->u, IR_FLAGS_SUB, IR_FLAGS, v, most), most,
			   v);
	sat = trans_select(t, IR_LT,
			   ir_op2(t->u, IR_FLAGS_SUB, IR_FLAGS, v, least),
			   least, sat);
	set_q_if(t, IR_NE, ir_op2(t->u, IR_FLAGS_SUB, IR_FLAGS, v, sat));
	trans_set_reg(t, in->rd, sat);
	return true;
}

static bool SSAT(struct trans *t, const struct insn *in)
{
	int32_t most = (int32_t)((1u << in->imm) - 1);

	return clamp(t, in, ~most, most);
}

static bool USAT(struct trans *t, const struct insn *in)
{
	return clamp(t, in, 0, (int32_t)((1u << in->imm) - 1));
}

static bool UDIV(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_UDIV, trans_reg(t, in, in->rm),
				trans_reg(t, in, in->rs)));
	return true;
}

static bool SDIV(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_SDIV, trans_reg(t, in, in->rm),
				trans_reg(t, in, in->rs)));
	return true;
}

/* clang-format off */
#define ONE(op) { exec_##op, op }

const struct trans_row trans_mul[] = {
	{ exec_MUL, MUL, true }, { exec_MLA, MLA, true },
	{ exec_MLS, MLS, true },
	ONE(UMULL), ONE(SMULL), ONE(UMLAL), ONE(SMLAL), ONE(UMAAL),
	ONE(SMMUL), ONE(SMMLA), ONE(SMMLS), ONE(SMULxy), ONE(SMLALxy),
	ONE(SMULWy), ONE(SMLAxy), ONE(SMLAWy), ONE(QADD), ONE(QSUB),
	ONE(QDADD), ONE(QDSUB), ONE(SSAT), ONE(USAT), ONE(UDIV), ONE(SDIV),
	{ NULL }
};
/* clang-format on */
