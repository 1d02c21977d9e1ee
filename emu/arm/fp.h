/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point as ARM defines it, to the bit: ARM DDI 0406C A2.7.
 *
 * Values are their encodings in integers (half: uint16_t, single: uint32_t,
 * double: uint64_t).  What the pseudocode takes from FPSCR is in struct
 * fp_env; cumulative exception bits are or-ed into its flags, as FPSCR has
 * them.  NEON's "standard FPSCR value" is FZ and DN set, round to nearest:
 * fp_standard().
 *
 * Nothing here uses the host's floating point, so the host's modes do not
 * matter.
 */
#ifndef ARM_FP_H
#define ARM_FP_H

#include <stdbool.h>
#include <stdint.h>

enum fp_rounding {
	FP_RN,
	FP_RP,
	FP_RM,
	FP_RZ
}; /* FPSCR.RMode */

enum fp_flag {
	FP_IOC = 1 << 0, /* invalid operation */
	FP_DZC = 1 << 1, /* division by zero */
	FP_OFC = 1 << 2, /* overflow */
	FP_UFC = 1 << 3, /* underflow */
	FP_IXC = 1 << 4, /* inexact */
	FP_IDC = 1 << 7, /* input denormal: flushed to zero */
};

struct fp_env {
	enum fp_rounding rounding;
	bool fz, dn, ahp; /* flush to zero, default NaN, alternative half */
	uint32_t flags;   /* enum fp_flag */
};

/* From the mode bits of an FPSCR value; flags start empty. */
struct fp_env fp_env_of(uint32_t fpscr);

/* The standard FPSCR value of Advanced SIMD: only AHP is fpscr's. */
struct fp_env fp_standard(uint32_t fpscr);

/* FPCompare's answer, as FPSCR.NZCV in bits 3..0. */
enum fp_order {
	FP_LESS = 8,
	FP_EQUAL = 6,
	FP_GREATER = 2,
	FP_UNORDERED = 3
};

#define FP_FORMAT(type, name)                                                \
	type name##_add(type a, type b, struct fp_env *env);                 \
	type name##_sub(type a, type b, struct fp_env *env);                 \
	type name##_mul(type a, type b, struct fp_env *env);                 \
	type name##_div(type a, type b, struct fp_env *env);                 \
	type name##_sqrt(type a, struct fp_env *env);                        \
	/* addend + a * b, rounded once (FPMulAdd). */                       \
	type name##_muladd(type addend, type a, type b, struct fp_env *env); \
	type name##_min(type a, type b, struct fp_env *env);                 \
	type name##_max(type a, type b, struct fp_env *env);                 \
	/* signal_all: quiet NaNs raise IOC as well (VCMPE). */              \
	enum fp_order name##_compare(type a, type b, bool signal_all,        \
				     struct fp_env *env);                    \
	/* FPToFixed: bits 16 or 32, saturated; the result's low bits. */    \
	uint32_t name##_to_fixed(type a, unsigned int bits,                  \
				 unsigned int fraction, bool is_unsigned,    \
				 bool toward_zero, struct fp_env *env);      \
	/* FixedToFP: the low bits (16 or 32) of n. */                       \
	type name##_from_fixed(uint32_t n, unsigned int bits,                \
			       unsigned int fraction, bool is_unsigned,      \
			       bool nearest, struct fp_env *env);

FP_FORMAT(uint32_t, fp32)
FP_FORMAT(uint64_t, fp64)
#undef FP_FORMAT

uint64_t fp32_to_fp64(uint32_t a, struct fp_env *env);
uint32_t fp64_to_fp32(uint64_t a, struct fp_env *env);
uint32_t fp16_to_fp32(uint16_t a, struct fp_env *env);
uint16_t fp32_to_fp16(uint32_t a, struct fp_env *env);

/* VRECPE, VRSQRTE, VRECPS, VRSQRTS; env is the standard one. */
uint32_t fp32_recip_estimate(uint32_t a, struct fp_env *env);
uint32_t fp32_rsqrt_estimate(uint32_t a, struct fp_env *env);
uint32_t fp32_recip_step(uint32_t a, uint32_t b, struct fp_env *env);
uint32_t fp32_rsqrt_step(uint32_t a, uint32_t b, struct fp_env *env);
/* The same tables for U32 operands. */
uint32_t fp_unsigned_recip_estimate(uint32_t a);
uint32_t fp_unsigned_rsqrt_estimate(uint32_t a);

#endif
