/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm/fp against the host's own arithmetic, which is IEEE 754's as well:
 * values and flags agree in all rounding modes, but for what ARM defines
 * otherwise (NaNs, when a tiny result underflows), which is tested apart.
 */
#include "arm/fp.h"
#include "test.h"

#include <fenv.h>
#include <math.h>
#include <string.h>

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * 0x2545f4914f6cdd1d;
}

/* Numbers of the kinds that go wrong: edges, and exponents close by. */
static uint32_t some32(void)
{
	static const uint32_t edge[] = {
		0,          0x80000000, 1,          0x007fffff, 0x00800000,
		0x7f7fffff, 0x7f800000, 0xff800000, 0x3f800000, 0x7fc00001,
		0xffa00002, 0x4b000000, 0x4f000000, 0xcf000000, 0x33800000,
	};
	uint32_t r = (uint32_t)rnd();

	switch (rnd() % 4) {
	case 0:
		return edge[rnd() % (sizeof(edge) / sizeof(edge[0]))];
	case 1:
		return (r & 0x807fffff) | (uint32_t)(120 + rnd() % 16) << 23;
	case 2:
		return (r & 0x80000000) | r % 0x01000000;
	default:
		return r;
	}
}

static uint64_t some64(void)
{
	uint64_t r = rnd();

	switch (rnd() % 4) {
	case 0: {
		struct fp_env env = { 0 };

		return fp32_to_fp64(some32(), &env);
	}
	case 1:
		return (r & 0x800fffffffffffff) | (1015 + rnd() % 16) << 52;
	case 2:
		return (r & UINT64_C(1) << 63) | r % (UINT64_C(1) << 53);
	default:
		return r;
	}
}

static const int host_mode[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
				 FE_TOWARDZERO };

static uint32_t host_flags(void)
{
	int ex = fetestexcept(FE_ALL_EXCEPT);

	return (ex & FE_INVALID ? FP_IOC : 0) |
	       (ex & FE_DIVBYZERO ? FP_DZC : 0) |
	       (ex & FE_OVERFLOW ? FP_OFC : 0) | (ex & FE_INEXACT ? FP_IXC : 0);
}

static void host_begin(struct fp_env *env)
{
	*env = (struct fp_env){ .rounding = rnd() % 4 };
	fesetround(host_mode[env->rounding]);
	feclearexcept(FE_ALL_EXCEPT);
}

static void agree(const char *what, bool nan, uint64_t got, uint64_t want,
		  const struct fp_env *env, uint64_t a, uint64_t b, uint64_t c)
{
	uint32_t flags = host_flags();

	fesetround(FE_TONEAREST);
	if ((nan || got == want) && (env->flags & ~FP_UFC) == flags)
		return;
	fprintf(stderr,
		"%s(%#llx, %#llx, %#llx) mode %u: %#llx flags %#x, "
		"host %#llx %#x\n",
		what, (unsigned long long)a, (unsigned long long)b,
		(unsigned long long)c, env->rounding, (unsigned long long)got,
		env->flags, (unsigned long long)want, flags);
	test_failed();
}

#define HOST(name, ftype, itype, some, fma_fn, sqrt_fn)                        \
	static ftype name##_float(itype bits)                                  \
	{                                                                      \
		ftype f;                                                       \
		memcpy(&f, &bits, sizeof(f));                                  \
		return f;                                                      \
	}                                                                      \
	static void name##_one(int op)                                         \
	{                                                                      \
		static const char *const names[] = { "add", "sub",  "mul",     \
						     "div", "sqrt", "fma" };   \
		itype a = some(), b = some(), c = some(), got = 0, want;       \
		volatile ftype x = name##_float(a), y = name##_float(b),       \
			       z = name##_float(c), r = 0;                     \
		struct fp_env env;                                             \
		bool nan = isnan(x) || isnan(y) || (op == 5 && isnan(z));      \
                                                                               \
		if (nan)                                                       \
			return;                                                \
		host_begin(&env);                                              \
		switch (op) {                                                  \
		case 0:                                                        \
			r = x + y;                                             \
			got = name##_add(a, b, &env);                          \
			break;                                                 \
		case 1:                                                        \
			r = x - y;                                             \
			got = name##_sub(a, b, &env);                          \
			break;                                                 \
		case 2:                                                        \
			r = x * y;                                             \
			got = name##_mul(a, b, &env);                          \
			break;                                                 \
		case 3:                                                        \
			r = x / y;                                             \
			got = name##_div(a, b, &env);                          \
			break;                                                 \
		case 4:                                                        \
			r = sqrt_fn(x);                                        \
			got = name##_sqrt(a, &env);                            \
			break;                                                 \
		default:                                                       \
			r = fma_fn(x, y, z);                                   \
			got = name##_muladd(c, a, b, &env);                    \
			break;                                                 \
		}                                                              \
		ftype rr = r;                                                  \
		memcpy(&want, &rr, sizeof(want));                              \
		agree(names[op], isnan(rr) && got << 1 > want << 1 >> 1, got,  \
		      want & ~(isnan(rr) ? (itype)1 << (sizeof(itype) * 8 - 1) \
					 : 0),                                 \
		      &env, a, b, c);                                          \
	}

HOST(fp32, float, uint32_t, some32, fmaf, sqrtf)
HOST(fp64, double, uint64_t, some64, fma, sqrt)

static void conversions(void)
{
	struct fp_env env;
	uint64_t a = some64(), want64;
	uint32_t b = some32(), want, n = (uint32_t)rnd();
	volatile double x = fp64_float(a);
	volatile float y = fp32_float(b), r;
	float rr;

	if (!isnan(x)) {
		host_begin(&env);
		r = (float)x;
		rr = r;
		memcpy(&want, &rr, sizeof(want));
		agree("narrow", false, fp64_to_fp32(a, &env), want, &env, a, 0,
		      0);
	}
	if (!isnan(y)) {
		volatile double wide = y;
		double w = wide;

		env = (struct fp_env){ 0 };
		memcpy(&want64, &w, sizeof(w));
		check_eq(fp32_to_fp64(b, &env), want64);
		check_eq(env.flags, 0);
	}
	host_begin(&env);
	r = (float)(volatile int32_t){ (int32_t)n };
	rr = r;
	memcpy(&want, &rr, sizeof(want));
	agree("from_int", false, fp32_from_fixed(n, 32, 0, false, false, &env),
	      want, &env, n, 0, 0);
	host_begin(&env);
	if (!isnan(x) && fabs(x) < 2147483647.0) {
		volatile long r64 = lrint(x);

		agree("to_int", false,
		      fp64_to_fixed(a, 32, 0, false, false, &env),
		      (uint32_t)r64, &env, a, 0, 0);
	}
	fesetround(FE_TONEAREST);
}

/* The sentences of A2.7 that no host follows. */
static void arm_rules(void)
{
	struct fp_env env = { 0 };

	/* default NaN is positive; FPProcessNaNs' order */
	check_eq(fp32_sub(0x7f800000, 0x7f800000, &env), 0x7fc00000);
	check_eq(env.flags, FP_IOC);
	check_eq(fp32_add(0x7fc00001, 0xff800002, &env), 0xffc00002);
	check_eq(fp32_add(0x7fc00001, 0xffc00002, &env), 0x7fc00001);
	env = (struct fp_env){ .dn = true };
	check_eq(fp32_add(0x7fc00001, 0x3f800000, &env), 0x7fc00000);
	check_eq(env.flags, 0);

	/* flush to zero: tiny before rounding, UFC alone */
	env = (struct fp_env){ .fz = true };
	check_eq(fp32_mul(0x00800001, 0x3f7ffffe, &env), 0);
	check_eq(env.flags, FP_UFC);
	env = (struct fp_env){ .fz = true };
	check_eq(fp32_add(0x00000001, 0x80000002, &env), 0);
	check_eq(env.flags, FP_IDC);

	/* tiny, but rounded up to the least normal number: underflow */
	env = (struct fp_env){ 0 };
	check_eq(fp32_mul(0x00ffffff, 0x3f000000, &env), 0x00800000);
	check_eq(env.flags, FP_UFC | FP_IXC);

	/* infinity * 0 + quiet NaN */
	env = (struct fp_env){ 0 };
	check_eq(fp32_muladd(0x7fc00055, 0x7f800000, 0, &env), 0x7fc00000);
	check_eq(env.flags, FP_IOC);

	/* conversions saturate; NaN is 0 */
	env = (struct fp_env){ 0 };
	check_eq(fp32_to_fixed(0x7fc00000, 32, 0, false, true, &env), 0);
	check_eq(env.flags, FP_IOC);
	check_eq(fp32_to_fixed(0xbf800000, 32, 0, true, true, &env), 0);
	check_eq(fp32_to_fixed(0x4f800000, 32, 0, true, true, &env),
		 UINT32_MAX);
	check_eq(fp32_to_fixed(0xff800000, 16, 0, false, true, &env),
		 0xffff8000);
	env = (struct fp_env){ 0 };
	check_eq(fp32_to_fixed(0xbf000000, 32, 0, true, true, &env), 0);
	check_eq(env.flags, FP_IXC);
	check_eq(fp32_from_fixed(0xffff, 16, 4, false, false, &env),
		 0xbd800000);

	/* half precision, both kinds */
	env = (struct fp_env){ 0 };
	check_eq(fp16_to_fp32(0x7c00, &env), 0x7f800000);
	check_eq(fp16_to_fp32(0x0001, &env), 0x33800000);
	check_eq(fp32_to_fp16(0x477fffff, &env), 0x7c00);
	check_eq(env.flags, FP_OFC | FP_IXC);
	env = (struct fp_env){ .ahp = true };
	check_eq(fp16_to_fp32(0x7c00, &env), 0x47800000);
	check_eq(fp32_to_fp16(0x7f800000, &env), 0x7fff);
	check_eq(env.flags, FP_IOC);
	check_eq(fp32_to_fp16(0xffc00000, &env), 0x8000);

	/* zeros and orders */
	env = (struct fp_env){ 0 };
	check_eq(fp32_max(0, 0x80000000, &env), 0);
	check_eq(fp32_min(0, 0x80000000, &env), 0x80000000);
	check_eq(fp32_compare(0, 0x80000000, false, &env), FP_EQUAL);
	check_eq(fp64_compare(0x7ff8000000000000, 0, false, &env),
		 FP_UNORDERED);
	check_eq(env.flags, 0);
	check_eq(fp64_compare(0x7ff8000000000000, 0, true, &env), FP_UNORDERED);
	check_eq(env.flags, FP_IOC);

	/* estimates: the manual's corner values */
	env = fp_standard(0);
	check_eq(fp32_recip_estimate(0x3f800000, &env), 0x3f7f8000);
	check_eq(fp32_rsqrt_estimate(0x3f800000, &env), 0x3f7f8000);
	check_eq(fp_unsigned_recip_estimate(0x7fffffff), UINT32_MAX);
	check_eq(fp_unsigned_recip_estimate(0x80000000), 0xff800000);
	check_eq(fp32_recip_step(0x7f800000, 0, &env), 0x40000000);
	check_eq(fp32_rsqrt_step(0, 0xff800000, &env), 0x3fc00000);
	check_eq(env.flags, 0);
}

int main(void)
{
	for (int i = 0; i < 300000; i++) {
		fp32_one(i % 6);
		fp64_one(i % 6);
		conversions();
	}
	arm_rules();
	return test_done();
}
