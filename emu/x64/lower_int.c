/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer operations.  Forms that leave the host's flags alone are preferred
 * (LEA, BMI2), unless the flags of the very result are wanted too.
 */
#include "x64/gen.h"

static enum ir_type type_of(const struct gen *g, ir_ref ref)
{
	return g->u->op[ref].type;
}

static bool wide_here(const struct gen *g)
{
	return gen_op(g)->type == IR_I64;
}

static void finish_flags(struct gen *g, bool twin)
{
	if (twin)
		gen_twin_done(g);
}

/* dst op= b, where b is whatever it is; b's register was asked for. */
struct second {
	bool is_imm, is_mem;
	int32_t imm;
	unsigned int reg;
	struct host_mem mem;
};

static struct second second(struct gen *g, ir_ref b)
{
	struct second s = { .reg = NO_REG };

	s.is_imm = gen_imm32(g, b, &s.imm);
	s.is_mem = !s.is_imm && gen_mem(g, b, &s.mem);
	if (!s.is_imm && !s.is_mem)
		s.reg = gen_use(g, b);
	return s;
}

static void alu_second(struct gen *g, enum emit_alu alu, unsigned int dst,
		       const struct second *s)
{
	bool wide = wide_here(g);

	if (s->is_imm)
		emit_alu_imm(&g->e, wide, alu, dst, s->imm);
	else if (s->is_mem)
		emit_alu_load(&g->e, wide, alu, dst, s->mem);
	else
		emit_alu(&g->e, wide, alu, dst, s->reg);
}

static void two_operands(struct gen *g, enum emit_alu alu, ir_ref a, ir_ref b)
{
	bool twin = gen_wants_twin(g);
	struct second s = second(g, b);
	unsigned int dst = gen_def_from(g, a);

	gen_clobber_flags(g);
	alu_second(g, alu, dst, &s);
	finish_flags(g, twin);
}

/* The argument that already is in the register of the result comes first. */
static void commutative(struct gen *g, enum emit_alu alu)
{
	const struct ir_op *op = gen_op(g);
	unsigned int target = g->val[g->at].target;

	if (target != NO_REG && g->val[op->b].reg == target)
		two_operands(g, alu, op->b, op->a);
	else
		two_operands(g, alu, op->a, op->b);
}

static void add_imm(struct gen *g, ir_ref a, int32_t imm)
{
	bool wide = wide_here(g);
	unsigned int from = gen_use(g, a), dst = gen_def_any(g);

	if (dst != from || !gen_flags_are_free(g)) {
		emit_lea(&g->e, wide, dst, mem_at(from, imm));
		return;
	}
	gen_clobber_flags(g);
	emit_alu_imm(&g->e, wide, ALU_ADD, dst, imm);
}

static void add(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a, b, dst;
	struct host_mem mem;
	int32_t imm;

	if (gen_wants_twin(g) || gen_mem(g, op->b, &mem) ||
	    gen_mem(g, op->a, &mem)) {
		commutative(g, ALU_ADD);
		return;
	}
	if (gen_imm32(g, op->b, &imm)) {
		add_imm(g, op->a, imm);
		return;
	}
	a = gen_use(g, op->a);
	b = gen_use(g, op->b);
	dst = gen_def_any(g);
	if ((dst != a && dst != b) || !gen_flags_are_free(g)) {
		emit_lea(&g->e, wide_here(g), dst, mem_index(a, b, 0, 0));
		return;
	}
	gen_clobber_flags(g);
	emit_alu(&g->e, wide_here(g), ALU_ADD, dst, dst == a ? b : a);
}

static void negate(struct gen *g, ir_ref a, bool twin)
{
	unsigned int dst = gen_def_from(g, a);

	gen_clobber_flags(g);
	emit_unary(&g->e, wide_here(g), UNARY_NEG, dst);
	finish_flags(g, twin);
}

static void sub(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool twin = gen_wants_twin(g);
	uint64_t zero;
	int32_t imm;

	if (gen_const(g, op->a, &zero) && !zero) {
		negate(g, op->b, twin);
		return;
	}
	if (!twin && gen_imm32(g, op->b, &imm) && imm != INT32_MIN) {
		struct host_mem mem;

		if (!gen_mem(g, op->a, &mem)) {
			add_imm(g, op->a, -imm);
			return;
		}
	}
	if (!twin && g->val[op->b].reg != NO_REG &&
	    g->val[op->b].reg == g->val[g->at].target &&
	    g->val[op->a].reg != g->val[op->b].reg) {
		/* a - b in b's register */
		struct second s = second(g, op->a);
		unsigned int dst = gen_def_from(g, op->b);

		gen_clobber_flags(g);
		emit_unary(&g->e, wide_here(g), UNARY_NEG, dst);
		alu_second(g, ALU_ADD, dst, &s);
		return;
	}
	two_operands(g, ALU_SUB, op->a, op->b);
}

static void add_carry(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool borrow = op->op == IR_SBC, twin = gen_wants_twin(g);
	struct second s = second(g, op->b);
	uint64_t imm;
	unsigned int dst;

	if (g->carry != op->c && !gen_const(g, op->c, &imm))
		gen_use(g, op->c);
	dst = gen_def_from(g, op->a);
	gen_carry(g, op->c, borrow);
	alu_second(g, borrow ? ALU_SBB : ALU_ADC, dst, &s);
	finish_flags(g, twin);
}

static void and_(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	struct host_mem mem;
	int32_t imm;
	unsigned int from;

	if (gen_wants_twin(g) || !gen_imm32(g, op->b, &imm) ||
	    (imm != 0xff && imm != 0xffff)) {
		commutative(g, ALU_AND);
		return;
	}
	if (gen_mem(g, op->a, &mem)) {
		emit_extend_load(&g->e, false, false, imm == 0xff ? 1 : 2,
				 gen_def_any(g), mem);
		return;
	}
	from = gen_use(g, op->a);
	emit_extend(&g->e, false, false, imm == 0xff ? 1 : 2, gen_def_any(g),
		    from);
}

static void mul(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int b, dst;
	int32_t imm;

	if (gen_imm32(g, op->b, &imm)) {
		b = gen_use(g, op->a);
		dst = gen_def_any(g);
		gen_clobber_flags(g);
		emit_imul_imm(&g->e, wide_here(g), dst, b, imm);
		return;
	}
	b = gen_use(g, op->b);
	dst = gen_def_from(g, op->a);
	gen_clobber_flags(g);
	emit_imul(&g->e, wide_here(g), dst, b);
}

/* Shifts */

static enum emit_shift host_shift(enum ir_opcode op)
{
	return op == IR_SHL   ? SHIFT_SHL
	       : op == IR_SHR ? SHIFT_SHR
	       : op == IR_SAR ? SHIFT_SAR
			      : SHIFT_ROR;
}

static void shift_imm(struct gen *g, unsigned int count)
{
	const struct ir_op *op = gen_op(g);
	bool twin = gen_wants_twin(g);
	unsigned int from, dst;

	if (!twin &&
	    (op->op == IR_ROR ? g->env->v3 : op->op == IR_SHL && count == 1)) {
		from = gen_use(g, op->a);
		dst = gen_def_any(g);
		if (op->op == IR_ROR)
			emit_rorx(&g->e, wide_here(g), dst, from, count);
		else
			emit_lea(&g->e, wide_here(g), dst,
				 mem_index(from, from, 0, 0));
		return;
	}
	dst = gen_def_from(g, op->a);
	gen_clobber_flags(g);
	emit_shift_imm(&g->e, wide_here(g), host_shift(op->op), dst, count);
	finish_flags(g, twin);
}

static void shift(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a, b, dst;
	uint64_t count;

	if (gen_const(g, op->b, &count)) {
		shift_imm(g, count & (wide_here(g) ? 63 : 31));
		return;
	}
	if (g->env->v3 && op->op != IR_ROR) {
		a = gen_use(g, op->a);
		b = gen_use(g, op->b);
		dst = gen_def_any(g);
		emit_shiftx(&g->e, wide_here(g), host_shift(op->op), dst, a, b);
		return;
	}
	gen_use(g, op->a);
	gen_use_in(g, op->b, RCX);
	dst = gen_def_from(g, op->a);
	gen_clobber_flags(g);
	emit_shift_cl(&g->e, wide_here(g), host_shift(op->op), dst);
}

/* Counting and reversing */

static void clz(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool wide = wide_here(g);
	unsigned int from = gen_use(g, op->a), dst, none;

	gen_clobber_flags(g);
	if (g->env->v3) {
		emit_rr(&g->e, X_F3 | X_0F | 0xbd | (wide ? X_W : 0),
			gen_def_any(g), from); /* LZCNT */
		return;
	}
	none = gen_temp(g);
	dst = gen_def(g);
	emit_mov_imm(&g->e, none, wide ? 127 : 63);
	emit_rr(&g->e, X_0F | 0xbd | (wide ? X_W : 0), dst, from); /* BSR */
	emit_cmov(&g->e, wide, CC_E, dst, none);
	emit_alu_imm(&g->e, wide, ALU_XOR, dst, wide ? 63 : 31);
}

static void bswap16(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int dst = gen_def_from(g, op->a), high, low;

	gen_clobber_flags(g);
	if (!wide_here(g)) {
		emit_bswap(&g->e, false, dst);
		emit_shift_imm(&g->e, false, SHIFT_ROL, dst, 16);
		return;
	}
	g->locked = 1 << dst;
	high = gen_temp(g);
	low = gen_temp(g);
	emit_mov(&g->e, true, high, dst);
	emit_mov_imm(&g->e, low, UINT64_C(0x00ff00ff00ff00ff));
	emit_shift_imm(&g->e, true, SHIFT_SHR, high, 8);
	emit_alu(&g->e, true, ALU_AND, dst, low);
	emit_alu(&g->e, true, ALU_AND, high, low);
	emit_shift_imm(&g->e, true, SHIFT_SHL, dst, 8);
	emit_alu(&g->e, true, ALU_OR, dst, high);
}

/* By 0 the result is 0, and the signed division by -1 may overflow: both are
 * a * b then. */
static void divide(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool wide = wide_here(g), is_signed = op->op == IR_SDIV;
	uint8_t *odd, *done;

	gen_use_in(g, op->b, RCX);
	if (op->a == op->b) {
		gen_temp_in(g, RAX);
		emit_mov(&g->e, wide, RAX, RCX);
	} else {
		gen_copy_in(g, op->a, RAX);
	}
	gen_temp_in(g, RDX);
	gen_clobber_flags(g);
	if (is_signed) {
		emit_lea(&g->e, wide, RDX, mem_at(RCX, 1));
		emit_alu_imm(&g->e, wide, ALU_CMP, RDX, 1);
		odd = emit_jcc_short(&g->e, CC_BE);
		if (wide)
			emit8(&g->e, 0x48);
		emit8(&g->e, 0x99); /* CDQ, CQO */
	} else {
		emit_test(&g->e, wide, RCX, RCX);
		odd = emit_jcc_short(&g->e, CC_E);
		emit_alu(&g->e, false, ALU_XOR, RDX, RDX);
	}
	emit_unary(&g->e, wide, is_signed ? UNARY_IDIV : UNARY_DIV, RCX);
	done = emit_jmp_short(&g->e);
	emit_here(&g->e, odd);
	emit_imul(&g->e, wide, RAX, RCX);
	emit_here(&g->e, done);
	gen_def_in(g, RAX);
}

/* Widths */

static void extend(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool is_signed = op->op == IR_SEXT;
	struct host_mem mem;
	unsigned int from;

	if (gen_mem(g, op->a, &mem)) {
		emit_extend_load(&g->e, wide_here(g), is_signed, op->imm / 8,
				 gen_def_any(g), mem);
		return;
	}
	from = gen_use(g, op->a);
	emit_extend(&g->e, wide_here(g), is_signed, op->imm / 8, gen_def_any(g),
		    from);
}

static void half(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int from, dst;

	from = gen_use(g, op->a);
	dst = gen_def_any(g);
	emit_mov(&g->e, op->op == IR_HIGH, dst, from);
	if (op->op == IR_TRUNC)
		return;
	gen_clobber_flags(g);
	emit_shift_imm(&g->e, true, SHIFT_SHR, dst, 32);
}

static void concat(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use(g, op->a), b = gen_use(g, op->b);
	unsigned int dst = gen_def(g);

	gen_clobber_flags(g);
	emit_mov(&g->e, false, dst, b);
	emit_shift_imm(&g->e, true, SHIFT_SHL, dst, 32);
	emit_alu(&g->e, true, ALU_OR, dst, a);
}

static void select_x(struct gen *g, enum host_cc cc)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a);
	unsigned int dst = gen_def_from_x(g, op->b, op->a);
	uint8_t *over = emit_jcc_short(&g->e, cc ^ 1);

	gen_mov_x(g, dst, a);
	emit_here(&g->e, over);
}

static void select_(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	enum host_cc cc = gen_condition(g, op->c, op->cc);
	unsigned int target = g->val[g->at].target, dst, a;
	ir_ref yes = op->a, no = op->b;

	gen_unlock(g);
	if (gen_is_x(op->type)) {
		select_x(g, cc);
		return;
	}
	if (target != NO_REG && g->val[yes].reg == target) {
		yes = op->b;
		no = op->a;
		cc ^= 1;
	}
	a = gen_use(g, yes);
	dst = gen_def_from(g, no);
	emit_cmov(&g->e, gen_wide(type_of(g, yes)), cc, dst, a);
}

void gen_int(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int dst;

	switch (op->op) {
	case IR_ADD:
		add(g);
		break;
	case IR_SUB:
		sub(g);
		break;
	case IR_ADC:
	case IR_SBC:
		add_carry(g);
		break;
	case IR_MUL:
		mul(g);
		break;
	case IR_AND:
		and_(g);
		break;
	case IR_OR:
		commutative(g, ALU_OR);
		break;
	case IR_XOR:
		commutative(g, ALU_XOR);
		break;
	case IR_NOT:
		dst = gen_def_from(g, op->a);
		emit_unary(&g->e, wide_here(g), UNARY_NOT, dst);
		break;
	case IR_NEG:
		negate(g, op->a, false);
		break;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROR:
		shift(g);
		break;
	case IR_CLZ:
		clz(g);
		break;
	case IR_BSWAP:
		dst = gen_def_from(g, op->a);
		emit_bswap(&g->e, wide_here(g), dst);
		break;
	case IR_BSWAP16:
		bswap16(g);
		break;
	case IR_UDIV:
	case IR_SDIV:
		divide(g);
		break;
	case IR_SEXT:
	case IR_ZEXT:
		extend(g);
		break;
	case IR_TRUNC:
	case IR_HIGH:
		half(g);
		break;
	case IR_CONCAT:
		concat(g);
		break;
	default:
		select_(g);
	}
}
