/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "ir/ir.h"

static const char *const type_name[] = {
	"", "i32", "i64", "host", "flags", "f32", "f64", "v64", "v128",
};
static const char *const cc_name[] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs",
	"vc", "hi", "ls", "ge", "lt", "gt", "le",
};

static void dump_args(const struct ir_op *op, FILE *to)
{
	const ir_ref arg[] = { op->a, op->b, op->c };

	for (unsigned int i = 0; i < ir_info[op->op].args; i++)
		fprintf(to, "%sv%u", i ? ", " : " ", arg[i]);
}

static bool has_cc(enum ir_opcode op)
{
	return op == IR_COND || op == IR_SELECT || op == IR_SKIP_UNLESS ||
	       op == IR_EXIT_IF || op == IR_EXIT_UNLESS;
}

static void dump_op(const struct ir_unit *u, unsigned int i, FILE *to)
{
	const struct ir_op *op = &u->op[i];
	const struct ir_info *info = &ir_info[op->op];

	if (op->op == IR_INSN) {
		fprintf(to, "# %" PRIu64 "\n", op->imm);
		return;
	}
	if (info->result != IR_NONE)
		fprintf(to, "%5u %-5s ", i, type_name[op->type]);
	else
		fprintf(to, "%5s %-5s ", "", type_name[op->type]);
	fprintf(to, "%s", info->name);
	if (has_cc(op->op))
		fprintf(to, ".%s", cc_name[op->cc]);
	if (op->size)
		fprintf(to, ".%u", op->size);
	if (op->sub)
		fprintf(to, "/%u", op->sub);
	fprintf(to, "%s%s%s%s", op->flags & IR_SIGNED ? ".signed" : "",
		op->flags & IR_ALIGNED ? ".aligned" : "",
		op->flags & IR_WRITE ? ".write" : "",
		op->flags & IR_KEEP ? ".keep" : "");
	dump_args(op, to);
	if (op->op == IR_CONST || op->imm)
		fprintf(to, " #%#" PRIx64, op->imm);
	fputc('\n', to);
}

void ir_dump(const struct ir_unit *u, FILE *to)
{
	for (unsigned int i = 0; i < u->count; i++)
		dump_op(u, i, to);
	for (unsigned int i = 0; i < u->exits; i++)
		fprintf(to, "exit %u: to %#x%s, flags %#x\n", i,
			u->exit[i].target, u->exit[i].back ? ", back" : "",
			u->exit_flags[i]);
}
