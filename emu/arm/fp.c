/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  An operand is unpacked into a sign, an exponent and a
 * 64-bit significand whose bit 63 is its first one; an operation works on
 * those exactly, or with a sticky lowest bit where digits fall off; one
 * function rounds and packs.  The three formats differ only in struct format,
 * a constant everywhere it is used, so the compiler makes each its own code.
 *
 * Where ARM differs from IEEE 754's freedom: tininess is found before
 * rounding; a flushed result raises UFC alone; the default NaN is positive;
 * of several NaNs the first signalling one wins, then the first quiet one
 * (A2.7.5, FPProcessNaNs).
 */
#include "arm/fp.h"

#include "common/bits.h"

struct format {
	int frac; /* fraction bits */
	int exp;  /* exponent bits */
};

static const struct format HALF = { 10, 5 };
static const struct format SINGLE = { 23, 8 };
static const struct format DOUBLE = { 52, 11 };

enum kind {
	ZERO,
	NUMBER,
	INFINITE,
	QUIET,
	SIGNALLING
};

/* (-1)^sign * sig / 2^63 * 2^exp */
struct num {
	enum kind kind;
	bool sign;
	int exp;
	uint64_t sig;  /* NUMBER: bit 63 is set */
	uint64_t bits; /* NaN: the encoding */
};

#define INLINE static inline __attribute__((always_inline))

INLINE int bias(struct format f)
{
	return (1 << (f.exp - 1)) - 1;
}

INLINE int width(struct format f)
{
	return 1 + f.exp + f.frac;
}

INLINE uint64_t pack(struct format f, bool sign, uint64_t exp, uint64_t frac)
{
	return (uint64_t)sign << (f.exp + f.frac) | exp << f.frac | frac;
}

INLINE uint64_t infinity(struct format f, bool sign)
{
	return pack(f, sign, (1u << f.exp) - 1, 0);
}

INLINE uint64_t default_nan(struct format f)
{
	return pack(f, false, (1u << f.exp) - 1, UINT64_C(1) << (f.frac - 1));
}

struct fp_env fp_env_of(uint32_t fpscr)
{
	return (struct fp_env){
		.rounding = (enum fp_rounding)bits32(fpscr, 22, 2),
		.fz = bit32(fpscr, 24),
		.dn = bit32(fpscr, 25),
		.ahp = bit32(fpscr, 26),
	};
}

struct fp_env fp_standard(uint32_t fpscr)
{
	return (struct fp_env){
		.rounding = FP_RN,
		.fz = true,
		.dn = true,
		.ahp = bit32(fpscr, 26),
	};
}

/* FPUnpack. */
INLINE struct num unpack(struct format f, uint64_t bits, struct fp_env *env)
{
	uint64_t frac = bits & ((UINT64_C(1) << f.frac) - 1);
	unsigned int exp = bits >> f.frac & ((1u << f.exp) - 1);
	struct num n = { .sign = bits >> (f.exp + f.frac) & 1, .bits = bits };
	bool half = f.frac == 10;

	if (exp == 0) {
		if (frac && env->fz && !half) {
			env->flags |= FP_IDC;
			frac = 0;
		}
		if (!frac) {
			n.kind = ZERO;
			return n;
		}
		int shift = __builtin_clzll(frac);

		n.kind = NUMBER;
		n.sig = frac << shift;
		n.exp = 1 - bias(f) - f.frac + (63 - shift);
		return n;
	}
	if (exp == (1u << f.exp) - 1 && !(half && env->ahp)) {
		n.kind = !frac                      ? INFINITE
			 : frac >> (f.frac - 1) & 1 ? QUIET
						    : SIGNALLING;
		return n;
	}
	n.kind = NUMBER;
	n.sig = (UINT64_C(1) << f.frac | frac) << (63 - f.frac);
	n.exp = (int)exp - bias(f);
	return n;
}

INLINE bool is_nan(struct num n)
{
	return n.kind >= QUIET;
}

/* FPProcessNaN. */
INLINE uint64_t nan_result(struct format f, struct num n, struct fp_env *env)
{
	if (n.kind == SIGNALLING)
		env->flags |= FP_IOC;
	if (env->dn)
		return default_nan(f);
	return n.bits | UINT64_C(1) << (f.frac - 1);
}

/* FPProcessNaNs; at least one is a NaN. */
INLINE uint64_t nan_of_two(struct format f, struct num a, struct num b,
			   struct fp_env *env)
{
	if (a.kind == SIGNALLING)
		return nan_result(f, a, env);
	if (b.kind == SIGNALLING)
		return nan_result(f, b, env);
	return nan_result(f, a.kind == QUIET ? a : b, env);
}

INLINE uint64_t invalid(struct format f, struct fp_env *env)
{
	env->flags |= FP_IOC;
	return default_nan(f);
}

INLINE uint64_t shift_sticky(uint64_t sig, int by)
{
	if (by <= 0)
		return sig;
	if (by > 63)
		return sig != 0;
	return sig >> by | ((sig << (64 - by)) != 0);
}

/* Is a remainder (of which half is a half) rounded away from zero? */
INLINE bool rounds_up(enum fp_rounding mode, bool sign, bool odd, uint64_t rem,
		      uint64_t half)
{
	switch (mode) {
	case FP_RN:
		return rem > half || (rem == half && odd);
	case FP_RP:
		return rem && !sign;
	case FP_RM:
		return rem && sign;
	case FP_RZ:
		break;
	}
	return false;
}

INLINE uint64_t overflow(struct format f, bool sign, struct fp_env *env)
{
	bool to_infinity = env->rounding == FP_RN ||
			   env->rounding == (sign ? FP_RM : FP_RP);

	env->flags |= FP_OFC | FP_IXC;
	return to_infinity ? infinity(f, sign) : infinity(f, sign) - 1;
}

/* FPRound: sig's bit 63 is set, its bit 0 may be sticky. */
INLINE uint64_t round_pack(struct format f, bool sign, int exp, uint64_t sig,
			   struct fp_env *env)
{
	int minimum = 1 - bias(f), shift = 63 - f.frac, biased;
	bool half = f.frac == 10;
	uint64_t rem, mant;

	if (env->fz && !half && exp < minimum) {
		env->flags |= FP_UFC;
		return pack(f, sign, 0, 0);
	}
	biased = exp - minimum + 1;
	if (biased < 1) {
		/* One bit more than fits keeps what is needed. */
		sig = shift_sticky(sig, 1 - biased);
		biased = 0;
	}
	mant = sig >> shift;
	rem = sig & ((UINT64_C(1) << shift) - 1);
	if (!biased && rem)
		env->flags |= FP_UFC;
	if (rounds_up(env->rounding, sign, mant & 1, rem,
		      UINT64_C(1) << (shift - 1)))
		mant++;
	if (!biased && mant >> f.frac)
		biased = 1;
	if (mant >> (f.frac + 1)) {
		mant >>= 1;
		biased++;
	}
	if (half && env->ahp) {
		if (biased >= 1 << f.exp) {
			env->flags |= FP_IOC;
			return pack(f, sign, (1u << f.exp) - 1,
				    (UINT64_C(1) << f.frac) - 1);
		}
	} else if (biased >= (1 << f.exp) - 1) {
		return overflow(f, sign, env);
	}
	if (rem)
		env->flags |= FP_IXC;
	return pack(f, sign, (uint64_t)biased,
		    mant & ((UINT64_C(1) << f.frac) - 1));
}

/* The same for a significand that is not normalised; 0 is +0, or -0 when
 * rounding to minus infinity. */
INLINE uint64_t normal_pack(struct format f, bool sign, int exp, uint64_t sig,
			    struct fp_env *env)
{
	int shift;

	if (!sig)
		return pack(f, env->rounding == FP_RM, 0, 0);
	shift = __builtin_clzll(sig);
	return round_pack(f, sign, exp - shift, sig << shift, env);
}

INLINE uint64_t add(struct format f, uint64_t x, uint64_t y, bool negate,
		    struct fp_env *env)
{
	struct num a = unpack(f, x, env), b = unpack(f, y, env);
	int exp;

	if (is_nan(a) || is_nan(b))
		return nan_of_two(f, a, b, env);
	b.sign ^= negate;
	if (a.kind == INFINITE && b.kind == INFINITE && a.sign != b.sign)
		return invalid(f, env);
	if (a.kind == INFINITE || b.kind == INFINITE)
		return infinity(f, a.kind == INFINITE ? a.sign : b.sign);
	if (a.kind == ZERO && b.kind == ZERO && a.sign == b.sign)
		return pack(f, a.sign, 0, 0);
	if (a.kind == ZERO || b.kind == ZERO) {
		struct num n = a.kind == ZERO ? b : a;

		return normal_pack(f, n.sign, n.exp, n.kind == ZERO ? 0 : n.sig,
				   env);
	}
	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		struct num swap = a;

		a = b;
		b = swap;
	}
	/* At most 53 bits are used: two to spare above, nine below. */
	exp = a.exp + 1;
	a.sig >>= 1;
	b.sig = shift_sticky(b.sig >> 1, a.exp - b.exp);
	return normal_pack(f, a.sign, exp,
			   a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig,
			   env);
}

INLINE uint64_t high_sticky(unsigned __int128 wide)
{
	return (uint64_t)(wide >> 64) | ((uint64_t)wide != 0);
}

INLINE uint64_t mul(struct format f, uint64_t x, uint64_t y, struct fp_env *env)
{
	struct num a = unpack(f, x, env), b = unpack(f, y, env);
	bool sign = a.sign != b.sign;

	if (is_nan(a) || is_nan(b))
		return nan_of_two(f, a, b, env);
	if (a.kind == INFINITE || b.kind == INFINITE) {
		if (a.kind == ZERO || b.kind == ZERO)
			return invalid(f, env);
		return infinity(f, sign);
	}
	if (a.kind == ZERO || b.kind == ZERO)
		return pack(f, sign, 0, 0);
	return normal_pack(f, sign, a.exp + b.exp + 1,
			   high_sticky((unsigned __int128)a.sig * b.sig), env);
}

INLINE uint64_t divide(struct format f, uint64_t x, uint64_t y,
		       struct fp_env *env)
{
	struct num a = unpack(f, x, env), b = unpack(f, y, env);
	bool sign = a.sign != b.sign;
	unsigned __int128 top;
	uint64_t quotient;

	if (is_nan(a) || is_nan(b))
		return nan_of_two(f, a, b, env);
	if (a.kind == b.kind && a.kind != NUMBER)
		return invalid(f, env); /* 0 / 0, inf / inf */
	if (a.kind == INFINITE || b.kind == ZERO) {
		if (a.kind != INFINITE)
			env->flags |= FP_DZC;
		return infinity(f, sign);
	}
	if (a.kind == ZERO || b.kind == INFINITE)
		return pack(f, sign, 0, 0);
	/* Halved, so that the quotient is below 2^64. */
	top = (unsigned __int128)(a.sig >> 1) << 64;
	quotient = (uint64_t)(top / b.sig);
	if (top % b.sig)
		quotient |= 1;
	return normal_pack(f, sign, a.exp - b.exp, quotient, env);
}

/* The root of sig * 2^63 or sig * 2^64, bit by bit, with a sticky bit. */
INLINE uint64_t root(unsigned __int128 n)
{
	uint64_t r = 0;

	for (int bit = 63; bit >= 0; bit--) {
		uint64_t t = r | UINT64_C(1) << bit;

		if ((unsigned __int128)t * t <= n)
			r = t;
	}
	return (unsigned __int128)r * r == n ? r : r | 1;
}

INLINE uint64_t square_root(struct format f, uint64_t x, struct fp_env *env)
{
	struct num a = unpack(f, x, env);
	bool odd;

	if (is_nan(a))
		return nan_result(f, a, env);
	if (a.kind == ZERO)
		return pack(f, a.sign, 0, 0);
	if (a.sign)
		return invalid(f, env);
	if (a.kind == INFINITE)
		return infinity(f, false);
	odd = a.exp & 1;
	return normal_pack(f, false, (a.exp - odd) / 2,
			   root((unsigned __int128)a.sig << (63 + odd)), env);
}

INLINE unsigned __int128 shift_sticky128(unsigned __int128 n, int by)
{
	if (by <= 0)
		return n;
	if (by > 127)
		return n != 0;
	return n >> by | ((n << (128 - by)) != 0);
}

/* The exact product plus an addend: all in 128 bits. */
INLINE uint64_t fused(struct format f, struct num c, struct num a, struct num b,
		      struct fp_env *env)
{
	unsigned __int128 p = (unsigned __int128)a.sig * b.sig >> 1, s;
	bool sign = a.sign != b.sign;
	int exp = a.exp + b.exp + 2, zeros;

	/* p / 2^127 * 2^exp, c likewise: a bit to spare on top of both. */
	if (c.kind == NUMBER) {
		s = (unsigned __int128)c.sig << 63;
		c.exp += 1;
		if (c.exp > exp) {
			p = shift_sticky128(p, c.exp - exp);
			exp = c.exp;
		} else {
			s = shift_sticky128(s, exp - c.exp);
		}
		if (sign == c.sign) {
			p += s;
		} else if (s > p) {
			p = s - p;
			sign = c.sign;
		} else {
			p -= s;
		}
	}
	if (!p)
		return pack(f, env->rounding == FP_RM, 0, 0);
	zeros = p >> 64 ? __builtin_clzll((uint64_t)(p >> 64))
			: 64 + __builtin_clzll((uint64_t)p);
	return round_pack(f, sign, exp - zeros, high_sticky(p << zeros), env);
}

/* FPMulAdd. */
INLINE uint64_t muladd(struct format f, uint64_t z, uint64_t x, uint64_t y,
		       struct fp_env *env)
{
	struct num c = unpack(f, z, env), a = unpack(f, x, env),
		   b = unpack(f, y, env);
	bool sign = a.sign != b.sign;
	bool no_product = (a.kind == INFINITE && b.kind == ZERO) ||
			  (a.kind == ZERO && b.kind == INFINITE);
	bool infinite = a.kind == INFINITE || b.kind == INFINITE;

	if (c.kind == QUIET && no_product)
		return invalid(f, env);
	if (c.kind == SIGNALLING)
		return nan_result(f, c, env);
	if (a.kind == SIGNALLING || b.kind == SIGNALLING)
		return nan_of_two(f, a, b, env);
	if (c.kind == QUIET)
		return nan_result(f, c, env);
	if (is_nan(a) || is_nan(b))
		return nan_of_two(f, a, b, env);
	if (no_product || (c.kind == INFINITE && infinite && c.sign != sign))
		return invalid(f, env);
	if (c.kind == INFINITE || infinite)
		return infinity(f, infinite ? sign : c.sign);
	if (a.kind == ZERO || b.kind == ZERO) {
		if (c.kind == ZERO)
			return pack(f,
				    c.sign == sign ? sign
						   : env->rounding == FP_RM,
				    0, 0);
		return round_pack(f, c.sign, c.exp, c.sig, env);
	}
	return fused(f, c, a, b, env);
}

/* Which is less, of two that are not NaNs; zeros are equal. */
INLINE enum fp_order order(struct num a, struct num b)
{
	bool less;

	if (a.kind == ZERO && b.kind == ZERO)
		return FP_EQUAL;
	if (a.kind == ZERO)
		return b.sign ? FP_GREATER : FP_LESS;
	if (b.kind == ZERO || a.sign != b.sign)
		return a.sign ? FP_LESS : FP_GREATER;
	if (a.kind == INFINITE || b.kind == INFINITE) {
		if (a.kind == b.kind)
			return FP_EQUAL;
		less = b.kind == INFINITE;
	} else if (a.exp != b.exp) {
		less = a.exp < b.exp;
	} else if (a.sig != b.sig) {
		less = a.sig < b.sig;
	} else {
		return FP_EQUAL;
	}
	return less != a.sign ? FP_LESS : FP_GREATER;
}

INLINE enum fp_order compare(struct format f, uint64_t x, uint64_t y,
			     bool signal_all, struct fp_env *env)
{
	struct num a = unpack(f, x, env), b = unpack(f, y, env);

	if (is_nan(a) || is_nan(b)) {
		if (signal_all || a.kind == SIGNALLING || b.kind == SIGNALLING)
			env->flags |= FP_IOC;
		return FP_UNORDERED;
	}
	return order(a, b);
}

/* FPMin, FPMax: the operand itself, but for NaNs, zeros and flushing. */
INLINE uint64_t choose(struct format f, uint64_t x, uint64_t y, bool max,
		       struct fp_env *env)
{
	struct num a = unpack(f, x, env), b = unpack(f, y, env), n;

	if (is_nan(a) || is_nan(b))
		return nan_of_two(f, a, b, env);
	if (a.kind == ZERO && b.kind == ZERO)
		return pack(f, max ? a.sign && b.sign : a.sign || b.sign, 0, 0);
	n = (order(a, b) == FP_GREATER) == max ? a : b;
	return n.kind == ZERO ? pack(f, n.sign, 0, 0) : n.bits;
}

/* FPToFixed. */
INLINE uint32_t to_fixed(struct format f, uint64_t x, unsigned int bits,
			 unsigned int fraction, bool is_unsigned,
			 bool toward_zero, struct fp_env *env)
{
	struct num a = unpack(f, x, env);
	int64_t lowest = is_unsigned ? 0 : -(INT64_C(1) << (bits - 1));
	int64_t highest = (INT64_C(1) << (bits - !is_unsigned)) - 1;
	int64_t n;
	uint64_t whole, rem;
	int shift;

	if (is_nan(a)) {
		env->flags |= FP_IOC;
		return 0;
	}
	if (a.kind == ZERO)
		return 0;
	shift = 63 - (a.exp + (int)fraction);
	if (a.kind == INFINITE || shift < 63 - 40) {
		env->flags |= FP_IOC;
		return (uint32_t)(a.sign ? lowest : highest);
	}
	/* Two bits below the point: the half, and a sticky one. */
	whole = shift_sticky(a.sig, shift - 2);
	rem = whole & 3;
	whole >>= 2;
	if (rounds_up(toward_zero ? FP_RZ : env->rounding, a.sign, whole & 1,
		      rem, 2))
		whole++;
	n = a.sign ? -(int64_t)whole : (int64_t)whole;
	if (n < lowest || n > highest) {
		env->flags |= FP_IOC;
		return (uint32_t)(n < lowest ? lowest : highest);
	}
	if (rem)
		env->flags |= FP_IXC;
	return (uint32_t)n;
}

/* FixedToFP. */
INLINE uint64_t from_fixed(struct format f, uint32_t n, unsigned int bits,
			   unsigned int fraction, bool is_unsigned,
			   bool nearest, struct fp_env *env)
{
	enum fp_rounding rounding = env->rounding;
	int64_t value = is_unsigned ? (int64_t)(n << (32 - bits) >> (32 - bits))
				    : sext32(n, bits);
	uint64_t result;

	if (!value)
		return 0;
	if (nearest)
		env->rounding = FP_RN;
	result = normal_pack(f, value < 0, 63 - (int)fraction,
			     (uint64_t)(value < 0 ? -value : value), env);
	env->rounding = rounding;
	return result;
}

#define FP_FORMAT(type, name, f)                                            \
	type name##_add(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)add(f, a, b, false, env);                      \
	}                                                                   \
	type name##_sub(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)add(f, a, b, true, env);                       \
	}                                                                   \
	type name##_mul(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)mul(f, a, b, env);                             \
	}                                                                   \
	type name##_div(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)divide(f, a, b, env);                          \
	}                                                                   \
	type name##_sqrt(type a, struct fp_env *env)                        \
	{                                                                   \
		return (type)square_root(f, a, env);                        \
	}                                                                   \
	type name##_muladd(type addend, type a, type b, struct fp_env *env) \
	{                                                                   \
		return (type)muladd(f, addend, a, b, env);                  \
	}                                                                   \
	type name##_min(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)choose(f, a, b, false, env);                   \
	}                                                                   \
	type name##_max(type a, type b, struct fp_env *env)                 \
	{                                                                   \
		return (type)choose(f, a, b, true, env);                    \
	}                                                                   \
	enum fp_order name##_compare(type a, type b, bool signal_all,       \
				     struct fp_env *env)                    \
	{                                                                   \
		return compare(f, a, b, signal_all, env);                   \
	}                                                                   \
	uint32_t name##_to_fixed(type a, unsigned int bits,                 \
				 unsigned int fraction, bool is_unsigned,   \
				 bool toward_zero, struct fp_env *env)      \
	{                                                                   \
		return to_fixed(f, a, bits, fraction, is_unsigned,          \
				toward_zero, env);                          \
	}                                                                   \
	type name##_from_fixed(uint32_t n, unsigned int bits,               \
			       unsigned int fraction, bool is_unsigned,     \
			       bool nearest, struct fp_env *env)            \
	{                                                                   \
		return (type)from_fixed(f, n, bits, fraction, is_unsigned,  \
					nearest, env);                      \
	}

FP_FORMAT(uint32_t, fp32, SINGLE)
FP_FORMAT(uint64_t, fp64, DOUBLE)

/* A NaN's sign and as much of its payload as fits, made quiet. */
INLINE uint64_t nan_between(struct format to, struct format from, struct num a,
			    struct fp_env *env)
{
	uint64_t payload = a.bits & ((UINT64_C(1) << from.frac) - 1);

	if (a.kind == SIGNALLING)
		env->flags |= FP_IOC;
	if (env->dn)
		return default_nan(to);
	payload = to.frac > from.frac ? payload << (to.frac - from.frac)
				      : payload >> (from.frac - to.frac);
	return infinity(to, a.sign) | UINT64_C(1) << (to.frac - 1) | payload;
}

INLINE uint64_t convert(struct format to, struct format from, uint64_t x,
			struct fp_env *env)
{
	struct num a = unpack(from, x, env);

	switch (a.kind) {
	case ZERO:
		return pack(to, a.sign, 0, 0);
	case INFINITE:
		return infinity(to, a.sign);
	case NUMBER:
		return round_pack(to, a.sign, a.exp, a.sig, env);
	case QUIET:
	case SIGNALLING:
		break;
	}
	return nan_between(to, from, a, env);
}

uint64_t fp32_to_fp64(uint32_t a, struct fp_env *env)
{
	return convert(DOUBLE, SINGLE, a, env);
}

uint32_t fp64_to_fp32(uint64_t a, struct fp_env *env)
{
	return (uint32_t)convert(SINGLE, DOUBLE, a, env);
}

uint32_t fp16_to_fp32(uint16_t a, struct fp_env *env)
{
	return (uint32_t)convert(SINGLE, HALF, a, env);
}

/* The alternative format has neither NaNs nor infinities. */
uint16_t fp32_to_fp16(uint32_t a, struct fp_env *env)
{
	struct num n = unpack(SINGLE, a, env);

	if (env->ahp && (is_nan(n) || n.kind == INFINITE)) {
		env->flags |= FP_IOC;
		return (uint16_t)pack(HALF, n.sign, is_nan(n) ? 0 : 31,
				      is_nan(n) ? 0 : 0x3ff);
	}
	return (uint16_t)convert(HALF, SINGLE, a, env);
}

/* A2.7.5 recip_estimate(): a is in 256..511, a number in [0.5, 1) times 512;
 * the answer in 256..511 is one in [1, 2) times 256. */
static unsigned int recip_estimate(unsigned int a)
{
	unsigned int b = (1u << 19) / (2 * a + 1);

	return (b + 1) / 2;
}

/* recip_sqrt_estimate(): a is in 128..511, a number in [0.25, 1) times
 * 512, with a step of 1/512 below a half and 1/256 above. */
static unsigned int rsqrt_estimate(unsigned int a)
{
	unsigned int b = 512;

	if (a < 256)
		a = a * 2 + 1;
	else
		a = ((a >> 1 << 1) + 1) * 2;
	while (a * (b + 1) * (b + 1) < 1u << 28)
		b++;
	return (b + 1) / 2;
}

uint32_t fp32_recip_estimate(uint32_t a, struct fp_env *env)
{
	struct num n = unpack(SINGLE, a, env);

	if (is_nan(n))
		return (uint32_t)nan_result(SINGLE, n, env);
	if (n.kind == INFINITE)
		return (uint32_t)pack(SINGLE, n.sign, 0, 0);
	if (n.kind == ZERO) {
		env->flags |= FP_DZC;
		return (uint32_t)infinity(SINGLE, n.sign);
	}
	if (n.exp >= 126) {
		env->flags |= FP_UFC;
		return (uint32_t)pack(SINGLE, n.sign, 0, 0);
	}
	return (uint32_t)pack(
		SINGLE, n.sign, (uint64_t)(126 - n.exp),
		(recip_estimate((unsigned int)(n.sig >> 55)) & 0xff) << 15);
}

uint32_t fp32_rsqrt_estimate(uint32_t a, struct fp_env *env)
{
	struct num n = unpack(SINGLE, a, env);
	unsigned int scaled;

	if (is_nan(n))
		return (uint32_t)nan_result(SINGLE, n, env);
	if (n.kind == ZERO) {
		env->flags |= FP_DZC;
		return (uint32_t)infinity(SINGLE, n.sign);
	}
	if (n.sign)
		return (uint32_t)invalid(SINGLE, env);
	if (n.kind == INFINITE)
		return 0;
	/* An even exponent scales to [0.25, 0.5), an odd one to [0.5, 1). */
	scaled = (unsigned int)(n.sig >> 55);
	if (!(n.exp & 1))
		scaled >>= 1;
	return (uint32_t)pack(SINGLE, false,
			      (uint64_t)((380 - (n.exp + 127)) / 2),
			      (rsqrt_estimate(scaled) & 0xff) << 15);
}

static bool infinity_times_zero(uint32_t a, uint32_t b, struct fp_env *env)
{
	uint32_t flags = env->flags;
	struct num x = unpack(SINGLE, a, env), y = unpack(SINGLE, b, env);
	bool yes = (x.kind == INFINITE && y.kind == ZERO) ||
		   (x.kind == ZERO && y.kind == INFINITE);

	if (!yes)
		env->flags = flags;
	return yes;
}

uint32_t fp32_recip_step(uint32_t a, uint32_t b, struct fp_env *env)
{
	const uint32_t two = 0x40000000;

	if (infinity_times_zero(a, b, env))
		return two;
	return fp32_sub(two, fp32_mul(a, b, env), env);
}

/* (3 - a b) / 2: the halving is exact, but at the end of the range. */
uint32_t fp32_rsqrt_step(uint32_t a, uint32_t b, struct fp_env *env)
{
	const uint32_t three = 0x40400000, one_and_half = 0x3fc00000,
		       two = 0x40000000;

	if (infinity_times_zero(a, b, env))
		return one_and_half;
	return fp32_div(fp32_sub(three, fp32_mul(a, b, env), env), two, env);
}

uint32_t fp_unsigned_recip_estimate(uint32_t a)
{
	if (!(a >> 31))
		return UINT32_MAX;
	return recip_estimate(a >> 23) << 23;
}

uint32_t fp_unsigned_rsqrt_estimate(uint32_t a)
{
	if (!(a >> 30))
		return UINT32_MAX;
	return rsqrt_estimate(a >> 23) << 23;
}
