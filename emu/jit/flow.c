/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches whose targets the encoding gives.
 */
#include "jit/flow.h"

enum {
	PAGE_SIZE = 4096,
};

/* What the PC reads as, as an offset in the page. */
static uint32_t pc_of(const struct insn *in)
{
	return in->off + (in->flags & INSN_THUMB ? 4u : 8u);
}

static void go_to(struct flow *f, uint32_t to)
{
	if (to < PAGE_SIZE && to > f->off) {
		f->next = to;
	} else {
		flow_leave(f, to);
		f->t.ended = true;
	}
}

static void exit_by(struct flow *f, enum ir_opcode op, unsigned int cc,
		    ir_ref flags, unsigned int to)
{
	ir_add(f->t.u, (struct ir_op){ .op = (uint8_t)op,
				       .cc = (uint8_t)cc,
				       .a = flags,
				       .imm = flow_exit(f, to, to <= f->off) });
}

/* To 'to' if cc holds, else on. */
static bool go_to_if(struct flow *f, uint32_t to, unsigned int cc, ir_ref flags)
{
	if (to < PAGE_SIZE) {
		exit_by(f, IR_EXIT_IF, cc, flags, to);
	} else {
		if (f->next >= PAGE_SIZE)
			return false;
		exit_by(f, IR_EXIT_UNLESS, cc, flags, f->next);
		flow_leave(f, to);
		f->t.ended = true;
	}
	return true;
}

static bool b(struct flow *f, const struct insn *in)
{
	uint32_t to = pc_of(in) + in->imm;

	if (in->cond != 14)
		return go_to_if(f, to, in->cond, trans_flags(&f->t));
	go_to(f, to);
	return true;
}

/* LR, and away unless the condition fails. */
static bool link(struct flow *f, const struct insn *in)
{
	struct trans *t = &f->t;

	if (in->cond != 14) {
		if (f->next >= PAGE_SIZE)
			return false;
		exit_by(f, IR_EXIT_UNLESS, in->cond, trans_flags(t), f->next);
	}
	t->select = false;
	trans_set_reg(t, 14, trans_pc(t, in, in->len | f->thumb));
	return true;
}

static bool bl(struct flow *f, const struct insn *in)
{
	if (!link(f, in))
		return false;
	flow_leave(f, pc_of(in) + in->imm);
	f->t.ended = true;
	return true;
}

/* The other instruction set: never by a direct exit. */
static bool blx(struct flow *f, const struct insn *in)
{
	struct trans *t = &f->t;
	uint32_t to = ((pc_of(in) & ~3u) + in->imm) | !f->thumb;

	if (!link(f, in))
		return false;
	ir_op1(t->u, IR_EXIT_TO, IR_NONE,
	       trans_add(t, TRANS_GET(t, IR_I32, page_va), to));
	t->ended = true;
	return true;
}

static bool cbz(struct flow *f, const struct insn *in, enum ir_cc cc)
{
	struct trans *t = &f->t;
	ir_ref rn = TRANS_GET(t, IR_I32, r[in->rn]);

	if (in->cond != 14)
		return false;
	return go_to_if(f, pc_of(in) + in->imm, cc,
			ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS, rn));
}

static bool known_target(struct flow *f, const struct insn *in)
{
	if (in->exec == exec_B)
		return b(f, in);
	if (in->exec == exec_BL)
		return bl(f, in);
	if (in->exec == exec_BLX_imm)
		return blx(f, in);
	if (in->exec == exec_CBZ)
		return cbz(f, in, IR_EQ);
	if (in->exec == exec_CBNZ)
		return cbz(f, in, IR_NE);
	return false;
}

bool flow_branch(struct flow *f, const struct insn *in)
{
	struct ir_unit *u = f->t.u;
	unsigned int count = u->count, exits = u->exits;

	if (known_target(f, in))
		return true;
	u->count = count;
	u->exits = exits;
	return false;
}
