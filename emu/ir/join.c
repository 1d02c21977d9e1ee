/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Accesses whose addresses differ by constants are joined: a WINDOW looks at
 * their whole range once, and each becomes an access at a host address, which
 * cannot fail.  A WINDOW that the range does not fit in leaves the unit for
 * the code that begins at the same instruction and has no WINDOWs
 * (u->retry[]): so each instruction's faults are taken one by one, in order.
 *
 * Which addresses differ by constants is known from symbols: each value is a
 * base (the value it was made from by adding constants) and what was added,
 * and a word of the state has the symbol of what was SET there.  It makes no
 * difference whether an instruction between fell back: its function leaves the
 * state as its operations would have done.  CALL does not, so no WINDOW is used
 * behind one.
 *
 * A WINDOW stands at the boundary before its first access, where a word of the
 * state holds its base, and outside of skips.
 */
#include "ir/join.h"

#include <string.h>

enum {
	NONE = 0xff,
};

/* Symbols */

static struct ir_word *word_of(struct ir_join *j, unsigned int offset)
{
	struct ir_word *w = &j->word[offset / 4 % IR_JOIN_WORDS];

	return w->known && w->offset == offset ? w : NULL;
}

static void know(struct ir_join *j, unsigned int offset, struct ir_symbol is,
		 uint32_t most, unsigned int set)
{
	j->word[offset / 4 % IR_JOIN_WORDS] = (struct ir_word){
		.offset = (uint16_t)offset,
		.set = (uint16_t)set,
		.known = true,
		.is = is,
		.most = most,
	};
}

static void forget_words(struct ir_join *j, unsigned int set_since)
{
	for (unsigned int i = 0; i < IR_JOIN_WORDS; i++)
		if (j->word[i].set >= set_since)
			j->word[i].known = false;
}

static struct ir_symbol sum(struct ir_symbol a, struct ir_symbol b,
			    struct ir_symbol self)
{
	if (a.base && b.base)
		return self;
	return (struct ir_symbol){ a.base | b.base, a.add + b.add };
}

static struct ir_symbol symbol_of(struct ir_join *j, const struct ir_op *op,
				  unsigned int at)
{
	struct ir_symbol self = { (uint16_t)(at + 1), 0 };
	const struct ir_word *w;

	if (op->type != IR_I32)
		return self;
	switch (op->op) {
	case IR_CONST:
		return (struct ir_symbol){ 0, (uint32_t)op->imm };
	case IR_GET:
		w = word_of(j, (unsigned int)op->imm);
		if (w)
			return w->is;
		know(j, (unsigned int)op->imm, self, UINT32_MAX, 0);
		return self;
	case IR_ADD:
		return sum(j->symbol[op->a], j->symbol[op->b], self);
	case IR_SUB:
		if (j->symbol[op->b].base)
			return self;
		return (struct ir_symbol){ j->symbol[op->a].base,
					   j->symbol[op->a].add -
						   j->symbol[op->b].add };
	default:
		return self;
	}
}

/* The greatest that a shift by a constant can give. */
static uint32_t most_shifted(const struct ir_join *j, const struct ir_op *op)
{
	const struct ir_op *by = &j->u->op[op->b];
	uint64_t most = j->most[op->a];

	if (by->op != IR_CONST)
		return UINT32_MAX;
	if (op->op == IR_SHR)
		return (uint32_t)(most >> (by->imm & 31));
	most <<= by->imm & 31;
	return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

/* The greatest value that it can have. */
static uint32_t most_of(struct ir_join *j, const struct ir_op *op)
{
	const struct ir_word *w;

	if (op->type != IR_I32)
		return UINT32_MAX;
	switch (op->op) {
	case IR_CONST:
		return (uint32_t)op->imm;
	case IR_GET:
		w = word_of(j, (unsigned int)op->imm);
		return w ? w->most : UINT32_MAX;
	case IR_LOAD:
		if (op->flags & IR_SIGNED || op->size >= 4)
			return UINT32_MAX;
		return (1u << 8 * op->size) - 1;
	case IR_ZEXT:
		return op->imm < 32 ? (1u << op->imm) - 1 : UINT32_MAX;
	case IR_AND:
		return j->most[op->a] < j->most[op->b] ? j->most[op->a]
						       : j->most[op->b];
	case IR_SHL:
	case IR_SHR:
		return most_shifted(j, op);
	default:
		return UINT32_MAX;
	}
}

static void set_word(struct ir_join *j, const struct ir_op *op, unsigned int at)
{
	if (op->type == IR_I32) {
		know(j, (unsigned int)op->imm, j->symbol[op->a], j->most[op->a],
		     at);
		return;
	}
	for (unsigned int i = 0; i < 16; i += 4) {
		struct ir_word *w = word_of(j, (unsigned int)op->imm + i);

		if (w)
			w->known = false;
	}
}

/* Accesses */

/* A word that holds what this value was made from; there is one, unless it was
 * forgotten. */
static const struct ir_word *find_word(const struct ir_join *j,
				       unsigned int base)
{
	if (!base)
		return NULL;
	for (unsigned int i = 0; i < IR_JOIN_WORDS; i++)
		if (j->word[i].known && j->word[i].is.base == base)
			return &j->word[i];
	return NULL;
}

/* The address is that of a table plus an index with a limit. */
static bool add_index(const struct ir_join *j, const struct ir_op *op,
		      struct ir_access *a)
{
	const struct ir_op *sum = &j->u->op[op->a], *index;

	if (op->op != IR_LOAD || sum->op != IR_ADD || a->align > 1)
		return false;
	a->index = sum->b;
	a->base = j->symbol[sum->a].base;
	a->at = j->symbol[sum->a].add;
	if (j->most[sum->b] > IR_JOIN_INDEX) {
		a->index = sum->a;
		a->base = j->symbol[sum->b].base;
		a->at = j->symbol[sum->b].add;
	}
	if (j->most[a->index] > IR_JOIN_INDEX || !a->base)
		return false;
	a->length = (uint16_t)(j->most[a->index] + op->size);
	index = &j->u->op[a->index];
	if (index->op == IR_SHL && j->u->op[index->b].op == IR_CONST &&
	    j->u->op[index->b].imm <= 3) {
		a->scale = (uint8_t)j->u->op[index->b].imm;
		a->index = index->a;
	}
	return true;
}

static void add_access(struct ir_join *j, const struct ir_op *op,
		       unsigned int at)
{
	bool host = op->op == IR_HOST;
	bool aligned = host || op->flags & IR_ALIGNED;
	struct ir_access a = {
		.op = (ir_ref)at,
		.index = IR_NO_REF,
		.window = NONE,
		.insn = op->insn,
		.base = j->symbol[op->a].base,
		.at = j->symbol[op->a].add,
		.length = (uint16_t)(host ? op->imm : op->size),
		.align = aligned ? op->size : 1,
		.write = op->op == IR_STORE || op->flags & IR_WRITE,
		.skipped = j->skip,
	};
	const struct ir_word *w = find_word(j, a.base);

	if (!w && add_index(j, op, &a))
		w = find_word(j, a.base);
	if (!w || j->accesses == IR_JOIN_ACCESSES ||
	    (host && op->imm > IR_JOIN_SPAN))
		return;
	a.word = w->offset;
	a.word_add = w->is.add;
	j->of[at] = (uint8_t)j->accesses;
	j->access[j->accesses++] = a;
}

static void look(struct ir_join *j, unsigned int at)
{
	const struct ir_op *op = &j->u->op[at];

	j->symbol[at] = symbol_of(j, op, at);
	j->most[at] = most_of(j, op);
	j->of[at] = NONE;
	switch (op->op) {
	case IR_SET:
		set_word(j, op, at);
		break;
	case IR_CALL:
		forget_words(j, 0);
		break;
	case IR_SKIP_UNLESS:
		j->skip = at;
		break;
	case IR_END_SKIP:
		forget_words(j, j->skip);
		j->skip = 0;
		break;
	case IR_LOAD:
	case IR_STORE:
	case IR_HOST:
		add_access(j, op, at);
		break;
	case IR_SWAP_IF:
		if (j->of[op->a] != NONE)
			j->access[j->of[op->a]].alone = true;
		break;
	default:
		break;
	}
}

/* Windows */

/* Let it cover this access too, if it can. */
static bool extend(struct ir_window *w, const struct ir_access *a)
{
	int32_t low = (int32_t)(a->at - w->at), high = low + a->length;

	if (low < -IR_JOIN_SPAN || low > IR_JOIN_INDEX)
		return false;
	low = low < 0 ? low : 0;
	high = high > w->length ? high : w->length;
	if (high - low > IR_JOIN_SPAN && high - low > w->length)
		return false;
	w->at += (uint32_t)low;
	w->length = (uint16_t)(high - low);
	return true;
}

/* What may join: a store that may not happen must not ask for the right to
 * write. */
static bool may_join(const struct ir_access *a, const struct ir_window *w,
		     unsigned int base)
{
	return a->window == NONE && a->base == base && !a->alone &&
	       (!a->skipped || !a->write || w->write);
}

/* Begin it where multiples of its alignment are what its accesses ask for;
 * those that ask for others stay out.  How many are in. */
static unsigned int align(struct ir_join *j, struct ir_window *w, uint32_t like)
{
	uint32_t more = (w->at - like) & (w->align - 1u);
	unsigned int joined = 0;

	w->at -= more;
	w->length = (uint16_t)(w->length + more);
	for (unsigned int i = w->first; i < j->accesses; i++) {
		struct ir_access *a = &j->access[i];

		if (a->window != j->count)
			continue;
		if ((a->at - w->at) & (a->align - 1u))
			a->window = NONE;
		else
			joined++;
	}
	return joined;
}

/* The window that begins with access number n; how many it joins. */
static unsigned int gather(struct ir_join *j, unsigned int n,
			   struct ir_window *w)
{
	const struct ir_access *first = &j->access[n];
	uint32_t like = first->at;

	*w = (struct ir_window){ .first = (uint16_t)n,
				 .at = first->at,
				 .length = first->length,
				 .align = first->align,
				 .write = first->write };
	for (unsigned int i = n; i < j->accesses; i++) {
		struct ir_access *a = &j->access[i];

		if (!may_join(a, w, first->base) || !extend(w, a))
			continue;
		if (a->align > w->align) {
			w->align = a->align;
			like = a->at;
		}
		w->write |= a->write;
		a->window = (uint8_t)j->count;
	}
	return align(j, w, like);
}

static bool may_begin(const struct ir_join *j, const struct ir_access *a)
{
	return a->window == NONE && !(a->skipped && a->write) && !a->alone &&
	       j->u->retry[a->insn] != IR_NO_RETRY;
}

static void find_windows(struct ir_join *j)
{
	for (unsigned int n = 0; n < j->accesses && j->count < IR_JOIN_WINDOWS;
	     n++) {
		const struct ir_access *first = &j->access[n];

		if (!may_begin(j, first))
			continue;
		/* an index needs no company: its look-up comes off the way
		 * from the index to what is loaded */
		if (gather(j, n, &j->windows[j->count]) >
			    (first->index == IR_NO_REF) &&
		    first->window == j->count) {
			j->count++;
			continue;
		}
		for (unsigned int i = n; i < j->accesses; i++)
			if (j->access[i].window == j->count)
				j->access[i].window = NONE;
	}
}

/* Rewriting */

enum {
	ADDED = 4, /* operations for a WINDOW: GET, CONST, ADD, WINDOW */
};

/* Where operations go, with room for the windows behind their INSNs. */
static void place(struct ir_join *j)
{
	const struct ir_unit *u = j->u;
	unsigned int to = 0, n = 0;

	for (unsigned int i = 0; i < u->count; i++) {
		j->map[i] = (ir_ref)to++;
		if (u->op[i].op != IR_INSN)
			continue;
		/* they are in the order of their accesses */
		for (; n < j->count &&
		       j->access[j->windows[n].first].insn == u->op[i].imm;
		     n++) {
			to += ADDED;
			j->made[n] = (ir_ref)(to - 1);
		}
	}
}

static void add_window(struct ir_join *j, unsigned int n)
{
	struct ir_unit *u = j->u;
	const struct ir_window *w = &j->windows[n];
	const struct ir_access *a = &j->access[w->first];
	ir_ref at = j->made[n], none = IR_NO_REF;
	struct ir_op *op = &u->op[at - (ADDED - 1)];

	op[0] = (struct ir_op){ .op = IR_GET,
				.type = IR_I32,
				.a = none,
				.b = none,
				.imm = a->word };
	op[1] = (struct ir_op){ .op = IR_CONST,
				.type = IR_I32,
				.a = none,
				.b = none,
				.imm = w->at - a->word_add };
	op[2] = (struct ir_op){ .op = IR_ADD,
				.type = IR_I32,
				.a = (ir_ref)(at - 3),
				.b = (ir_ref)(at - 2) };
	op[3] = (struct ir_op){
		.op = IR_WINDOW,
		.type = IR_PTR,
		.size = w->align,
		.flags = w->write ? IR_WRITE : 0,
		.a = (ir_ref)(at - 1),
		.b = none,
		.imm = w->length | (uint64_t)u->exits << 32,
	};
	for (unsigned int i = 0; i < ADDED; i++) {
		op[i].c = none;
		op[i].insn = a->insn;
	}
	u->exit[u->exits] = (struct ir_exit){ .target = u->retry[a->insn] };
	u->exit_flags[u->exits++] = IR_FLAG_NZCV;
}

static void remap(const struct ir_join *j, struct ir_op *op)
{
	unsigned int args = ir_info[op->op].args;

	if (args > 0)
		op->a = j->map[op->a];
	if (args > 1)
		op->b = j->map[op->b];
	if (args > 2)
		op->c = j->map[op->c];
}

/* The operation as it is in a unit with windows. */
static struct ir_op rewritten(const struct ir_join *j, unsigned int i)
{
	struct ir_op op = j->u->op[i];
	bool host = op.op == IR_HLOAD || op.op == IR_HSTORE;
	uint8_t n = j->of[host ? op.a : i];
	const struct ir_access *a = n == NONE ? NULL : &j->access[n];

	remap(j, &op);
	if (!a || a->window == NONE)
		return op;
	switch (op.op) {
	case IR_HOST: /* nobody uses it any more */
		return (struct ir_op){ .op = IR_CONST,
				       .type = IR_I32,
				       .a = IR_NO_REF,
				       .b = IR_NO_REF,
				       .c = IR_NO_REF,
				       .insn = op.insn };
	case IR_LOAD:
		op.op = IR_HLOAD;
		if (a->index == IR_NO_REF)
			break;
		op.op = IR_HINDEX;
		op.b = j->map[a->index];
		op.sub = a->scale;
		break;
	case IR_STORE:
		op.op = IR_HSTORE;
		break;
	default:
		break;
	}
	op.flags &= IR_SIGNED;
	op.imm += a->at - j->windows[a->window].at;
	op.a = j->made[a->window];
	return op;
}

static void rewrite(struct ir_join *j)
{
	struct ir_unit *u = j->u;
	unsigned int n = j->count, added = n * ADDED;

	for (unsigned int i = u->count; i-- > 0;) {
		struct ir_op op = rewritten(j, i);

		u->op[j->map[i]] = op;
		for (; op.op == IR_INSN && n &&
		       j->access[j->windows[n - 1].first].insn == op.imm;
		     n--)
			add_window(j, n - 1);
	}
	u->count += added;
}

/* Which WINDOWs are used behind something that values do not survive. */
static void mark_kept(struct ir_unit *u)
{
	unsigned int fence = 0;

	for (unsigned int i = 0; i < u->count; i++) {
		struct ir_op *op = &u->op[i];

		if (ir_info[op->op].effects & IR_FALLS_BACK ||
		    op->op == IR_END_SKIP)
			fence = i;
		if (op->op >= IR_HLOAD && op->op <= IR_HSTORE &&
		    op->a < fence && u->op[op->a].op == IR_WINDOW)
			u->op[op->a].flags |= IR_KEEP;
	}
}

void ir_join(struct ir_join *j, struct ir_unit *u)
{
	if (u->overflow)
		return;
	j->u = u;
	j->accesses = j->count = j->skip = 0;
	memset(j->word, 0, sizeof(j->word));
	for (unsigned int i = 0; i < u->count; i++)
		look(j, i);
	if (!j->accesses)
		return;
	find_windows(j);
	if (!j->count || u->count + j->count * ADDED > IR_MAX_OPS ||
	    u->exits + j->count > IR_MAX_EXITS)
		return;
	place(j);
	rewrite(j);
	mark_kept(u);
}
