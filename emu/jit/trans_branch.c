/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches to where a register says (arm/exec_branch.c).  Those whose targets
 * the encoding gives are in flow.c.
 */
#include "jit/trans.h"

static bool BX(struct trans *t, const struct insn *in)
{
	trans_leave(t, trans_reg(t, in, in->rm));
	return true;
}

static bool BLX_reg(struct trans *t, const struct insn *in)
{
	ir_ref to = trans_reg(t, in, in->rm);
	bool thumb = in->flags & INSN_THUMB;

	trans_set_reg(t, 14, trans_pc(t, in, in->len | thumb));
	trans_leave(t, to);
	return true;
}

/* Table branches stay in Thumb. */
static bool table(struct trans *t, const struct insn *in, unsigned int size)
{
	ir_ref index = trans_reg(t, in, in->rm), n;

	if (size == 2)
		index = trans_op2(t, IR_SHL, index, trans_const(t, 1));
	n = trans_load(t, IR_I32,
		       trans_op2(t, IR_ADD, trans_reg(t, in, in->rn), index),
		       size, 0);
	trans_leave(t, trans_op2(t, IR_ADD, trans_pc(t, in, 4 | 1),
				 trans_op2(t, IR_SHL, n, trans_const(t, 1))));
	return true;
}

static bool TBB(struct trans *t, const struct insn *in)
{
	return table(t, in, 1);
}

static bool TBH(struct trans *t, const struct insn *in)
{
	return table(t, in, 2);
}

/* clang-format off */
const struct trans_row trans_branch[] = {
	{ exec_BX, BX }, { exec_BXJ, BX }, { exec_BLX_reg, BLX_reg },
	{ exec_TBB, TBB }, { exec_TBH, TBH },
	{ NULL }
};
/* clang-format on */
