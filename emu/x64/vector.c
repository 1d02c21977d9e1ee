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
#include "x64/vector.h"

enum {
	MOVD_TO_X = X_66 | X_0F | 0x6e,
	MOVD_FROM_X = X_66 | X_0F | 0x7e,
	PSHUFD = X_66 | X_0F | 0x70,
	PSHUFLW = X_F2 | X_0F | 0x70,
	PSHUFB = X_66 | X_0F38 | 0x00,
	PUNPCKLBW = X_66 | X_0F | 0x60,
	PUNPCKLQDQ = X_66 | X_0F | 0x6c,
	PADDUSB = X_66 | X_0F | 0xdc,
	UNPCK_HIGH_HALF = 0xee, /* of PSHUFD */
};

/* A host instruction for each element size of 1, 2, 4, 8 bytes, or 0. */
struct row {
	uint16_t op[4];
};

static const struct row rows[IR_OPS] = {
	[IR_VAND] = { { PAND, PAND, PAND, PAND } },
	[IR_VOR] = { { POR, POR, POR, POR } },
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

void gen_three(struct gen *g, unsigned int op, unsigned int to, unsigned int a,
	       unsigned int b)
{
	if (g->env->v3) {
		emit_vrr(&g->e, op, false, to, a, b);
		return;
	}
	if (to != a)
		gen_mov_x(g, to, a);
	emit_rr(&g->e, op, to, b);
}

void gen_three_mem(struct gen *g, unsigned int op, unsigned int to,
		   unsigned int a, struct host_mem b)
{
	if (g->env->v3) {
		emit_vrm(&g->e, op, false, to, a, b);
		return;
	}
	if (to != a)
		gen_mov_x(g, to, a);
	emit_rm(&g->e, op, to, b);
}

void gen_two(struct gen *g, unsigned int op, unsigned int to, unsigned int a)
{
	if (g->env->v3)
		emit_vrr(&g->e, op, false, to, 0, a);
	else
		emit_rr(&g->e, op, to, a);
}

void gen_two_mem(struct gen *g, unsigned int op, unsigned int to,
		 struct host_mem a)
{
	if (g->env->v3)
		emit_vrm(&g->e, op, false, to, 0, a);
	else
		emit_rm(&g->e, op, to, a);
}

unsigned int gen_use_clean(struct gen *g, ir_ref ref, bool half)
{
	unsigned int a = gen_use_x(g, ref), t;

	if (!half)
		return a;
	t = gen_temp_x(g);
	gen_two(g, MOVQ_LOAD, t, a);
	return t;
}

static void two_imm(struct gen *g, unsigned int op, unsigned int to,
		    unsigned int a, unsigned int imm)
{
	gen_two(g, op, to, a);
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

	if (g->env->v3) {
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

void gen_binary(struct gen *g, unsigned int op, ir_ref a, ir_ref b)
{
	struct host_mem mem;
	unsigned int ra;

	if (!op) {
		g->failed = true;
		return;
	}
	if (in_pool(g, b, &mem)) {
		ra = gen_use_x(g, a);
		gen_three_mem(g, op, gen_def_x(g), ra, mem);
	} else {
		binary_in_registers(g, op, a, b);
	}
}

static void unary(struct gen *g, unsigned int op)
{
	unsigned int a = gen_use_x(g, gen_op(g)->a);

	gen_two(g, op, gen_def_x(g), a);
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

	gen_two(g, MOVD_TO_X, to, a);
	if (g->env->v3 && op->size < 4) {
		gen_two(g, P38(op->size == 1 ? 0x78 : 0x79), to, to);
		return;
	}
	if (op->size == 1)
		gen_three(g, PUNPCKLBW, to, to, to);
	if (op->size < 4)
		two_imm(g, PSHUFLW, to, to, 0);
	two_imm(g, PSHUFD, to, to, 0);
}

static void from_general(struct gen *g)
{
	ir_ref a = gen_op(g)->a;
	unsigned int wide = gen_type(g, a) == IR_I64 ? X_W : 0;
	unsigned int reg = gen_use(g, a);

	gen_two(g, MOVD_TO_X | wide, gen_def_x(g), reg);
}

static void to_general(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int a = gen_use_x(g, op->a), to = gen_def(g);
	unsigned int imm = (unsigned int)op->imm;

	if (op->size >= 4) {
		unsigned int wide = op->size == 8 ? X_W : 0;

		if (!imm)
			gen_two(g, MOVD_FROM_X | wide, a, to);
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

	gen_three(g, ops[log2_of(op->size)], to, to, b);
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
	if (g->env->v3) {
		a = gen_use_x(g, op->a);
		to = gen_def_x(g);
	} else {
		a = to = gen_def_from_x(g, op->a, IR_NO_REF);
	}
	gen_three_mem(g, PSHUFB, to, a, gen_pool(g, mask[0], mask[1]));
}

/* Indices above 15 become ones with bit 7 set, for which PSHUFB gives 0. */
static void table(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	unsigned int b = gen_use_x(g, op->b), a, to;
	unsigned int index = gen_temp_x(g);

	gen_three_mem(g, PADDUSB, index, b,
		      gen_pool(g, UINT64_C(0x7070707070707070),
			       UINT64_C(0x7070707070707070)));
	if (g->env->v3) {
		a = gen_use_x(g, op->a);
		to = gen_def_x(g);
	} else {
		a = to = gen_def_from_x(g, op->a, IR_NO_REF);
	}
	gen_three(g, PSHUFB, to, a, index);
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

	gen_binary(g, row->op[log2_of(op->size)], op->a, op->b);
}

/* dst = ~first & second */
static void bic(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	gen_binary(g, PANDN, op->b, op->a);
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
	if (g->env->v3) {
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
	if (g->env->v3) {
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
	case IR_FZ_ADD:
	case IR_FZ_SUB:
	case IR_FZ_MUL:
	case IR_FZ_MULADD:
	case IR_FZ_MULSUB:
	case IR_FZ_FUSED:
		gen_flush(g);
		break;
	default:
		gen_float(g);
	}
}
