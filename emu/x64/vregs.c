/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Sixteen vector registers.  Each may have values of the unit (x_head[], a
 * list, because a GET of what a register holds gives the same register) and
 * may also hold what a piece of the state holds (cached[]): SET writes the
 * state at once and leaves the register as a copy, so a later GET costs
 * nothing.  The copies outlive a fall-back: its stub loads again those that
 * are read later (load_cached_again()).
 *
 * A SET of what the unit writes again soon (lazy[]) does not write the state:
 * the register is the only place (dirty) until it is given up or written over.
 * Whoever may see the state meanwhile stores it: stubs do that out of line,
 * from a list that is made where the jump to them stands.
 */
#include <string.h>

#include "x64/gen.h"

static enum ir_type type_of(const struct gen *g, ir_ref ref)
{
	return g->u->op[ref].type;
}

/* MOVSS, MOVSD, MOVUPS; MOVAPS between registers. */
static unsigned int mov_op(enum ir_type type)
{
	return ir_type_size(type) == 4   ? X_0F | X_F3
	       : ir_type_size(type) == 8 ? X_0F | X_F2
					 : X_0F;
}

void gen_mov_x(struct gen *g, unsigned int to, unsigned int from)
{
	if (g->env->v3)
		emit_vrr(&g->e, X_0F | 0x28, false, to, 0, from);
	else
		emit_rr(&g->e, X_0F | 0x28, to, from);
}

void gen_load_x(struct gen *g, enum ir_type type, unsigned int to,
		struct host_mem from)
{
	if (g->env->v3)
		emit_vrm(&g->e, mov_op(type) | 0x10, false, to, 0, from);
	else
		emit_rm(&g->e, mov_op(type) | 0x10, to, from);
}

void gen_store_x(struct gen *g, enum ir_type type, struct host_mem to,
		 unsigned int from)
{
	if (g->env->v3)
		emit_vrm(&g->e, mov_op(type) | 0x11, false, from, 0, to);
	else
		emit_rm(&g->e, mov_op(type) | 0x11, from, to);
}

/* What is dirty is another: lists and the open fall-back's stub are of before.
 */
static void set_dirty(struct gen *g, uint16_t dirty)
{
	if (dirty == g->dirty)
		return;
	g->dirty = dirty;
	g->dirty_listed = false;
	g->fall_is_old = true;
}

static void clean(struct gen *g, unsigned int x)
{
	set_dirty(g, (uint16_t)(g->dirty & ~(1u << x)));
}

/* The value leaves its register for the frame, if it is nowhere else. */
static void spill(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];
	uint32_t need = type_of(g, ref) == IR_V128 ? 3 : 1;

	if (v->base == BASE_NONE && v->uses) {
		unsigned int n = 0;

		while (n + need / 2 < GEN_SLOTS && g->frame & need << n)
			n += need == 3 ? 2 : 1;
		if (n + need / 2 >= GEN_SLOTS) {
			g->failed = true;
			return;
		}
		g->frame |= need << n;
		v->base = BASE_SPILL;
		v->where = n * 8;
		gen_store_x(g, type_of(g, ref), mem_at(RSP, v->where), v->reg);
	}
	v->reg = NO_REG;
}

static void write_back(struct gen *g, unsigned int x)
{
	const struct gen_cached *c = &g->cached[x];

	if (!(g->dirty >> x & 1))
		return;
	gen_store_x(g, (enum ir_type)c->type, mem_at(RBP, c->offset), x);
	clean(g, x);
}

void gen_store_dirty(struct gen *g)
{
	for (unsigned int x = 0; x < 16; x++)
		if (g->dirty >> x & 1)
			gen_store_x(g, (enum ir_type)g->cached[x].type,
				    mem_at(RBP, g->cached[x].offset), x);
}

void gen_write_back_all(struct gen *g)
{
	for (unsigned int x = 0; x < 16; x++)
		write_back(g, x);
}

void gen_list_dirty(struct gen *g, struct gen_stub *s)
{
	if (!g->dirty_listed) {
		g->dirty_listed_from = g->dirty_used;
		for (unsigned int x = 0; x < 16; x++)
			if (g->dirty >> x & 1)
				g->dirty_at[g->dirty_used++] =
					(struct gen_dirty){
						.offset = g->cached[x].offset,
						.type = g->cached[x].type,
						.x = (uint8_t)x,
					};
		g->dirty_listed = true;
	}
	s->dirty = (uint16_t)g->dirty_listed_from;
	s->dirties = (uint16_t)__builtin_popcount(g->dirty);
}

void gen_store_listed(struct gen *g, const struct gen_stub *s)
{
	for (unsigned int i = 0; i < s->dirties; i++) {
		const struct gen_dirty *d = &g->dirty_at[s->dirty + i];

		gen_store_x(g, (enum ir_type)d->type, mem_at(RBP, d->offset),
			    d->x);
	}
}

static void evict(struct gen *g, unsigned int x)
{
	write_back(g, x);
	while (g->x_head[x] != IR_NO_REF) {
		ir_ref ref = g->x_head[x];

		g->x_head[x] = g->val[ref].next;
		spill(g, ref);
	}
	g->cached[x].type = IR_NONE;
}

/* The lower, the sooner it is given up: free, a copy of state, values. */
static unsigned int worth(const struct gen *g, unsigned int x)
{
	unsigned int next = GEN_NEVER;

	if (g->x_head[x] == IR_NO_REF)
		return g->cached[x].type == IR_NONE ? 0 : 1u + g->x_age[x];
	for (ir_ref ref = g->x_head[x]; ref != IR_NO_REF;
	     ref = g->val[ref].next)
		if (g->val[ref].last_use < next)
			next = g->val[ref].last_use;
	return 0x20000 + GEN_NEVER - next;
}

static unsigned int take(struct gen *g)
{
	unsigned int best = NO_REG, least = ~0u;
	unsigned int turn = g->seed ? gen_random(g) & 15 : 0;

	for (unsigned int i = 0; i < 16; i++) {
		unsigned int x = (i + turn) & 15, w = worth(g, x);

		if (g->locked_x >> x & 1)
			continue;
		if (w < least || (g->seed && !(gen_random(g) & 15))) {
			least = w;
			best = x;
		}
	}
	if (best == NO_REG) {
		g->failed = true;
		return 0;
	}
	evict(g, best);
	g->locked_x |= 1 << best;
	g->x_age[best] = ++g->clock;
	return best;
}

static void own(struct gen *g, ir_ref ref, unsigned int x)
{
	g->val[ref].reg = x;
	g->val[ref].next = g->x_head[x];
	g->x_head[x] = ref;
	g->x_age[x] = ++g->clock;
}

static void load_constant(struct gen *g, ir_ref ref, unsigned int x)
{
	uint64_t imm = g->u->op[ref].imm;
	struct host_mem from;

	if (!imm || imm == UINT64_MAX) {
		unsigned int op = X_66 | X_0F | (imm ? 0x76 : 0xef);

		if (g->env->v3)
			emit_vrr(&g->e, op, false, x, x, x);
		else
			emit_rr(&g->e, op, x, x);
		return;
	}
	from = gen_pool(g, imm, imm);
	if (g->env->v3)
		emit_vrm(&g->e, X_0F | 0x28, false, x, 0, from);
	else
		emit_rm(&g->e, X_0F | 0x28, x, from); /* MOVAPS */
}

unsigned int gen_use_x(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];
	unsigned int x = v->reg;

	if (x == NO_REG) {
		x = take(g);
		if (v->base == BASE_CONST)
			load_constant(g, ref, x);
		else if (v->base >= BASE_STATE)
			gen_load_x(g, type_of(g, ref), x,
				   mem_at(v->base == BASE_SPILL ? RSP : RBP,
					  v->where));
		else
			g->failed = true;
		own(g, ref, x);
	}
	g->locked_x |= 1 << x;
	return x;
}

bool gen_mem_x(const struct gen *g, ir_ref ref, struct host_mem *ret_mem)
{
	return gen_mem(g, ref, ret_mem);
}

unsigned int gen_temp_x(struct gen *g)
{
	return take(g);
}

unsigned int gen_def_x(struct gen *g)
{
	unsigned int x = take(g);

	own(g, g->at, x);
	return x;
}

static unsigned int uses_here(const struct gen *g, ir_ref ref)
{
	const struct ir_op *op = gen_op(g);
	unsigned int args = ir_info[op->op].args;

	return (args > 0 && op->a == ref) + (args > 1 && op->b == ref) +
	       (args > 2 && op->c == ref);
}

/* Whether the register of a has nothing else that is wanted. */
static bool can_inherit(const struct gen *g, ir_ref a, ir_ref not )
{
	const struct gen_value *v = &g->val[a];

	return v->reg != NO_REG && a != not &&v->uses <= uses_here(g, a) &&
	       g->x_head[v->reg] == a && v->next == IR_NO_REF &&
	       (not == IR_NO_REF || g->val[not ].reg != v->reg) &&
	       g->cached[v->reg].type == IR_NONE;
}

unsigned int gen_def_from_x(struct gen *g, ir_ref a, ir_ref not )
{
	unsigned int from, to;

	if (can_inherit(g, a, not )) {
		to = g->val[a].reg;
		g->x_head[to] = IR_NO_REF;
		g->val[a].reg = NO_REG;
		own(g, g->at, to);
		g->locked_x |= 1 << to;
		return to;
	}
	from = gen_use_x(g, a);
	if (not != IR_NO_REF)
		gen_use_x(g, not );
	to = gen_def_x(g);
	gen_mov_x(g, to, from);
	return to;
}

/* State */

static bool overlaps(const struct gen_cached *c, unsigned int offset,
		     unsigned int size)
{
	return c->type != IR_NONE && c->offset < offset + size &&
	       c->offset + ir_type_size(c->type) > offset;
}

void gen_write_back(struct gen *g, unsigned int offset, unsigned int size)
{
	for (unsigned int x = 0; x < 16 && g->dirty; x++)
		if (overlaps(&g->cached[x], offset, size))
			write_back(g, x);
}

void gen_drop_cached(struct gen *g, unsigned int offset, unsigned int size)
{
	for (unsigned int x = 0; x < 16; x++) {
		struct gen_cached *c = &g->cached[x];

		if (!overlaps(c, offset, size))
			continue;
		if (c->offset < offset ||
		    c->offset + ir_type_size((enum ir_type)c->type) >
			    offset + size)
			write_back(g, x);
		clean(g, x);
		c->type = IR_NONE;
	}
}

/* Whether registers have some of this piece that the state has not. */
static bool is_dirty(const struct gen *g, unsigned int offset,
		     unsigned int size)
{
	for (unsigned int x = 0; x < 16; x++)
		if (g->dirty >> x & 1 && overlaps(&g->cached[x], offset, size))
			return true;
	return false;
}

static void cache(struct gen *g, unsigned int x, const struct ir_op *op)
{
	write_back(g, x);
	g->cached[x] = (struct gen_cached){
		.offset = op->imm,
		.type = op->type,
		.id = ++g->cache_ids,
	};
	g->cache_read[g->cache_ids] = 0;
}

/* The register that holds this piece of the state, or NO_REG. */
static unsigned int find_cached(const struct gen *g, unsigned int offset,
				unsigned int size)
{
	for (unsigned int x = 0; x < 16; x++)
		if (g->cached[x].type != IR_NONE &&
		    g->cached[x].offset == offset &&
		    ir_type_size(g->cached[x].type) == size)
			return x;
	return NO_REG;
}

static void read_cached(struct gen *g, unsigned int x)
{
	g->cache_read[g->cached[x].id] = g->at;
	g->locked_x |= 1 << x;
}

static void op_xx(struct gen *g, unsigned int op, unsigned int to,
		  unsigned int a, unsigned int b)
{
	if (g->env->v3) {
		emit_vrr(&g->e, op, false, to, a, b);
		return;
	}
	gen_mov_x(g, to, a);
	emit_rr(&g->e, op, to, b);
}

/* The high half of a quadword that a register holds: not through memory, which
 * would have to wait for the store. */
static bool get_high(struct gen *g, const struct ir_op *op)
{
	unsigned int from = find_cached(g, op->imm - 8, 16), to;

	if (ir_type_size(op->type) != 8 || from == NO_REG)
		return false;
	read_cached(g, from);
	to = gen_def_x(g);
	if (g->env->v3)
		emit_vrr(&g->e, X_66 | X_0F | 0x70, false, to, 0, from);
	else
		emit_rr(&g->e, X_66 | X_0F | 0x70, to, from); /* PSHUFD */
	emit8(&g->e, 0xee);
	return true;
}

/* A quadword of which registers hold one half or both: a load would find two
 * stores that it has to wait for. */
static bool get_joined(struct gen *g, const struct ir_op *op)
{
	unsigned int low, high, to;

	if (op->type != IR_V128)
		return false;
	low = find_cached(g, op->imm, 8);
	high = find_cached(g, op->imm + 8, 8);
	if (low == NO_REG || high == NO_REG)
		return false;
	read_cached(g, low);
	read_cached(g, high);
	to = gen_def_x(g);
	op_xx(g, X_66 | X_0F | 0x6c, to, low, high); /* PUNPCKLQDQ */
	return true;
}

unsigned int gen_find_cached(const struct gen *g, unsigned int offset,
			     enum ir_type type)
{
	return find_cached(g, offset, ir_type_size(type));
}

void gen_get_x(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int x = find_cached(g, op->imm, ir_type_size(op->type));

	if (x == NO_REG && ir_type_size(op->type) == 8)
		x = find_cached(g, op->imm,
				16); /* what is above is no matter */
	if (x != NO_REG) {
		read_cached(g, x);
		own(g, g->at, x);
		/* stored when x is given up; but x may also be half of what
		 * another register holds */
		if (g->dirty >> x & 1 ||
		    !is_dirty(g, op->imm, ir_type_size(op->type)))
			gen_in_state(g, op->imm);
		return;
	}
	if (!get_high(g, op) && !get_joined(g, op)) {
		x = gen_def_x(g);
		gen_write_back(g, op->imm, ir_type_size(op->type));
		gen_load_x(g, op->type, x, mem_at(RBP, op->imm));
	} else {
		x = g->val[g->at].reg;
	}
	cache(g, x, op);
	if (!is_dirty(g, op->imm, ir_type_size(op->type)))
		gen_in_state(g, op->imm);
}

void gen_set_x(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int x = gen_use_x(g, op->a);

	gen_drop_cached(g, op->imm, ir_type_size(op->type));
	/* lists must have room until none is dirty any more */
	if (g->lazy[g->at] && g->dirty_used + 17 * 16 <= GEN_DIRTY) {
		cache(g, x, op);
		set_dirty(g, (uint16_t)(g->dirty | 1u << x));
		return;
	}
	gen_store_x(g, op->type, mem_at(RBP, op->imm), x);
	cache(g, x, op);
}

void gen_spill_all_x(struct gen *g)
{
	for (unsigned int x = 0; x < 16; x++) {
		while (g->x_head[x] != IR_NO_REF) {
			ir_ref ref = g->x_head[x];

			g->x_head[x] = g->val[ref].next;
			spill(g, ref);
		}
	}
}

void gen_forget_all_x(struct gen *g, bool cached)
{
	for (unsigned int x = 0; x < 16; x++) {
		while (g->x_head[x] != IR_NO_REF) {
			g->val[g->x_head[x]].reg = NO_REG;
			g->x_head[x] = g->val[g->x_head[x]].next;
		}
		if (cached)
			g->cached[x].type = IR_NONE;
	}
}
