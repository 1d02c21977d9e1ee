/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point of ir/vector.inc, and falling back. */
#include "x64/vector.h"

enum {
	MOVMSKPS = X_0F | 0x50,
	UCOMIS = X_0F | 0x2e,
	COMIS = X_0F | 0x2f,
	STMXCSR = X_0F | 0xae, /* by the digit in its ModRM */
	STMXCSR_DIGIT = 3,
	LDMXCSR_DIGIT = 2,
};

/* Floating point */

/* The prefix that makes a packed single instruction one of this type. */
static unsigned int scalar_prefix(enum ir_type type)
{
	return type == IR_F32 ? X_F3 : type == IR_F64 ? X_F2 : 0;
}

/* The prefix of UCOMISS and its like. */
static unsigned int single_or_double(enum ir_type type)
{
	return type == IR_F64 ? X_66 : 0;
}

static void float_op(struct gen *g, unsigned int opcode, ir_ref a, ir_ref b)
{
	enum ir_type type = (enum ir_type)gen_op(g)->type;
	unsigned int ra, rb;

	opcode |= X_0F | scalar_prefix(type);
	if (type != IR_V64) {
		gen_binary(g, opcode, a, b);
		return;
	}
	ra = gen_use_clean(g, a, true);
	rb = b == a ? ra : gen_use_clean(g, b, true);
	if (g->env->v3) {
		emit_vrr(&g->e, opcode, false, gen_def_x(g), ra, rb);
	} else {
		emit_rr(&g->e, opcode, ra, rb);
		gen_mov_x(g, gen_def_x(g), ra);
	}
}

static void float_compare(struct gen *g, unsigned int predicate, ir_ref a,
			  ir_ref b)
{
	enum ir_type type = (enum ir_type)gen_op(g)->type;
	unsigned int ra, rb, to;

	ra = gen_use_clean(g, a, type == IR_V64);
	rb = b == a ? ra : gen_use_clean(g, b, type == IR_V64);
	to = gen_def_x(g);
	/* the immediate must stand directly behind */
	if (g->env->v3) {
		emit_vrr(&g->e, CMPPS, false, to, ra, rb);
	} else {
		gen_mov_x(g, to, ra);
		emit_rr(&g->e, CMPPS, to, rb);
	}
	emit8(&g->e, predicate);
}

/* Conversions and the like write only the low part: the register's old value
 * must not be waited for. */
static void scalar_from(struct gen *g, unsigned int opcode, unsigned int from)
{
	unsigned int to = gen_def_x(g);

	if (g->env->v3) {
		unsigned int zero = gen_temp_x(g);

		emit_vrr(&g->e, PXOR, false, zero, zero, zero);
		emit_vrr(&g->e, opcode, false, to, zero, from);
		return;
	}
	emit_rr(&g->e, PXOR, to, to);
	emit_rr(&g->e, opcode, to, from);
}

static void square_root(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a);

	scalar_from(g, X_0F | 0x51 | scalar_prefix((enum ir_type)op->type), a);
}

static void convert(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a);

	scalar_from(g, X_0F | 0x5a | (op->type == IR_F64 ? X_F3 : X_F2), a);
}

static void from_int(struct gen *g, bool wide)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use(g, op->a);

	scalar_from(g,
		    X_0F | 0x2a | scalar_prefix((enum ir_type)op->type) |
			    (wide ? X_W : 0),
		    a);
}

static void to_int(struct gen *g, bool wide)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a);

	gen_two(g,
		X_0F | (op->imm ? 0x2c : 0x2d) |
			scalar_prefix(gen_type(g, op->a)) | (wide ? X_W : 0),
		gen_def(g), a);
}

static void vector_convert(struct gen *g, unsigned int opcode)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_clean(g, op->a, op->type == IR_V64);

	gen_two(g, opcode, gen_def_x(g), a);
}

static void multiply_add(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int b, c, to, t;

	if (!g->env->v3) {
		t = gen_temp(g);
		gen_clobber_flags(g);
		emit_alu(&g->e, false, ALU_XOR, t, t);
		gen_jump_fall(g, CC_E);
		gen_def_x(g);
		return;
	}
	b = gen_use_x(g, op->b);
	c = gen_use_x(g, op->c);
	to = gen_temp_x(g);
	gen_mov_x(g, to, gen_use_x(g, op->a));
	emit_vrr(&g->e,
		 X_66 | X_0F38 | (op->type >= IR_V64 ? 0xb8 : 0xb9) |
			 (op->type == IR_F64 ? X_W : 0),
		 false, to, b, c);
	gen_mov_x(g, gen_def_x(g), to);
}

/* less 0, equal 1, greater 2, unordered 0x80000000 */
static void compare(struct gen *g)
{
	static const struct {
		enum host_cc cc;
		uint32_t order;
	} steps[] = {
		{ CC_E, 1 },
		{ CC_B, 0 },
		{ CC_P, UINT32_C(1) << 31 },
	};
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a), b = gen_use_x(g, op->b);
	unsigned int to = gen_def(g), t = gen_temp(g);

	gen_clobber_flags(g);
	gen_two(g,
		(op->flags & IR_SIGNED ? COMIS : UCOMIS) |
			single_or_double(gen_type(g, op->a)),
		a, b);
	emit_mov_imm(&g->e, to, 2);
	for (unsigned int i = 0; i < 3; i++) {
		emit_mov_imm(&g->e, t, steps[i].order);
		emit_cmov(&g->e, false, steps[i].cc, to, t);
	}
}

/* MXCSR is moved through memory only; signal handlers leave 128 bytes below
 * rsp alone. */
static void status(struct gen *g, bool clear)
{
	const struct host_mem at = mem_at(RSP, -8);
	unsigned int t = clear ? gen_temp(g) : gen_def(g);

	gen_clobber_flags(g);
	emit_rm(&g->e, STMXCSR, STMXCSR_DIGIT, at);
	emit_load(&g->e, false, t, at);
	if (!clear)
		return;
	emit_alu_imm(&g->e, false, ALU_AND, t, ~0x3f);
	emit_store(&g->e, false, at, t);
	emit_rm(&g->e, STMXCSR, LDMXCSR_DIGIT, at);
}

/* Falling back */

static void fall_if_set(struct gen *g)
{
	uint32_t mask = (uint32_t)(gen_op(g)->imm >> 32);
	int32_t at = (int32_t)(uint32_t)gen_op(g)->imm;

	/* the one byte that matters, or all of them */
	while (!(mask & 0xff)) {
		mask >>= 8;
		at++;
	}
	if (mask > 0xff)
		g->failed = true;
	gen_clobber_flags(g);
	emit_rm(&g->e, 0xf6, 0, mem_at(RBP, at)); /* TEST m8, imm8 */
	emit8(&g->e, mask);
	gen_jump_fall(g, CC_NE);
}

static void fall_unless_all(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool half = gen_type(g, ref) == IR_V64;
	unsigned int a = gen_use_x(g, ref), t = gen_temp(g);

	gen_clobber_flags(g);
	gen_two(g, MOVMSKPS, t, a);
	if (half)
		emit_alu_imm(&g->e, false, ALU_AND, t, 3);
	emit_alu_imm(&g->e, false, ALU_CMP, t, half ? 3 : 15);
	gen_jump_fall(g, CC_NE);
}

static void fall_if_nan(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	unsigned int a = gen_use_x(g, ref);

	gen_clobber_flags(g);
	gen_two(g, UCOMIS | single_or_double(gen_type(g, ref)), a, a);
	gen_jump_fall(g, CC_P);
}

/* "Equal" is also what a comparison says with a NaN. */
static void fall_if_min(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool is_double = gen_type(g, ref) == IR_F64;
	unsigned int a = gen_use_x(g, ref), t = gen_temp_x(g);
	struct host_mem least = gen_pool(
		g, is_double ? UINT64_C(1) << 52 : UINT64_C(1) << 23, 0);

	gen_clobber_flags(g);
	gen_three_mem(
		g, PAND, t, a,
		gen_pool(g, is_double ? UINT64_MAX >> 1 : UINT64_C(0x7fffffff),
			 0));
	gen_two_mem(g, UCOMIS | single_or_double(gen_type(g, ref)), t, least);
	gen_jump_fall(g, CC_E);
}

static void fall_unless_u32(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool is_double = gen_type(g, ref) == IR_F64;
	unsigned int a = gen_use_x(g, ref);
	unsigned int op = UCOMIS | single_or_double(gen_type(g, ref));
	struct host_mem bound[2] = {
		gen_pool(g,
			 is_double ? UINT64_C(0xbff0000000000000)
				   : UINT64_C(0xbf800000),
			 0),
		gen_pool(g,
			 is_double ? UINT64_C(0x41f0000000000000)
				   : UINT64_C(0x4f800000),
			 0),
	};

	gen_clobber_flags(g);
	for (unsigned int i = 0; i < 2; i++) {
		gen_two_mem(g, op, a, bound[i]);
		gen_jump_fall(g, i ? CC_AE : CC_BE);
	}
}

void gen_float(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	switch (op->op) {
	case IR_FADD:
		float_op(g, 0x58, op->a, op->b);
		break;
	case IR_FSUB:
		float_op(g, 0x5c, op->a, op->b);
		break;
	case IR_FMUL:
		float_op(g, 0x59, op->a, op->b);
		break;
	case IR_FDIV:
		float_op(g, 0x5e, op->a, op->b);
		break;
	case IR_FSELECT_GT:
		float_op(g, 0x5f, op->a, op->b);
		break;
	case IR_FSELECT_LT:
		float_op(g, 0x5d, op->a, op->b);
		break;
	case IR_FSQRT:
		square_root(g);
		break;
	case IR_FMULADD:
		multiply_add(g);
		break;
	case IR_FEQ:
		float_compare(g, 0, op->a, op->b);
		break;
	case IR_FGE:
		float_compare(g, 2, op->b, op->a);
		break;
	case IR_FGT:
		float_compare(g, 1, op->b, op->a);
		break;
	case IR_FNUMBER:
		float_compare(g, 7, op->a, op->a);
		break;
	case IR_FCONVERT:
		convert(g);
		break;
	case IR_FFROM_S32:
		from_int(g, false);
		break;
	case IR_FFROM_S64:
		from_int(g, true);
		break;
	case IR_FTO_S32:
		to_int(g, false);
		break;
	case IR_FTO_S64:
		to_int(g, true);
		break;
	case IR_FFROM_VECTOR:
		vector_convert(g, X_0F | 0x5b);
		break;
	case IR_FTO_VECTOR:
		vector_convert(g, X_F3 | X_0F | 0x5b);
		break;
	case IR_FCOMPARE:
		compare(g);
		break;
	case IR_FSTATUS:
		status(g, false);
		break;
	case IR_FSTATUS_CLEAR:
		status(g, true);
		break;
	case IR_FALL_BACK_IF_SET:
		fall_if_set(g);
		break;
	case IR_FALL_BACK_UNLESS_ALL:
		fall_unless_all(g);
		break;
	case IR_FALL_BACK_IF_NAN:
		fall_if_nan(g);
		break;
	case IR_FALL_BACK_IF_MIN:
		fall_if_min(g);
		break;
	case IR_FALL_BACK_UNLESS_U32:
		fall_unless_u32(g);
		break;
	default:
		g->failed = true;
	}
}
