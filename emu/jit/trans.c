/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows are found by the exec function that the decoder's row names, not by
 * insn.exec, which may be a quicker variant of it.  The table by enum insn_op
 * is made once.
 */
#include "jit/trans.h"

#include <pthread.h>

#include "arm/decode.h"

static const struct trans_row *const rows[] = {
	trans_data,     trans_mem,       trans_mul,        trans_media,
	trans_branch,   trans_sys,       trans_vfp,        trans_fpscr,
	trans_neon_int, trans_neon_move, trans_neon_float, trans_neon_ldst,
	NULL,
};

static const struct trans_row *by_op[OP_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct trans_row *look_up(exec_fn *exec)
{
	for (unsigned int i = 0; rows[i]; i++)
		for (const struct trans_row *row = rows[i]; row->exec; row++)
			if (row->exec == exec)
				return row;
	return NULL;
}

static void make_table(void)
{
	for (unsigned int op = 0; op < OP_UNDEF; op++)
		by_op[op] = look_up(decode_row((enum insn_op)op)->exec);
}

const struct trans_row *trans_find(const struct insn *in)
{
	pthread_once(&once, make_table);
	if (in->exec == exec_UNDEF || in->exec == exec_pc_written)
		return NULL;
	return by_op[in->op];
}

ir_ref trans_add(struct trans *t, ir_ref a, uint32_t val)
{
	return val ? trans_op2(t, IR_ADD, a, trans_const(t, val)) : a;
}

ir_ref trans_pc(struct trans *t, const struct insn *in, int32_t distance)
{
	return trans_add(t, TRANS_GET(t, IR_I32, page_va),
			 in->off + (uint32_t)distance);
}

ir_ref trans_reg(struct trans *t, const struct insn *in, unsigned int n)
{
	if (n == 15)
		return trans_pc(t, in, in->flags & INSN_THUMB ? 4 : 8);
	return TRANS_GET(t, IR_I32, r[n]);
}

void trans_set_reg(struct trans *t, unsigned int n, ir_ref val)
{
	if (t->select)
		val = trans_select(t, t->cond, trans_flags(t), val,
				   TRANS_GET(t, IR_I32, r[n]));
	TRANS_SET(t, IR_I32, r[n], val);
}

ir_ref trans_flags(struct trans *t)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_GETF, .type = IR_FLAGS });
}

void trans_set_flags(struct trans *t, ir_ref flags, unsigned int which)
{
	ir_add(t->u, (struct ir_op){ .op = IR_SETF, .a = flags, .imm = which });
}

ir_ref trans_cond(struct trans *t, enum ir_cc cc, ir_ref flags)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_COND,
					    .type = IR_I32,
					    .cc = (uint8_t)cc,
					    .a = flags });
}

ir_ref trans_carry(struct trans *t)
{
	return trans_cond(t, IR_CS, trans_flags(t));
}

ir_ref trans_select(struct trans *t, enum ir_cc cc, ir_ref flags, ir_ref yes,
		    ir_ref no)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_SELECT,
					    .type = IR_I32,
					    .cc = (uint8_t)cc,
					    .a = yes,
					    .b = no,
					    .c = flags });
}

ir_ref trans_literal(struct trans *t, const struct insn *in)
{
	uint32_t pc = in->off + (in->flags & INSN_THUMB ? 4u : 8u);

	return trans_add(t, TRANS_GET(t, IR_I32, page_va), pc & ~3u);
}

void trans_leave(struct trans *t, ir_ref to)
{
	ir_op1(t->u, IR_EXIT_TO, IR_NONE, to);
	t->ended = true;
}

ir_ref trans_load(struct trans *t, enum ir_type type, ir_ref va,
		  unsigned int size, unsigned int flags)
{
	return ir_add(t->u,
		      (struct ir_op){
			      .op = IR_LOAD,
			      .type = (uint8_t)type,
			      .size = (uint8_t)size,
			      .flags = (uint8_t)(flags |
						 (t->aligned ? IR_ALIGNED : 0)),
			      .a = va });
}

void trans_store(struct trans *t, ir_ref va, unsigned int size,
		 unsigned int flags, ir_ref val)
{
	ir_add(t->u, (struct ir_op){
			     .op = IR_STORE,
			     .size = (uint8_t)size,
			     .flags = (uint8_t)(flags |
						(t->aligned ? IR_ALIGNED : 0)),
			     .a = va,
			     .b = val });
}

void trans_fall_back_if(struct trans *t, ir_ref cond)
{
	ir_op1(t->u, IR_FALL_BACK_IF, IR_NONE, cond);
}

ir_ref trans_handler_mode(struct trans *t)
{
	static const uint32_t handlers = 1u << MODE_SVC | 1u << MODE_ABT |
					 1u << MODE_UND | 1u << MODE_IRQ;
	ir_ref mode = TRANS_GET(t, IR_I32, mode);
	ir_ref other = trans_op2(t, IR_SHR, trans_const(t, ~handlers), mode);

	trans_fall_back_if(t, trans_op2(t, IR_AND, other, trans_const(t, 1)));
	return mode;
}
