/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data processing, bit fields, extension, reversal (arm/exec_data.c).
 */
#include "jit/trans.h"

enum alu {
	AND,
	EOR,
	SUB,
	RSB,
	ADD,
	ADC,
	SBC,
	RSC,
	ORR,
	MOV,
	BIC,
	MVN,
	ORN,
};

/* Operand 2; carry is what shifting it gave, IR_NO_REF where C stays. */
struct op2 {
	ir_ref value, carry;
};

static ir_ref bit(struct trans *t, ir_ref v, unsigned int n)
{
	v = trans_op2(t, IR_SHR, v, trans_const(t, n));
	return n == 31 ? v : trans_op2(t, IR_AND, v, trans_const(t, 1));
}

static ir_ref shift_by(struct trans *t, enum ir_opcode op, ir_ref v,
		       unsigned int n)
{
	return n ? trans_op2(t, op, v, trans_const(t, n)) : v;
}

static struct op2 op2_imm(struct trans *t, const struct insn *in)
{
	return (struct op2){ trans_const(t, in->imm),
			     in->flags & INSN_CARRY
				     ? trans_const(t, in->imm >> 31)
				     : IR_NO_REF };
}

ir_ref trans_shifted(struct trans *t, const struct insn *in)
{
	ir_ref v = trans_reg(t, in, in->rm);
	unsigned int n = in->shift_imm;

	switch (in->shift_type) {
	case SHIFT_LSL:
		return shift_by(t, IR_SHL, v, n);
	case SHIFT_LSR:
		return n < 32 ? shift_by(t, IR_SHR, v, n) : trans_const(t, 0);
	case SHIFT_ASR:
		return shift_by(t, IR_SAR, v, n < 32 ? n : 31);
	case SHIFT_ROR:
		return shift_by(t, IR_ROR, v, n);
	default:
		return trans_op2(t, IR_OR, shift_by(t, IR_SHR, v, 1),
				 shift_by(t, IR_SHL, trans_carry(t), 31));
	}
}

static struct op2 op2_reg(struct trans *t, const struct insn *in)
{
	struct op2 b = { trans_shifted(t, in), IR_NO_REF };
	unsigned int n = in->shift_imm;
	ir_ref v;

	if (!in->s || (in->shift_type == SHIFT_LSL && !n))
		return b;
	v = trans_reg(t, in, in->rm);
	if (in->shift_type == SHIFT_LSL)
		b.carry = bit(t, v, 32 - n);
	else
		b.carry = bit(t, v, n - 1); /* RRX: n is 1 */
	return b;
}

/* By 0 to 255: the word is shifted through 64 bits, of which the carry is the
 * one next to it. */
static struct op2 op2_rsr(struct trans *t, const struct insn *in)
{
	struct ir_unit *u = t->u;
	ir_ref v = trans_reg(t, in, in->rm), n, x, few;
	ir_ref zero = trans_const(t, 0);
	struct op2 b;

	n = trans_op2(t, IR_AND, trans_reg(t, in, in->rs),
		      trans_const(t, 0xff));
	if (in->shift_type == SHIFT_ROR) {
		b.value = trans_op2(t, IR_ROR, v, n);
		b.carry = in->s ? bit(t, b.value, 31) : IR_NO_REF;
	} else {
		few = ir_op2(u, IR_FLAGS_SUB, IR_FLAGS, n, trans_const(t, 64));
		n = trans_select(t, IR_CC, few, n, trans_const(t, 63));
		if (in->shift_type == SHIFT_LSL) {
			x = ir_op2(u, IR_SHL, IR_I64,
				   ir_op2(u, IR_CONCAT, IR_I64, v, zero), n);
			b.value = ir_op1(u, IR_TRUNC, IR_I32, x);
			b.carry = trans_op2(t, IR_AND,
					    ir_op1(u, IR_HIGH, IR_I32, x),
					    trans_const(t, 1));
		} else {
			x = ir_op2(u,
				   in->shift_type == SHIFT_LSR ? IR_SHR
							       : IR_SAR,
				   IR_I64,
				   ir_op2(u, IR_CONCAT, IR_I64, zero, v), n);
			b.value = ir_op1(u, IR_HIGH, IR_I32, x);
			b.carry = bit(t, ir_op1(u, IR_TRUNC, IR_I32, x), 31);
		}
	}
	if (in->s) {
		n = trans_op2(t, IR_AND, trans_reg(t, in, in->rs),
			      trans_const(t, 0xff));
		b.carry = trans_select(t, IR_NE,
				       ir_op1(u, IR_FLAGS_NZ, IR_FLAGS, n),
				       b.carry, trans_carry(t));
	}
	return b;
}

static void set_logic(struct trans *t, ir_ref flags, ir_ref carry)
{
	if (carry != IR_NO_REF)
		ir_op1(t->u, IR_SETC, IR_NONE, carry);
	trans_set_flags(t, flags, IR_FLAG_NZ);
}

static ir_ref complement(struct trans *t, ir_ref v)
{
	return ir_op1(t->u, IR_NOT, IR_I32, v);
}

static ir_ref alu(struct trans *t, enum alu op, ir_ref a, ir_ref b, ir_ref c)
{
	struct ir_unit *u = t->u;

	switch (op) {
	case AND:
		return trans_op2(t, IR_AND, a, b);
	case EOR:
		return trans_op2(t, IR_XOR, a, b);
	case SUB:
		return trans_op2(t, IR_SUB, a, b);
	case RSB:
		return trans_op2(t, IR_SUB, b, a);
	case ADD:
		return trans_op2(t, IR_ADD, a, b);
	case ADC:
		return ir_op3(u, IR_ADC, IR_I32, a, b, c);
	case SBC:
		return ir_op3(u, IR_SBC, IR_I32, a, b, c);
	case RSC:
		return ir_op3(u, IR_SBC, IR_I32, b, a, c);
	case ORR:
		return trans_op2(t, IR_OR, a, b);
	case MOV:
		return b;
	case BIC:
		return trans_op2(t, IR_AND, a, complement(t, b));
	case MVN:
		return complement(t, b);
	case ORN:
		return trans_op2(t, IR_OR, a, complement(t, b));
	}
	return b;
}

/* The flags of an arithmetic operation; IR_NO_REF for the others. */
static ir_ref alu_flags(struct trans *t, enum alu op, ir_ref a, ir_ref b,
			ir_ref c)
{
	struct ir_unit *u = t->u;

	switch (op) {
	case SUB:
		return ir_op2(u, IR_FLAGS_SUB, IR_FLAGS, a, b);
	case RSB:
		return ir_op2(u, IR_FLAGS_SUB, IR_FLAGS, b, a);
	case ADD:
		return ir_op2(u, IR_FLAGS_ADD, IR_FLAGS, a, b);
	case ADC:
		return ir_op3(u, IR_FLAGS_ADC, IR_FLAGS, a, b, c);
	case SBC:
		return ir_op3(u, IR_FLAGS_SBC, IR_FLAGS, a, b, c);
	case RSC:
		return ir_op3(u, IR_FLAGS_SBC, IR_FLAGS, b, a, c);
	default:
		return IR_NO_REF;
	}
}

static bool alu_to_pc(struct trans *t, const struct insn *in, ir_ref val)
{
	if (in->flags & INSN_THUMB)
		val = trans_op2(t, IR_OR, val, trans_const(t, 1));
	trans_leave(t, val);
	return true;
}

static bool data(struct trans *t, const struct insn *in, enum alu op,
		 struct op2 (*operand)(struct trans *, const struct insn *))
{
	struct op2 b;
	ir_ref a, c, val, flags = IR_NO_REF;

	if (in->rd == 15 && in->s)
		return false;
	b = operand(t, in);
	a = op == MOV || op == MVN ? b.value : trans_reg(t, in, in->rn);
	c = op == ADC || op == SBC || op == RSC ? trans_carry(t) : IR_NO_REF;
	val = alu(t, op, a, b.value, c);
	if (in->s)
		flags = alu_flags(t, op, a, b.value, c);
	if (in->rd == 15)
		return alu_to_pc(t, in, val);
	if (in->s) {
		trans_set_reg(t, in->rd, val);
		if (flags != IR_NO_REF)
			trans_set_flags(t, flags, IR_FLAG_NZCV);
		else
			set_logic(t, ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS, val),
				  b.carry);
		return true;
	}
	trans_set_reg(t, in->rd, val);
	return true;
}

#define DATA(op)                                                     \
	static bool op##_imm(struct trans *t, const struct insn *in) \
	{                                                            \
		return data(t, in, op, op2_imm);                     \
	}                                                            \
	static bool op##_reg(struct trans *t, const struct insn *in) \
	{                                                            \
		return data(t, in, op, op2_reg);                     \
	}

#define DATA_RSR(op)                                                 \
	static bool op##_rsr(struct trans *t, const struct insn *in) \
	{                                                            \
		return data(t, in, op, op2_rsr);                     \
	}

#include "arm/data.inc"

/* Comparisons: the decoder gives them no S. */
static bool compare(struct trans *t, const struct insn *in, enum alu op,
		    struct op2 (*operand)(struct trans *, const struct insn *))
{
	struct insn with_s = *in;
	struct op2 b;
	ir_ref a;

	with_s.s = 1;
	b = operand(t, &with_s);
	a = trans_reg(t, in, in->rn);
	if (op == AND)
		set_logic(t, ir_op2(t->u, IR_FLAGS_AND, IR_FLAGS, a, b.value),
			  b.carry);
	else if (op == EOR)
		set_logic(t,
			  ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS,
				 trans_op2(t, IR_XOR, a, b.value)),
			  b.carry);
	else
		trans_set_flags(t, alu_flags(t, op, a, b.value, IR_NO_REF),
				IR_FLAG_NZCV);
	return true;
}

#define COMPARE(name, op)                                              \
	static bool name##_imm(struct trans *t, const struct insn *in) \
	{                                                              \
		return compare(t, in, op, op2_imm);                    \
	}                                                              \
	static bool name##_reg(struct trans *t, const struct insn *in) \
	{                                                              \
		return compare(t, in, op, op2_reg);                    \
	}                                                              \
	static bool name##_rsr(struct trans *t, const struct insn *in) \
	{                                                              \
		return compare(t, in, op, op2_rsr);                    \
	}

COMPARE(TST, AND)
COMPARE(TEQ, EOR)
COMPARE(CMP, SUB)
COMPARE(CMN, ADD)

static bool MOVW(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd, trans_const(t, in->imm));
	return true;
}

static bool MOVT(struct trans *t, const struct insn *in)
{
	ir_ref low = trans_op2(t, IR_AND, trans_reg(t, in, in->rd),
			       trans_const(t, 0xffff));

	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_OR, low, trans_const(t, in->imm << 16)));
	return true;
}

static bool ADR(struct trans *t, const struct insn *in)
{
	if (in->rd == 15)
		return false;
	trans_set_reg(t, in->rd, trans_add(t, trans_literal(t, in), in->imm));
	return true;
}

static bool CLZ(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd,
		      ir_op1(t->u, IR_CLZ, IR_I32, trans_reg(t, in, in->rm)));
	return true;
}

/* Bit fields */

static bool UBFX(struct trans *t, const struct insn *in)
{
	ir_ref v = shift_by(t, IR_SHR, trans_reg(t, in, in->rn), in->shift_imm);

	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_AND, v,
				trans_const(t, 0xffffffff >> (31 - in->imm))));
	return true;
}

static bool SBFX(struct trans *t, const struct insn *in)
{
	unsigned int width = in->imm + 1;
	ir_ref v = shift_by(t, IR_SHL, trans_reg(t, in, in->rn),
			    32 - width - in->shift_imm);

	trans_set_reg(t, in->rd, shift_by(t, IR_SAR, v, 32 - width));
	return true;
}

static void insert(struct trans *t, const struct insn *in, ir_ref bits)
{
	uint32_t mask = 0xffffffff >> (31 - (in->imm - in->shift_imm))
					      << in->shift_imm;
	ir_ref rest = trans_op2(t, IR_AND, trans_reg(t, in, in->rd),
				trans_const(t, ~mask));

	bits = trans_op2(t, IR_AND, shift_by(t, IR_SHL, bits, in->shift_imm),
			 trans_const(t, mask));
	trans_set_reg(t, in->rd, trans_op2(t, IR_OR, rest, bits));
}

static bool BFI(struct trans *t, const struct insn *in)
{
	insert(t, in, trans_reg(t, in, in->rn));
	return true;
}

static bool BFC(struct trans *t, const struct insn *in)
{
	insert(t, in, trans_const(t, 0));
	return true;
}

/* Extension: of rm rotated right by 8x */

static ir_ref extended(struct trans *t, const struct insn *in,
		       enum ir_opcode op, unsigned int bits)
{
	ir_ref v = shift_by(t, IR_ROR, trans_reg(t, in, in->rm), in->x * 8u);

	return ir_add(t->u, (struct ir_op){ .op = (uint8_t)op,
					    .type = IR_I32,
					    .a = v,
					    .imm = bits });
}

#define EXTEND(name, with_add, op, bits)                                     \
	static bool name(struct trans *t, const struct insn *in)             \
	{                                                                    \
		trans_set_reg(t, in->rd, extended(t, in, op, bits));         \
		return true;                                                 \
	}                                                                    \
	static bool with_add(struct trans *t, const struct insn *in)         \
	{                                                                    \
		trans_set_reg(t, in->rd,                                     \
			      trans_op2(t, IR_ADD, trans_reg(t, in, in->rn), \
					extended(t, in, op, bits)));         \
		return true;                                                 \
	}

EXTEND(SXTB, SXTAB, IR_SEXT, 8)
EXTEND(SXTH, SXTAH, IR_SEXT, 16)
EXTEND(UXTB, UXTAB, IR_ZEXT, 8)
EXTEND(UXTH, UXTAH, IR_ZEXT, 16)

static bool UXTB16(struct trans *t, const struct insn *in)
{
	ir_ref v = shift_by(t, IR_ROR, trans_reg(t, in, in->rm), in->x * 8u);

	trans_set_reg(t, in->rd,
		      trans_op2(t, IR_AND, v, trans_const(t, 0x00ff00ff)));
	return true;
}

/* Reversal, packing */

static bool REV(struct trans *t, const struct insn *in)
{
	trans_set_reg(t, in->rd,
		      ir_op1(t->u, IR_BSWAP, IR_I32, trans_reg(t, in, in->rm)));
	return true;
}

static bool REV16(struct trans *t, const struct insn *in)
{
	trans_set_reg(
		t, in->rd,
		ir_op1(t->u, IR_BSWAP16, IR_I32, trans_reg(t, in, in->rm)));
	return true;
}

static bool REVSH(struct trans *t, const struct insn *in)
{
	ir_ref v = ir_op1(t->u, IR_BSWAP16, IR_I32, trans_reg(t, in, in->rm));

	trans_set_reg(t, in->rd,
		      ir_add(t->u, (struct ir_op){ .op = IR_SEXT,
						   .type = IR_I32,
						   .a = v,
						   .imm = 16 }));
	return true;
}

static ir_ref exchange(struct trans *t, ir_ref v, unsigned int n, uint32_t mask)
{
	ir_ref m = trans_const(t, mask);

	return trans_op2(t, IR_OR,
			 trans_op2(t, IR_AND, shift_by(t, IR_SHR, v, n), m),
			 shift_by(t, IR_SHL, trans_op2(t, IR_AND, v, m), n));
}

static bool RBIT(struct trans *t, const struct insn *in)
{
	ir_ref v = ir_op1(t->u, IR_BSWAP, IR_I32, trans_reg(t, in, in->rm));

	v = exchange(t, v, 4, 0x0f0f0f0f);
	v = exchange(t, v, 2, 0x33333333);
	trans_set_reg(t, in->rd, exchange(t, v, 1, 0x55555555));
	return true;
}

static void pack(struct trans *t, const struct insn *in, uint32_t from_rn,
		 ir_ref other)
{
	ir_ref v = trans_op2(t, IR_AND, trans_reg(t, in, in->rn),
			     trans_const(t, from_rn));

	other = trans_op2(t, IR_AND, other, trans_const(t, ~from_rn));
	trans_set_reg(t, in->rd, trans_op2(t, IR_OR, v, other));
}

static bool PKHBT(struct trans *t, const struct insn *in)
{
	pack(t, in, 0xffff,
	     shift_by(t, IR_SHL, trans_reg(t, in, in->rm), in->shift_imm));
	return true;
}

static bool PKHTB(struct trans *t, const struct insn *in)
{
	pack(t, in, 0xffff0000,
	     shift_by(t, IR_SAR, trans_reg(t, in, in->rm),
		      in->shift_imm ? in->shift_imm : 31));
	return true;
}

/* clang-format off */
#define IMM_REG(op) \
	{ exec_##op##_imm, op##_imm, true }, \
	{ exec_##op##_reg, op##_reg, true }
#define ALL(op) \
	IMM_REG(op), { exec_##op##_rsr, op##_rsr, true }
#define COMPARISON(op) \
	{ exec_##op##_imm, op##_imm }, { exec_##op##_reg, op##_reg }, \
	{ exec_##op##_rsr, op##_rsr }
#define ONE(op) { exec_##op, op, true }

const struct trans_row trans_data[] = {
	ALL(AND), ALL(EOR), ALL(SUB), ALL(RSB), ALL(ADD), ALL(ADC), ALL(SBC),
	ALL(RSC), ALL(ORR), ALL(MOV), ALL(BIC), ALL(MVN), IMM_REG(ORN),
	COMPARISON(TST), COMPARISON(TEQ), COMPARISON(CMP), COMPARISON(CMN),
	ONE(MOVW), ONE(MOVT), ONE(ADR), ONE(CLZ), ONE(UBFX), ONE(SBFX),
	ONE(BFI), ONE(BFC), ONE(SXTB), ONE(SXTAB), ONE(SXTH), ONE(SXTAH),
	ONE(UXTB), ONE(UXTAB), ONE(UXTH), ONE(UXTAH), ONE(UXTB16), ONE(REV),
	ONE(REV16), ONE(REVSH), ONE(RBIT), ONE(PKHBT), ONE(PKHTB),
	{ NULL }
};
/* clang-format on */
