/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions that are hot, and those that do nothing (arm/exec_sys.c,
 * arm/exec_sync.c).
 */
#include "jit/trans.h"

static bool NOP(struct trans *t, const struct insn *in)
{
	(void)t;
	(void)in;
	return true;
}

static bool is_cp15(const struct insn *in, unsigned int crn, unsigned int opc1,
		    unsigned int crm, unsigned int opc2)
{
	return in->coproc == 15 && in->rn == crn && in->opc1 == opc1 &&
	       in->rm == crm && in->opc2 == opc2;
}

/* Thread ID registers (B4.1.150): no trap, no side effect. */
static bool MRC(struct trans *t, const struct insn *in)
{
	ir_ref val;

	if (in->rt == 15)
		return false;
	if (is_cp15(in, 13, 0, 0, 3))
		val = TRANS_GET(t, IR_I32, cp15.tpidruro);
	else if (is_cp15(in, 13, 0, 0, 2))
		val = TRANS_GET(t, IR_I32, cp15.tpidrurw);
	else if (is_cp15(in, 13, 0, 0, 4) && t->privileged)
		val = TRANS_GET(t, IR_I32, cp15.tpidrprw);
	else
		return false;
	trans_set_reg(t, in->rt, val);
	return true;
}

/* clang-format off */
const struct trans_row trans_sys[] = {
	{ exec_NOP, NOP }, { exec_IT, NOP }, { exec_MRC, MRC },
	{ NULL }
};
/* clang-format on */
