/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory and guest state.
 *
 * An access looks its page up in the flat view (r15): the entry is what to
 * add to the address, and none if it is not positive.
 *
 *	test address, size - 1; jnz unaligned
 *	mov  rax, address; shr eax, 12; mov rax, [r15 + rax * 8]
 *	test rax, rax; jle fall-back
 *	mov  value, [rax + address]
 *
 * "unaligned" is out of line: it falls back if the access crosses a page.
 */
#include "x64/gen.h"

static enum ir_type type_of(const struct gen *g, ir_ref ref)
{
	return g->u->op[ref].type;
}

/* Whether the address needs no test. */
static bool is_aligned(const struct gen *g, const struct ir_op *op)
{
	uint64_t imm;

	if (op->size == 1)
		return true;
	if (!gen_const(g, op->a, &imm))
		return false;
	if (op->flags & IR_ALIGNED)
		return !(imm & (op->size - 1u));
	return (imm & 0xfff) + op->size <= 0x1000;
}

static void test_alignment(struct gen *g, const struct ir_op *op,
			   unsigned int at, unsigned int spare)
{
	struct gen_stub *s;
	unsigned int fall;

	emit_test_imm(&g->e, false, at, op->size - 1);
	if (op->flags & IR_ALIGNED) {
		gen_jump_fall(g, CC_NE);
		return;
	}
	fall = gen_fall_stub(g);
	emit_jcc(&g->e, CC_NE, g->e.p);
	s = gen_stub(g, STUB_UNALIGNED);
	s->fall = fall;
	s->reg = at;
	s->spare = spare;
	s->size = op->size;
	s->from = s->back = g->e.p;
}

/* What to add to the address in register 'at'. */
static unsigned int look_up(struct gen *g, const struct ir_op *op,
			    unsigned int at, bool write)
{
	unsigned int reg = gen_temp(g);

	if (!is_aligned(g, op))
		test_alignment(g, op, at, reg);
	emit_mov(&g->e, false, reg, at);
	emit_shift_imm(&g->e, false, SHIFT_SHR, reg, 12);
	emit_load(&g->e, true, reg,
		  mem_index(R15, reg, 3, write ? g->env->view_w_offset : 0));
	emit_test(&g->e, true, reg, reg);
	gen_jump_fall(g, CC_LE);
	return reg;
}

static void load_int(struct gen *g, const struct ir_op *op,
		     struct host_mem from)
{
	unsigned int to = gen_def_any(g);
	bool wide = op->type == IR_I64, is_signed = op->flags & IR_SIGNED;

	if (op->size == 8)
		emit_load(&g->e, true, to, from);
	else
		emit_extend_load(&g->e, wide, is_signed, op->size, to, from);
}

static void load_x(struct gen *g, const struct ir_op *op, struct host_mem from)
{
	unsigned int to = gen_def_x(g);
	enum ir_type type = op->size == 4   ? IR_F32
			    : op->size == 8 ? IR_F64
					    : IR_V128;

	if (op->size >= 4) {
		gen_load_x(g, type, to, from);
		return;
	}
	emit_extend_load(&g->e, false, false, op->size, from.base, from);
	emit_rr(&g->e, X_66 | X_0F | 0x6e, to, from.base); /* MOVD */
}

static void store_int(struct gen *g, ir_ref val, unsigned int size,
		      struct host_mem to)
{
	int32_t imm;
	unsigned int reg;

	if (gen_imm32(g, val, &imm) && g->val[val].reg == NO_REG) {
		if (size == 1) {
			emit_rm(&g->e, 0xc6, 0, to);
			emit8(&g->e, imm & 0xff);
		} else if (size == 2) {
			emit_rm(&g->e, X_66 | 0xc7, 0, to);
			emit8(&g->e, imm & 0xff);
			emit8(&g->e, imm >> 8 & 0xff);
		} else {
			emit_store_imm(&g->e, size == 8, to, imm);
		}
		return;
	}
	reg = gen_use(g, val);
	if (size == 1)
		emit_rm(&g->e, 0x88 | X_BYTE, reg, to);
	else if (size == 2)
		emit_rm(&g->e, X_66 | 0x89, reg, to);
	else
		emit_store(&g->e, size == 8, to, reg);
}

static void store_x(struct gen *g, ir_ref val, unsigned int size,
		    struct host_mem to)
{
	unsigned int x = gen_use_x(g, val), reg;

	if (size >= 4) {
		gen_store_x(g,
			    size == 4   ? IR_F32
			    : size == 8 ? IR_F64
					: IR_V128,
			    to, x);
		return;
	}
	if (size == 2) {
		emit_rm(&g->e, X_66 | X_0F3A | 0x15, x, to); /* PEXTRW */
		emit8(&g->e, 0);
		return;
	}
	reg = gen_temp(g);
	emit_rr(&g->e, X_66 | X_0F | 0x7e, x, reg); /* MOVD */
	emit_rm(&g->e, 0x88 | X_BYTE, reg, to);
}

static void load(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int at = gen_use(g, op->a), reg;

	gen_clobber_flags(g);
	reg = look_up(g, op, at, false);
	if (gen_is_x(op->type))
		load_x(g, op, mem_index(reg, at, 0, 0));
	else
		load_int(g, op, mem_index(reg, at, 0, 0));
}

static void store(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool x = gen_is_x(type_of(g, op->b));
	unsigned int at = gen_use(g, op->a), reg;
	int32_t imm;

	/* before the jumps out: both ways must agree on registers */
	if (x)
		gen_use_x(g, op->b);
	else if (!gen_imm32(g, op->b, &imm))
		gen_use(g, op->b);
	gen_clobber_flags(g);
	reg = look_up(g, op, at, true);
	if (x)
		store_x(g, op->b, op->size, mem_index(reg, at, 0, 0));
	else
		store_int(g, op->b, op->size, mem_index(reg, at, 0, 0));
}

/* [a, a + imm) must be inside of one page and a a multiple of the size. */
static void host(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int at = gen_use(g, op->a), reg;

	gen_clobber_flags(g);
	reg = gen_temp(g);
	if (op->imm > op->size) {
		emit_lea(&g->e, false, reg, mem_at(at, op->imm - 1));
		emit_alu(&g->e, false, ALU_XOR, reg, at);
		emit_alu_imm(&g->e, false, ALU_CMP, reg, 0xfff);
		gen_jump_fall(g, CC_A);
	}
	emit_mov(&g->e, false, reg, at);
	emit_shift_imm(&g->e, false, SHIFT_SHR, reg, 12);
	emit_load(&g->e, true, reg,
		  mem_index(R15, reg, 3,
			    op->flags & IR_WRITE ? g->env->view_w_offset : 0));
	if (op->size > 1) {
		emit_test_imm(&g->e, false, at, op->size - 1);
		gen_jump_fall(g, CC_NE);
	}
	emit_test(&g->e, true, reg, reg);
	gen_jump_fall(g, CC_LE);
	emit_alu(&g->e, true, ALU_ADD, reg, at);
	gen_def_in(g, reg);
}

/* As host(), but what cannot be had leaves the unit, and so does not end the
 * joined accesses of other instructions: its stub asks whether two pages lie
 * side by side on the host, too. */
static void window(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int at = gen_use(g, op->a), reg;
	uint32_t length = (uint32_t)op->imm;
	struct gen_stub *s;

	gen_clobber_flags(g);
	reg = gen_temp(g);
	s = gen_stub(g, STUB_WINDOW);
	s->exit = op->imm >> 32;
	s->reg = at;
	s->spare = reg;
	s->size = op->size;
	s->length = length;
	s->view = op->flags & IR_WRITE ? g->env->view_w_offset : 0;
	emit_lea(&g->e, false, reg, mem_at(at, (int32_t)length - 1));
	emit_alu(&g->e, false, ALU_XOR, reg, at);
	emit_alu_imm(&g->e, false, ALU_CMP, reg, 0xfff);
	emit_jcc(&g->e, CC_A, g->e.p);
	s->cross = g->e.p;
	emit_mov(&g->e, false, reg, at);
	emit_shift_imm(&g->e, false, SHIFT_SHR, reg, 12);
	emit_load(&g->e, true, reg, mem_index(R15, reg, 3, s->view));
	if (op->size > 1) {
		emit_test_imm(&g->e, false, at, op->size - 1);
		gen_jump_stub(g, s, CC_NE);
	}
	s->back = g->e.p;
	emit_test(&g->e, true, reg, reg);
	gen_jump_stub(g, s, CC_LE);
	emit_alu(&g->e, true, ALU_ADD, reg, at);
	gen_def_in(g, reg);
	if (op->flags & IR_KEEP)
		gen_keep(g);
}

static void load_indexed(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int base = gen_use(g, op->a), index = gen_use(g, op->b);
	struct host_mem at = mem_index(base, index, op->sub, (int32_t)op->imm);

	if (gen_is_x(op->type)) {
		unsigned int reg = gen_temp(g);

		emit_lea(&g->e, true, reg, at);
		load_x(g, op, mem_at(reg, 0));
	} else {
		load_int(g, op, at);
	}
}

/* [a] is compared with rax. */
static void swap_if(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	struct host_mem at;
	unsigned int val;

	if (op->b == op->c) {
		gen_use_in(g, op->c, RCX);
		gen_temp_in(g, RAX);
		emit_mov(&g->e, true, RAX, RCX);
		val = RCX;
	} else {
		gen_copy_in(g, op->b, RAX);
		val = gen_use(g, op->c);
	}
	at = mem_at(gen_use(g, op->a), 0);
	gen_clobber_flags(g);
	emit_cmpxchg(&g->e, op->size, at, val);
	emit_setcc(&g->e, CC_NE, RAX);
	emit_extend(&g->e, false, false, 1, RAX, RAX);
	gen_def_in(g, RAX);
}

/* An exchange with memory is one, is faster than MFENCE, and leaves the flags
 * alone; what it exchanges is nobody's. */
static void fence(struct gen *g)
{
	emit_rm(&g->e, 0x87, gen_temp(g), mem_at(RSP, X64_FRAME));
}

void gen_memory(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	struct host_mem at;

	switch (op->op) {
	case IR_LOAD:
		load(g);
		break;
	case IR_STORE:
		store(g);
		break;
	case IR_HOST:
		host(g);
		break;
	case IR_WINDOW:
		window(g);
		break;
	case IR_HINDEX:
		load_indexed(g);
		break;
	case IR_SWAP_IF:
		swap_if(g);
		break;
	case IR_FENCE:
		fence(g);
		break;
	case IR_HLOAD:
		at = mem_at(gen_use(g, op->a), op->imm);
		if (gen_is_x(op->type) && op->size < 4) {
			unsigned int reg = gen_temp(g);

			emit_lea(&g->e, true, reg, at);
			load_x(g, op, mem_at(reg, 0));
		} else if (gen_is_x(op->type)) {
			load_x(g, op, at);
		} else {
			load_int(g, op, at);
		}
		break;
	default:
		at = mem_at(gen_use(g, op->a), op->imm);
		if (gen_is_x(type_of(g, op->b)))
			store_x(g, op->b, op->size, at);
		else
			store_int(g, op->b, op->size, at);
	}
}

/* State */

static void get(struct gen *g, const struct ir_op *op)
{
	struct gen_value *v = &g->val[g->at];
	unsigned int pin = g->x->pin_of[op->imm >> 2];

	if (pin != NO_PIN) {
		v->base = BASE_PIN;
		v->reg = pin;
		v->next = g->pin_head[pin];
		g->pin_head[pin] = g->at;
		g->pin_uses[pin] += v->uses;
		return;
	}
	gen_write_back(g, op->imm, ir_type_size((enum ir_type)op->type));
	if (!gen_in_state(g, op->imm))
		emit_load(&g->e, op->type == IR_I64, gen_def(g),
			  mem_at(RBP, op->imm));
}

static void set_pinned(struct gen *g, ir_ref a, unsigned int pin)
{
	struct gen_value *v = &g->val[a];
	struct host_mem mem;
	uint64_t imm;

	if (v->reg == pin && v->base == BASE_PIN)
		return; /* what it holds already */
	if (v->reg != pin)
		gen_save_pinned_values(g, pin);
	if (v->reg == pin)
		; /* made there */
	else if (v->reg != NO_REG)
		emit_mov(&g->e, false, pin, v->reg);
	else if (gen_const(g, a, &imm))
		gen_mov_imm(g, pin, imm);
	else if (gen_mem(g, a, &mem))
		emit_load(&g->e, false, pin, mem);
	else
		g->failed = true;
	if (v->base != BASE_NONE || v->reg == NO_REG)
		return;
	/* from now on the value is the pinned register's */
	if (v->reg != pin)
		g->owner[v->reg] = IR_NO_REF;
	v->reg = pin;
	v->base = BASE_PIN;
	v->next = g->pin_head[pin];
	g->pin_head[pin] = a;
	g->pin_uses[pin] += v->uses;
}

static void set(struct gen *g, const struct ir_op *op)
{
	bool wide = op->type == IR_I64;
	int32_t imm;

	if (gen_imm32(g, op->a, &imm) && g->val[op->a].reg == NO_REG)
		emit_store_imm(&g->e, wide, mem_at(RBP, op->imm), imm);
	else
		emit_store(&g->e, wide, mem_at(RBP, op->imm),
			   gen_use(g, op->a));
}

void gen_state(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int pin = g->x->pin_of[op->imm >> 2];
	bool x = gen_is_x(op->type);

	if (op->op == IR_GET) {
		if (x)
			gen_get_x(g);
		else
			get(g, op);
		return;
	}
	if (pin != NO_PIN) {
		set_pinned(g, op->a, pin);
		return;
	}
	gen_save_state_values(g, op->imm,
			      op->type == IR_V128                        ? 16
			      : op->type == IR_I32 || op->type == IR_F32 ? 4
									 : 8);
	if (x) {
		gen_set_x(g);
		return;
	}
	gen_drop_cached(g, op->imm, op->type == IR_I64 ? 8 : 4);
	set(g, op);
}
