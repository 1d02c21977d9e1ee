/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD on integers (ARM DDI 0406C A7.4, A8.8).
 *
 * Most instructions are the same walk over elements with another expression,
 * so they are made by macros that take it: a, b are the operands' elements as
 * numbers, d the old destination's.
 */
#include "arm/neon.h"

static wide max_of(wide a, wide b)
{
	return a > b ? a : b;
}

static wide min_of(wide a, wide b)
{
	return a < b ? a : b;
}

static uint64_t mask_if(bool yes)
{
	return yes ? UINT64_MAX : 0;
}

static uint64_t poly_mul(uint64_t a, uint64_t b)
{
	uint64_t r = 0;

	for (unsigned int i = 0; i < 8; i++)
		if (b >> i & 1)
			r ^= a << i;
	return r;
}

/*
 * A shift by a signed amount: to the left with saturation on request, to the
 * right with rounding on request (A8.8.392 and others).
 */
static uint64_t shift(struct cpu *cpu, wide val, int by, unsigned int size,
		      bool is_unsigned, bool round, bool saturate)
{
	int bits = 8 << size;

	if (by < 0) {
		int right = by < -65 ? 65 : -by;

		if (round)
			val += (wide)1 << (right - 1);
		return (uint64_t)(val >> right);
	}
	if (by >= bits) {
		if (!saturate || !val)
			return 0;
		cpu->vfp.cumulative |= FPSCR_QC;
		return (uint64_t)(val > 0 ? elem_max(size, is_unsigned)
					  : elem_min(size, is_unsigned));
	}
	if (saturate && (val > elem_max(size, is_unsigned) >> by ||
			 val < elem_min(size, is_unsigned) >> by)) {
		cpu->vfp.cumulative |= FPSCR_QC;
		return (uint64_t)(val > 0 ? elem_max(size, is_unsigned)
					  : elem_min(size, is_unsigned));
	}
	return (uint64_t)val << by;
}

/* ---- three registers of the same length ---- */

#define THREE_SAME(NAME, undefined, expr)                                \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)         \
	{                                                                \
		const bool uns = in->u;                                  \
		const unsigned int size = in->size;                      \
		struct vec n, m, r;                                      \
                                                                         \
		neon_begin(cpu, quad_regs(in, in->vd | in->vn | in->vm), \
			   undefined);                                   \
		n = vec_get(cpu, in->vn, in->q);                         \
		m = vec_get(cpu, in->vm, in->q);                         \
		r = vec_get(cpu, in->vd, in->q);                         \
		for (unsigned int e = 0; e < elems(size, in->q); e++) {  \
			wide a = elem_num(&n, e, size, uns);             \
			wide b = elem_num(&m, e, size, uns);             \
			wide d = elem_num(&r, e, size, uns);             \
                                                                         \
			(void)d;                                         \
			set_elem(&r, e, size, (uint64_t)(expr));         \
		}                                                        \
		vec_put(cpu, in->vd, in->q, &r);                         \
	}

THREE_SAME(VHADD, size == 3, (a + b) >> 1)
THREE_SAME(VRHADD, size == 3, (a + b + 1) >> 1)
THREE_SAME(VHSUB, size == 3, (a - b) >> 1)
THREE_SAME(VQADD, false, elem_sat(cpu, a + b, size, uns))
THREE_SAME(VQSUB, false, elem_sat(cpu, a - b, size, uns))
THREE_SAME(VCGT, size == 3, mask_if(a > b))
THREE_SAME(VCGE, size == 3, mask_if(a >= b))
/* The shifts have their operands the other way round: Vm by Vn. */
THREE_SAME(VSHL_reg, false, shift(cpu, b, (int8_t)a, size, uns, false, false))
THREE_SAME(VQSHL_reg, false, shift(cpu, b, (int8_t)a, size, uns, false, true))
THREE_SAME(VRSHL, false, shift(cpu, b, (int8_t)a, size, uns, true, false))
THREE_SAME(VQRSHL, false, shift(cpu, b, (int8_t)a, size, uns, true, true))
THREE_SAME(VMAX, size == 3, max_of(a, b))
THREE_SAME(VMIN, size == 3, min_of(a, b))
THREE_SAME(VABD, size == 3, a > b ? a - b : b - a)
THREE_SAME(VABA, size == 3, d + (a > b ? a - b : b - a))
THREE_SAME(VADD, false, a + b)
THREE_SAME(VSUB, false, a - b)
THREE_SAME(VTST, size == 3, mask_if((uint64_t)a &(uint64_t)b))
THREE_SAME(VCEQ, size == 3, mask_if(a == b))
THREE_SAME(VMLA, size == 3, d + a * b)
THREE_SAME(VMLS, size == 3, d - a * b)
THREE_SAME(VMUL, size == 3, a *b)
THREE_SAME(VMUL_poly, size != 0,
	   poly_mul((uint64_t)a & 0xff, (uint64_t)b & 0xff))
THREE_SAME(VQDMULH, size == 0 || size == 3,
	   elem_sat(cpu, 2 * a * b >> (8 << size), size, false))
THREE_SAME(VQRDMULH, size == 0 || size == 3,
	   elem_sat(cpu,
		    (2 * a * b + ((wide)1 << ((8 << size) - 1))) >> (8 << size),
		    size, false))

#define LOGIC(NAME, expr)                                                \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)         \
	{                                                                \
		neon_begin(cpu, quad_regs(in, in->vd | in->vn | in->vm), \
			   false);                                       \
		for (unsigned int i = 0; i <= in->q; i++) {              \
			uint64_t n = cpu->vfp.v.d[in->vn + i];           \
			uint64_t m = cpu->vfp.v.d[in->vm + i];           \
			uint64_t d = cpu->vfp.v.d[in->vd + i];           \
                                                                         \
			(void)d;                                         \
			cpu->vfp.v.d[in->vd + i] = (expr);               \
		}                                                        \
	}

LOGIC(VAND, n &m)
LOGIC(VBIC, n & ~m)
LOGIC(VORR, n | m)
LOGIC(VORN, n | ~m)
LOGIC(VEOR, n ^ m)
LOGIC(VBSL, (n & d) | (m & ~d))
LOGIC(VBIT, (n & m) | (d & ~m))
LOGIC(VBIF, (d & m) | (n & ~m))

/* Pairs of Vn, then pairs of Vm; doublewords only. */
#define PAIRWISE(NAME, expr)                                                 \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)             \
	{                                                                    \
		unsigned int size = in->size, half = elems(size, false) / 2; \
		struct vec n, m, r = { 0 };                                  \
                                                                             \
		neon_begin(cpu, 0, size == 3 || in->q);                      \
		n = vec_get(cpu, in->vn, false);                             \
		m = vec_get(cpu, in->vm, false);                             \
		for (unsigned int e = 0; e < 2 * half; e++) {                \
			const struct vec *v = e < half ? &n : &m;            \
			unsigned int i = 2 * (e % half);                     \
			wide a = elem_num(v, i, size, in->u);                \
			wide b = elem_num(v, i + 1, size, in->u);            \
                                                                             \
			set_elem(&r, e, size, (uint64_t)(expr));             \
		}                                                            \
		vec_put(cpu, in->vd, false, &r);                             \
	}

PAIRWISE(VPMAX, max_of(a, b))
PAIRWISE(VPMIN, min_of(a, b))
PAIRWISE(VPADD, a + b)

/* ---- different lengths: elements of 2 * size in the long registers ---- */

/* Long: narrow operands, wide result.  d: the old wide element. */
#define LONG(NAME, is_uns, expr)                                        \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		const bool uns = is_uns;                                \
		struct vec n, m, r;                                     \
                                                                        \
		neon_begin(cpu, in->vd, false);                         \
		n = vec_get(cpu, in->vn, false);                        \
		m = vec_get(cpu, in->vm, false);                        \
		r = vec_get(cpu, in->vd, true);                         \
		for (unsigned int e = 0; e < elems(size, false); e++) { \
			wide a = elem_num(&n, e, size, uns);            \
			wide b = elem_num(&m, e, size, uns);            \
			wide d = elem_num(&r, e, size + 1, uns);        \
                                                                        \
			(void)d;                                        \
			set_elem(&r, e, size + 1, (uint64_t)(expr));    \
		}                                                       \
		vec_put(cpu, in->vd, true, &r);                         \
	}

/* 2 * a * b saturated, then added or subtracted with saturation. */
static uint64_t doubling(struct cpu *cpu, wide d, wide a, wide b, int sign,
			 unsigned int size)
{
	wide product = (int64_t)elem_sat(cpu, 2 * a * b, size + 1, false);

	if (size == 1)
		product = (int32_t)product;
	return elem_sat(cpu, d + sign * product, size + 1, false);
}

LONG(VADDL, in->u, a + b)
LONG(VSUBL, in->u, a - b)
LONG(VABDL, in->u, a > b ? a - b : b - a)
LONG(VABAL, in->u, d + (a > b ? a - b : b - a))
LONG(VMULL, in->u, a *b)
LONG(VMLAL, in->u, d + a * b)
LONG(VMLSL, in->u, d - a * b)
LONG(VQDMULL, false, doubling(cpu, 0, a, b, 1, size))
LONG(VQDMLAL, false, doubling(cpu, d, a, b, 1, size))
LONG(VQDMLSL, false, doubling(cpu, d, a, b, -1, size))
LONG(VMULL_poly, true, poly_mul((uint64_t)a, (uint64_t)b))

#define WIDE(NAME, expr)                                                \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		struct vec n, m, r = { 0 };                             \
                                                                        \
		neon_begin(cpu, in->vd | in->vn, false);                \
		n = vec_get(cpu, in->vn, true);                         \
		m = vec_get(cpu, in->vm, false);                        \
		for (unsigned int e = 0; e < elems(size, false); e++) { \
			wide a = elem_num(&n, e, size + 1, in->u);      \
			wide b = elem_num(&m, e, size, in->u);          \
                                                                        \
			set_elem(&r, e, size + 1, (uint64_t)(expr));    \
		}                                                       \
		vec_put(cpu, in->vd, true, &r);                         \
	}

WIDE(VADDW, a + b)
WIDE(VSUBW, a - b)

/* The high half of a sum or difference of wide elements. */
#define HIGH_HALF(NAME, expr, rounding)                                    \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)           \
	{                                                                  \
		const unsigned int size = in->size, bits = 8u << size;     \
		struct vec n, m, r = { 0 };                                \
                                                                           \
		neon_begin(cpu, in->vn | in->vm, false);                   \
		n = vec_get(cpu, in->vn, true);                            \
		m = vec_get(cpu, in->vm, true);                            \
		for (unsigned int e = 0; e < elems(size, false); e++) {    \
			wide a = elem_num(&n, e, size + 1, true);          \
			wide b = elem_num(&m, e, size + 1, true);          \
			wide sum = (expr) +                                \
				   (rounding ? (wide)1 << (bits - 1) : 0); \
                                                                           \
			set_elem(&r, e, size, (uint64_t)(sum >> bits));    \
		}                                                          \
		vec_put(cpu, in->vd, false, &r);                           \
	}

HIGH_HALF(VADDHN, a + b, 0)
HIGH_HALF(VRADDHN, a + b, 1)
HIGH_HALF(VSUBHN, a - b, 0)
HIGH_HALF(VRSUBHN, a - b, 1)

/* ---- with a scalar: element x of vm for all ---- */

#define SCALAR_SAME(NAME, expr)                                         \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		struct vec n, m, r;                                     \
		wide b;                                                 \
                                                                        \
		neon_begin(cpu, quad_regs(in, in->vd | in->vn), false); \
		n = vec_get(cpu, in->vn, in->q);                        \
		m = vec_get(cpu, in->vm, false);                        \
		r = vec_get(cpu, in->vd, in->q);                        \
		b = elem_num(&m, in->x, size, false);                   \
		for (unsigned int e = 0; e < elems(size, in->q); e++) { \
			wide a = elem_num(&n, e, size, false);          \
			wide d = elem_num(&r, e, size, false);          \
                                                                        \
			(void)d;                                        \
			set_elem(&r, e, size, (uint64_t)(expr));        \
		}                                                       \
		vec_put(cpu, in->vd, in->q, &r);                        \
	}

SCALAR_SAME(VMLA_sc, d + a * b)
SCALAR_SAME(VMLS_sc, d - a * b)
SCALAR_SAME(VMUL_sc, a *b)
SCALAR_SAME(VQDMULH_sc, elem_sat(cpu, 2 * a * b >> (8 << size), size, false))
SCALAR_SAME(VQRDMULH_sc,
	    elem_sat(cpu,
		     (2 * a * b + ((wide)1 << ((8 << size) - 1))) >>
			     (8 << size),
		     size, false))

#define SCALAR_LONG(NAME, is_uns, expr)                                 \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		const bool uns = is_uns;                                \
		struct vec n, m, r;                                     \
		wide b;                                                 \
                                                                        \
		neon_begin(cpu, in->vd, false);                         \
		n = vec_get(cpu, in->vn, false);                        \
		m = vec_get(cpu, in->vm, false);                        \
		r = vec_get(cpu, in->vd, true);                         \
		b = elem_num(&m, in->x, size, uns);                     \
		for (unsigned int e = 0; e < elems(size, false); e++) { \
			wide a = elem_num(&n, e, size, uns);            \
			wide d = elem_num(&r, e, size + 1, uns);        \
                                                                        \
			(void)d;                                        \
			set_elem(&r, e, size + 1, (uint64_t)(expr));    \
		}                                                       \
		vec_put(cpu, in->vd, true, &r);                         \
	}

SCALAR_LONG(VMLAL_sc, in->u, d + a * b)
SCALAR_LONG(VMLSL_sc, in->u, d - a * b)
SCALAR_LONG(VMULL_sc, in->u, a *b)
SCALAR_LONG(VQDMULL_sc, false, doubling(cpu, 0, a, b, 1, size))
SCALAR_LONG(VQDMLAL_sc, false, doubling(cpu, d, a, b, 1, size))
SCALAR_LONG(VQDMLSL_sc, false, doubling(cpu, d, a, b, -1, size))

/* ---- shifts by an immediate: by is shift_imm ---- */

#define SHIFT_IMM(NAME, is_uns, expr)                                   \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		const int by = in->shift_imm;                           \
		const bool uns = is_uns;                                \
		struct vec m, r;                                        \
                                                                        \
		neon_begin(cpu, quad_regs(in, in->vd | in->vm), false); \
		m = vec_get(cpu, in->vm, in->q);                        \
		r = vec_get(cpu, in->vd, in->q);                        \
		for (unsigned int e = 0; e < elems(size, in->q); e++) { \
			wide a = elem_num(&m, e, size, uns);            \
			uint64_t d = elem(&r, e, size);                 \
                                                                        \
			(void)d;                                        \
			set_elem(&r, e, size, (uint64_t)(expr));        \
		}                                                       \
		vec_put(cpu, in->vd, in->q, &r);                        \
	}

/* The low bits that a shift to the left fills, or that one to the right
 * leaves: kept from the destination by VSLI and VSRI. */
static uint64_t low_bits(unsigned int n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

SHIFT_IMM(VSHR, in->u, shift(cpu, a, -by, size, uns, false, false))
SHIFT_IMM(VRSHR, in->u, shift(cpu, a, -by, size, uns, true, false))
SHIFT_IMM(VSRA, in->u, d + shift(cpu, a, -by, size, uns, false, false))
SHIFT_IMM(VRSRA, in->u, d + shift(cpu, a, -by, size, uns, true, false))
SHIFT_IMM(VSRI, true,
	  (uint64_t)(a >> by) |
		  (d & ~low_bits((8u << size) - (unsigned int)by)))
SHIFT_IMM(VSHL_imm, true, shift(cpu, a, by, size, uns, false, false))
SHIFT_IMM(VSLI, true, (uint64_t)a << by | (d & low_bits((unsigned int)by)))
SHIFT_IMM(VQSHL_imm, in->u, shift(cpu, a, by, size, uns, false, true))

/* Signed operand, unsigned saturation. */
SHIFT_IMM(VQSHLU, false, elem_sat(cpu, a *((wide)1 << by), size, true))

/* Narrowing: the operand's elements are of 2 * size, and quadword. */
#define SHIFT_NARROW(NAME, is_uns, expr)                                \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		const int by = in->shift_imm;                           \
		struct vec m, r = { 0 };                                \
                                                                        \
		neon_begin(cpu, in->vm, false);                         \
		m = vec_get(cpu, in->vm, true);                         \
		for (unsigned int e = 0; e < elems(size, false); e++) { \
			wide a = elem_num(&m, e, size + 1, is_uns);     \
                                                                        \
			set_elem(&r, e, size, (uint64_t)(expr));        \
		}                                                       \
		vec_put(cpu, in->vd, false, &r);                        \
	}

#define ROUNDED ((a + ((wide)1 << (by - 1))) >> by)

SHIFT_NARROW(VSHRN, true, a >> by)
SHIFT_NARROW(VRSHRN, true, ROUNDED)
SHIFT_NARROW(VQSHRN, in->u, elem_sat(cpu, a >> by, size, in->u))
SHIFT_NARROW(VQRSHRN, in->u, elem_sat(cpu, ROUNDED, size, in->u))
SHIFT_NARROW(VQSHRUN, false, elem_sat(cpu, a >> by, size, true))
SHIFT_NARROW(VQRSHRUN, false, elem_sat(cpu, ROUNDED, size, true))

static void shift_long(struct cpu *cpu, const struct insn *in, unsigned int by)
{
	struct vec m, r = { 0 };

	neon_begin(cpu, in->vd, in->size == 3);
	m = vec_get(cpu, in->vm, false);
	for (unsigned int e = 0; e < elems(in->size, false); e++)
		set_elem(&r, e, in->size + 1u,
			 (uint64_t)elem_num(&m, e, in->size, in->u) << by);
	vec_put(cpu, in->vd, true, &r);
}

/* Also VMOVL: a shift by 0. */
void exec_VSHLL(struct cpu *cpu, const struct insn *in)
{
	shift_long(cpu, in, in->shift_imm);
}

void exec_VSHLL_max(struct cpu *cpu, const struct insn *in)
{
	shift_long(cpu, in, 8u << in->size);
}

/* ---- one register and an immediate ---- */

/* A7.4.6: VMOV, VMVN, VORR, VBIC.  imm is the expanded low word, and the
 * high one too but for VMOV.I64, which expands each bit (x is cmode). */
void exec_VMODIMM(struct cpu *cpu, const struct insn *in)
{
	bool op = bit32(in->word, 5), or_bic = (in->x & 1) && in->x < 12;
	uint64_t imm = (uint64_t)in->imm << 32 | in->imm;

	neon_begin(cpu, quad_regs(in, in->vd), op && in->x == 15);
	if (in->x == 14 && op) {
		uint8_t bits = (uint8_t)in->imm;

		imm = 0;
		for (unsigned int i = 0; i < 8; i++)
			if (bits >> i & 1)
				imm |= UINT64_C(0xff) << 8 * i;
	} else if (op) {
		imm = ~imm;
	}
	for (unsigned int i = 0; i <= in->q; i++) {
		uint64_t *d = &cpu->vfp.v.d[in->vd + i];

		if (!or_bic)
			*d = imm;
		else
			*d = op ? *d & imm : *d | imm;
	}
}

/* ---- two registers ---- */

#define TWO(NAME, is_uns, undefined, expr)                                  \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)            \
	{                                                                   \
		const unsigned int size = in->size;                         \
		struct vec m, r = { 0 };                                    \
                                                                            \
		neon_begin(cpu, quad_regs(in, in->vd | in->vm), undefined); \
		m = vec_get(cpu, in->vm, in->q);                            \
		for (unsigned int e = 0; e < elems(size, in->q); e++) {     \
			wide a = elem_num(&m, e, size, is_uns);             \
                                                                            \
			set_elem(&r, e, size, (uint64_t)(expr));            \
		}                                                           \
		vec_put(cpu, in->vd, in->q, &r);                            \
	}

static unsigned int leading_zeros(uint64_t n, unsigned int size)
{
	unsigned int bits = 8u << size;

	return n ? (unsigned int)__builtin_clzll(n) - (64 - bits) : bits;
}

/* How many bits after the sign are like it. */
static unsigned int leading_signs(wide a, unsigned int size)
{
	return leading_zeros((uint64_t)(a < 0 ? ~a : a), size) - 1;
}

TWO(VCLS, false, size == 3, leading_signs(a, size))
TWO(VCLZ, true, size == 3, leading_zeros((uint64_t)a, size))
TWO(VCNT, true, false, (uint64_t)__builtin_popcountll((uint64_t)a))
TWO(VMVN, true, false, ~a)
TWO(VABS, false, size == 3, a < 0 ? -a : a)
TWO(VNEG, false, size == 3, -a)
TWO(VQABS, false, size == 3, elem_sat(cpu, a < 0 ? -a : a, size, false))
TWO(VQNEG, false, size == 3, elem_sat(cpu, -a, size, false))
TWO(VCGTZ, false, size == 3, mask_if(a > 0))
TWO(VCGEZ, false, size == 3, mask_if(a >= 0))
TWO(VCEQZ, false, size == 3, mask_if(a == 0))
TWO(VCLEZ, false, size == 3, mask_if(a <= 0))
TWO(VCLTZ, false, size == 3, mask_if(a < 0))
TWO(VRECPE, true, size != 2, fp_unsigned_recip_estimate((uint32_t)a))
TWO(VRSQRTE, true, size != 2, fp_unsigned_rsqrt_estimate((uint32_t)a))

/* Elements of size are reversed within groups of 8 << group bits. */
static void reverse(struct cpu *cpu, const struct insn *in, unsigned int group)
{
	struct vec m, r = { 0 };
	unsigned int flip;

	neon_begin(cpu, quad_regs(in, in->vd | in->vm), in->size >= group);
	flip = (1u << (group - in->size)) - 1;
	m = vec_get(cpu, in->vm, in->q);
	for (unsigned int e = 0; e < elems(in->size, in->q); e++)
		set_elem(&r, e ^ flip, in->size, elem(&m, e, in->size));
	vec_put(cpu, in->vd, in->q, &r);
}

void exec_VREV64(struct cpu *cpu, const struct insn *in)
{
	reverse(cpu, in, 3);
}

void exec_VREV32(struct cpu *cpu, const struct insn *in)
{
	reverse(cpu, in, 2);
}

void exec_VREV16(struct cpu *cpu, const struct insn *in)
{
	reverse(cpu, in, 1);
}

static void add_pairs(struct cpu *cpu, const struct insn *in, bool accumulate)
{
	struct vec m, r;

	neon_begin(cpu, quad_regs(in, in->vd | in->vm), in->size == 3);
	m = vec_get(cpu, in->vm, in->q);
	r = vec_get(cpu, in->vd, in->q);
	for (unsigned int e = 0; e < elems(in->size, in->q) / 2; e++) {
		wide sum = elem_num(&m, 2 * e, in->size, in->u) +
			   elem_num(&m, 2 * e + 1, in->size, in->u);

		if (accumulate)
			sum += elem(&r, e, in->size + 1u);
		set_elem(&r, e, in->size + 1u, (uint64_t)sum);
	}
	vec_put(cpu, in->vd, in->q, &r);
}

void exec_VPADDL(struct cpu *cpu, const struct insn *in)
{
	add_pairs(cpu, in, false);
}

void exec_VPADAL(struct cpu *cpu, const struct insn *in)
{
	add_pairs(cpu, in, true);
}

/* Both registers change; where they are one register, the manual says
 * UNKNOWN and the second write wins here. */
static void put_both(struct cpu *cpu, const struct insn *in,
		     const struct vec *d, const struct vec *m)
{
	vec_put(cpu, in->vd, in->q, d);
	vec_put(cpu, in->vm, in->q, m);
}

void exec_VSWP(struct cpu *cpu, const struct insn *in)
{
	struct vec d, m;

	neon_begin(cpu, quad_regs(in, in->vd | in->vm), false);
	d = vec_get(cpu, in->vd, in->q);
	m = vec_get(cpu, in->vm, in->q);
	put_both(cpu, in, &m, &d);
}

void exec_VTRN(struct cpu *cpu, const struct insn *in)
{
	struct vec d, m;

	neon_begin(cpu, quad_regs(in, in->vd | in->vm), in->size == 3);
	d = vec_get(cpu, in->vd, in->q);
	m = vec_get(cpu, in->vm, in->q);
	for (unsigned int e = 0; e < elems(in->size, in->q); e += 2) {
		uint64_t low = elem(&m, e, in->size);

		set_elem(&m, e, in->size, elem(&d, e + 1, in->size));
		set_elem(&d, e + 1, in->size, low);
	}
	put_both(cpu, in, &d, &m);
}

/* VUZP gathers even and odd elements of the pair d:m; VZIP is its inverse. */
static void zip(struct cpu *cpu, const struct insn *in, bool unzip)
{
	unsigned int n = elems(in->size, in->q);
	struct vec in_vec[2], out[2] = { 0 };

	neon_begin(cpu, quad_regs(in, in->vd | in->vm),
		   in->size == 3 || (!in->q && in->size == 2));
	in_vec[0] = vec_get(cpu, in->vd, in->q);
	in_vec[1] = vec_get(cpu, in->vm, in->q);
	for (unsigned int i = 0; i < 2 * n; i++) {
		unsigned int split = i / 2 + i % 2 * n; /* even, odd halves */
		unsigned int from = unzip ? i : split, to = unzip ? split : i;

		set_elem(&out[to / n], to % n, in->size,
			 elem(&in_vec[from / n], from % n, in->size));
	}
	put_both(cpu, in, &out[0], &out[1]);
}

void exec_VUZP(struct cpu *cpu, const struct insn *in)
{
	zip(cpu, in, true);
}

void exec_VZIP(struct cpu *cpu, const struct insn *in)
{
	zip(cpu, in, false);
}

#define NARROW(NAME, is_uns, expr)                                      \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		const unsigned int size = in->size;                     \
		struct vec m, r = { 0 };                                \
                                                                        \
		neon_begin(cpu, in->vm, size == 3);                     \
		m = vec_get(cpu, in->vm, true);                         \
		for (unsigned int e = 0; e < elems(size, false); e++) { \
			wide a = elem_num(&m, e, size + 1, is_uns);     \
                                                                        \
			set_elem(&r, e, size, (uint64_t)(expr));        \
		}                                                       \
		vec_put(cpu, in->vd, false, &r);                        \
	}

NARROW(VMOVN, true, a)
NARROW(VQMOVN, in->u, elem_sat(cpu, a, size, in->u))
NARROW(VQMOVUN, false, elem_sat(cpu, a, size, true))

/* ---- extraction, look-up, duplication ---- */

void exec_VEXT(struct cpu *cpu, const struct insn *in)
{
	unsigned int bytes = in->q ? 16 : 8;
	struct vec n, m, r = { 0 };

	neon_begin(cpu, quad_regs(in, in->vd | in->vn | in->vm),
		   in->imm >= bytes);
	n = vec_get(cpu, in->vn, in->q);
	m = vec_get(cpu, in->vm, in->q);
	for (unsigned int i = 0; i < bytes; i++) {
		unsigned int from = i + in->imm;

		r.b[i] = from < bytes ? n.b[from] : m.b[from - bytes];
	}
	vec_put(cpu, in->vd, in->q, &r);
}

/* p: VTBX leaves a byte alone whose index is beyond the table. */
void exec_VTBL(struct cpu *cpu, const struct insn *in)
{
	unsigned int length = in->imm + 1;
	struct vec m, r;

	neon_begin(cpu, 0, in->vn + length > 32);
	m = vec_get(cpu, in->vm, false);
	r = vec_get(cpu, in->vd, false);
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int index = m.b[i];

		if (index < 8 * length)
			r.b[i] = (uint8_t)(cpu->vfp.v.d[in->vn + index / 8] >>
					   index % 8 * 8);
		else if (!in->p)
			r.b[i] = 0;
	}
	vec_put(cpu, in->vd, false, &r);
}

/* x is the index; the size is in the position of the lowest one of imm4. */
void exec_VDUP(struct cpu *cpu, const struct insn *in)
{
	unsigned int size = (unsigned int)__builtin_ctz(in->word >> 16);
	struct vec m, r = { 0 };

	neon_begin(cpu, quad_regs(in, in->vd), false);
	m = vec_get(cpu, in->vm, false);
	for (unsigned int e = 0; e < elems(size, in->q); e++)
		set_elem(&r, e, size, elem(&m, in->x, size));
	vec_put(cpu, in->vd, in->q, &r);
}
