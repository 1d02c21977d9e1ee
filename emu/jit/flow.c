/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches whose targets the encoding gives.
 */
#include "jit/flow.h"

#include "arm/decode.h"

enum {
	PAGE_SIZE = 4096,
	MAX_TABLE = 32,  /* entries */
	MAX_ROUNDS = 40, /* instructions of several rounds of a loop */
	/* jumps back that a unit follows, and instructions before and behind */
	MAX_BACK = 2,
	BEFORE_BACK = 24,
	BEHIND_BACK = 16,
};

/* What the PC reads as, as an offset in the page. */
static uint32_t pc_of(const struct insn *in)
{
	return in->off + (in->flags & INSN_THUMB ? 4u : 8u);
}

/* Whether the unit is a loop of which another round fits in: what is done at
 * its end, flags and the look at the attention word, is done more seldom. */
static bool goes_round(struct flow *f, uint32_t to)
{
	unsigned int insns = f->made->insns + 1;

	if (f->single || to != f->made->insn[0].in.off || f->next >= PAGE_SIZE)
		return false;
	if (!f->round)
		f->round = insns;
	return insns + f->round <= MAX_ROUNDS;
}

/* Whether the unit takes what a jump back leads to with it: an interpreter's
 * loop then has a dispatch behind each operation, which the host predicts
 * better than one for all.  From then on exits to all addresses up to this one
 * look at the attention word, so that no cycle of units goes without. */
static bool goes_back(struct flow *f, uint32_t to)
{
	unsigned int insns = f->made->insns + 1;

	if (f->single || f->backs == MAX_BACK || insns > BEFORE_BACK ||
	    to == f->made->insn[0].in.off)
		return false;
	f->backs++;
	if (f->last > insns + BEHIND_BACK)
		f->last = insns + BEHIND_BACK;
	if (f->high < f->off)
		f->high = f->off;
	return true;
}

static void go_to(struct flow *f, uint32_t to)
{
	if (flow_inside(f, to) &&
	    (to > f->off || goes_round(f, to) || goes_back(f, to))) {
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
				       .imm = flow_exit(f, to) });
}

/* To 'to' if cc holds, else on. */
static void go_to_if(struct flow *f, uint32_t to, unsigned int cc, ir_ref flags)
{
	if (goes_round(f, to)) {
		exit_by(f, IR_EXIT_UNLESS, cc, flags, f->next);
		f->next = to;
	} else if (flow_inside(f, to)) {
		exit_by(f, IR_EXIT_IF, cc, flags, to);
	} else {
		if (flow_inside(f, f->next)) {
			exit_by(f, IR_EXIT_UNLESS, cc, flags, f->next);
			flow_leave(f, to);
		} else {
			ir_op1(f->t.u, IR_EXIT_TO, IR_NONE,
			       trans_select(&f->t, cc, flags,
					    flow_address(f, to),
					    flow_address(f, f->next)));
		}
		f->t.ended = true;
	}
}

static bool b(struct flow *f, const struct insn *in)
{
	uint32_t to = pc_of(in) + in->imm;

	if (in->cond != 14)
		go_to_if(f, to, in->cond, trans_flags(&f->t));
	else
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
	go_to_if(f, pc_of(in) + in->imm, cc,
		 ir_op1(t->u, IR_FLAGS_NZ, IR_FLAGS, rn));
	return true;
}

/* Whether the instruction before n is "cmp reg, #imm; bhi elsewhere". */
static bool is_bounded(const struct flow *f, unsigned int reg,
		       unsigned int *ret_count)
{
	const struct jit_insn *before = &f->made->insn[f->made->insns];
	const struct insn *cmp, *branch;

	if (f->made->insns < 2)
		return false;
	branch = &before[-1].in;
	cmp = &before[-2].in;
	if (branch->exec != exec_B || branch->cond != 8 || cmp->cond != 14 ||
	    decode_row((enum insn_op)cmp->op)->exec != exec_CMP_imm ||
	    cmp->rn != reg || cmp->imm >= MAX_TABLE)
		return false;
	*ret_count = cmp->imm + 1;
	return true;
}

/* A table behind the instruction is code: the unit goes where it says as long
 * as nobody writes there.  The index was compared with its length. */
static bool table(struct flow *f, const struct insn *in, unsigned int size)
{
	unsigned int begin = in->off + in->len, count, first = f->t.u->exits;

	if (in->cond != 14 || in->rn != 15 || in->rm == 15 ||
	    !is_bounded(f, in->rm, &count) ||
	    begin + count * size > PAGE_SIZE ||
	    first + count > IR_MAX_EXITS / 2 ||
	    !flow_mark(f, begin, count * size))
		return false;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int at = begin + i * size, to = f->code.host[at];

		if (size == 2)
			to |= (unsigned int)f->code.host[at + 1] << 8;
		to = begin + 2 * to;
		if (to >= PAGE_SIZE)
			return false;
		flow_exit(f, to);
	}
	if (begin <= f->high)
		ir_add(f->t.u, (struct ir_op){ .op = IR_POLL });
	ir_add(f->t.u, (struct ir_op){ .op = IR_EXIT_AMONG,
				       .size = (uint8_t)count,
				       .a = TRANS_GET(&f->t, IR_I32, r[in->rm]),
				       .imm = first });
	f->t.ended = true;
	return true;
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
	if (in->exec == exec_TBB)
		return table(f, in, 1);
	if (in->exec == exec_TBH)
		return table(f, in, 2);
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
