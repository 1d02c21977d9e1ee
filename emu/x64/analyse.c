/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Three passes before anything is emitted.
 *
 * Homes (backward): which word of the state holds a value from where to
 * where.  A value whose only SET is to a pinned word, with nothing between
 * that could see the word, is made in the pinned register itself (target).
 *
 * Flags (forward): the guest's flags are hardly ever read from the state,
 * but whatever may leave the unit must find them there.  So a SETF writes
 * nothing if each place that may see its flags can work them out again from
 * constants and state words that still hold (a "recipe"): most of these
 * places are out of line.  Only where one cannot, 'now' is set, and the SETF
 * writes them.  A reader (COND, SELECT, jumps) of the guest's flags becomes a
 * reader of the FLAGS value they come from.
 *
 * A conditional comparison (a skip over nothing but one) is met behind the
 * skip by the flags from before it: both ways leave theirs in the host's
 * flags, if both are of subtractions.
 *
 * Uses (backward): how often each value is wanted in the hot path.
 */
#include <string.h>

#include "ir/fold.h"
#include "x64/gen.h"

enum {
	WORDS = 24, /* unpinned pieces of state that homes are known for */
	DEPTH = 4,  /* operations that gen_again() may repeat for a value */
};

struct word {
	uint16_t offset, next;
	uint8_t size;
};

struct homes {
	struct word word[WORDS];
	unsigned int words;
	uint16_t next_pin[16]; /* next write of a pinned register */
	ir_ref made_in[16];    /* the value that would be its target's */
	bool any_made;         /* made_in[] has something */
	uint16_t limit;        /* end of the open skip, or GEN_NEVER */
	uint16_t call;         /* next CALL */
};

static unsigned int pin_of(const struct gen *g, const struct ir_op *op)
{
	return g->x->pin_of[op->imm >> 2];
}

static uint16_t least(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* Homes */

static void add_home(struct gen *g, const struct homes *h, ir_ref ref,
		     struct gen_home home)
{
	struct gen_home *at = g->val[ref].home;

	home.until = least(least(home.until, h->call), h->limit);
	at[at[0].until ? 1 : 0] = home;
}

static void no_target(struct gen *g, struct homes *h, unsigned int pin)
{
	if (h->made_in[pin] != IR_NO_REF)
		g->val[h->made_in[pin]].target = NO_REG;
	h->made_in[pin] = IR_NO_REF;
}

static void no_targets(struct gen *g, struct homes *h)
{
	if (!h->any_made)
		return;
	h->any_made = false;
	for (unsigned int i = 0; i < X64_PINNED; i++)
		no_target(g, h, x64_pinned[i]);
}

/* When the words of op's access are written next; they are from now on
 * written at 'at' if it is a SET. */
static uint16_t next_write(struct homes *h, const struct ir_op *op,
			   unsigned int at)
{
	unsigned int size = ir_type_size(op->type);
	struct word *found = NULL;
	uint16_t next = GEN_NEVER;

	for (unsigned int i = 0; i < h->words; i++) {
		struct word *w = &h->word[i];

		if (w->offset >= op->imm + size ||
		    w->offset + w->size <= op->imm)
			continue;
		next = least(next, w->next);
		if (op->op == IR_SET)
			w->next = at;
		if (w->offset == op->imm && w->size == size)
			found = w;
	}
	if (found)
		return next;
	if (h->words == WORDS)
		return 0; /* no home */
	h->word[h->words++] = (struct word){
		.offset = op->imm,
		.size = size,
		.next = op->op == IR_SET ? at : GEN_NEVER,
	};
	return next;
}

/* A piece first seen here may have been written behind through an
 * overlapping piece only, which next_write() has looked at. */
static void home_in_memory(struct gen *g, struct homes *h,
			   const struct ir_op *op, unsigned int at)
{
	uint16_t until = next_write(h, op, at);

	if (op->op == IR_GET)
		add_home(g, h, at, (struct gen_home){ op->imm, at, until });
	else
		add_home(g, h, op->a,
			 (struct gen_home){ op->imm, at + 1, until });
}

static bool can_target(const struct ir_op *def)
{
	return def->type == IR_I32 && def->op != IR_GET && def->op != IR_CONST;
}

static void home_in_pin(struct gen *g, struct homes *h, const struct ir_op *op,
			unsigned int at, unsigned int pin)
{
	uint16_t until = h->next_pin[pin];

	no_target(g, h, pin);
	if (op->op == IR_GET) {
		add_home(g, h, at, (struct gen_home){ op->imm, at, until });
		return;
	}
	add_home(g, h, op->a, (struct gen_home){ op->imm, at + 1, until });
	h->next_pin[pin] = at;
	if (can_target(&g->u->op[op->a]) && g->val[op->a].target == NO_REG) {
		g->val[op->a].target = pin;
		h->made_in[pin] = op->a;
		h->any_made = true;
	}
}

static void find_homes(struct gen *g)
{
	struct homes h = { .limit = GEN_NEVER, .call = GEN_NEVER };

	memset(h.next_pin, 0xff, sizeof(h.next_pin));
	memset(h.made_in, 0xff, sizeof(h.made_in));
	for (unsigned int i = g->u->count; i-- > 0;) {
		const struct ir_op *op = &g->u->op[i];
		unsigned int pin, effects = ir_info[op->op].effects;

		if (op->op == IR_GET || op->op == IR_SET) {
			pin = pin_of(g, op);
			if (pin == NO_PIN)
				home_in_memory(g, &h, op, i);
			else
				home_in_pin(g, &h, op, i, pin);
			continue;
		}
		pin = g->val[i].target;
		if (pin != NO_REG) {
			/* the old value is lost here, not at the SET */
			h.next_pin[pin] = i;
			h.made_in[pin] = IR_NO_REF;
		}
		if (effects & (IR_FALLS_BACK | IR_EXITS | IR_BOUNDARY |
			       IR_ALL_STATE | IR_CONTROL))
			no_targets(g, &h);
		if (op->op == IR_CALL)
			h.call = i;
		if (op->op == IR_END_SKIP)
			h.limit = i;
		if (op->op == IR_SKIP_UNLESS)
			h.limit = GEN_NEVER;
	}
}

const struct gen_home *gen_home_at(const struct gen *g, ir_ref ref,
				   unsigned int at)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct gen_home *home = &g->val[ref].home[i];

		if (home->from <= at && at <= home->until)
			return home;
	}
	return NULL;
}

/* Twins */

static bool same_args(const struct ir_op *x, const struct ir_op *y)
{
	return x->a == y->a && x->b == y->b && x->c == y->c;
}

/* Whether the host's instruction for val sets the flags of op. */
static bool sets_flags(const struct gen *g, const struct ir_op *val,
		       const struct ir_op *op, ir_ref ref)
{
	switch (op->op) {
	case IR_FLAGS_ADD:
		return val->op == IR_ADD && same_args(val, op);
	case IR_FLAGS_SUB:
		return val->op == IR_SUB && same_args(val, op);
	case IR_FLAGS_ADC:
		return val->op == IR_ADC && same_args(val, op);
	case IR_FLAGS_SBC:
		return val->op == IR_SBC && same_args(val, op);
	case IR_FLAGS_AND:
		return val->op == IR_AND && same_args(val, op);
	case IR_FLAGS_NZ:
		if (op->a != ref)
			return false;
		if (val->op >= IR_SHL && val->op <= IR_SAR)
			return g->u->op[val->b].op == IR_CONST;
		return val->op == IR_ADD || val->op == IR_SUB ||
		       (val->op >= IR_AND && val->op <= IR_XOR);
	default:
		return false;
	}
}

static void find_twin(struct gen *g, unsigned int at)
{
	const struct ir_op *op = &g->u->op[at];

	if (op->op == IR_FLAGS_NZ)
		g->val[at].twin = op->a;
	if (at && sets_flags(g, op - 1, op, at - 1)) {
		g->val[at].twin = at - 1;
		g->val[at - 1].twin = at;
	}
}

/* Recipes */

static bool is_imm32(const struct gen *g, ir_ref ref)
{
	const struct ir_op *op = &g->u->op[ref];

	return op->op == IR_CONST && op->type == IR_I32;
}

/* Pointers that go on after a comparison: what was compared is what they are
 * now less what was added. */
static void find_moved(struct gen *g, unsigned int at)
{
	const struct ir_op *op = &g->u->op[at];

	if ((op->op == IR_ADD || op->op == IR_SUB) && op->type == IR_I32 &&
	    is_imm32(g, op->b) && g->val[at].home[0].until)
		g->val[op->a].moved = (ir_ref)at;
}

ir_ref gen_moved_at(const struct gen *g, ir_ref ref, unsigned int at)
{
	ir_ref moved = g->val[ref].moved;

	return moved != IR_NO_REF && gen_home_at(g, moved, at) ? moved
							       : IR_NO_REF;
}

static bool can_again(const struct gen *g, ir_ref ref, unsigned int at,
		      unsigned int depth)
{
	const struct ir_op *op = &g->u->op[ref];

	if (op->type != IR_I32)
		return false;
	if (op->op == IR_CONST || gen_home_at(g, ref, at) ||
	    gen_moved_at(g, ref, at) != IR_NO_REF)
		return true;
	if (!depth)
		return false;
	switch (op->op) {
	case IR_NOT:
	case IR_NEG:
		return can_again(g, op->a, at, depth - 1);
	case IR_ADD:
	case IR_SUB:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROR:
		return is_imm32(g, op->b) && can_again(g, op->a, at, depth - 1);
	default:
		return false;
	}
}

bool gen_can_again(const struct gen *g, ir_ref ref, unsigned int at)
{
	return can_again(g, ref, at, DEPTH);
}

enum gen_recipe gen_recipe(const struct gen *g, ir_ref flags, unsigned int at,
			   unsigned int mask)
{
	const struct ir_op *op = &g->u->op[flags];
	ir_ref twin = g->val[flags].twin;
	bool result, a, b;

	if (op->op < IR_FLAGS_ADD || op->op > IR_FLAGS_AND ||
	    g->u->op[op->a].type != IR_I32 || at > g->val[flags].again_until)
		return RECIPE_NONE;
	if (op->op == IR_FLAGS_NZ)
		return gen_can_again(g, op->a, at) ? RECIPE_RESULT
						   : RECIPE_NONE;
	result = twin != IR_NO_REF && gen_home_at(g, twin, at);
	if (result && !(mask & ~IR_FLAG_NZ))
		return RECIPE_RESULT;
	if (op->op == IR_FLAGS_ADC || op->op == IR_FLAGS_SBC)
		return RECIPE_NONE;
	a = gen_can_again(g, op->a, at);
	b = gen_can_again(g, op->b, at);
	if (a && b)
		return RECIPE_AB;
	if (!result || op->op == IR_FLAGS_AND)
		return RECIPE_NONE;
	return b ? RECIPE_RES_B : a ? RECIPE_RES_A : RECIPE_NONE;
}

/* Flags */

struct tracker {
	struct gen_pending p;
	unsigned int fence; /* FLAGS values before it are lost */
	unsigned int skip;  /* where the open skip began */
	bool fell;
};

static const struct gen_pending nothing = { GEN_NEVER, GEN_NEVER, GEN_NEVER,
					    GEN_NEVER };

static uint16_t *pending_flag(struct gen_pending *p, unsigned int flag)
{
	switch (flag) {
	case IR_FLAG_N:
		return &p->n;
	case IR_FLAG_Z:
		return &p->z;
	case IR_FLAG_C:
		return &p->c;
	default:
		return &p->v;
	}
}

/* The flags of mask that SETF or SETC number s has pending. */
static unsigned int pending_of(struct gen_pending *p, unsigned int s,
			       unsigned int mask)
{
	unsigned int found = 0;

	for (unsigned int flag = 1; flag < 16; flag <<= 1)
		if (mask & flag && *pending_flag(p, flag) == s)
			found |= flag;
	return found;
}

static void write_now(struct gen *g, struct tracker *t, unsigned int s)
{
	g->now[s] = true;
	for (unsigned int flag = 1; flag < 16; flag <<= 1)
		if (*pending_flag(&t->p, flag) == s)
			*pending_flag(&t->p, flag) = GEN_NEVER;
}

/* Operation 'at' may show the flags of mask to somebody. */
static void seen(struct gen *g, struct tracker *t, unsigned int at,
		 unsigned int mask)
{
	for (unsigned int flag = 1; flag < 16; flag <<= 1) {
		unsigned int s = *pending_flag(&t->p, flag);
		const struct ir_op *op;

		if (!(mask & flag) || s == GEN_NEVER)
			continue;
		op = &g->u->op[s];
		if (op->op == IR_SETC ? !gen_can_again(g, op->a, at)
				      : !gen_recipe(g, op->a, at,
						    pending_of(&t->p, s, mask)))
			write_now(g, t, s);
	}
}

/* The FLAGS value behind the guest's flags of mask, or IR_NO_REF: then they
 * are in the state. */
static ir_ref guest_flags(struct gen *g, struct tracker *t, unsigned int at,
			  unsigned int mask)
{
	unsigned int s = GEN_NEVER, same = 0;
	ir_ref f;

	for (unsigned int flag = 1; flag < 16; flag <<= 1)
		if (mask & flag)
			s = *pending_flag(&t->p, flag);
	same = s == GEN_NEVER ? 0 : pending_of(&t->p, s, mask);
	if (same == mask && g->u->op[s].op == IR_SETF) {
		f = g->u->op[s].a;
		if (f >= t->fence || gen_recipe(g, f, at, mask))
			return f;
	}
	for (unsigned int flag = 1; flag < 16; flag <<= 1)
		if (mask & flag && *pending_flag(&t->p, flag) != GEN_NEVER)
			write_now(g, t, *pending_flag(&t->p, flag));
	return IR_NO_REF;
}

static void resolve(struct gen *g, struct tracker *t, const struct ir_op *op,
		    unsigned int at)
{
	ir_ref f = op->op == IR_SELECT ? op->c : op->a;

	if (g->u->op[f].op == IR_GETF)
		f = guest_flags(g, t, at, ir_cc_flags(op->cc));
	g->flags_of[at] = f;
}

/* Whether the skip that begins at 'at' has anything that writes flags. */
static bool skip_writes_flags(const struct gen *g, unsigned int at)
{
	for (unsigned int i = at; i < g->u->count; i++) {
		const struct ir_op *op = &g->u->op[i];

		if (op->op == IR_END_SKIP)
			return false;
		if (ir_info[op->op].effects & (IR_WRITES_FLAGS | IR_ALL_STATE))
			return true;
	}
	return false;
}

/* The SETF of a skip that does nothing but compare, or 0; its end. */
static unsigned int only_setf(const struct gen *g, unsigned int at,
			      unsigned int *ret_end)
{
	unsigned int setf = 0;

	for (unsigned int i = at + 1; i < g->u->count; i++) {
		const struct ir_op *op = &g->u->op[i];

		*ret_end = i;
		if (op->op == IR_END_SKIP)
			return setf;
		if (op->op == IR_SETF) {
			if (setf || g->u->op[op->a].op != IR_FLAGS_SUB ||
			    op->a < at)
				return 0;
			setf = i;
		} else if (ir_info[op->op].effects &
			   ~(IR_READS_STATE | IR_READS_FLAGS)) {
			return 0;
		}
	}
	return 0;
}

/* Whether the flags that the skip at 'at' may write can meet those from
 * before in the host's. */
static bool merge(struct gen *g, struct tracker *t, unsigned int at)
{
	ir_ref f = g->flags_of[at];
	unsigned int end = 0, setf = only_setf(g, at, &end);

	if (!setf || f == IR_NO_REF || g->u->op[f].op != IR_FLAGS_SUB ||
	    (f < t->fence && !gen_recipe(g, f, at, IR_FLAG_NZCV)))
		return false;
	for (unsigned int flag = 1; flag < 16; flag <<= 1) {
		unsigned int s = *pending_flag(&t->p, flag);

		if (g->u->op[setf].imm & flag &&
		    (s == GEN_NEVER || g->u->op[s].op != IR_SETF ||
		     g->u->op[s].a != f))
			return false;
	}
	g->val[at].twin = g->val[setf].twin = g->val[end].twin = setf;
	g->val[g->u->op[setf].a].again_until = end;
	return true;
}

static void track_visible(struct gen *g, struct tracker *t,
			  const struct ir_op *op, unsigned int at)
{
	unsigned int effects = ir_info[op->op].effects;

	switch (op->op) {
	case IR_EXIT:
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
		seen(g, t, at, g->u->exit_flags[op->imm]);
		return;
	case IR_SKIP_UNLESS:
		g->now[at] = !merge(g, t, at) && skip_writes_flags(g, at);
		if (g->now[at]) {
			seen(g, t, at, IR_FLAG_NZCV);
			t->p = nothing;
		}
		return;
	case IR_END_SKIP:
		if (g->val[at].twin != IR_NO_REF)
			return;
		/* what a skip has written must be in the state behind it */
		for (unsigned int flag = 1; flag < 16; flag <<= 1) {
			unsigned int by = *pending_flag(&t->p, flag);

			if (by != GEN_NEVER && by > t->skip)
				write_now(g, t, by);
		}
		return;
	default:
		if (effects & (IR_FALLS_BACK | IR_EXITS | IR_ALL_STATE))
			seen(g, t, at, IR_FLAG_NZCV);
		if (op->op == IR_CALL)
			t->p = nothing;
	}
}

static void track_flags(struct gen *g)
{
	struct tracker t = { .p = nothing };

	for (unsigned int i = 0; i < g->u->count; i++) {
		const struct ir_op *op = &g->u->op[i];
		unsigned int effects = ir_info[op->op].effects;

		if (op->op == IR_COND || op->op == IR_SELECT ||
		    op->op == IR_SKIP_UNLESS || op->op == IR_EXIT_IF ||
		    op->op == IR_EXIT_UNLESS)
			resolve(g, &t, op, i);
		if (effects & (IR_FALLS_BACK | IR_EXITS | IR_ALL_STATE |
			       IR_CONTROL) ||
		    op->op == IR_END_SKIP)
			track_visible(g, &t, op, i);
		if (op->op == IR_SKIP_UNLESS)
			t.skip = i;
		/* behind a fall-back, the state has what its function wrote */
		if (effects & IR_WRITES_FLAGS && t.fell)
			g->now[i] = true;
		if (effects & IR_WRITES_FLAGS)
			for (unsigned int flag = 1; flag < 16; flag <<= 1)
				if (op->op == IR_SETC ? flag == IR_FLAG_C
						      : op->imm & flag)
					*pending_flag(&t.p,
						      flag) = t.fell ? GEN_NEVER
								     : i;
		if (effects & IR_FALLS_BACK)
			t.fell = true;
		if (effects & IR_BOUNDARY) {
			if (op->op == IR_END_SKIP &&
			    g->val[i].twin != IR_NO_REF)
				t.fence = g->u->op[g->val[i].twin].a;
			else if (t.fell || op->op != IR_INSN)
				t.fence = i;
			t.fell = false;
		}
	}
}

/* Uses */

static void use(struct gen *g, ir_ref ref, unsigned int at)
{
	struct gen_value *v = &g->val[ref];

	if (!v->uses++)
		v->last_use = at;
	v->first_use = at;
}

static void count_args(struct gen *g, const struct ir_op *op, unsigned int at)
{
	const ir_ref arg[] = { op->a, op->b, op->c };
	unsigned int args = ir_info[op->op].args;

	switch (op->op) {
	case IR_SETF:
	case IR_SETC:
		if (g->now[at] && g->val[at].twin == IR_NO_REF)
			use(g, op->a, at);
		return;
	case IR_END_SKIP:
		if (g->val[at].twin != IR_NO_REF)
			use(g, g->u->op[g->val[at].twin].a, at);
		return;
	case IR_COND:
	case IR_SKIP_UNLESS:
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
		args = 0;
		break;
	case IR_SELECT:
		args = 2;
		break;
	default:
		break;
	}
	if (args < ir_info[op->op].args && g->flags_of[at] != IR_NO_REF)
		use(g, g->flags_of[at], at);
	for (unsigned int i = 0; i < args; i++)
		use(g, arg[i], at);
}

static void count_uses(struct gen *g)
{
	for (unsigned int i = g->u->count; i-- > 0;) {
		const struct ir_op *op = &g->u->op[i];
		unsigned int effects = ir_info[op->op].effects;

		if (effects & ~(IR_READS_STATE | IR_READS_FLAGS) ||
		    ir_info[op->op].result == IR_NONE || g->val[i].uses)
			count_args(g, op, i);
	}
}

/* Vectors */

enum {
	PIECES = 128,
	LEAVES = 12, /* places that a store is put off over, each of which
		      * has to do it */
};

/* Words of the state and what writes them next. */
struct ahead {
	uint16_t epoch, leaves;
	struct {
		uint16_t offset, epoch, leaves;
	} word[PIECES];
};

/* Whether all of the SET's words are written again soon; from now on it is
 * what writes them next. */
static bool written_again(struct ahead *a, const struct ir_op *op)
{
	unsigned int size = ir_type_size((enum ir_type)op->type);
	bool all = true;

	for (unsigned int i = 0; i < size; i += 4) {
		unsigned int at = (unsigned int)op->imm + i;
		unsigned int n = at / 4 % PIECES;

		all &= a->word[n].offset == at &&
		       a->word[n].epoch == a->epoch &&
		       a->leaves - a->word[n].leaves <= LEAVES;
		a->word[n].offset = (uint16_t)at;
		a->word[n].epoch = a->epoch;
		a->word[n].leaves = a->leaves;
	}
	return all;
}

static void find_lazy(struct gen *g)
{
	struct ahead a = { .epoch = 1 };

	for (unsigned int i = g->u->count; i-- > 0;) {
		const struct ir_op *op = &g->u->op[i];
		unsigned int effects = ir_info[op->op].effects;

		g->lazy[i] = false;
		if (op->op == IR_SET && gen_is_x((enum ir_type)op->type)) {
			g->lazy[i] = written_again(&a, op);
			if (g->seed)
				g->lazy[i] = gen_random(g) & 1;
		}
		if (effects & (IR_ALL_STATE | IR_LAST) ||
		    op->op == IR_SKIP_UNLESS || op->op == IR_END_SKIP)
			a.epoch++;
		if (effects & (IR_EXITS | IR_FALLS_BACK))
			a.leaves++;
	}
}

void gen_analyse(struct gen *g)
{
	static const struct gen_value blank = {
		.reg = NO_REG,
		.target = NO_REG,
		.next = IR_NO_REF,
		.twin = IR_NO_REF,
		.again_until = GEN_NEVER,
		.moved = IR_NO_REF,
	};

	for (unsigned int i = 0; i < g->u->count; i++) {
		g->val[i] = blank;
		g->flags_of[i] = IR_NO_REF;
		g->now[i] = false;
		find_twin(g, i);
	}
	find_homes(g);
	for (unsigned int i = 0; i < g->u->count; i++)
		find_moved(g, i);
	track_flags(g);
	find_lazy(g);
	count_uses(g);
}
