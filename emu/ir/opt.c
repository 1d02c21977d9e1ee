/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Two passes, each linear in the unit's length.
 *
 * Forward: what a word of the state holds is remembered, so that a GET is the
 * value that was SET or read before, and a SET of what is there already goes.
 * Each operation is folded again with what its arguments have become.  Over
 * the end of an instruction that may have fallen back only constants are
 * remembered: other values are lost on the way through the interpreter.
 *
 * Backward: flags that are written again before anybody can see them are not
 * written, nor is other state; values that nobody uses go.  Whoever may leave
 * or fall back sees all.
 *
 * What is remembered of the state is in a small table that forgets on
 * collisions: that costs an opportunity and nothing else.
 */
#include <string.h>

#include "common/bits.h"
#include "ir/fold.h"
#include "ir/ir.h"

enum {
	SLOTS = 256,
	DEAD = IR_OPS, /* an operation to be removed */
};

static void remap(struct ir_op *op, const ir_ref *map)
{
	unsigned int args = ir_info[op->op].args;

	if (args > 0)
		op->a = map[op->a];
	if (args > 1)
		op->b = map[op->b];
	if (args > 2)
		op->c = map[op->c];
}

/* Forward */

struct slot {
	uint16_t offset, epoch;
	uint8_t type, size;
	ir_ref val;
};

struct known {
	/* entries of 'epoch' hold; those of constants from 'constants' on */
	uint16_t epoch, constants;
	bool fell; /* something may have fallen back since the boundary */
	struct slot slot[SLOTS];
};

static bool holds(const struct known *k, const struct ir_unit *u,
		  const struct slot *s)
{
	return s->epoch == k->epoch ||
	       (s->epoch >= k->constants && u->op[s->val].op == IR_CONST);
}

static ir_ref find(const struct known *k, const struct ir_unit *u,
		   const struct ir_op *op)
{
	const struct slot *s = &k->slot[op->imm >> 2 & (SLOTS - 1)];

	if (!s->size || s->offset != op->imm || s->type != op->type ||
	    !holds(k, u, s))
		return IR_NO_REF;
	return s->val;
}

static void remember(struct known *k, const struct ir_op *op, ir_ref val)
{
	k->slot[op->imm >> 2 & (SLOTS - 1)] = (struct slot){
		.offset = op->imm,
		.epoch = k->epoch,
		.type = op->type,
		.size = ir_type_size(op->type),
		.val = val,
	};
}

/* Whatever overlaps what a SET writes. */
static void forget(struct known *k, const struct ir_op *op)
{
	int begin = op->imm, end = begin + ir_type_size(op->type);

	for (int at = begin - 12; at < end; at += 4) {
		struct slot *s = &k->slot[(unsigned int)at >> 2 & (SLOTS - 1)];

		if (s->offset < end && s->offset + s->size > begin)
			s->size = 0;
	}
}

static void forget_all(struct known *k)
{
	k->constants = ++k->epoch;
	k->fell = false;
}

static void boundary(struct known *k, enum ir_opcode op)
{
	if (op == IR_CALL || op == IR_END_SKIP)
		forget_all(k);
	else if (k->fell)
		k->epoch++;
	k->fell = false;
}

/* The value that op is, or IR_NO_REF: it is needed as it stands. */
static ir_ref forward_state(struct known *k, const struct ir_unit *u,
			    const struct ir_op *op, bool *ret_gone)
{
	ir_ref val;

	*ret_gone = false;
	if (op->op == IR_GET)
		return find(k, u, op);
	if (op->op == IR_SET) {
		val = find(k, u, op);
		if (val != IR_NO_REF &&
		    (val == op->a || (u->op[val].op == IR_CONST &&
				      u->op[op->a].op == IR_CONST &&
				      u->op[val].imm == u->op[op->a].imm))) {
			*ret_gone = true;
			return IR_NO_REF;
		}
		forget(k, op);
		remember(k, op, op->a);
	}
	return IR_NO_REF;
}

/* The instructions that may fall back, a bit each. */
static uint64_t forward(struct ir_unit *u, ir_ref *map)
{
	struct known k = { .epoch = 1, .constants = 1 };
	unsigned int out = 0;
	uint64_t falls = 0;

	for (unsigned int i = 0; i < u->count; i++) {
		struct ir_op op = u->op[i];
		ir_ref same;
		bool gone;

		remap(&op, map);
		same = forward_state(&k, u, &op, &gone);
		if (gone)
			continue;
		if (same == IR_NO_REF)
			same = ir_fold(u, &op);
		if (same != IR_NO_REF) {
			map[i] = same;
			continue;
		}
		if (ir_info[op.op].effects & IR_BOUNDARY)
			boundary(&k, op.op);
		if (ir_info[op.op].effects & IR_FALLS_BACK) {
			k.fell = true;
			falls |= UINT64_C(1) << (op.insn & 63);
		}
		if (op.op == IR_GET)
			remember(&k, &op, out);
		u->op[out] = op;
		map[i] = out++;
	}
	u->count = out;
	return falls;
}

/* Backward */

struct live {
	uint16_t uses[IR_MAX_OPS]; /* of values */
	uint16_t epoch;
	unsigned int flags, after_skip; /* enum ir_flag_mask */
	uint64_t falls;                 /* instructions that may fall back */
	/* words of the state that are written before they are seen */
	struct {
		uint16_t offset, epoch;
	} written[SLOTS];
	/* flags that the users of a GETF look at */
	uint8_t wanted[IR_MAX_OPS];
};

static void written(struct live *l, const struct ir_op *op, bool is)
{
	unsigned int end = op->imm + ir_type_size(op->type);

	for (unsigned int at = op->imm; at < end; at += 4) {
		unsigned int n = at >> 2 & (SLOTS - 1);

		if (is || l->written[n].offset == at) {
			l->written[n].offset = at;
			l->written[n].epoch = is ? l->epoch : 0;
		}
	}
}

static bool is_written(const struct live *l, const struct ir_op *op)
{
	unsigned int end = op->imm + ir_type_size(op->type);

	for (unsigned int at = op->imm; at < end; at += 4) {
		unsigned int n = at >> 2 & (SLOTS - 1);

		if (l->written[n].offset != at ||
		    l->written[n].epoch != l->epoch)
			return false;
	}
	return true;
}

static unsigned int flags_seen_at(const struct ir_unit *u,
				  const struct ir_op *op)
{
	unsigned int effects = ir_info[op->op].effects;

	if (op->op == IR_EXIT || op->op == IR_EXIT_IF ||
	    op->op == IR_EXIT_UNLESS)
		return u->exit_flags[op->imm];
	if (effects & (IR_EXITS | IR_FALLS_BACK | IR_ALL_STATE))
		return IR_FLAG_NZCV;
	return 0;
}

/* SETF, SETC: less of it, or nothing. */
static bool flags_unseen(struct live *l, struct ir_op *op)
{
	if (op->op == IR_SETC) {
		if (!(l->flags & IR_FLAG_C))
			return true;
		l->flags &= ~(unsigned int)IR_FLAG_C;
		return false;
	}
	op->imm &= l->flags;
	l->flags &= ~op->imm;
	return !op->imm;
}

/* Whether nobody can tell that op is not there. */
static bool unseen(struct live *l, const struct ir_unit *u, struct ir_op *op,
		   unsigned int i)
{
	unsigned int effects = ir_info[op->op].effects;

	if (effects & IR_WRITES_FLAGS)
		return flags_unseen(l, op);
	if (op->op == IR_SET) {
		/* a fall-back writes it all the same, so the back end must
		 * see that it is written */
		if (is_written(l, op) && !(l->falls >> (op->insn & 63) & 1))
			return true;
		written(l, op, true);
		return false;
	}
	if (ir_info[op->op].result != IR_NONE &&
	    !(effects & ~(IR_READS_STATE | IR_READS_FLAGS)) && !l->uses[i])
		return true;
	if (effects & (IR_EXITS | IR_FALLS_BACK | IR_ALL_STATE | IR_CONTROL) ||
	    op->op == IR_END_SKIP)
		l->epoch++;
	if (op->op == IR_GET)
		written(l, op, false);
	if (effects & IR_LAST)
		l->flags = 0;
	l->flags |= flags_seen_at(u, op);
	if (op->op == IR_GETF)
		l->flags |= l->wanted[i];
	if (op->op == IR_END_SKIP)
		l->after_skip = l->flags;
	if (op->op == IR_SKIP_UNLESS)
		l->flags |= l->after_skip;
	return false;
}

static void count_uses(struct live *l, const struct ir_op *op)
{
	const ir_ref arg[] = { op->a, op->b, op->c };

	for (unsigned int n = 0; n < ir_info[op->op].args; n++) {
		l->uses[arg[n]]++;
		l->wanted[arg[n]] |= op->op == IR_SETF ? op->imm
						       : ir_cc_flags(op->cc);
	}
}

/* Not inlined, for the size of the frame. */
__attribute__((noinline)) static void backward(struct ir_unit *u,
					       uint64_t falls)
{
	struct live l;

	memset(l.uses, 0, u->count * sizeof(l.uses[0]));
	memset(l.wanted, 0, u->count);
	memset(l.written, 0, sizeof(l.written));
	l.epoch = 1;
	l.falls = falls;
	l.flags = l.after_skip = IR_FLAG_NZCV;
	for (unsigned int i = u->count; i-- > 0;) {
		if (unseen(&l, u, &u->op[i], i))
			u->op[i].op = DEAD;
		else
			count_uses(&l, &u->op[i]);
	}
}

static void compact(struct ir_unit *u, ir_ref *map)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < u->count; i++) {
		struct ir_op op = u->op[i];

		if (op.op == DEAD)
			continue;
		remap(&op, map);
		u->op[out] = op;
		map[i] = out++;
	}
	u->count = out;
}

void ir_optimize(struct ir_unit *u)
{
	ir_ref map[IR_MAX_OPS];

	if (u->overflow)
		return;
	backward(u, forward(u, map));
	compact(u, map);
}
