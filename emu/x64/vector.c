/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of ir/vector.inc.
 *
 * Most are one host instruction: rows below, with its opcode for each element
 * size.  With AVX the three-operand forms are used; without, the result is
 * made in a copy of the first argument.
 *
 * What stands above a V64 has no meaning, so floating point, which could
 * raise exceptions there, works on copies with zeroes above.
 */
#include "x64/gen.h"

enum {
	MOVQ_LOAD = X_F3 | X_0F | 0x7e, /* zeroes above */
	MOVD_TO_X = X_66 | X_0F | 0x6e,
	MOVD_FROM_X = X_66 | X_0F | 0x7e,
	PAND = X_66 | X_0F | 0xdb,
	PXOR = X_66 | X_0F | 0xef,
	PSHUFD = X_66 | X_0F | 0x70,
	PSHUFLW = X_F2 | X_0F | 0x70,
	PSHUFB = X_66 | X_0F38 | 0x00,
	PUNPCKLBW = X_66 | X_0F | 0x60,
	PUNPCKLQDQ = X_66 | X_0F | 0x6c,
	PADDUSB = X_66 | X_0F | 0xdc,
	MOVMSKPS = X_0F | 0x50,
	UCOMIS = X_0F | 0x2e,
	COMIS = X_0F | 0x2f,
	CMPPS = X_0F | 0xc2,
	UNPCK_HIGH_HALF = 0xee, /* of PSHUFD */
};

#define P(op)   (X_66 | X_0F | (op))
#define P38(op) (X_66 | X_0F38 | (op))

/* A host instruction for each element size of 1, 2, 4, 8 bytes, or 0. */
struct row {
	uint16_t op[4];
};

static const struct row rows[IR_OPS] = {
	[IR_VAND] = { { PAND, PAND, PAND, PAND } },
	[IR_VOR] = { { P(0xeb), P(0xeb), P(0xeb), P(0xeb) } },
	[IR_VXOR] = { { PXOR, PXOR, PXOR, PXOR } },
	[IR_VADD] = { { P(0xfc), P(0xfd), P(0xfe), P(0xd4) } },
	[IR_VSUB] = { { P(0xf8), P(0xf9), P(0xfa), P(0xfb) } },
	[IR_VMUL] = { { 0, P(0xd5), P38(0x40), 0 } },
	[IR_VMUL_WIDE] = { { 0, 0, 0, P(0xf4) } },
	[IR_VMUL_HIGH] = { { 0, P(0xe5), 0, 0 } },
	[IR_VMUL_ROUND] = { { 0, P38(0x0b), 0, 0 } },
	[IR_VMUL_PAIRS] = { { 0, 0, P(0xf5), 0 } },
	[IR_VADD_SAT] = { { P(0xdc), P(0xdd), 0, 0 } },
	[IR_VSUB_SAT] = { { P(0xd8), P(0xd9), 0, 0 } },
	[IR_VAVERAGE] = { { P(0xe0), P(0xe3), 0, 0 } },
	[IR_VMIN] = { { P(0xda), P38(0x3a), P38(0x3b), 0 } },
	[IR_VMAX] = { { P(0xde), P38(0x3e), P38(0x3f), 0 } },
	[IR_VEQ] = { { P(0x74), P(0x75), P(0x76), P38(0x29) } },
	[IR_VGT] = { { P(0x64), P(0x65), P(0x66), P38(0x37) } },
	[IR_VJOIN] = { { PUNPCKLQDQ, PUNPCKLQDQ, PUNPCKLQDQ, PUNPCKLQDQ } },
	[IR_VZIP_LOW] = { { PUNPCKLBW, P(0x61), P(0x62), PUNPCKLQDQ } },
	[IR_VZIP_HIGH] = { { P(0x68), P(0x69), P(0x6a), P(0x6d) } },
};

/* The same, of signed elements. */
static const struct row signed_rows[IR_OPS] = {
	[IR_VMUL_WIDE] = { { 0, 0, 0, P38(0x28) } },
	[IR_VADD_SAT] = { { P(0xec), P(0xed), 0, 0 } },
	[IR_VSUB_SAT] = { { P(0xe8), P(0xe9), 0, 0 } },
	[IR_VMIN] = { { P38(0x38), P(0xea), P38(0x39), 0 } },
	[IR_VMAX] = { { P38(0x3c), P(0xee), P38(0x3d), 0 } },
};

static unsigned int log2_of(unsigned int size)
{
	return size > 1 ? (unsigned int)__builtin_ctz(size) : 0;
}

static enum ir_type type_of(const struct gen *g, ir_ref ref)
{
	return (enum ir_type)g->u->op[ref].type;
}

static bool v3(const struct gen *g)
{
	return g->env->v3;
}

/* to = a op b; without AVX to must be a. */
static void three(struct gen *g, unsigned int op, unsigned int to,
		  unsigned int a, unsigned int b)
{
	if (v3(g)) {
		emit_vrr(&g->e, op, false, to, a, b);
		return;
	}
	if (to != a)
		gen_mov_x(g, to, a);
	emit_rr(&g->e, op, to, b);
}

static void three_mem(struct gen *g, unsigned int op, unsigned int to,
		      unsigned int a, struct host_mem b)
{
	if (v3(g)) {
		emit_vrm(&g->e, op, false, to, a, b);
		return;
	}
	if (to != a)
		gen_mov_x(g, to, a);
	emit_rm(&g->e, op, to, b);
}

/* to = op a */
static void two(struct gen *g, unsigned int op, unsigned int to, unsigned int a)
{
	if (v3(g))
		emit_vrr(&g->e, op, false, to, 0, a);
	else
		emit_rr(&g->e, op, to, a);
}

static void two_imm(struct gen *g, unsigned int op, unsigned int to,
		    unsigned int a, unsigned int imm)
{
	two(g, op, to, a);
	emit8(&g->e, imm);
}

/* Whether it is a constant that is best read from memory. */
static bool in_pool(struct gen *g, ir_ref ref, struct host_mem *ret_mem)
{
	uint64_t imm;

	if (!gen_const(g, ref, &imm) || g->val[ref].reg != NO_REG || !imm ||
	    imm == UINT64_MAX)
		return false;
	*ret_mem = gen_pool(g, imm, imm);
	return true;
}

/* The result of a op b; an immediate may follow. */
static void binary_in_registers(struct gen *g, unsigned int op, ir_ref a,
				ir_ref b)
{
	unsigned int to, ra, rb;

	if (v3(g)) {
		ra = gen_use_x(g, a);
		rb = gen_use_x(g, b);
		to = gen_def_x(g);
		emit_vrr(&g->e, op, false, to, ra, rb);
	} else {
		rb = gen_use_x(g, b);
		to = gen_def_from_x(g, a, b);
		emit_rr(&g->e, op, to, rb);
	}
}

/* The same, and none may. */
static void binary(struct gen *g, unsigned int op, ir_ref a, ir_ref b)
{
	struct host_mem mem;
	unsigned int ra;

	if (!op) {
		g->failed = true;
		return;
	}
	if (in_pool(g, b, &mem)) {
		ra = gen_use_x(g, a);
		three_mem(g, op, gen_def_x(g), ra, mem);
	} else {
		binary_in_registers(g, op, a, b);
	}
}

static void unary(struct gen *g, unsigned int op)
{
	unsigned int a = gen_use_x(g, gen_op(g)->a);

	two(g, op, gen_def_x(g), a);
}

static void unary_imm(struct gen *g, unsigned int op, unsigned int imm)
{
	unary(g, op);
	emit8(&g->e, imm);
}

/* Between the kinds of registers */

static void dup(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use(g, op->a), to = gen_def_x(g);

	two(g, MOVD_TO_X, to, a);
	if (v3(g) && op->size < 4) {
		two(g, P38(op->size == 1 ? 0x78 : 0x79), to, to);
		return;
	}
	if (op->size == 1)
		three(g, PUNPCKLBW, to, to, to);
	if (op->size < 4)
		two_imm(g, PSHUFLW, to, to, 0);
	two_imm(g, PSHUFD, to, to, 0);
}

static void from_general(struct gen *g)
{
	ir_ref a = gen_op(g)->a;
	unsigned int wide = type_of(g, a) == IR_I64 ? X_W : 0;
	unsigned int reg = gen_use(g, a);

	two(g, MOVD_TO_X | wide, gen_def_x(g), reg);
}

static void to_general(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a), to = gen_def(g);
	unsigned int imm = (unsigned int)op->imm;

	if (op->size >= 4) {
		unsigned int wide = op->size == 8 ? X_W : 0;

		if (!imm)
			two(g, MOVD_FROM_X | wide, a, to);
		else
			two_imm(g, X_66 | X_0F3A | 0x16 | wide, a, to, imm);
		return;
	}
	if (op->size == 1)
		two_imm(g, X_66 | X_0F3A | 0x14, a, to, imm);
	else
		two_imm(g, P(0xc5), to, a, imm);
	if (op->flags & IR_SIGNED)
		emit_extend(&g->e, false, true, op->size, to, to);
}

static void insert(struct gen *g)
{
	static const uint16_t ops[] = { X_66 | X_0F3A | 0x20, P(0xc4),
					X_66 | X_0F3A | 0x22 };
	const struct ir_op *op = gen_op(g);
	unsigned int b = gen_use(g, op->b);
	unsigned int to = gen_def_from_x(g, op->a, IR_NO_REF);

	three(g, ops[log2_of(op->size)], to, to, b);
	emit8(&g->e, (unsigned int)op->imm);
}

/* Bytes from elsewhere */

static void low(struct gen *g)
{
	gen_def_from_x(g, gen_op(g)->a, IR_NO_REF);
}

/* The immediate of PSHUFD that does the pattern, or -1.  Only half of a V64's
 * pattern counts. */
static int as_words(uint64_t pattern, bool half)
{
	unsigned int imm = 0;

	for (unsigned int i = 0; i < (half ? 2 : 4); i++) {
		unsigned int word = pattern >> 16 * i & 0xffff;
		unsigned int from = word & 15;

		if (from & 3 || word != from * 0x1111 + 0x3210)
			return -1;
		imm |= from / 4 << 2 * i;
	}
	return (int)imm;
}

static void spread(uint64_t pattern, uint64_t mask[2])
{
	mask[0] = mask[1] = 0;
	for (unsigned int i = 0; i < 16; i++)
		mask[i / 8] |= (pattern >> 4 * i & 15) << i % 8 * 8;
}

static void permute(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	int words = as_words(op->imm, op->type == IR_V64);
	uint64_t mask[2];
	unsigned int a, to;

	if (words >= 0) {
		unary_imm(g, PSHUFD, (unsigned int)words);
		return;
	}
	spread(op->imm, mask);
	if (v3(g)) {
		a = gen_use_x(g, op->a);
		to = gen_def_x(g);
	} else {
		a = to = gen_def_from_x(g, op->a, IR_NO_REF);
	}
	three_mem(g, PSHUFB, to, a, gen_pool(g, mask[0], mask[1]));
}

/* Indices above 15 become ones with bit 7 set, for which PSHUFB gives 0. */
static void table(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int b = gen_use_x(g, op->b), a, to;
	unsigned int index = gen_temp_x(g);

	three_mem(g, PADDUSB, index, b,
		  gen_pool(g, UINT64_C(0x7070707070707070),
			   UINT64_C(0x7070707070707070)));
	if (v3(g)) {
		a = gen_use_x(g, op->a);
		to = gen_def_x(g);
	} else {
		a = to = gen_def_from_x(g, op->a, IR_NO_REF);
	}
	three(g, PSHUFB, to, a, index);
}

static void align(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	binary_in_registers(g, X_66 | X_0F3A | 0x0f, op->b, op->a);
	emit8(&g->e, (unsigned int)op->imm);
}

/* Integers */

static void by_row(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	const struct row *row =
		op->flags & IR_SIGNED && signed_rows[op->op].op[0] +
						 signed_rows[op->op].op[3]
			? &signed_rows[op->op]
			: &rows[op->op];

	binary(g, row->op[log2_of(op->size)], op->a, op->b);
}

/* dst = ~first & second */
static void bic(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	binary(g, P(0xdf), op->b, op->a);
}

static void shift(struct gen *g)
{
	static const uint8_t opcodes[] = { 0, 0x71, 0x72, 0x73 };
	const struct ir_op *op = gen_op(g);
	unsigned int bits = 8u * op->size, by = (unsigned int)op->imm;
	unsigned int n = op->op == IR_VSHL ? 6 : op->op == IR_VSHR ? 2 : 4;
	unsigned int opcode = P(opcodes[log2_of(op->size)]), a;

	if (by > bits)
		by = bits;
	if (v3(g)) {
		a = gen_use_x(g, op->a);
		emit_vrr(&g->e, opcode, false, n, gen_def_x(g), a);
	} else {
		emit_rr(&g->e, opcode, n, gen_def_from_x(g, op->a, IR_NO_REF));
	}
	emit8(&g->e, by);
}

static void widen(struct gen *g)
{
	static const uint8_t opcodes[] = { 0x20, 0x23, 0x25 };
	const struct ir_op *op = gen_op(g);

	unary(g, P38(opcodes[log2_of(op->size)] +
		     (op->flags & IR_SIGNED ? 0 : 0x10)));
}

static void narrow(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	bool is_signed = op->flags & IR_SIGNED;
	unsigned int opcode, a;

	if (op->size == 1)
		opcode = is_signed ? P(0x63) : P(0x67);
	else
		opcode = is_signed ? P(0x6b) : P38(0x2b);
	if (v3(g)) {
		a = gen_use_x(g, op->a);
		emit_vrr(&g->e, opcode, false, gen_def_x(g), a, a);
	} else {
		a = gen_def_from_x(g, op->a, IR_NO_REF);
		emit_rr(&g->e, opcode, a, a);
	}
}

static void absolute(struct gen *g)
{
	unary(g, P38(0x1c + log2_of(gen_op(g)->size)));
}

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

/* The value with zeroes above, for computing. */
static unsigned int use_clean(struct gen *g, ir_ref ref, bool half)
{
	unsigned int a = gen_use_x(g, ref), t;

	if (!half)
		return a;
	t = gen_temp_x(g);
	two(g, MOVQ_LOAD, t, a);
	return t;
}

static void float_op(struct gen *g, unsigned int opcode, ir_ref a, ir_ref b)
{
	enum ir_type type = (enum ir_type)gen_op(g)->type;
	unsigned int ra, rb;

	opcode |= X_0F | scalar_prefix(type);
	if (type != IR_V64) {
		binary(g, opcode, a, b);
		return;
	}
	ra = use_clean(g, a, true);
	rb = b == a ? ra : use_clean(g, b, true);
	if (v3(g)) {
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

	ra = use_clean(g, a, type == IR_V64);
	rb = b == a ? ra : use_clean(g, b, type == IR_V64);
	to = gen_def_x(g);
	/* the immediate must stand directly behind */
	if (v3(g)) {
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

	if (v3(g)) {
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

	two(g,
	    X_0F | (op->imm ? 0x2c : 0x2d) | scalar_prefix(type_of(g, op->a)) |
		    (wide ? X_W : 0),
	    gen_def(g), a);
}

static void vector_convert(struct gen *g, unsigned int opcode)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = use_clean(g, op->a, op->type == IR_V64);

	two(g, opcode, gen_def_x(g), a);
}

static void multiply_add(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int b, c, to, t;

	if (!v3(g)) {
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
	two(g,
	    (op->flags & IR_SIGNED ? COMIS : UCOMIS) |
		    single_or_double(type_of(g, op->a)),
	    a, b);
	emit_mov_imm(&g->e, to, 2);
	for (unsigned int i = 0; i < 3; i++) {
		emit_mov_imm(&g->e, t, steps[i].order);
		emit_cmov(&g->e, false, steps[i].cc, to, t);
	}
}

/* Falling back */

static void fall_if_set(struct gen *g, enum host_cc cc)
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
	gen_jump_fall(g, cc);
}

static void fall_unless_all(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool half = type_of(g, ref) == IR_V64;
	unsigned int a = gen_use_x(g, ref), t = gen_temp(g);

	gen_clobber_flags(g);
	two(g, MOVMSKPS, t, a);
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
	two(g, UCOMIS | single_or_double(type_of(g, ref)), a, a);
	gen_jump_fall(g, CC_P);
}

/* "Equal" is also what a comparison says with a NaN. */
static void fall_if_min(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool is_double = type_of(g, ref) == IR_F64;
	unsigned int a = gen_use_x(g, ref), t = gen_temp_x(g);
	struct host_mem least = gen_pool(
		g, is_double ? UINT64_C(1) << 52 : UINT64_C(1) << 23, 0);

	gen_clobber_flags(g);
	three_mem(g, PAND, t, a,
		  gen_pool(g,
			   is_double ? UINT64_MAX >> 1 : UINT64_C(0x7fffffff),
			   0));
	if (v3(g))
		emit_vrm(&g->e, UCOMIS | single_or_double(type_of(g, ref)),
			 false, t, 0, least);
	else
		emit_rm(&g->e, UCOMIS | single_or_double(type_of(g, ref)), t,
			least);
	gen_jump_fall(g, CC_E);
}

static void fall_unless_u32(struct gen *g)
{
	ir_ref ref = gen_op(g)->a;
	bool is_double = type_of(g, ref) == IR_F64;
	unsigned int a = gen_use_x(g, ref);
	unsigned int op = UCOMIS | single_or_double(type_of(g, ref));
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
		if (v3(g))
			emit_vrm(&g->e, op, false, a, 0, bound[i]);
		else
			emit_rm(&g->e, op, a, bound[i]);
		gen_jump_fall(g, i ? CC_AE : CC_BE);
	}
}

static void gen_float(struct gen *g)
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
	case IR_FALL_BACK_IF_SET:
		fall_if_set(g, CC_NE);
		break;
	case IR_FALL_BACK_UNLESS_SET:
		fall_if_set(g, CC_E);
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

void gen_vector(struct gen *g)
{
	switch (gen_op(g)->op) {
	case IR_VDUP:
		dup(g);
		break;
	case IR_VFROM:
		from_general(g);
		break;
	case IR_VTO32:
	case IR_VTO64:
		to_general(g);
		break;
	case IR_VINSERT:
		insert(g);
		break;
	case IR_VLOW:
		low(g);
		break;
	case IR_VHIGH:
		unary_imm(g, PSHUFD, UNPCK_HIGH_HALF);
		break;
	case IR_VEXTEND:
		unary(g, MOVQ_LOAD);
		break;
	case IR_VPERM:
		permute(g);
		break;
	case IR_VTABLE:
		table(g);
		break;
	case IR_VALIGN:
		align(g);
		break;
	case IR_VBIC:
		bic(g);
		break;
	case IR_VSHL:
	case IR_VSHR:
	case IR_VSAR:
		shift(g);
		break;
	case IR_VWIDEN:
		widen(g);
		break;
	case IR_VNARROW_SAT:
		narrow(g);
		break;
	case IR_VABS:
		absolute(g);
		break;
	case IR_VJOIN:
	case IR_VZIP_LOW:
	case IR_VZIP_HIGH:
	case IR_VAND:
	case IR_VOR:
	case IR_VXOR:
	case IR_VADD:
	case IR_VSUB:
	case IR_VMUL:
	case IR_VMUL_WIDE:
	case IR_VMUL_HIGH:
	case IR_VMUL_ROUND:
	case IR_VMUL_PAIRS:
	case IR_VADD_SAT:
	case IR_VSUB_SAT:
	case IR_VAVERAGE:
	case IR_VMIN:
	case IR_VMAX:
	case IR_VEQ:
	case IR_VGT:
		by_row(g);
		break;
	default:
		gen_float(g);
	}
}
