/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Where a unit ends: at an instruction that ends the interpreter's blocks
 * (unless its row knows better), at the page's end, and when it is full.
 *
 * ITSTATE.  Units begin and are left with ITSTATE 0, so an IT block is taken
 * whole or not at all; one that a branch leaves before its end, or that the
 * page's end cuts, is the interpreter's.
 *
 * Conditions.  A branch under a condition leaves the unit by a direct exit for
 * the way that it does not take; another instruction is skipped over, or its
 * row asks for the condition itself (trans_data.c selects).
 *
 * Direct exits lead to places of the same page; other places are reached by
 * EXIT_TO with the page's virtual address plus a constant, for only the jump
 * cache knows what is mapped there.  Such a place is a T32 instruction in two
 * pages, too, which is a unit by itself: what its second half is depends on
 * the mapping.
 */
#include "jit/translate.h"

#include <stddef.h>
#include <string.h>

#include "arm/icache.h"
#include "jit/flow.h"
#include "jit/trans.h"

enum {
	PAGE_SIZE = 4096,
};

#define REG(n) (offsetof(struct cpu, r) + 4 * (n))

const struct ir_layout translate_layout = {
	.n = offsetof(struct cpu, nf),
	.z = offsetof(struct cpu, zf),
	.c = offsetof(struct cpu, cf),
	.v = offsetof(struct cpu, vf),
	.lazy = offsetof(struct cpu, lazy),
	.lazy_a = offsetof(struct cpu, lazy_a),
	.lazy_b = offsetof(struct cpu, lazy_b),
	.attention = offsetof(struct cpu, attention),
	.pinned = { REG(0), REG(1), REG(2), REG(3), REG(13), REG(14), REG(4),
		    REG(5), REG(6), REG(7) },
	.pinned_count = 10,
};

/* Reading code */

bool flow_mark(struct flow *f, unsigned int off, unsigned int len)
{
	unsigned int end = off + len > PAGE_SIZE ? PAGE_SIZE : off + len;
	uint64_t lines = 0;
	uint32_t version;

	for (unsigned int line = off / 64; line <= (end - 1) / 64; line++)
		lines |= UINT64_C(1) << line;
	if (!(lines & ~f->marked))
		return true;
	version = mmu_mark_code(f->cpu, f->code.pa + off, end - off);
	f->marked |= lines;
	if (f->made->insns == 0 && !f->versioned) {
		f->made->version = version;
		f->versioned = true;
	}
	return version == f->made->version;
}

static bool read_straddling(struct flow *f, struct jit_insn *ret)
{
	f->made->tail_version = mmu_mark_code(f->cpu, f->code.tail_pa, 2);
	return icache_decode_straddle(&ret->in, f->code.host, f->code.tail,
				      &ret->it_after);
}

/* The instruction at f->off, with its place, into *ret. */
static bool read_insn(struct flow *f, unsigned int off, uint8_t it,
		      struct jit_insn *ret)
{
	if (off >= PAGE_SIZE || !flow_mark(f, off, 4))
		return false;
	ret->called = ret->goes_on = false;
	ret->it_after = it;
	if (f->code.tail)
		return read_straddling(f, ret);
	return icache_decode(&ret->in, f->code.host, off, f->thumb,
			     &ret->it_after);
}

/* Whether the IT block that begins with this instruction is one that a unit
 * can take. */
static bool whole_it_block(struct flow *f, const struct jit_insn *it_insn)
{
	struct jit_insn next = *it_insn;
	unsigned int off = it_insn->in.off, n = f->made->insns + 1;

	while (next.it_after) {
		off += next.in.len;
		if (++n > TRANSLATE_INSNS ||
		    !read_insn(f, off, next.it_after, &next))
			return false;
		if (next.in.flags & INSN_ENDS_BLOCK && next.it_after)
			return false;
		if (next.in.op == T16_IT)
			return false;
	}
	return true;
}

/* Leaving */

bool flow_inside(const struct flow *f, uint32_t off)
{
	return off < PAGE_SIZE &&
	       !icache_straddles(f->code.host, off, f->thumb);
}

ir_ref flow_address(struct flow *f, uint32_t off)
{
	return trans_add(&f->t, TRANS_GET(&f->t, IR_I32, page_va),
			 off | f->thumb);
}

unsigned int flow_exit(struct flow *f, unsigned int off)
{
	struct ir_unit *u = f->t.u;

	if (u->exits == IR_MAX_EXITS) {
		u->overflow = true;
		return 0;
	}
	u->exit[u->exits] = (struct ir_exit){
		.target = off | f->thumb,
		.back = off <= f->off || off <= f->high,
		.self = off == f->made->insn[0].in.off,
	};
	u->exit_flags[u->exits] = IR_FLAG_NZCV;
	return u->exits++;
}

void flow_leave(struct flow *f, uint32_t off)
{
	struct trans *t = &f->t;

	if (flow_inside(f, off))
		ir_add(t->u, (struct ir_op){ .op = IR_EXIT,
					     .imm = flow_exit(f, off) });
	else
		ir_op1(t->u, IR_EXIT_TO, IR_NONE, flow_address(f, off));
}

/* Instructions */

static void boundary(struct flow *f)
{
	ir_add(f->t.u, (struct ir_op){ .op = IR_INSN, .imm = f->made->insns });
}

static void set_next(struct trans *t, uint32_t off)
{
	TRANS_SET(t, IR_I32, pc_next,
		  trans_add(t, TRANS_GET(t, IR_I32, page_va), off));
}

static void call(struct flow *f, struct jit_insn *ji)
{
	struct trans *t = &f->t;
	const struct insn *in = &ji->in;
	bool ends = in->flags & INSN_ENDS_BLOCK, skip = in->cond != 14;

	ji->called = true;
	if (ends)
		set_next(t, in->off + in->len);
	if (skip)
		ir_add(t->u, (struct ir_op){ .op = IR_SKIP_UNLESS,
					     .cc = in->cond,
					     .a = trans_flags(t) });
	ir_add(t->u, (struct ir_op){ .op = IR_CALL, .imm = f->made->insns });
	if (skip)
		ir_add(t->u, (struct ir_op){ .op = IR_END_SKIP });
	if (ends) {
		ir_add(t->u, (struct ir_op){ .op = IR_EXIT_NEXT });
		t->ended = true;
	}
	t->fp_known = 0;
}

/* Whether an instruction under a condition is hardly ever passed over, or is
 * better off if it can count on being done: where it is not, an exit leads on
 * behind it.  Not in IT blocks, for no unit begins inside of one. */
static bool leaves_instead(const struct insn *in, const struct trans_row *row)
{
	if (in->flags & INSN_THUMB)
		return false;
	return row->exec == exec_LDM || row->exec == exec_STM ||
	       (in->s && row->selects);
}

/* Under a condition a row is skipped over, or left by an exit if it may end
 * the unit, or it selects by itself. */
static bool begin_condition(struct flow *f, const struct insn *in,
			    const struct trans_row *row, bool *ret_skip)
{
	struct trans *t = &f->t;
	struct ir_op op = { .cc = in->cond };

	*ret_skip = false;
	if (in->cond == 14 || t->select)
		return true;
	if (in->flags & INSN_ENDS_BLOCK || leaves_instead(in, row)) {
		if (f->next >= PAGE_SIZE)
			return false;
		op.op = IR_EXIT_UNLESS;
		op.imm = flow_exit(f, f->next);
	} else {
		op.op = IR_SKIP_UNLESS;
		*ret_skip = true;
	}
	op.a = trans_flags(t);
	ir_add(t->u, op);
	return true;
}

static bool by_row(struct flow *f, const struct insn *in)
{
	struct trans *t = &f->t;
	struct ir_unit *u = t->u;
	unsigned int count = u->count, exits = u->exits;
	const struct trans_row *row = trans_find(in);
	bool skip;

	if (!row)
		return false;
	t->cond = in->cond;
	t->select = row->selects && !in->s && in->cond != 14 &&
		    !(in->flags & INSN_ENDS_BLOCK);
	if (!begin_condition(f, in, row, &skip) || !row->fn(t, in)) {
		u->count = count;
		u->exits = exits;
		t->ended = false;
		return false;
	}
	if (skip)
		ir_add(u, (struct ir_op){ .op = IR_END_SKIP });
	return true;
}

/* What the operations from number n on say of the guest's flags. */
static void learn(struct flow *f, unsigned int n)
{
	const struct ir_unit *u = f->t.u;

	for (; n < u->count; n++) {
		const struct ir_op *op = &u->op[n];

		if (ir_info[op->op].effects & (IR_WRITES_FLAGS | IR_ALL_STATE))
			f->holds = 14;
		if ((op->op == IR_EXIT_IF || op->op == IR_EXIT_UNLESS) &&
		    u->op[op->a].op == IR_GETF)
			f->holds = op->cc ^ (op->op == IR_EXIT_IF);
	}
}

static void one(struct flow *f, struct jit_insn *ji)
{
	struct insn in = ji->in;
	unsigned int begin = f->t.u->count;

	if (in.cond == f->holds)
		in.cond = 14;
	boundary(f);
	f->t.ended = false;
	f->next = in.off + in.len;
	if ((f->made->must_call && f->made->must_call(&in)) ||
	    (!flow_branch(f, &in) && !by_row(f, &in)))
		call(f, ji);
	learn(f, begin);
	ji->goes_on = in.flags & INSN_ENDS_BLOCK && !f->t.ended;
}

bool translate(struct cpu *cpu, const struct code_at *code, unsigned int off,
	       struct draft *ret)
{
	struct flow f = { .cpu = cpu,
			  .code = *code,
			  .thumb = cpu->thumb,
			  .off = off & (PAGE_SIZE - 1),
			  .next = off & (PAGE_SIZE - 1),
			  .last = TRANSLATE_INSNS,
			  .holds = 14,
			  .single = off & TRANSLATE_SINGLE,
			  .made = ret };
	uint8_t it = 0;

	f.t.u = &ret->ir;
	f.t.privileged = cpu_privileged(cpu);
	f.t.aligned = cpu->cp15.sctlr & SCTLR_A;
	ret->insns = 0;
	ir_begin(&ret->ir, &translate_layout);
	while (!f.t.ended) {
		struct jit_insn *ji = &ret->insn[ret->insns];

		if ((ret->insns >= f.last && !it) ||
		    !read_insn(&f, f.next, it, ji) ||
		    (ji->in.op == T16_IT && !whole_it_block(&f, ji))) {
			boundary(&f);
			flow_leave(&f, f.next);
			break;
		}
		f.off = f.next;
		/* no unit begins inside of an IT block */
		if (!it)
			ret->ir.retry[ret->insns] =
				f.off | f.thumb | TRANSLATE_SINGLE |
				ret->insns << TRANSLATE_INSN_SHIFT;
		f.t.retry = f.single ? IR_NO_RETRY : ret->ir.retry[ret->insns];
		it = ji->it_after;
		one(&f, ji);
		ret->insns++;
	}
	if (!f.single && !code->tail)
		ir_join(&ret->join, &ret->ir);
	return ret->insns && !ret->ir.overflow;
}
