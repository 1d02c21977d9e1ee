/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * g->ef says which FLAGS value the host's flags hold.  A comparison is
 * emitted when somebody asks for its flags, if its arguments are still to be
 * had then (a recipe), otherwise where it stands.  Flags that must survive an
 * instruction that changes the host's, and for which there is no recipe, go
 * to the frame (PUSHF): that is rare.
 *
 * After a subtraction the host's CF is the inverse of C: ef.inverted.
 */
#include "ir/fold.h"
#include "x64/gen.h"

static const struct ir_op *op_of(const struct gen *g, ir_ref ref)
{
	return &g->u->op[ref];
}

static unsigned int all_flags(enum ir_opcode op)
{
	return op == IR_FLAGS_NZ || op == IR_FLAGS_AND ? IR_FLAG_NZ
						       : IR_FLAG_NZCV;
}

void gen_flags_hold(struct gen *g, ir_ref f, unsigned int mask)
{
	enum ir_opcode op = op_of(g, f)->op;

	g->ef.val = f;
	g->ef.mask = mask & all_flags(op);
	g->ef.inverted = gen_inverts_carry(op);
}

static void complement_carry(struct gen *g)
{
	emit8(&g->e, 0xf5); /* CMC */
}

/* Whether f can be had again at each use that is still to come. */
static bool lasts(const struct gen *g, ir_ref f)
{
	unsigned int all = all_flags(op_of(g, f)->op);

	return gen_recipe(g, f, g->at, all) &&
	       gen_recipe(g, f, g->val[f].last_use, all);
}

static bool find_slot(struct gen *g, ir_ref f)
{
	for (unsigned int n = 0; n < X64_FRAME / 8; n++) {
		if (g->frame >> n & 1)
			continue;
		g->frame |= 1u << n;
		g->val[f].base = BASE_SPILL;
		g->val[f].where = n * 8;
		return true;
	}
	g->failed = true;
	return false;
}

/* The host's flags themselves stay as they are. */
static void put_aside(struct gen *g, unsigned int done)
{
	ir_ref f = g->ef.val;
	struct gen_value *v;
	bool flip;

	g->ef.val = IR_NO_REF;
	g->carry = IR_NO_REF;
	if (f == IR_NO_REF)
		return;
	v = &g->val[f];
	if (!v->uses || v->last_use < done || v->base == BASE_SPILL ||
	    lasts(g, f) || !find_slot(g, f))
		return;
	flip = g->ef.inverted != gen_inverts_carry(op_of(g, f)->op);
	if (flip)
		complement_carry(g);
	emit8(&g->e, 0x9c);                             /* PUSHF */
	emit_rm(&g->e, 0x8f, 0, mem_at(RSP, v->where)); /* POP m64 */
	if (flip)
		complement_carry(g);
}

void gen_clobber_flags(struct gen *g)
{
	put_aside(g, g->at + 1);
}

bool gen_flags_are_free(const struct gen *g)
{
	return (g->ef.val == IR_NO_REF || !g->val[g->ef.val].uses) &&
	       g->carry == IR_NO_REF;
}

void gen_keep_flags(struct gen *g)
{
	put_aside(g, g->at);
}

static void restore(struct gen *g, ir_ref f)
{
	emit_rm(&g->e, 0xff, 6, mem_at(RSP, g->val[f].where)); /* PUSH m64 */
	emit8(&g->e, 0x9d);                                    /* POPF */
	gen_flags_hold(g, f, IR_FLAG_NZCV);
}

/* Arguments of recipes */

struct gen_arg gen_arg_of(const struct gen *g, ir_ref ref, unsigned int at)
{
	const struct gen_home *home;
	struct gen_arg arg = { .kind = ARG_OTHER };

	if (op_of(g, ref)->op == IR_CONST) {
		arg.kind = ARG_IMM;
		arg.imm = (int32_t)op_of(g, ref)->imm;
		return arg;
	}
	home = gen_home_at(g, ref, at);
	if (!home)
		return arg;
	arg.reg = g->x->pin_of[home->offset >> 2];
	arg.kind = arg.reg == NO_PIN ? ARG_MEM : ARG_REG;
	arg.mem = mem_at(RBP, home->offset);
	return arg;
}

/* to op= the value; spare may be changed. */
static void alu_again(struct gen *g, enum emit_alu op, unsigned int to,
		      ir_ref ref, unsigned int at, unsigned int spare)
{
	struct gen_arg arg = gen_arg_of(g, ref, at);

	switch (arg.kind) {
	case ARG_IMM:
		emit_alu_imm(&g->e, false, op, to, arg.imm);
		break;
	case ARG_REG:
		emit_alu(&g->e, false, op, to, arg.reg);
		break;
	case ARG_MEM:
		emit_alu_load(&g->e, false, op, to, arg.mem);
		break;
	case ARG_OTHER:
		gen_again(g, ref, spare, at);
		emit_alu(&g->e, false, op, to, spare);
		break;
	}
}

static bool is_sum(enum ir_opcode op)
{
	return op == IR_FLAGS_ADD;
}

/* reg is the first argument of f, and the second a register or constant by the
 * recipe; then both are subtracted or added. */
void gen_compute_flags(struct gen *g, ir_ref f, enum gen_recipe recipe,
		       unsigned int at, unsigned int reg, unsigned int spare)
{
	const struct ir_op *op = op_of(g, f);
	enum emit_alu alu = op->op == IR_FLAGS_AND ? ALU_AND
			    : is_sum(op->op)       ? ALU_ADD
						   : ALU_SUB;
	ir_ref res = g->val[f].twin;

	switch (recipe) {
	case RECIPE_AB:
		gen_again(g, op->a, reg, at);
		alu_again(g, alu, reg, op->b, at, spare);
		return;
	case RECIPE_RES_B:
		/* a = res - b, or res + b */
		gen_again(g, res, reg, at);
		alu_again(g, is_sum(op->op) ? ALU_SUB : ALU_ADD, reg, op->b, at,
			  spare);
		alu_again(g, alu, reg, op->b, at, spare);
		return;
	case RECIPE_RES_A:
		if (is_sum(op->op)) { /* b = res - a */
			gen_again(g, res, reg, at);
			alu_again(g, ALU_SUB, reg, op->a, at, spare);
			alu_again(g, ALU_ADD, reg, op->a, at, spare);
			return;
		}
		gen_again(g, op->a, spare, at); /* b = a - res */
		emit_mov(&g->e, false, reg, spare);
		alu_again(g, ALU_SUB, spare, res, at, NO_REG);
		emit_alu(&g->e, false, ALU_SUB, reg, spare);
		return;
	default:
		g->failed = true;
	}
}

/* Flags only, without a register where none is needed. */
static bool compare_again(struct gen *g, ir_ref f, unsigned int at)
{
	const struct ir_op *op = op_of(g, f);
	struct gen_arg a = gen_arg_of(g, op->a, at),
		       b = gen_arg_of(g, op->b, at);
	bool test = op->op == IR_FLAGS_AND;

	if (is_sum(op->op) || a.kind == ARG_OTHER || a.kind == ARG_IMM ||
	    b.kind == ARG_OTHER || (a.kind == ARG_MEM && b.kind == ARG_MEM))
		return false;
	if (test && (a.kind == ARG_MEM || b.kind == ARG_MEM))
		return false;
	if (a.kind == ARG_MEM && b.kind == ARG_IMM)
		emit_alu_mem_imm(&g->e, false, ALU_CMP, a.mem, b.imm);
	else if (a.kind == ARG_MEM)
		emit_alu_store(&g->e, false, ALU_CMP, a.mem, b.reg);
	else if (b.kind == ARG_MEM)
		emit_alu_load(&g->e, false, ALU_CMP, a.reg, b.mem);
	else if (b.kind == ARG_REG && test)
		emit_test(&g->e, false, a.reg, b.reg);
	else if (b.kind == ARG_REG)
		emit_alu(&g->e, false, ALU_CMP, a.reg, b.reg);
	else if (test)
		emit_test_imm(&g->e, false, a.reg, b.imm);
	else if (!b.imm)
		emit_test(&g->e, false, a.reg, a.reg);
	else
		emit_alu_imm(&g->e, false, ALU_CMP, a.reg, b.imm);
	return true;
}

/* The value whose sign and zeroness N and Z are. */
static ir_ref result_of(const struct gen *g, ir_ref f)
{
	return g->val[f].twin;
}

/* The host's flags become those of mask of f. */
static void make(struct gen *g, ir_ref f, unsigned int mask)
{
	enum gen_recipe recipe = gen_recipe(g, f, g->at, mask);
	struct gen_arg res;
	unsigned int reg;

	if (recipe == RECIPE_RESULT) {
		res = gen_arg_of(g, result_of(g, f), g->at);
		if (res.kind == ARG_REG) {
			emit_test(&g->e, false, res.reg, res.reg);
		} else if (res.kind == ARG_MEM) {
			emit_alu_mem_imm(&g->e, false, ALU_CMP, res.mem, 0);
		} else {
			reg = gen_temp(g);
			gen_again(g, result_of(g, f), reg, g->at);
			emit_test(&g->e, false, reg, reg);
		}
		gen_flags_hold(g, f, IR_FLAG_NZ);
		return;
	}
	if (recipe != RECIPE_AB || !compare_again(g, f, g->at)) {
		reg = gen_temp(g);
		gen_compute_flags(g, f, recipe, g->at, reg, gen_temp(g));
	}
	gen_flags_hold(g, f, IR_FLAG_NZCV);
}

/* The same, however they are to be had.  What went to the frame inside of a
 * skip is not there behind it, but then there is a recipe. */
void gen_bring(struct gen *g, ir_ref f, unsigned int mask)
{
	gen_clobber_flags(g);
	if (g->val[f].base != BASE_SPILL || gen_recipe(g, f, g->at, mask))
		make(g, f, mask);
	else
		restore(g, f);
}

enum host_cc gen_condition(struct gen *g, ir_ref ref, enum ir_cc cc)
{
	static const uint8_t host[] = {
		CC_E,  CC_NE, CC_AE, CC_B,  CC_S, CC_NS, CC_O,
		CC_NO, CC_A,  CC_BE, CC_GE, CC_L, CC_G,  CC_LE,
	};
	unsigned int mask = ir_cc_flags(cc);
	ir_ref f = g->flags_of[g->at];

	(void)ref;
	if (f == IR_NO_REF)
		return gen_condition_in_state(g, cc);
	if (g->ef.val != f || mask & ~g->ef.mask) {
		gen_bring(g, f, mask);
	}
	if (mask & IR_FLAG_C && !g->ef.inverted) {
		if (mask == IR_FLAG_C)
			return cc == IR_CS ? CC_B : CC_AE;
		complement_carry(g);
		g->ef.inverted = true;
	}
	return host[cc];
}

/* FLAGS_ operations */

bool gen_wants_twin(struct gen *g)
{
	ir_ref f = g->val[g->at].twin;

	return f != IR_NO_REF && f > g->at && g->val[f].uses &&
	       !g->val[f].emitted;
}

void gen_twin_done(struct gen *g)
{
	ir_ref f = g->val[g->at].twin;

	g->val[f].emitted = true;
	gen_flags_hold(g, f, IR_FLAG_NZCV);
}

static void compare(struct gen *g, const struct ir_op *op, bool wide)
{
	struct host_mem mem;
	unsigned int a = gen_use(g, op->a);
	int32_t imm;

	if (gen_imm32(g, op->b, &imm) && !imm)
		emit_test(&g->e, wide, a, a); /* the same flags, shorter */
	else if (gen_imm32(g, op->b, &imm))
		emit_alu_imm(&g->e, wide, ALU_CMP, a, imm);
	else if (gen_mem(g, op->b, &mem))
		emit_alu_load(&g->e, wide, ALU_CMP, a, mem);
	else
		emit_alu(&g->e, wide, ALU_CMP, a, gen_use(g, op->b));
}

static void test(struct gen *g, const struct ir_op *op, bool wide)
{
	unsigned int a = gen_use(g, op->a);
	int32_t imm;

	if (op->op == IR_FLAGS_NZ)
		emit_test(&g->e, wide, a, a);
	else if (gen_imm32(g, op->b, &imm))
		emit_test_imm(&g->e, wide, a, imm);
	else
		emit_test(&g->e, wide, a, gen_use(g, op->b));
}

/* A sum that only its flags are wanted of. */
static void sum(struct gen *g, const struct ir_op *op, bool wide)
{
	unsigned int a = gen_use(g, op->a), b = gen_use(g, op->b);
	unsigned int reg = gen_temp(g);
	bool borrow = op->op == IR_FLAGS_SBC;

	emit_mov(&g->e, wide, reg, a);
	if (op->op == IR_FLAGS_ADD) {
		emit_alu(&g->e, wide, ALU_ADD, reg, b);
		return;
	}
	/* the carry may want a register: a's copy is made */
	g->locked &= ~(1 << a) | 1 << b;
	gen_carry(g, op->c, borrow);
	emit_alu(&g->e, wide, borrow ? ALU_SBB : ALU_ADC, reg, b);
}

void gen_flags(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	const struct gen_value *v = &g->val[g->at];
	bool wide = gen_wide(op_of(g, op->a)->type);
	enum gen_recipe later;

	if (v->emitted)
		return;
	later = gen_recipe(g, g->at, v->first_use, all_flags(op->op));
	if ((later == RECIPE_AB || later == RECIPE_RESULT) && lasts(g, g->at))
		return;
	if (op->op != IR_FLAGS_ADC && op->op != IR_FLAGS_SBC)
		gen_clobber_flags(g);
	switch (op->op) {
	case IR_FLAGS_SUB:
		compare(g, op, wide);
		break;
	case IR_FLAGS_NZ:
	case IR_FLAGS_AND:
		test(g, op, wide);
		break;
	default:
		sum(g, op, wide);
	}
	gen_flags_hold(g, g->at, IR_FLAG_NZCV);
}

static bool can_defer_carry(const struct gen *g)
{
	const struct ir_op *next = gen_op(g) + 1;
	unsigned int uses = g->val[g->at].uses;

	if (g->at + 1 >= g->u->count || gen_op(g)->cc != IR_CS ||
	    (next->op != IR_ADC && next->op != IR_SBC) || next->c != g->at ||
	    next->a == g->at || next->b == g->at)
		return false;
	return uses == 1 ||
	       (uses == 2 && g->val[g->at + 1].twin == g->at + 2u &&
		g->val[g->at + 2].uses);
}

/* Whether it is for the FALL_BACK_IF behind it and nothing else. */
static bool only_falls_back(const struct gen *g)
{
	const struct ir_op *next = gen_op(g) + 1;

	return g->at + 1 < g->u->count && next->op == IR_FALL_BACK_IF &&
	       next->a == g->at && g->val[g->at].uses == 1;
}

void gen_cond(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	enum host_cc cc;
	unsigned int reg;

	if (can_defer_carry(g)) {
		if (g->flags_of[g->at] == IR_NO_REF) {
			gen_clobber_flags(g);
			gen_want_carry_word(g);
			emit_rm(&g->e, X_0F | 0xba, 4, /* BT */
				mem_at(RBP, g->env->layout->c));
			emit8(&g->e, 0);
			g->carry_inverted = false;
		} else {
			gen_condition(g, op->a, IR_CS);
			g->carry_inverted = g->ef.inverted;
		}
		g->carry = g->at;
		return;
	}
	cc = gen_condition(g, op->a, op->cc);
	if (only_falls_back(g)) {
		gen_jump_fall(g, cc);
		g->val[g->at].emitted = true;
		return;
	}
	reg = gen_temp(g);
	emit_setcc(&g->e, cc, reg);
	emit_extend(&g->e, false, false, 1, reg, reg);
	gen_def_in(g, reg);
}

void gen_carry(struct gen *g, ir_ref c, bool inverted)
{
	uint64_t imm;
	unsigned int reg;

	if (g->carry == c) {
		bool flip = g->carry_inverted != inverted;

		gen_clobber_flags(g);
		if (flip)
			complement_carry(g);
		return;
	}
	gen_clobber_flags(g);
	if (gen_const(g, c, &imm)) {
		emit8(&g->e, (imm & 1) != inverted ? 0xf9 : 0xf8); /* STC CLC */
		return;
	}
	reg = gen_use(g, c);
	if (inverted) {
		emit_alu_imm(&g->e, false, ALU_CMP, reg, 1);
		return;
	}
	emit_rr(&g->e, X_0F | 0xba, 4, reg);
	emit8(&g->e, 0);
}
