/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single precision in which denormals are zeroes and there is one NaN.
 *
 * The host keeps denormals and makes its own NaNs, and would leave exceptions
 * that are not the guest's, so arguments are looked at before it computes.
 * Two looks:
 *
 * In line, whether all arguments have the usual size, 2^-51 <= |x| < 2^77.
 * Then no product is tiny, a sum is zero or a multiple of 2^-125, and nothing
 * is a NaN.  As integers, x - 2^-51 has bit 30 set for all others: one
 * subtraction for each argument.
 *
 * Out of line, for zeroes, the very small and great, and infinities: each case
 * that the host does in another way falls back.
 */
#include "x64/vector.h"

enum {
	ADDPS = X_0F | 0x58,
	MULPS = X_0F | 0x59,
	SUBPS = X_0F | 0x5c,
	FMADD231PS = P38(0xb8),
	UNORDERED = 3, /* a predicate of CMPPS */
};

static const uint64_t USUAL = 0x26000000, USUAL_FUSED = 0x2c000000;
static const uint64_t TOO_SMALL_OR_GREAT = 0x40000000;
static const uint64_t SIGN = 0x80000000, ABSOLUTE = 0x7fffffff;

static struct host_mem all(struct gen *g, uint64_t val)
{
	val |= val << 32;
	return gen_pool(g, val, val);
}

/* Only of the elements that there are. */
static struct host_mem mask(struct gen *g, const struct ir_op *op, uint64_t val)
{
	val |= val << 32;
	return gen_pool(g, val, op->type == IR_V64 ? 0 : val);
}

static bool is_fused(const struct ir_op *op)
{
	return op->op == IR_FZ_FUSED;
}

/* to = what is below the usual as if it were negative */
static void size_of(struct gen *g, const struct ir_op *op, unsigned int to,
		    unsigned int x)
{
	gen_three_mem(g, PSUBD, to, x,
		      all(g, is_fused(op) ? USUAL_FUSED : USUAL));
}

static unsigned int count(const struct ir_op *op)
{
	return op->op == IR_FZ_ADD || op->op == IR_FZ_SUB || op->op == IR_FZ_MUL
		       ? 2
		       : 3;
}

/* x: the arguments, the result, two of no meaning */
static void compute(struct gen *g, const struct ir_op *op, const uint8_t *x)
{
	unsigned int to = x[3], t = x[4];

	switch (op->op) {
	case IR_FZ_ADD:
		gen_three(g, ADDPS, to, x[0], x[1]);
		break;
	case IR_FZ_SUB:
		gen_three(g, SUBPS, to, x[0], x[1]);
		break;
	case IR_FZ_MUL:
		gen_three(g, MULPS, to, x[0], x[1]);
		break;
	case IR_FZ_FUSED:
		gen_mov_x(g, to, x[0]);
		emit_vrr(&g->e, FMADD231PS, false, to, x[1], x[2]);
		break;
	default:
		gen_three(g, MULPS, t, x[1], x[2]);
		gen_three(g, op->op == IR_FZ_MULADD ? ADDPS : SUBPS, to, x[0],
			  t);
	}
}

void gen_flush(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	const ir_ref args[] = { op->a, op->b, op->c };
	bool half = op->type == IR_V64;
	unsigned int n = count(op), fall;
	struct gen_stub *s;
	uint8_t x[6] = { 0 };

	for (unsigned int i = 0; i < n; i++)
		x[i] = (uint8_t)gen_use_clean(g, args[i], half);
	for (unsigned int i = 3; i < 5; i++)
		x[i + 1] = (uint8_t)gen_temp_x(g);
	x[3] = (uint8_t)gen_def_x(g);
	gen_clobber_flags(g);
	fall = gen_fall_stub(g);
	if (is_fused(op) && !g->env->v3) {
		unsigned int t = gen_temp(g);

		emit_alu(&g->e, false, ALU_XOR, t, t);
		gen_jump_fall(g, CC_E);
		return;
	}
	size_of(g, op, x[4], x[0]);
	for (unsigned int i = 1; i < n; i++) {
		size_of(g, op, x[5], x[i]);
		gen_three(g, POR, x[4], x[4], x[5]);
	}
	gen_two_mem(g, PTEST, x[4], mask(g, op, TOO_SMALL_OR_GREAT));
	emit_jcc(&g->e, CC_NE, g->e.p);
	s = gen_stub(g, STUB_FLUSH);
	s->fall = (uint16_t)fall;
	s->from = g->e.p;
	__builtin_memcpy(s->x, x, sizeof(x));
	compute(g, op, x);
	s->back = g->e.p;
}

/* Out of line */

/* Fall back if an element of x has one of these bits. */
static void fall_if(struct gen *g, const struct gen_stub *s, unsigned int x,
		    uint64_t bits)
{
	gen_two_mem(g, PTEST, x, mask(g, &g->u->op[s->at], bits));
	emit_jcc(&g->e, CC_NE, g->stub[s->fall].code);
}

/* to = all ones where x is denormal.  2^31 - 2 |x|, with zero as the least, is
 * great for these only. */
static void denormal(struct gen *g, unsigned int to, unsigned int t,
		     unsigned int x)
{
	gen_load_x(g, IR_V128, to, all(g, SIGN));
	gen_three(g, PADDD, t, x, x);
	gen_three(g, PSUBD, to, to, t);
	gen_three_mem(g, PCMPGTD, to, to, all(g, 0x7f000000));
}

static void fall_if_denormal(struct gen *g, const struct gen_stub *s,
			     unsigned int x)
{
	denormal(g, s->x[4], s->x[5], x);
	fall_if(g, s, s->x[4], SIGN);
}

/* Where the product of a and b is not a zero or well above the least normal
 * number; neither is denormal.  The sum of their magnitudes as integers is
 * that of their exponents, or one more. */
static void fall_if_tiny(struct gen *g, const struct gen_stub *s,
			 unsigned int a, unsigned int b)
{
	const uint64_t enough = UINT64_C(130) << 23;
	unsigned int lesser = s->x[3], t = s->x[4], small = s->x[5];

	gen_three_mem(g, PAND, t, a, all(g, ABSOLUTE));
	gen_three_mem(g, PAND, small, b, all(g, ABSOLUTE));
	gen_three(g, PMINSD, lesser, t, small);
	gen_three(g, PADDD, t, t, small);
	gen_three_mem(g, PXOR, t, t, all(g, SIGN)); /* it has no sign */
	gen_load_x(g, IR_V128, small, all(g, enough ^ SIGN));
	gen_three(g, PCMPGTD, small, small, t);
	gen_three(g, PXOR, t, t, t);
	gen_three(g, PCMPGTD, lesser, lesser, t);
	gen_three(g, PAND, small, small, lesser);
	fall_if(g, s, small, SIGN);
}

/* Zeroes are as good as the usual. */
static void fall_if_unusual(struct gen *g, const struct gen_stub *s,
			    unsigned int x)
{
	unsigned int zero = s->x[3], t = s->x[4], none = s->x[5];

	gen_three(g, PXOR, zero, zero, zero);
	gen_three(g, PADDD, none, x, x);
	gen_three(g, PCMPEQD, none, none, zero);
	size_of(g, &g->u->op[s->at], t, x);
	gen_three(g, PANDN, none, none, t);
	fall_if(g, s, none, TOO_SMALL_OR_GREAT);
}

static void fall_if_odd(struct gen *g, const struct gen_stub *s, unsigned int x)
{
	denormal(g, s->x[4], s->x[5], x);
	gen_mov_x(g, s->x[5], x);
	gen_three(g, CMPPS, s->x[5], s->x[5], s->x[5]);
	emit8(&g->e, UNORDERED);
	gen_three(g, POR, s->x[4], s->x[4], s->x[5]);
	fall_if(g, s, s->x[4], SIGN);
}

void gen_flush_stub(struct gen *g, const struct gen_stub *s)
{
	const struct ir_op *op = &g->u->op[s->at];
	unsigned int n = count(op);

	for (unsigned int i = 0; i < n; i++)
		if (is_fused(op))
			fall_if_unusual(g, s, s->x[i]);
		else
			fall_if_denormal(g, s, s->x[i]);
	if (op->op == IR_FZ_MUL)
		fall_if_tiny(g, s, s->x[0], s->x[1]);
	else if (n == 3 && !is_fused(op))
		fall_if_tiny(g, s, s->x[1], s->x[2]);
	compute(g, op, s->x);
	if (!is_fused(op))
		fall_if_odd(g, s, s->x[3]);
	emit_jmp(&g->e, s->back);
}
