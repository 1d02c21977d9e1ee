/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir_eval.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ir/fold.h"

#define WORD(member) ((uint16_t)offsetof(struct eval_state, member))

const struct ir_layout eval_layout = {
	.n = WORD(n),
	.z = WORD(z),
	.c = WORD(c),
	.v = WORD(v),
	.lazy = WORD(lazy),
	.lazy_a = WORD(lazy_a),
	.lazy_b = WORD(lazy_b),
	.attention = WORD(attention),
	.pinned = { WORD(r[0]), WORD(r[1]), WORD(r[2]), WORD(r[3]), WORD(r[13]),
		    WORD(r[14]), WORD(r[4]), WORD(r[5]), WORD(r[6]),
		    WORD(r[7]) },
	.pinned_count = 10,
};

struct eval {
	struct eval_state *s;
	uint64_t val[IR_MAX_OPS]; /* flags: enum ir_flag_mask */
};

static unsigned int get_flags(const struct eval_state *s)
{
	return (s->n >> 31 ? IR_FLAG_N : 0) | (s->z ? 0 : IR_FLAG_Z) |
	       (s->c ? IR_FLAG_C : 0) | (s->v >> 31 ? IR_FLAG_V : 0);
}

static void set_flags(struct eval_state *s, unsigned int flags,
		      unsigned int mask)
{
	flags = (flags & mask) | (get_flags(s) & ~mask);
	/* a word can only say N and Z of one result where both are one's */
	s->n = flags & IR_FLAG_N ? 0x80000000 : 0;
	s->z = flags & IR_FLAG_Z ? 0 : 1;
	s->c = flags & IR_FLAG_C ? 1 : 0;
	s->v = flags & IR_FLAG_V ? 0x80000000 : 0;
}

static uint64_t read_memory(const struct eval_state *s, uint64_t at,
			    unsigned int size, bool is_signed)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < size; i++)
		val |= (uint64_t)s->memory[(at + i) & (EVAL_MEMORY - 1)]
		       << 8 * i;
	if (is_signed && size < 8)
		val = (uint64_t)((int64_t)(val << (64 - 8 * size)) >>
				 (64 - 8 * size));
	return val;
}

static void write_memory(struct eval_state *s, uint64_t at, unsigned int size,
			 uint64_t val)
{
	for (unsigned int i = 0; i < size; i++)
		s->memory[(at + i) & (EVAL_MEMORY - 1)] = val >> 8 * i & 0xff;
}

void eval_call(struct eval_state *s, unsigned int n)
{
	s->r[n & 15] += s->r[(n + 1) & 15] + 0x1234567 * n;
	set_flags(s, s->r[n & 15] >> 3, IR_FLAG_NZCV);
	s->wide[n & 3] ^= s->r[n & 15];
}

static void *at_state(struct eval_state *s, uint64_t offset)
{
	return (char *)s + offset;
}

static uint64_t width(enum ir_type type, uint64_t val)
{
	return type == IR_I32 ? (uint32_t)val : val;
}

static void memory_op(struct eval *e, const struct ir_op *op, uint64_t *val)
{
	uint64_t a = e->val[op->a];

	switch (op->op) {
	case IR_LOAD:
		*val = width(op->type, read_memory(e->s, (uint32_t)a, op->size,
						   op->flags & IR_SIGNED));
		break;
	case IR_HOST:
		*val = a;
		break;
	case IR_HLOAD:
		*val = width(op->type, read_memory(e->s, a + op->imm, op->size,
						   op->flags & IR_SIGNED));
		break;
	case IR_STORE:
		write_memory(e->s, (uint32_t)a, op->size, e->val[op->b]);
		break;
	default:
		write_memory(e->s, a + op->imm, op->size, e->val[op->b]);
	}
}

/* The value of an operation without control. */
static void value_op(struct eval *e, const struct ir_op *op, uint64_t *val)
{
	const struct ir_unit *u = e->s->unit;
	unsigned int args = ir_info[op->op].args;
	uint64_t a = args > 0 ? e->val[op->a] : 0;
	uint64_t b = args > 1 ? e->val[op->b] : 0;
	uint64_t c = args > 2 ? e->val[op->c] : 0;

	switch (op->op) {
	case IR_GET:
		*val = 0;
		memcpy(val, at_state(e->s, op->imm),
		       op->type == IR_I32 ? 4 : 8);
		break;
	case IR_SET:
		memcpy(at_state(e->s, op->imm), &a, op->type == IR_I32 ? 4 : 8);
		break;
	case IR_FLAGS_ADD ... IR_FLAGS_AND:
		*val = ir_eval_flags(op->op, u->op[op->a].type, a, b, c);
		break;
	case IR_GETF:
		*val = get_flags(e->s);
		break;
	case IR_SETF:
		set_flags(e->s, a, op->imm);
		break;
	case IR_SETC:
		set_flags(e->s, a ? IR_FLAG_C : 0, IR_FLAG_C);
		break;
	case IR_COND:
		*val = ir_cc_holds(op->cc, a);
		break;
	case IR_SELECT:
		*val = ir_cc_holds(op->cc, c) ? a : b;
		break;
	case IR_LOAD ... IR_HSTORE:
		memory_op(e, op, val);
		break;
	case IR_SWAP_IF:
		b &= UINT64_MAX >> (64 - 8 * op->size);
		*val = read_memory(e->s, a, op->size, false) != b;
		if (!*val)
			write_memory(e->s, a, op->size, c);
		break;
	case IR_FENCE:
		break;
	default:
		if (!ir_can_eval(op->op))
			abort();
		*val = ir_eval(op->op, op->type, a, b, c, op->imm);
	}
}

static unsigned int end_skip(const struct ir_unit *u, unsigned int at)
{
	while (u->op[at].op != IR_END_SKIP)
		at++;
	return at;
}

static bool leaves(struct eval *e, const struct ir_op *op,
		   struct eval_result *r)
{
	uint64_t a = ir_info[op->op].args ? e->val[op->a] : 0;

	switch (op->op) {
	case IR_POLL:
		r->end = EVAL_POLL;
		return e->s->attention;
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
	case IR_EXIT:
		r->end = EVAL_EXIT;
		r->exit = op->imm;
		return op->op == IR_EXIT ||
		       ir_cc_holds(op->cc, a) == (op->op == IR_EXIT_IF);
	case IR_EXIT_AMONG:
		r->end = EVAL_EXIT;
		r->exit = op->imm + (uint32_t)a;
		return true;
	case IR_EXIT_TO:
		e->s->pc_next = a & ~1u;
		e->s->thumb = a & 1;
		r->end = EVAL_TO;
		return true;
	case IR_EXIT_NEXT:
		r->end = EVAL_TO;
		return true;
	default:
		return false;
	}
}

struct eval_result eval_insn(struct eval_state *s, unsigned int n)
{
	static struct eval e;
	const struct ir_unit *u = s->unit;
	struct eval_result r = { .end = EVAL_BOUNDARY };
	unsigned int i = 0;

	e.s = s;
	while (u->op[i].op != IR_INSN || u->op[i].imm != n)
		i++;
	for (i++; i < u->count && u->op[i].op != IR_INSN; i++) {
		const struct ir_op *op = &u->op[i];

		if (leaves(&e, op, &r))
			return r;
		if (op->op == IR_SKIP_UNLESS) {
			if (!ir_cc_holds(op->cc, e.val[op->a]))
				i = end_skip(u, i);
		} else if (op->op == IR_CALL) {
			eval_call(s, n);
		} else if (!(ir_info[op->op].effects & IR_CONTROL) &&
			   op->op != IR_END_SKIP) {
			value_op(&e, op, &e.val[i]);
		}
	}
	r.end = EVAL_BOUNDARY;
	return r;
}

struct eval_result eval_unit(struct eval_state *s)
{
	return eval_from(s, 0);
}

struct eval_result eval_from(struct eval_state *s, unsigned int n)
{
	struct eval_result r = { .end = EVAL_BOUNDARY };

	for (; n < s->unit->insns; n++) {
		r = eval_insn(s, n);
		if (r.end != EVAL_BOUNDARY)
			break;
	}
	return r;
}
