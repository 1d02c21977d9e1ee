/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/ir.h"

#include "ir/fold.h"

const struct ir_info ir_info[] = {
#define IROP(name, result, args, effects, text) \
	[IR_##name] = { #name, text, IR_##result, args, effects },
#include "ir/ops.inc"
#include "ir/vector.inc"
#undef IROP
};

void ir_begin(struct ir_unit *u, const struct ir_layout *layout)
{
	u->count = 0;
	u->exits = 0;
	u->insns = 0;
	u->overflow = false;
	u->layout = layout;
	for (unsigned int i = 0; i < IR_MAX_INSNS; i++)
		u->retry[i] = IR_NO_RETRY;
}

ir_ref ir_add(struct ir_unit *u, struct ir_op op)
{
	const struct ir_info *info = &ir_info[op.op];
	ir_ref same;

	if (info->args < 3)
		op.c = IR_NO_REF;
	if (info->args < 2)
		op.b = IR_NO_REF;
	if (info->args < 1)
		op.a = IR_NO_REF;
	if (info->result != IR_NONE && info->result != IR_SAME)
		op.type = info->result;
	if (op.op == IR_INSN)
		u->insns = op.imm + 1;
	op.insn = u->insns ? u->insns - 1 : 0;
	same = ir_fold(u, &op);
	if (same != IR_NO_REF)
		return same;
	if (u->count == IR_MAX_OPS) {
		u->overflow = true;
		return 0;
	}
	u->op[u->count] = op;
	return u->count++;
}

ir_ref ir_const(struct ir_unit *u, enum ir_type type, uint64_t val)
{
	return ir_add(u, (struct ir_op){
				 .op = IR_CONST,
				 .type = type,
				 .imm = type == IR_I32 ? (uint32_t)val : val,
			 });
}

ir_ref ir_get(struct ir_unit *u, enum ir_type type, unsigned int offset)
{
	return ir_add(
		u, (struct ir_op){ .op = IR_GET, .type = type, .imm = offset });
}

void ir_set(struct ir_unit *u, enum ir_type type, unsigned int offset,
	    ir_ref val)
{
	ir_add(u,
	       (struct ir_op){
		       .op = IR_SET, .type = type, .imm = offset, .a = val });
}

ir_ref ir_op1(struct ir_unit *u, enum ir_opcode op, enum ir_type type, ir_ref a)
{
	return ir_add(u, (struct ir_op){ .op = op, .type = type, .a = a });
}

ir_ref ir_op2(struct ir_unit *u, enum ir_opcode op, enum ir_type type, ir_ref a,
	      ir_ref b)
{
	return ir_add(u,
		      (struct ir_op){ .op = op, .type = type, .a = a, .b = b });
}

ir_ref ir_op3(struct ir_unit *u, enum ir_opcode op, enum ir_type type, ir_ref a,
	      ir_ref b, ir_ref c)
{
	return ir_add(u,
		      (struct ir_op){
			      .op = op, .type = type, .a = a, .b = b, .c = c });
}
