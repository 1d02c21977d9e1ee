/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Values live in rax, rcx and rdx, handed out in the order of the unit; a
 * value that must leave its register goes to the frame unless it is somewhere
 * else already (a constant, a state word, a pinned register).  A value read
 * from a pinned word stays in the pinned register as long as that is not
 * written: pin_head[] lists such values, and gen_save_pinned_values() moves
 * the few that are wanted longer.  The same holds for words in memory.
 */
#include "x64/gen.h"

uint64_t gen_random(struct gen *g)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return g->seed;
}

void gen_mov_imm(struct gen *g, unsigned int reg, uint64_t imm)
{
	if (imm || !gen_flags_are_free(g)) {
		emit_mov_imm(&g->e, reg, imm);
		return;
	}
	gen_clobber_flags(g);
	emit_alu(&g->e, false, ALU_XOR, reg, reg);
}

static enum ir_type type_of(const struct gen *g, ir_ref ref)
{
	return g->u->op[ref].type;
}

static bool is_scratch(unsigned int reg)
{
	return GEN_SCRATCH >> reg & 1;
}

bool gen_const(const struct gen *g, ir_ref ref, uint64_t *ret_imm)
{
	if (g->u->op[ref].op != IR_CONST)
		return false;
	*ret_imm = g->u->op[ref].imm;
	return true;
}

bool gen_imm32(const struct gen *g, ir_ref ref, int32_t *ret_imm)
{
	uint64_t imm;

	if (!gen_const(g, ref, &imm))
		return false;
	if (type_of(g, ref) == IR_I64 && imm != (uint64_t)(int32_t)imm)
		return false;
	*ret_imm = (int32_t)imm;
	return true;
}

static struct host_mem place(const struct gen_value *v)
{
	return mem_at(v->base == BASE_SPILL ? RSP : RBP, v->where);
}

bool gen_mem(const struct gen *g, ir_ref ref, struct host_mem *ret_mem)
{
	const struct gen_value *v = &g->val[ref];

	if (v->reg != NO_REG || v->base < BASE_STATE)
		return false;
	*ret_mem = place(v);
	return true;
}

/* Slots of the frame. */
static void give_slot(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];
	uint32_t need = type_of(g, ref) == IR_V128 ? 3 : 1;

	for (unsigned int n = 0; n + (need >> 1) < X64_FRAME / 8;
	     n += need == 3 ? 2 : 1) {
		if (g->frame & need << n)
			continue;
		g->frame |= need << n;
		v->base = BASE_SPILL;
		v->where = n * 8;
		return;
	}
	g->failed = true;
}

static void take_slot(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];

	if (v->base == BASE_SPILL)
		g->frame &= ~((type_of(g, ref) == IR_V128 ? 3u : 1u)
			      << v->where / 8);
	v->base = BASE_NONE;
}

/* Leave a scratch register, not forgetting the value. */
static void evict(struct gen *g, unsigned int reg)
{
	ir_ref ref = g->owner[reg];
	struct gen_value *v;

	if (ref == IR_NO_REF)
		return;
	v = &g->val[ref];
	if (v->base == BASE_NONE && v->uses) {
		give_slot(g, ref);
		emit_store(&g->e, gen_wide(type_of(g, ref)), place(v), reg);
	}
	v->reg = NO_REG;
	g->owner[reg] = IR_NO_REF;
}

/* A scratch register without a value: a free one, else that whose value is
 * wanted last or costs nothing to give up. */
static unsigned int take(struct gen *g)
{
	static const uint8_t scratch[] = { RAX, RCX, RDX };
	unsigned int best = NO_REG, worth = 0;
	unsigned int turn = g->seed ? gen_random(g) % 3 : 0;

	for (unsigned int i = 0; i < 3; i++) {
		unsigned int reg = scratch[(i + turn) % 3], w;
		ir_ref ref = g->owner[reg];

		if (g->locked >> reg & 1)
			continue;
		if (ref == IR_NO_REF)
			w = 0x30000;
		else
			w = g->val[ref].last_use +
			    (g->val[ref].base != BASE_NONE ? 0x10000 : 1);
		if (w > worth || (g->seed && !(gen_random(g) & 7))) {
			worth = w;
			best = reg;
		}
	}
	if (best == NO_REG) {
		g->failed = true;
		return RAX;
	}
	evict(g, best);
	g->locked |= 1 << best;
	return best;
}

static void load(struct gen *g, ir_ref ref, unsigned int reg)
{
	const struct gen_value *v = &g->val[ref];
	bool wide = gen_wide(type_of(g, ref));

	switch (v->base) {
	case BASE_CONST:
		emit_mov_imm(&g->e, reg, g->u->op[ref].imm);
		break;
	case BASE_STATE:
	case BASE_SPILL:
		emit_load(&g->e, wide, reg, place(v));
		break;
	default:
		g->failed = true;
	}
}

static void own(struct gen *g, ir_ref ref, unsigned int reg)
{
	g->val[ref].reg = reg;
	if (is_scratch(reg))
		g->owner[reg] = ref;
}

unsigned int gen_use(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];
	unsigned int reg = v->reg;

	if (reg == NO_REG) {
		reg = take(g);
		load(g, ref, reg);
		own(g, ref, reg);
	}
	g->locked |= 1 << reg;
	return reg;
}

/* Make reg free of values; what an argument of this operation has there goes
 * to another register. */
void gen_temp_in(struct gen *g, unsigned int reg)
{
	ir_ref ref = g->owner[reg];

	if (ref != IR_NO_REF && g->locked >> reg & 1) {
		unsigned int to = take(g);

		emit_mov(&g->e, true, to, reg);
		g->owner[reg] = IR_NO_REF;
		own(g, ref, to);
	} else {
		evict(g, reg);
	}
	g->locked |= 1 << reg;
}

static unsigned int uses_of(const struct ir_op *op, ir_ref ref)
{
	unsigned int args = ir_info[op->op].args;

	return (args > 0 && op->a == ref) + (args > 1 && op->b == ref) +
	       (args > 2 && op->c == ref);
}

/* How often the operation at hand uses it, with the FLAGS operation that will
 * be done by the same instruction. */
static unsigned int uses_here(struct gen *g, ir_ref ref)
{
	unsigned int uses = uses_of(gen_op(g), ref);

	if (gen_wants_twin(g))
		uses += uses_of(gen_op(g) + 1, ref);
	return uses;
}

void gen_use_in(struct gen *g, ir_ref ref, unsigned int reg)
{
	struct gen_value *v = &g->val[ref];

	if (v->reg != reg) {
		gen_temp_in(g, reg);
		if (v->reg == NO_REG) {
			load(g, ref, reg);
		} else {
			emit_mov(&g->e, gen_wide(type_of(g, ref)), reg, v->reg);
			if (is_scratch(v->reg))
				g->owner[v->reg] = IR_NO_REF;
		}
		if (v->reg == NO_REG || is_scratch(v->reg))
			own(g, ref, reg);
	}
	g->locked |= 1 << reg;
}

void gen_copy_in(struct gen *g, ir_ref ref, unsigned int reg)
{
	struct gen_value *v = &g->val[ref];

	if (v->reg == reg && v->uses <= uses_here(g, ref)) {
		g->owner[reg] = IR_NO_REF;
		v->reg = NO_REG;
	} else if (v->reg == reg) {
		evict(g, reg); /* what it held is still there */
	} else {
		gen_temp_in(g, reg);
		if (v->reg == NO_REG)
			load(g, ref, reg);
		else
			emit_mov(&g->e, gen_wide(type_of(g, ref)), reg, v->reg);
	}
	g->locked |= 1 << reg;
}

/* Whether this operation's result can be made in the pinned register: the
 * old value must not be wanted behind it. */
static bool target_free(struct gen *g, unsigned int reg)
{
	unsigned int here = 0;

	if (reg == NO_REG || (g->seed && gen_random(g) & 1))
		return false;
	for (ir_ref ref = g->pin_head[reg]; ref != IR_NO_REF;
	     ref = g->val[ref].next)
		here += uses_here(g, ref);
	return g->pin_uses[reg] <= here;
}

/* The values that were in the pinned register have no more uses but those of
 * the operation at hand. */
static void enter_target(struct gen *g, unsigned int reg)
{
	own(g, g->at, reg);
	g->locked |= 1 << reg;
}

unsigned int gen_def(struct gen *g)
{
	unsigned int reg = g->val[g->at].target;

	if (target_free(g, reg) && !(g->locked >> reg & 1)) {
		enter_target(g, reg);
		return reg;
	}
	reg = take(g);
	own(g, g->at, reg);
	return reg;
}

/* An argument in a scratch register with no use after this operation, or
 * NO_REF. */
static ir_ref dying(struct gen *g, ir_ref not )
{
	const struct ir_op *op = gen_op(g);
	const ir_ref arg[] = { op->a, op->b, op->c };

	for (unsigned int i = 0; i < ir_info[op->op].args; i++) {
		ir_ref ref = arg[i];

		if (ref == not || ref == IR_NO_REF)
			continue;
		if (g->val[ref].reg != NO_REG && is_scratch(g->val[ref].reg) &&
		    g->owner[g->val[ref].reg] == ref &&
		    g->val[ref].uses <= uses_here(g, ref))
			return ref;
	}
	return IR_NO_REF;
}

/* The result takes over the register of a dying argument. */
static unsigned int inherit(struct gen *g, ir_ref from)
{
	unsigned int reg = g->val[from].reg;

	g->val[from].reg = NO_REG;
	own(g, g->at, reg);
	return reg;
}

unsigned int gen_def_any(struct gen *g)
{
	unsigned int reg = g->val[g->at].target;
	ir_ref ref;

	if (target_free(g, reg)) {
		enter_target(g, reg);
		return reg;
	}
	ref = dying(g, IR_NO_REF);
	if (ref != IR_NO_REF)
		return inherit(g, ref);
	reg = take(g);
	own(g, g->at, reg);
	return reg;
}

unsigned int gen_def_from(struct gen *g, ir_ref a)
{
	const struct gen_value *v = &g->val[a];
	bool wide = gen_wide(type_of(g, a));
	unsigned int from = v->reg, reg = g->val[g->at].target;

	if (target_free(g, reg) && (from == reg || !(g->locked >> reg & 1))) {
		enter_target(g, reg);
	} else if (from != NO_REG && is_scratch(from) &&
		   v->uses <= uses_here(g, a)) {
		g->locked |= 1 << from;
		return inherit(g, a);
	} else {
		unsigned int locked = g->locked;

		if (from != NO_REG)
			g->locked |= 1 << from;
		if ((g->locked & GEN_SCRATCH) == GEN_SCRATCH &&
		    from != NO_REG && !(locked >> from & 1)) {
			evict(g, from); /* what it held is still there */
			reg = from;
		} else {
			reg = take(g);
		}
		own(g, g->at, reg);
		g->locked = locked | 1 << reg;
	}
	if (from == NO_REG)
		load(g, a, reg);
	else if (from != reg)
		emit_mov(&g->e, wide, reg, from);
	return reg;
}

unsigned int gen_temp(struct gen *g)
{
	return take(g);
}

void gen_def_in(struct gen *g, unsigned int reg)
{
	own(g, g->at, reg);
}

void gen_keep(struct gen *g)
{
	struct gen_value *v = &g->val[g->at];

	give_slot(g, g->at);
	emit_store(&g->e, gen_wide(type_of(g, g->at)), place(v), v->reg);
}

void gen_unlock(struct gen *g)
{
	g->locked = g->locked_x = 0;
}

static void unlink_pin(struct gen *g, ir_ref ref)
{
	ir_ref *at = &g->pin_head[g->val[ref].reg];

	while (*at != ref)
		at = &g->val[*at].next;
	*at = g->val[ref].next;
}

void gen_release(struct gen *g, ir_ref ref)
{
	struct gen_value *v = &g->val[ref];

	if (!v->uses)
		return;
	v->uses--;
	if (v->base == BASE_PIN)
		g->pin_uses[v->reg]--;
	if (v->uses)
		return;
	if (v->base == BASE_PIN) {
		unlink_pin(g, ref);
	} else if (v->reg != NO_REG) {
		if (gen_is_x(type_of(g, ref))) {
			ir_ref *at = &g->x_head[v->reg];

			while (*at != ref)
				at = &g->val[*at].next;
			*at = v->next;
		} else if (is_scratch(v->reg)) {
			g->owner[v->reg] = IR_NO_REF;
		}
	}
	take_slot(g, ref);
	v->reg = NO_REG;
}

void gen_spill_all(struct gen *g)
{
	evict(g, RAX);
	evict(g, RCX);
	evict(g, RDX);
}

void gen_forget_all(struct gen *g)
{
	static const uint8_t scratch[] = { RAX, RCX, RDX };

	for (unsigned int i = 0; i < 3; i++) {
		ir_ref ref = g->owner[scratch[i]];

		if (ref != IR_NO_REF)
			g->val[ref].reg = NO_REG;
		g->owner[scratch[i]] = IR_NO_REF;
	}
}

/* State that is about to be written */

/* Give a value that is in a register or in memory that will be written a
 * scratch register of its own. */
static void rescue(struct gen *g, ir_ref ref, unsigned int from)
{
	unsigned int reg = take(g);

	if (from != NO_REG)
		emit_mov(&g->e, false, reg, from);
	else
		load(g, ref, reg);
	g->val[ref].base = BASE_NONE;
	own(g, ref, reg);
	g->locked &= ~(1 << reg);
}

void gen_save_pinned_values(struct gen *g, unsigned int reg)
{
	while (g->pin_head[reg] != IR_NO_REF) {
		ir_ref ref = g->pin_head[reg];

		g->pin_head[reg] = g->val[ref].next;
		rescue(g, ref, reg);
	}
	g->pin_uses[reg] = 0;
}

bool gen_in_state(struct gen *g, unsigned int offset)
{
	struct gen_value *v = &g->val[g->at];

	if (g->in_states == sizeof(g->in_state) / sizeof(g->in_state[0]))
		return false;
	v->base = BASE_STATE;
	v->where = offset;
	g->in_state[g->in_states++] = g->at;
	return true;
}

void gen_save_state_values(struct gen *g, unsigned int offset,
			   unsigned int size)
{
	unsigned int keep = 0;

	for (unsigned int i = 0; i < g->in_states; i++) {
		ir_ref ref = g->in_state[i];
		struct gen_value *v = &g->val[ref];

		if (!v->uses || v->base != BASE_STATE)
			continue;
		if (v->where >= offset + size ||
		    v->where + ir_type_size(type_of(g, ref)) <= offset) {
			g->in_state[keep++] = ref;
			continue;
		}
		if (v->reg == NO_REG && gen_is_x(type_of(g, ref)))
			gen_use_x(g, ref);
		if (v->reg == NO_REG)
			rescue(g, ref, NO_REG);
		v->base = BASE_NONE;
	}
	g->in_states = keep;
}

/* Once more from constants and state */

static void again_leaf(struct gen *g, ir_ref ref, unsigned int reg,
		       unsigned int at)
{
	const struct gen_home *home = gen_home_at(g, ref, at);
	unsigned int pin;

	if (g->u->op[ref].op == IR_CONST) {
		emit_mov_imm(&g->e, reg, g->u->op[ref].imm);
		return;
	}
	if (!home) {
		g->failed = true;
		return;
	}
	pin = g->x->pin_of[home->offset >> 2];
	if (pin == NO_PIN)
		emit_load(&g->e, false, reg, mem_at(RBP, home->offset));
	else
		emit_mov(&g->e, false, reg, pin);
}

/* What was added is taken away. */
static void again_moved(struct gen *g, ir_ref moved, unsigned int reg,
			unsigned int at)
{
	const struct ir_op *op = &g->u->op[moved];
	int32_t imm = (int32_t)g->u->op[op->b].imm;

	again_leaf(g, moved, reg, at);
	emit_alu_imm(&g->e, false, op->op == IR_ADD ? ALU_SUB : ALU_ADD, reg,
		     imm);
}

void gen_again(struct gen *g, ir_ref ref, unsigned int reg, unsigned int at)
{
	const struct ir_op *op = &g->u->op[ref];
	ir_ref moved = gen_moved_at(g, ref, at);
	int32_t imm = 0;

	if (op->op == IR_CONST || gen_home_at(g, ref, at)) {
		again_leaf(g, ref, reg, at);
		return;
	}
	if (moved != IR_NO_REF) {
		again_moved(g, moved, reg, at);
		return;
	}
	gen_again(g, op->a, reg, at);
	if (ir_info[op->op].args == 2)
		imm = (int32_t)g->u->op[op->b].imm;
	switch (op->op) {
	case IR_NOT:
		emit_unary(&g->e, false, UNARY_NOT, reg);
		break;
	case IR_NEG:
		emit_unary(&g->e, false, UNARY_NEG, reg);
		break;
	case IR_ADD:
		emit_alu_imm(&g->e, false, ALU_ADD, reg, imm);
		break;
	case IR_SUB:
		emit_alu_imm(&g->e, false, ALU_SUB, reg, imm);
		break;
	case IR_AND:
		emit_alu_imm(&g->e, false, ALU_AND, reg, imm);
		break;
	case IR_OR:
		emit_alu_imm(&g->e, false, ALU_OR, reg, imm);
		break;
	case IR_XOR:
		emit_alu_imm(&g->e, false, ALU_XOR, reg, imm);
		break;
	case IR_SHL:
		emit_shift_imm(&g->e, false, SHIFT_SHL, reg, imm & 31);
		break;
	case IR_SHR:
		emit_shift_imm(&g->e, false, SHIFT_SHR, reg, imm & 31);
		break;
	case IR_SAR:
		emit_shift_imm(&g->e, false, SHIFT_SAR, reg, imm & 31);
		break;
	case IR_ROR:
		emit_shift_imm(&g->e, false, SHIFT_ROR, reg, imm & 31);
		break;
	default:
		g->failed = true;
	}
}
