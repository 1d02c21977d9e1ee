/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's flags in the state.
 *
 * Four words have them, or, while translated code runs, some are those of an
 * operation that nobody has worked out yet: ir_layout.lazy has a byte for each
 * flag.  So an exit behind a comparison stores two operands and a number, and
 * does not compute what the next unit mostly writes over.  There is one such
 * operation, so only who writes all flags may make one; others write words and
 * clear bytes.  Who reads flags looks at their bytes first, once in a unit
 * (g->flag_words).  The shared code works out all before it calls or leaves, so
 * nobody outside of translated code knows about this.
 */
#include "ir/fold.h"
#include "x64/gen.h"

static const struct ir_op *op_of(const struct gen *g, ir_ref ref)
{
	return &g->u->op[ref];
}

static struct host_mem flag_word(unsigned int offset)
{
	return mem_at(RBP, offset);
}

static struct host_mem lazy_byte(const struct gen *g, unsigned int flag)
{
	return mem_at(RBP, g->env->layout->lazy + __builtin_ctz(flag));
}

/* The flags that the instruction at hand reads from the state from here on. */
static unsigned int read_from_state(const struct gen *g)
{
	unsigned int mask = 0;

	for (unsigned int i = g->at; i < g->u->count; i++) {
		const struct ir_op *op = &g->u->op[i];

		if (op->op == IR_INSN || ir_info[op->op].effects & IR_ALL_STATE)
			break;
		if ((op->op == IR_COND || op->op == IR_SELECT) &&
		    g->flags_of[i] == IR_NO_REF)
			mask |= ir_cc_flags(op->cc);
	}
	return mask;
}

/* Flags of mask become words.  Changes the host's flags. */
static void want_words(struct gen *g, unsigned int mask)
{
	struct emit *e = &g->e;
	uint8_t *lazy[4], *done;
	unsigned int n = 0, look;

	if (!(mask & ~g->flag_words))
		return;
	mask |= read_from_state(g);
	look = mask & ~g->flag_words;
	g->flag_words |= mask;
	if (look == IR_FLAG_NZCV) {
		emit_alu_mem_imm(e, false, ALU_CMP,
				 mem_at(RBP, g->env->layout->lazy), 0);
		look = 0;
	}
	for (unsigned int flag = 1; flag <= look; flag <<= 1) {
		if (!(look & flag))
			continue;
		emit_alu_mem8_imm(e, ALU_CMP, lazy_byte(g, flag), IR_LAZY_NONE);
		look &= ~flag;
		if (look)
			lazy[n++] = emit_jcc_short(e, CC_NE);
	}
	done = emit_jcc_short(e, CC_E);
	while (n)
		emit_here(e, lazy[--n]);
	emit_call(e, g->x->work_out);
	emit_here(e, done);
}

void gen_want_carry_word(struct gen *g)
{
	want_words(g, IR_FLAG_C);
}

/* Flags of written are in their words, not lazy any more.  The host's flags
 * stay. */
static void clear_lazy(struct gen *g, unsigned int written, unsigned int words)
{
	struct emit *e = &g->e;

	if (!(written & ~words))
		return;
	if (written == IR_FLAG_NZCV) {
		emit_store_imm(e, false, mem_at(RBP, g->env->layout->lazy), 0);
		return;
	}
	if ((written & IR_FLAG_NZ) == IR_FLAG_NZ) { /* together mostly */
		emit_store16_imm(e, lazy_byte(g, IR_FLAG_Z), IR_LAZY_NONE);
		written &= ~(unsigned int)IR_FLAG_NZ;
	}
	for (unsigned int flag = 1; flag < 16; flag <<= 1)
		if (written & ~words & flag)
			emit_store8_imm(e, lazy_byte(g, flag), IR_LAZY_NONE);
}

/* On flags in the state. */
enum host_cc gen_condition_in_state(struct gen *g, enum ir_cc cc)
{
	const struct ir_layout *l = g->env->layout;
	struct emit *e = &g->e;
	unsigned int reg, no = cc & 1;

	gen_clobber_flags(g);
	want_words(g, ir_cc_flags(cc));
	switch (cc & ~1u) {
	case IR_EQ:
		emit_alu_mem_imm(e, false, ALU_CMP, flag_word(l->z), 0);
		return CC_E ^ no;
	case IR_CS:
		emit_alu_mem_imm(e, false, ALU_CMP, flag_word(l->c), 0);
		return CC_NE ^ no;
	case IR_MI:
		emit_alu_mem_imm(e, false, ALU_CMP, flag_word(l->n), 0);
		return CC_S ^ no;
	case IR_VS:
		emit_alu_mem_imm(e, false, ALU_CMP, flag_word(l->v), 0);
		return CC_S ^ no;
	case IR_HI:
		reg = gen_temp(g);
		emit_load(e, false, reg, flag_word(l->c));
		emit_unary(e, false, UNARY_NEG, reg);
		emit_alu_load(e, false, ALU_AND, reg, flag_word(l->z));
		return CC_NE ^ no;
	default:
		reg = gen_temp(g);
		emit_load(e, false, reg, flag_word(l->n));
		emit_alu_load(e, false, ALU_XOR, reg, flag_word(l->v));
		if ((cc & ~1u) == IR_GE)
			return CC_NS ^ no;
		emit_shift_imm(e, false, SHIFT_SAR, reg, 31);
		emit_unary(e, false, UNARY_NOT, reg);
		emit_alu_load(e, false, ALU_AND, reg, flag_word(l->z));
		return CC_NE ^ no;
	}
}

/* Writing the guest's */

static void store_nz(struct gen *g, unsigned int mask, unsigned int reg)
{
	const struct ir_layout *l = g->env->layout;

	if (mask & IR_FLAG_N)
		emit_store(&g->e, false, flag_word(l->n), reg);
	if (mask & IR_FLAG_Z)
		emit_store(&g->e, false, flag_word(l->z), reg);
}

/* C and V from the host's flags, which V changes. */
static void store_cv(struct gen *g, unsigned int mask, bool inverted,
		     unsigned int reg)
{
	const struct ir_layout *l = g->env->layout;

	if (mask & IR_FLAG_C)
		emit_setcc_mem(&g->e, inverted ? CC_AE : CC_B, flag_word(l->c));
	if (mask & IR_FLAG_V) {
		emit_setcc(&g->e, CC_O, reg);
		emit_shift_imm(&g->e, false, SHIFT_ROR, reg, 1);
		emit_store(&g->e, false, flag_word(l->v), reg);
	}
}

static void save_setc(struct gen *g, ir_ref c, unsigned int at)
{
	struct host_mem word = flag_word(g->env->layout->c);

	if (op_of(g, c)->op == IR_CONST) {
		emit_store_imm(&g->e, false, word, op_of(g, c)->imm & 1);
		return;
	}
	gen_again(g, c, RAX, at);
	emit_store(&g->e, false, word, RAX);
}

/* The register that has the value now, or RAX with a copy. */
static unsigned int again_somewhere(struct gen *g, ir_ref ref, unsigned int at)
{
	struct gen_arg arg = gen_arg_of(g, ref, at);

	if (arg.kind == ARG_REG)
		return arg.reg;
	gen_again(g, ref, RAX, at);
	return RAX;
}

static void save_setf(struct gen *g, ir_ref f, unsigned int at,
		      unsigned int mask, bool hot)
{
	const struct ir_op *op = op_of(g, f);
	enum gen_recipe recipe = gen_recipe(g, f, at, mask);
	ir_ref res = g->val[f].twin;

	if (recipe == RECIPE_RESULT) {
		store_nz(g, mask, again_somewhere(g, res, at));
		return;
	}
	if (hot && g->ef.val == f && !(mask & ~g->ef.mask) &&
	    (!(mask & IR_FLAG_NZ) ||
	     (res != IR_NO_REF && gen_home_at(g, res, at)))) {
		if (mask & IR_FLAG_NZ)
			store_nz(g, mask, again_somewhere(g, res, at));
		store_cv(g, mask, g->ef.inverted, RAX);
		return;
	}
	if (recipe == RECIPE_AB && !hot &&
	    (mask == IR_FLAG_NZCV || mask == (IR_FLAG_C | IR_FLAG_V))) {
		gen_again(g, op->a, RAX, at);
		gen_again(g, op->b, RCX, at);
		emit_call(&g->e, g->x->save[op->op == IR_FLAGS_ADD]
					   [mask == IR_FLAG_NZCV]);
		return;
	}
	gen_compute_flags(g, f, recipe, at, RAX, RCX);
	store_nz(g, mask, RAX);
	store_cv(g, mask, gen_inverts_carry(op->op), RAX);
}

static void save_words(struct gen *g, const struct gen_pending *p,
		       unsigned int at, unsigned int mask, bool hot)
{
	const uint16_t by[] = { p->v, p->c, p->z, p->n };

	if (hot && g->ef.val != IR_NO_REF) {
		/* first those that the host's flags hold */
		for (unsigned int i = 0; i < 4; i++) {
			unsigned int same = 0;

			if (by[i] == GEN_NEVER || !(mask & 1u << i) ||
			    op_of(g, by[i])->op != IR_SETF ||
			    op_of(g, by[i])->a != g->ef.val)
				continue;
			for (unsigned int n = i; n < 4; n++)
				if (by[n] == by[i])
					same |= 1u << n & mask;
			save_setf(g, g->ef.val, at, same, true);
			mask &= ~same;
			break;
		}
	}
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int same = 0;

		if (by[i] == GEN_NEVER || !(mask & 1u << i))
			continue;
		if (op_of(g, by[i])->op == IR_SETC) {
			save_setc(g, op_of(g, by[i])->a, at);
			continue;
		}
		for (unsigned int n = i; n < 4; n++)
			if (by[n] == by[i])
				same |= 1u << n & mask;
		save_setf(g, op_of(g, by[i])->a, at, same, false);
		mask &= ~same;
	}
}

/* Lazy flags */

/* Changes rax, and the host's flags, if it must be computed. */
static void store_operand(struct gen *g, unsigned int offset, ir_ref ref,
			  unsigned int at)
{
	struct gen_arg arg = gen_arg_of(g, ref, at);

	if (arg.kind == ARG_IMM) {
		emit_store_imm(&g->e, false, flag_word(offset),
			       (uint32_t)arg.imm);
		return;
	}
	if (arg.kind != ARG_REG) {
		gen_again(g, ref, RAX, at);
		arg.reg = RAX;
	}
	emit_store(&g->e, false, flag_word(offset), arg.reg);
}

static bool is_at_hand(const struct gen *g, ir_ref ref, unsigned int at)
{
	struct gen_arg arg = gen_arg_of(g, ref, at);

	return arg.kind == ARG_IMM || arg.kind == ARG_REG;
}

struct lazy {
	ir_ref a, b;
	unsigned int op; /* enum ir_lazy */
};

static struct lazy lazy_of(const struct gen *g, ir_ref f, unsigned int at,
			   unsigned int mask)
{
	static const struct lazy none = { IR_NO_REF, IR_NO_REF, IR_LAZY_NONE };
	const struct ir_op *op = op_of(g, f);
	bool sum = op->op == IR_FLAGS_ADD;
	ir_ref res = g->val[f].twin;

	if ((!sum && op->op != IR_FLAGS_SUB) || op_of(g, op->a)->type != IR_I32)
		return none;
	switch (gen_recipe(g, f, at, mask)) {
	case RECIPE_AB:
		if (res == IR_NO_REF || is_at_hand(g, op->a, at) ||
		    !is_at_hand(g, res, at))
			return (struct lazy){ op->a, op->b,
					      sum ? IR_LAZY_ADD : IR_LAZY_SUB };
		/* fall through */
	case RECIPE_RES_B:
		return (struct lazy){ res, op->b,
				      sum ? IR_LAZY_ADD_RESULT
					  : IR_LAZY_SUB_RESULT };
	case RECIPE_RES_A:
		if (sum)
			return (struct lazy){ res, op->a, IR_LAZY_ADD_RESULT };
		return none;
	default:
		return none;
	}
}

static bool can_be_lazy(const struct gen *g, ir_ref f, unsigned int at,
			unsigned int mask)
{
	return lazy_of(g, f, at, mask).op != IR_LAZY_NONE;
}

/* The same, and the host's flags and all registers can stay. */
static bool is_quickly_lazy(const struct gen *g, ir_ref f, unsigned int at)
{
	struct lazy lazy = lazy_of(g, f, at, IR_FLAG_NZCV);

	return lazy.op != IR_LAZY_NONE && is_at_hand(g, lazy.a, at) &&
	       is_at_hand(g, lazy.b, at);
}

/* Those of mask are f's from now on, the others are in words. */
static void save_lazily(struct gen *g, ir_ref f, unsigned int at,
			unsigned int mask)
{
	const struct ir_layout *l = g->env->layout;
	struct lazy lazy = lazy_of(g, f, at, mask);
	/* 0x204081 puts each bit of mask into a byte of its own */
	unsigned int bytes = (mask * 0x204081 & 0x01010101) * lazy.op;

	store_operand(g, l->lazy_a, lazy.a, at);
	store_operand(g, l->lazy_b, lazy.b, at);
	emit_store_imm(&g->e, false, flag_word(l->lazy), (int32_t)bytes);
}

static unsigned int pending_mask(const struct gen_pending *p)
{
	return (p->n == GEN_NEVER ? 0 : IR_FLAG_N) |
	       (p->z == GEN_NEVER ? 0 : IR_FLAG_Z) |
	       (p->c == GEN_NEVER ? 0 : IR_FLAG_C) |
	       (p->v == GEN_NEVER ? 0 : IR_FLAG_V);
}

/* The flags that the same SETF has pending as V, if they can be lazy. */
static unsigned int same_as_v(const struct gen *g, const struct gen_pending *p)
{
	if (op_of(g, p->v)->op != IR_SETF)
		return 0;
	return IR_FLAG_V | (p->n == p->v ? IR_FLAG_N : 0) |
	       (p->z == p->v ? IR_FLAG_Z : 0) | (p->c == p->v ? IR_FLAG_C : 0);
}

unsigned int gen_save_flags(struct gen *g, const struct gen_pending *p,
			    unsigned int at, unsigned int mask, bool hot,
			    unsigned int words)
{
	unsigned int lazy = 0;

	mask &= pending_mask(p);
	if (mask == IR_FLAG_NZCV)
		lazy = same_as_v(g, p);
	if (lazy && can_be_lazy(g, op_of(g, p->v)->a, at, lazy)) {
		save_words(g, p, at, mask & ~lazy, hot);
		save_lazily(g, op_of(g, p->v)->a, at, lazy);
		return mask & ~lazy;
	}
	save_words(g, p, at, mask, hot);
	clear_lazy(g, mask, words);
	return words | mask;
}

static void set_pending(struct gen *g, unsigned int mask, uint16_t by)
{
	if (mask & IR_FLAG_N)
		g->pending.n = by;
	if (mask & IR_FLAG_Z)
		g->pending.z = by;
	if (mask & IR_FLAG_C)
		g->pending.c = by;
	if (mask & IR_FLAG_V)
		g->pending.v = by;
}

/* Bit 31 of a word of the state = a condition; the host's flags stay. */
static void store_top(struct gen *g, enum host_cc cc, unsigned int offset,
		      unsigned int reg)
{
	emit_setcc(&g->e, cc, reg);
	emit_extend(&g->e, false, false, 1, reg, reg);
	if (g->env->v3) {
		emit_rorx(&g->e, false, reg, reg, 1);
	} else {
		/* 9 * 9 * 9 << 24 has that bit, and others that mean nothing */
		emit_bswap(&g->e, false, reg);
		for (unsigned int i = 0; i < 3; i++)
			emit_lea(&g->e, false, reg, mem_index(reg, reg, 3, 0));
	}
	emit_store(&g->e, false, flag_word(offset), reg);
}

/* A register with the result that f's flags are of, or NO_REG. */
static unsigned int result_in_register(struct gen *g, ir_ref f)
{
	ir_ref res = g->val[f].twin;
	struct gen_arg arg;

	if (res == IR_NO_REF || op_of(g, res)->type != IR_I32)
		return NO_REG;
	if (g->val[res].uses && g->val[res].reg != NO_REG)
		return g->val[res].reg;
	arg = gen_arg_of(g, res, g->at);
	return arg.kind == ARG_REG ? arg.reg : NO_REG;
}

/* The host's flags still are f's afterwards: comparisons are mostly followed by
 * who asks for them.  meet: only these have them, which come from two ways. */
static void setf_now(struct gen *g, ir_ref f, unsigned int mask, bool meet)
{
	const struct ir_layout *l = g->env->layout;
	unsigned int res = NO_REG, reg;

	if (!meet && mask == IR_FLAG_NZCV && is_quickly_lazy(g, f, g->at)) {
		save_lazily(g, f, g->at, mask);
		g->flag_words = 0;
		return;
	}
	clear_lazy(g, mask, g->flag_words);
	g->flag_words |= mask;
	if ((g->ef.val != f || mask & ~g->ef.mask) && mask & IR_FLAG_NZ &&
	    gen_recipe(g, f, g->at, mask) == RECIPE_AB) {
		/* with the result, which N and Z are stored by */
		gen_clobber_flags(g);
		res = gen_temp(g);
		gen_compute_flags(g, f, RECIPE_AB, g->at, res, gen_temp(g));
		gen_flags_hold(g, f, IR_FLAG_NZCV);
		gen_unlock(g);
	} else if (g->ef.val != f || mask & ~g->ef.mask) {
		gen_bring(g, f, mask);
		gen_unlock(g);
	}
	if (res == NO_REG && mask & IR_FLAG_NZ)
		res = result_in_register(g, f);
	if (res != NO_REG) {
		g->locked |= 1 << res;
		store_nz(g, mask, res);
		mask &= ~(unsigned int)IR_FLAG_NZ;
	}
	if (mask & IR_FLAG_C)
		store_cv(g, IR_FLAG_C, g->ef.inverted, NO_REG);
	if (!(mask & (IR_FLAG_NZ | IR_FLAG_V)))
		return;
	reg = gen_temp(g);
	if (mask & IR_FLAG_V)
		store_top(g, CC_O, l->v, reg);
	if (mask & IR_FLAG_N)
		store_top(g, CC_S, l->n, reg);
	if (mask & IR_FLAG_Z) {
		emit_setcc(&g->e, CC_NE, reg);
		emit_extend(&g->e, false, false, 1, reg, reg);
		emit_store(&g->e, false, flag_word(l->z), reg);
	}
}

void gen_setf(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	if (g->val[g->at].twin != IR_NO_REF)
		return; /* at the skip's end */
	if (!g->now[g->at]) {
		set_pending(g, op->imm, g->at);
		return;
	}
	setf_now(g, op->a, op->imm, false);
	set_pending(g, op->imm, GEN_NEVER);
}

static void bring_all(struct gen *g, ir_ref f)
{
	if (g->ef.val != f || g->ef.mask != IR_FLAG_NZCV)
		gen_bring(g, f, IR_FLAG_NZCV);
	gen_unlock(g);
}

/* Whether both ways around the skip at hand, which ends at 'end', can store
 * what their flags are of. */
static bool both_lazy(const struct gen *g, unsigned int setf, unsigned int end)
{
	const struct ir_op *op = op_of(g, (ir_ref)setf);

	return g->now[setf] && op->imm == IR_FLAG_NZCV &&
	       is_quickly_lazy(g, g->flags_of[g->at], g->at) &&
	       is_quickly_lazy(g, op->a, end);
}

void gen_merge_begin(struct gen *g)
{
	ir_ref f = g->flags_of[g->at];
	unsigned int setf = g->val[g->at].twin, end = setf;

	while (op_of(g, (ir_ref)end)->op != IR_END_SKIP)
		end++;
	g->merge_is_lazy = both_lazy(g, setf, end);
	bring_all(g, f);
	if (g->merge_is_lazy)
		save_lazily(g, f, g->at, IR_FLAG_NZCV);
}

void gen_merge_ready(struct gen *g)
{
	ir_ref f = op_of(g, g->val[g->at].twin)->a;

	bring_all(g, f);
	if (g->merge_is_lazy)
		save_lazily(g, f, g->at, IR_FLAG_NZCV);
}

void gen_merge_end(struct gen *g)
{
	unsigned int setf = g->val[g->at].twin;
	const struct ir_op *op = op_of(g, (ir_ref)setf);

	if (!g->now[setf]) {
		set_pending(g, op->imm, (uint16_t)setf);
		return;
	}
	if (g->merge_is_lazy)
		g->flag_words = 0;
	else
		setf_now(g, op->a, op->imm, true);
	set_pending(g, op->imm, GEN_NEVER);
}

void gen_setc(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	struct host_mem word = flag_word(g->env->layout->c);
	uint64_t imm;

	if (!g->now[g->at]) {
		set_pending(g, IR_FLAG_C, g->at);
		return;
	}
	if (gen_const(g, op->a, &imm))
		emit_store_imm(&g->e, false, word, imm & 1);
	else
		emit_store(&g->e, false, word, gen_use(g, op->a));
	clear_lazy(g, IR_FLAG_C, g->flag_words);
	g->flag_words |= IR_FLAG_C;
	set_pending(g, IR_FLAG_C, GEN_NEVER);
}
