/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector values kept over the rounds of a unit that exits to itself.
 *
 * Before the first operation, pieces of the state that the unit reads before it
 * writes them are loaded into registers; behind that stands the place where
 * rounds begin.  Since each SET writes the state at once, registers are copies
 * only: a round ends by moving what they hold to where it was in the
 * beginning, or by loading it.
 */
#include <string.h>

#include "x64/gen.h"

enum {
	KEPT = 10, /* registers, of sixteen */
};

static bool goes_round(const struct gen *g)
{
	for (unsigned int i = 0; i < g->u->exits; i++)
		if (g->u->exit[i].self && g->u->exit[i].back)
			return g->in->loops;
	return false;
}

static bool overlaps(const struct gen_cached *c, const struct ir_op *op)
{
	return c->offset < op->imm + ir_type_size((enum ir_type)op->type) &&
	       c->offset + ir_type_size((enum ir_type)c->type) > op->imm;
}

/* Of the operations before the first that something else may come between. */
static unsigned int choose(const struct gen *g, struct gen_cached *kept)
{
	struct gen_cached seen[64];
	unsigned int n = 0, m = 0;

	for (unsigned int i = 0; i < g->u->count && n < KEPT && m < 64; i++) {
		const struct ir_op *op = &g->u->op[i];
		bool is_new = true;

		if (op->op == IR_CALL || op->op == IR_SKIP_UNLESS)
			break;
		if (op->op != IR_GET && op->op != IR_SET)
			continue;
		for (unsigned int k = 0; k < m; k++)
			is_new &= !overlaps(&seen[k], op);
		seen[m++] = (struct gen_cached){ .offset = (uint16_t)op->imm,
						 .type = op->type };
		if (is_new && op->op == IR_GET &&
		    gen_is_x((enum ir_type)op->type))
			kept[n++] = seen[m - 1];
	}
	return n;
}

void gen_loop_begin(struct gen *g)
{
	struct gen_cached kept[KEPT];
	unsigned int n;

	g->loop_head = NULL;
	if (!goes_round(g))
		return;
	n = choose(g, kept);
	for (unsigned int x = 0; x < n; x++) {
		gen_load_x(g, (enum ir_type)kept[x].type, x,
			   mem_at(RBP, kept[x].offset));
		g->cached[x] = kept[x];
		g->cached[x].id = ++g->cache_ids;
		g->cache_read[g->cache_ids] = 0;
	}
	memcpy(g->loop, g->cached, sizeof(g->loop));
	g->loop_head = g->e.p;
}

/* Moves of what is wanted in x from from[x]; those that wait for each other in
 * a ring become loads (NO_REG). */
static void move(struct gen *g, uint8_t *from, uint16_t wanted)
{
	while (wanted) {
		unsigned int x, ready = NO_REG;

		for (x = 0; x < 16 && ready == NO_REG; x++) {
			bool is_source = false;

			if (!(wanted >> x & 1))
				continue;
			for (unsigned int z = 0; z < 16; z++)
				is_source |= z != x && wanted >> z & 1 &&
					     from[z] == x;
			if (!is_source)
				ready = x;
		}
		if (ready != NO_REG) {
			gen_mov_x(g, ready, from[ready]);
		} else {
			ready = (unsigned int)__builtin_ctz(wanted);
			from[ready] = NO_REG;
		}
		wanted &= (uint16_t) ~(1u << ready);
	}
}

void gen_loop(struct gen *g, unsigned int exit)
{
	uint8_t from[16];
	uint16_t wanted = 0;

	if (!g->loop_head || !g->u->exit[exit].self)
		return;
	memset(from, NO_REG, sizeof(from));
	for (unsigned int x = 0; x < 16; x++) {
		const struct gen_cached *c = &g->loop[x];

		if (c->type == IR_NONE)
			continue;
		from[x] = (uint8_t)gen_find_cached(g, c->offset,
						   (enum ir_type)c->type);
		if (from[x] == NO_REG)
			continue;
		g->cache_read[g->cached[from[x]].id] = g->at;
		if (from[x] != x)
			wanted |= (uint16_t)(1u << x);
	}
	move(g, from, wanted);
	for (unsigned int x = 0; x < 16; x++)
		if (g->loop[x].type != IR_NONE && from[x] == NO_REG)
			gen_load_x(g, (enum ir_type)g->loop[x].type, x,
				   mem_at(RBP, g->loop[x].offset));
	emit_jmp(&g->e, g->loop_head);
}
