/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boundaries of guest instructions, skips, calls, exits.
 */
#include <string.h>

#include "x64/gen.h"

static const struct gen_pending nothing = { GEN_NEVER, GEN_NEVER, GEN_NEVER,
					    GEN_NEVER };

static bool is_pending(const struct gen_pending *p, unsigned int mask)
{
	return (mask & IR_FLAG_N && p->n != GEN_NEVER) ||
	       (mask & IR_FLAG_Z && p->z != GEN_NEVER) ||
	       (mask & IR_FLAG_C && p->c != GEN_NEVER) ||
	       (mask & IR_FLAG_V && p->v != GEN_NEVER);
}

static void save_pending(struct gen *g, unsigned int mask)
{
	if (!is_pending(&g->pending, mask))
		return;
	gen_temp_in(g, RAX);
	gen_temp_in(g, RCX);
	g->flag_words = gen_save_flags(g, &g->pending, g->at, mask, true,
				       g->flag_words);
	g->ef.val = g->carry = IR_NO_REF;
}

/* Registers as they are on both ways into a boundary that a fall-back also
 * comes to. */
static void boundary(struct gen *g)
{
	unsigned int cached = 0;

	if (!g->fall)
		return;
	if (g->falls < GEN_FALLS) {
		memcpy(g->fall_cached[g->falls], g->cached, sizeof(g->cached));
		g->fall_dirty[g->falls] = g->dirty;
		cached = ++g->falls;
	} else {
		gen_write_back_all(g);
		gen_forget_all_x(g, true);
	}
	for (unsigned int n = g->fall; n; n = g->stub[n - 1].before) {
		struct gen_stub *s = &g->stub[n - 1];

		s->back = g->e.p;
		s->boundary = g->at;
		s->cached = (uint16_t)cached;
	}
	gen_forget_all(g);
	gen_forget_all_x(g, false);
	g->ef.val = g->carry = IR_NO_REF;
	g->fall = 0;
}

/* A jump's distance, now that its aim is here. */
static void place_here(struct gen *g, uint8_t *from)
{
	uint32_t distance = (uint32_t)(g->e.p - from);

	if (!g->e.full)
		memcpy(from - 4, &distance, 4);
}

static void insn(struct gen *g)
{
	boundary(g);
	g->insn = gen_op(g)->imm;
	g->out->insn[g->insn] = g->e.p - g->e.begin;
}

static void skip_unless(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	enum host_cc cc;

	gen_write_back_all(g);
	if (g->now[g->at]) {
		/* what is inside writes flags: those from before must be in
		 * the state on both ways */
		if (is_pending(&g->pending, IR_FLAG_NZCV)) {
			gen_keep_flags(g);
			save_pending(g, IR_FLAG_NZCV);
			gen_unlock(g);
		}
		g->pending = nothing;
	}
	if (g->val[g->at].twin != IR_NO_REF)
		gen_merge_begin(g);
	cc = gen_condition(g, op->a, op->cc);
	emit_jcc(&g->e, cc ^ 1, g->e.p + 6);
	g->skip_from = g->e.p;
	g->skip_flag_words = g->flag_words;
	memcpy(g->skip_cached, g->cached, sizeof(g->cached));
}

static void end_skip(struct gen *g)
{
	bool merge = g->val[g->at].twin != IR_NO_REF;

	gen_write_back_all(g);
	if (merge)
		gen_merge_ready(g);
	for (unsigned int x = 0; x < 16; x++)
		if (g->cached[x].id != g->skip_cached[x].id)
			g->cached[x].type = IR_NONE;
	gen_forget_all(g);
	gen_forget_all_x(g, false);
	boundary(g);
	place_here(g, g->skip_from);
	g->flag_words &= g->skip_flag_words;
	if (merge)
		gen_merge_end(g);
	else
		g->ef.val = g->carry = IR_NO_REF;
}

static void call(struct gen *g)
{
	boundary(g);
	gen_write_back_all(g);
	gen_forget_all(g);
	save_pending(g, IR_FLAG_NZCV);
	g->pending = nothing;
	gen_load_insn(g, gen_op(g)->imm);
	emit_call(&g->e, g->x->fall);
	g->flag_words = IR_FLAG_NZCV;
	gen_forget_all(g);
	gen_forget_all_x(g, true);
	g->ef.val = g->carry = IR_NO_REF;
}

static void fall_back_if(struct gen *g)
{
	ir_ref a = gen_op(g)->a;
	unsigned int reg;

	if (g->val[a].emitted)
		return; /* gen_cond() has jumped */
	reg = gen_use(g, a);
	gen_clobber_flags(g);
	emit_test(&g->e, false, reg, reg);
	gen_jump_fall(g, CC_NE);
}

static void poll(struct gen *g)
{
	struct gen_stub *s;

	gen_clobber_flags(g);
	emit_alu_mem_imm(&g->e, false, ALU_CMP,
			 mem_at(RBP, g->env->layout->attention), 0);
	emit_jcc(&g->e, CC_NE, g->e.p + 6);
	s = gen_stub(g, STUB_POLL);
	s->from = g->e.p;
}

/* The bottom of a loop, most probably: all of it is inline. */
static void exit_back_if(struct gen *g, unsigned int exit, enum host_cc cc)
{
	uint8_t *from;

	emit_jcc(&g->e, cc ^ 1, g->e.p + 6);
	from = g->e.p;
	gen_store_dirty(g);
	gen_save_flags(g, &g->pending, g->at, g->u->exit_flags[exit], true,
		       g->flag_words);
	gen_exit_attention(g, exit);
	gen_loop(g, exit);
	gen_exit(g, exit);
	place_here(g, from);
}

static void exit_if(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	enum host_cc cc = gen_condition(g, op->a, op->cc);
	unsigned int exit = op->imm;
	struct gen_stub *s;

	if (op->op == IR_EXIT_UNLESS)
		cc ^= 1;
	if (g->u->exit[exit].back && g->owner[RAX] == IR_NO_REF &&
	    g->owner[RCX] == IR_NO_REF) {
		exit_back_if(g, exit, cc);
	} else if (g->u->exit[exit].back || g->dirty ||
		   is_pending(&g->pending, g->u->exit_flags[exit])) {
		emit_jcc(&g->e, cc, g->e.p + 6);
		s = gen_stub(g, STUB_EXIT_IF);
		s->from = g->e.p;
		s->exit = exit;
	} else {
		gen_exit_if(g, exit, cc);
	}
}

/* The instruction ends on all paths: after a fall-back, pc_next says where to
 * go on. */
static void end(struct gen *g)
{
	g->fall = 0;
}

static void exit_to(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	gen_write_back_all(g);
	if (is_pending(&g->pending, IR_FLAG_NZCV)) {
		gen_use_in(g, op->a, RDX);
		save_pending(g, IR_FLAG_NZCV);
		emit_mov(&g->e, false, RAX, RDX);
	} else {
		gen_use_in(g, op->a, RAX);
	}
	end(g);
	gen_exit_to(g);
}

static void exit_among(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	gen_write_back_all(g);
	gen_use_in(g, op->a, RDX);
	save_pending(g, IR_FLAG_NZCV);
	end(g);
	gen_exit_among(g, (unsigned int)op->imm, op->size, RDX);
}

void gen_control(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	switch (op->op) {
	case IR_INSN:
		insn(g);
		break;
	case IR_SKIP_UNLESS:
		skip_unless(g);
		break;
	case IR_END_SKIP:
		end_skip(g);
		break;
	case IR_POLL:
		poll(g);
		break;
	case IR_CALL:
		call(g);
		break;
	case IR_FALL_BACK_IF:
		fall_back_if(g);
		break;
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
		exit_if(g);
		break;
	case IR_EXIT:
		gen_write_back_all(g);
		save_pending(g, g->u->exit_flags[op->imm]);
		end(g);
		if (g->u->exit[op->imm].back)
			gen_exit_attention(g, op->imm);
		gen_loop(g, op->imm);
		gen_exit(g, op->imm);
		break;
	case IR_EXIT_TO:
		exit_to(g);
		break;
	case IR_EXIT_AMONG:
		exit_among(g);
		break;
	case IR_EXIT_NEXT:
		gen_write_back_all(g);
		save_pending(g, IR_FLAG_NZCV);
		end(g);
		emit_jmp(&g->e, g->x->exit_next);
		break;
	default:
		g->failed = true;
	}
}
