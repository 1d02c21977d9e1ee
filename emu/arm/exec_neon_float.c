/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD on single and half precision (ARM DDI 0406C A7.4, A2.7).
 *
 * It follows the standard FPSCR value, whatever FPSCR says, but for the
 * half-precision format; its exception bits accumulate in FPSCR all the same.
 */
#include "arm/neon.h"

enum {
	SIGN = 31
};

static uint32_t neg(uint32_t a)
{
	return a ^ 1u << SIGN;
}

static uint32_t absolute(uint32_t a)
{
	return a & ~(1u << SIGN);
}

static uint32_t mask_if(bool yes)
{
	return yes ? UINT32_MAX : 0;
}

static bool is_ge(enum fp_order order)
{
	return order == FP_GREATER || order == FP_EQUAL;
}

static void end(struct cpu *cpu, const struct fp_env *env)
{
	cpu->vfp.cumulative |= env->flags;
}

/* a, b: the operands' elements, d the old destination's. */
#define THREE_SAME(NAME, expr)                                           \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)         \
	{                                                                \
		struct fp_env env = fp_standard(cpu->vfp.fpscr);         \
		struct vec n, m, r;                                      \
                                                                         \
		neon_begin(cpu, quad_regs(in, in->vd | in->vn | in->vm), \
			   false);                                       \
		n = vec_get(cpu, in->vn, in->q);                         \
		m = vec_get(cpu, in->vm, in->q);                         \
		r = vec_get(cpu, in->vd, in->q);                         \
		for (unsigned int e = 0; e < elems(2, in->q); e++) {     \
			uint32_t a = n.w[e], b = m.w[e], d = r.w[e];     \
                                                                         \
			(void)d;                                         \
			r.w[e] = (expr);                                 \
		}                                                        \
		end(cpu, &env);                                          \
		vec_put(cpu, in->vd, in->q, &r);                         \
	}

THREE_SAME(VADD_f, fp32_add(a, b, &env))
THREE_SAME(VSUB_f, fp32_sub(a, b, &env))
THREE_SAME(VMUL_f, fp32_mul(a, b, &env))
THREE_SAME(VABD_f, absolute(fp32_sub(a, b, &env)))
THREE_SAME(VMLA_f, fp32_add(d, fp32_mul(a, b, &env), &env))
THREE_SAME(VMLS_f, fp32_add(d, neg(fp32_mul(a, b, &env)), &env))
THREE_SAME(VFMA_f, fp32_muladd(d, a, b, &env))
THREE_SAME(VFMS_f, fp32_muladd(d, neg(a), b, &env))
THREE_SAME(VMAX_f, fp32_max(a, b, &env))
THREE_SAME(VMIN_f, fp32_min(a, b, &env))
THREE_SAME(VRECPS, fp32_recip_step(a, b, &env))
THREE_SAME(VRSQRTS, fp32_rsqrt_step(a, b, &env))
THREE_SAME(VCEQ_f, mask_if(fp32_compare(a, b, false, &env) == FP_EQUAL))
THREE_SAME(VCGE_f, mask_if(is_ge(fp32_compare(a, b, true, &env))))
THREE_SAME(VCGT_f, mask_if(fp32_compare(a, b, true, &env) == FP_GREATER))
THREE_SAME(VACGE_f,
	   mask_if(is_ge(fp32_compare(absolute(a), absolute(b), true, &env))))
THREE_SAME(VACGT_f, mask_if(fp32_compare(absolute(a), absolute(b), true,
					 &env) == FP_GREATER))

#define PAIRWISE(NAME, fn)                                       \
	void exec_##NAME(struct cpu *cpu, const struct insn *in) \
	{                                                        \
		struct fp_env env = fp_standard(cpu->vfp.fpscr); \
		struct vec n, m, r = { 0 };                      \
                                                                 \
		neon_begin(cpu, 0, in->q);                       \
		n = vec_get(cpu, in->vn, false);                 \
		m = vec_get(cpu, in->vm, false);                 \
		r.w[0] = fn(n.w[0], n.w[1], &env);               \
		r.w[1] = fn(m.w[0], m.w[1], &env);               \
		end(cpu, &env);                                  \
		vec_put(cpu, in->vd, false, &r);                 \
	}

PAIRWISE(VPADD_f, fp32_add)
PAIRWISE(VPMAX_f, fp32_max)
PAIRWISE(VPMIN_f, fp32_min)

#define SCALAR(NAME, expr)                                              \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		struct fp_env env = fp_standard(cpu->vfp.fpscr);        \
		struct vec n, m, r;                                     \
		uint32_t b;                                             \
                                                                        \
		neon_begin(cpu, quad_regs(in, in->vd | in->vn), false); \
		n = vec_get(cpu, in->vn, in->q);                        \
		m = vec_get(cpu, in->vm, false);                        \
		r = vec_get(cpu, in->vd, in->q);                        \
		b = m.w[in->x];                                         \
		for (unsigned int e = 0; e < elems(2, in->q); e++) {    \
			uint32_t a = n.w[e], d = r.w[e];                \
                                                                        \
			(void)d;                                        \
			r.w[e] = (expr);                                \
		}                                                       \
		end(cpu, &env);                                         \
		vec_put(cpu, in->vd, in->q, &r);                        \
	}

SCALAR(VMUL_f_sc, fp32_mul(a, b, &env))
SCALAR(VMLA_f_sc, fp32_add(d, fp32_mul(a, b, &env), &env))
SCALAR(VMLS_f_sc, fp32_add(d, neg(fp32_mul(a, b, &env)), &env))

#define TWO(NAME, expr)                                                 \
	void exec_##NAME(struct cpu *cpu, const struct insn *in)        \
	{                                                               \
		struct fp_env env = fp_standard(cpu->vfp.fpscr);        \
		struct vec m, r = { 0 };                                \
                                                                        \
		neon_begin(cpu, quad_regs(in, in->vd | in->vm), false); \
		m = vec_get(cpu, in->vm, in->q);                        \
		for (unsigned int e = 0; e < elems(2, in->q); e++) {    \
			uint32_t a = m.w[e];                            \
                                                                        \
			r.w[e] = (expr);                                \
		}                                                       \
		end(cpu, &env);                                         \
		vec_put(cpu, in->vd, in->q, &r);                        \
	}

TWO(VABS_f, absolute(a))
TWO(VNEG_f, neg(a))
TWO(VCGTZ_f, mask_if(fp32_compare(a, 0, true, &env) == FP_GREATER))
TWO(VCGEZ_f, mask_if(is_ge(fp32_compare(a, 0, true, &env))))
TWO(VCEQZ_f, mask_if(fp32_compare(a, 0, false, &env) == FP_EQUAL))
TWO(VCLEZ_f, mask_if(is_ge(fp32_compare(0, a, true, &env))))
TWO(VCLTZ_f, mask_if(fp32_compare(0, a, true, &env) == FP_GREATER))
TWO(VRECPE_f, fp32_recip_estimate(a, &env))
TWO(VRSQRTE_f, fp32_rsqrt_estimate(a, &env))
/* u: the integer is unsigned */
TWO(VCVT_f_int, fp32_from_fixed(a, 32, 0, in->u, true, &env))
TWO(VCVT_int_f, fp32_to_fixed(a, 32, 0, in->u, true, &env))
/* shift_imm: fraction bits */
TWO(VCVT_f_fix, fp32_from_fixed(a, 32, in->shift_imm, in->u, true, &env))
TWO(VCVT_fix_f, fp32_to_fixed(a, 32, in->shift_imm, in->u, true, &env))

/* Half precision from and to a doubleword. */
void exec_VCVT_h_f(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = fp_standard(cpu->vfp.fpscr);
	struct vec m, r = { 0 };

	neon_begin(cpu, in->vm, false);
	m = vec_get(cpu, in->vm, true);
	for (unsigned int e = 0; e < 4; e++)
		r.h[e] = fp32_to_fp16(m.w[e], &env);
	end(cpu, &env);
	vec_put(cpu, in->vd, false, &r);
}

void exec_VCVT_f_h(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = fp_standard(cpu->vfp.fpscr);
	struct vec m, r = { 0 };

	neon_begin(cpu, in->vd, false);
	m = vec_get(cpu, in->vm, false);
	for (unsigned int e = 0; e < 4; e++)
		r.w[e] = fp16_to_fp32(m.h[e], &env);
	end(cpu, &env);
	vec_put(cpu, in->vd, true, &r);
}
