/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FPSCR as a whole (vfp_fpscr() and vfp_set_fpscr() are the definition). */
#include "jit/trans_fp.h"

enum {
	CORE_PC = 15,
	FPSCR = 1, /* of the system registers */
	NZCV_AT = 28,
	/* four bits for each order: less, equal, greater, unordered */
	NZCV_OF_ORDER = 0x3268,
	MXCSR_INVALID = 1 << 0,
};

static ir_ref or (struct trans * t, ir_ref a, ir_ref b)
{
	return trans_op2(t, IR_OR, a, b);
}

static ir_ref flags_sub(struct trans *t, ir_ref a, uint32_t b)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_FLAGS_SUB,
					    .a = a,
					    .b = trans_const(t, b) });
}

/* VMRS APSR_nzcv, FPSCR after a comparison. */
static bool flags_of_order(struct trans *t)
{
	ir_ref order;

	if (!(t->fp_known & FP_KNOWN_ORDER))
		ir_add(t->u, (struct ir_op){
				     .op = IR_FALL_BACK_IF_SET,
				     .imm = (uint64_t)VFP_ORDER_NONE << 32 |
					    offsetof(struct cpu, vfp.order),
			     });
	order = TRANS_GET(t, IR_I32, vfp.order);
	trans_set_flags(t,
			ir_add(t->u, (struct ir_op){ .op = IR_FLAGS_SUB,
						     .a = order,
						     .b = trans_const(t, 1) }),
			IR_FLAG_NZCV);
	return true;
}

/* In their place, whether a comparison left them or VMSR. */
static ir_ref nzcv(struct trans *t)
{
	ir_ref order = TRANS_GET(t, IR_I32, vfp.order), index, found;

	index = or (t, order, trans_op2(t, IR_SAR, order, trans_const(t, 31)));
	index = trans_op2(t, IR_AND, index, trans_const(t, 3));
	found = trans_op2(t, IR_SHR, trans_const(t, NZCV_OF_ORDER),
			  trans_op2(t, IR_SHL, index, trans_const(t, 2)));
	found = trans_op2(t, IR_SHL, found, trans_const(t, NZCV_AT));
	return trans_select(t, IR_EQ, flags_sub(t, order, VFP_ORDER_NONE),
			    TRANS_GET(t, IR_I32, vfp.nzcv), found);
}

static ir_ref saturated(struct trans *t)
{
	unsigned int at = offsetof(struct cpu, vfp.qc);
	ir_ref any = ir_get(t->u, IR_I32, at);

	for (unsigned int i = 4; i < 16; i += 4)
		any = or (t, any, ir_get(t->u, IR_I32, at + i));
	return trans_select(t, IR_NE, flags_sub(t, any, 0),
			    trans_const(t, FPSCR_QC), trans_const(t, 0));
}

/* Division by zero, overflow, underflow and inexact follow each other in both;
 * "denormal operand" stands between on the host. */
static ir_ref host_exceptions(struct trans *t)
{
	ir_ref status = ir_add(
		t->u, (struct ir_op){ .op = IR_FSTATUS, .type = IR_I32 });
	ir_ref others = trans_op2(t, IR_SHR, status, trans_const(t, 1));

	others = trans_op2(t, IR_AND, others,
			   trans_const(t, FP_DZC | FP_OFC | FP_UFC | FP_IXC));
	return or (t, others,
		   trans_op2(t, IR_AND, status, trans_const(t, MXCSR_INVALID)));
}

static bool do_VMRS(struct trans *t, const struct insn *in)
{
	ir_ref val;

	if (in->x != FPSCR)
		return false;
	trans_fp_mode(t, in, 0);
	if (in->rt == CORE_PC)
		return flags_of_order(t);
	val = or (t, nzcv(t), saturated(t));
	val = or (t, val, TRANS_GET(t, IR_I32, vfp.cumulative));
	val = or (t, val, TRANS_GET(t, IR_I32, vfp.fpscr));
	trans_set_reg(t, in->rt, or (t, val, host_exceptions(t)));
	return true;
}

/* Other modes are rare. */
static bool do_VMSR(struct trans *t, const struct insn *in)
{
	unsigned int qc = offsetof(struct cpu, vfp.qc);
	ir_ref val, differ;

	if (in->x != FPSCR || in->rt == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	val = trans_reg(t, in, in->rt);
	differ = trans_op2(t, IR_XOR, val, TRANS_GET(t, IR_I32, vfp.fpscr));
	trans_fall_back_if(
		t, trans_op2(t, IR_AND, differ, trans_const(t, FPSCR_MODES)));
	TRANS_SET(t, IR_I32, vfp.nzcv,
		  trans_op2(t, IR_AND, val, trans_const(t, FPSCR_NZCV)));
	TRANS_SET(t, IR_I32, vfp.order, trans_const(t, VFP_ORDER_NONE));
	TRANS_SET(t, IR_I32, vfp.cumulative,
		  trans_op2(t, IR_AND, val, trans_const(t, FPSCR_CUMULATIVE)));
	for (unsigned int i = 0; i < 16; i += 4)
		ir_set(t->u, IR_I32, qc + i, trans_const(t, 0));
	ir_add(t->u, (struct ir_op){ .op = IR_FSTATUS_CLEAR });
	/* modes that change fall back, and the unit goes on */
	t->fp_known &= FP_KNOWN_ON;
	return true;
}

const struct trans_row trans_fpscr[] = {
	{ exec_VMRS, do_VMRS },
	{ exec_VMSR, do_VMSR },
	{ NULL, NULL },
};
