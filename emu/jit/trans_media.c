/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four bytes at once (arm/exec_media.c): what the C library's string functions
 * are made of.  Bytes are added without their top bits, which are put right
 * then, so that no carry leaves a byte.
 */
#include "jit/trans.h"

enum {
	TOPS = 0x80808080u,
	ONES = 0x01010101u,
};

static ir_ref complement(struct trans *t, ir_ref v)
{
	return ir_op1(t->u, IR_NOT, IR_I32, v);
}

/* GE is the top bits of v's bytes. */
static void set_ge(struct trans *t, ir_ref v)
{
	v = trans_op2(t, IR_AND, trans_op2(t, IR_SHR, v, trans_const(t, 7)),
		      trans_const(t, ONES));
	/* bits 0, 8, 16, 24 to bits 24 to 27 */
	v = trans_op2(t, IR_MUL, v, trans_const(t, 0x01020408));
	v = trans_op2(t, IR_AND, trans_op2(t, IR_SHR, v, trans_const(t, 24)),
		      trans_const(t, 0xf));
	TRANS_SET(t, IR_I32, ge, v);
}

static bool UADD8(struct trans *t, const struct insn *in)
{
	ir_ref a = trans_reg(t, in, in->rn), b = trans_reg(t, in, in->rm);
	ir_ref low = trans_const(t, ~TOPS), sum, either;

	sum = trans_op2(t, IR_ADD, trans_op2(t, IR_AND, a, low),
			trans_op2(t, IR_AND, b, low));
	sum = trans_op2(t, IR_XOR, sum,
			trans_op2(t, IR_AND, trans_op2(t, IR_XOR, a, b),
				  trans_const(t, TOPS)));
	/* a byte's carry: of both, or of one with one from below */
	either = trans_op2(t, IR_AND, trans_op2(t, IR_OR, a, b),
			   complement(t, sum));
	set_ge(t, trans_op2(t, IR_OR, either, trans_op2(t, IR_AND, a, b)));
	trans_set_reg(t, in->rd, sum);
	return true;
}

static bool USUB8(struct trans *t, const struct insn *in)
{
	ir_ref a = trans_reg(t, in, in->rn), b = trans_reg(t, in, in->rm);
	ir_ref not_b = complement(t, b), tops = trans_const(t, TOPS);
	ir_ref left, either;

	left = trans_op2(t, IR_SUB, trans_op2(t, IR_OR, a, tops),
			 trans_op2(t, IR_AND, b, trans_const(t, ~TOPS)));
	left = trans_op2(
		t, IR_XOR, left,
		trans_op2(t, IR_AND, trans_op2(t, IR_XOR, a, not_b), tops));
	/* no borrow: the carry of a + ~b + 1 */
	either = trans_op2(t, IR_AND, trans_op2(t, IR_OR, a, not_b),
			   complement(t, left));
	set_ge(t, trans_op2(t, IR_OR, either, trans_op2(t, IR_AND, a, not_b)));
	trans_set_reg(t, in->rd, left);
	return true;
}

static bool SEL(struct trans *t, const struct insn *in)
{
	ir_ref a = trans_reg(t, in, in->rn), b = trans_reg(t, in, in->rm);
	ir_ref mask = TRANS_GET(t, IR_I32, ge);

	/* bits 0 to 3 to bits 0, 8, 16, 24, then to whole bytes */
	mask = trans_op2(t, IR_AND,
			 trans_op2(t, IR_MUL, mask, trans_const(t, 0x00204081)),
			 trans_const(t, ONES));
	mask = trans_op2(t, IR_MUL, mask, trans_const(t, 0xff));
	a = trans_op2(t, IR_AND, trans_op2(t, IR_XOR, a, b), mask);
	trans_set_reg(t, in->rd, trans_op2(t, IR_XOR, a, b));
	return true;
}

/* clang-format off */
const struct trans_row trans_media[] = {
	{ exec_UADD8, UADD8 }, { exec_USUB8, USUB8 },
	{ exec_SEL, SEL, true },
	{ NULL }
};
/* clang-format on */
