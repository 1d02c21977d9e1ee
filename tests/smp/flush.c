/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point at the edge of the least normal number, with and without
 * flush-to-zero: the result and the cumulative flags of each case, by the rules
 * of ARM DDI 0406C A2.7.5 and of FPRound(): what is tiny is so before rounding;
 * flushed, it leaves UFC and no IXC; a flushed operand leaves IDC.  Each case
 * runs often enough to be translated, from flags that are clear and from flags
 * that are set.
 */
#include "smp.h"

enum {
	IDC = 1 << 7,
	IXC = 1 << 4,
	UFC = 1 << 3,
	FLAGS = IDC | 0x1f,
	UP = 1 << 22, /* towards plus infinity */
	FZ = 1 << 24,
	EQUAL = 6 << 28, /* Z and C of a comparison */
	TIMES = 40,
};

typedef uint64_t operation(uint64_t a, uint64_t b, uint64_t c, uint32_t mode,
			   uint32_t *ret_fpscr);

/* d0 = c, d1 = a, d2 = b; the result is d0. */
#define OPERATION(name, insn)                                          \
	static uint64_t name(uint64_t a, uint64_t b, uint64_t c,       \
			     uint32_t mode, uint32_t *ret_fpscr)       \
	{                                                              \
		uint64_t result;                                       \
		uint32_t fpscr;                                        \
		__asm__ volatile(".fpu neon-vfpv4\n\t"                 \
				 "vmov d1, %Q2, %R2\n\t"               \
				 "vmov d2, %Q3, %R3\n\t"               \
				 "vmov d0, %Q4, %R4\n\t"               \
				 "vmsr fpscr, %5\n\t" insn "\n\t"      \
				 "vmrs %1, fpscr\n\t"                  \
				 "vmov %Q0, %R0, d0"                   \
				 : "=&r"(result), "=&r"(fpscr)         \
				 : "r"(a), "r"(b), "r"(c), "r"(mode)); \
		*ret_fpscr = fpscr;                                    \
		return result;                                         \
	}

OPERATION(mul_s, "vmul.f32 s0, s2, s4")
OPERATION(add_s, "vadd.f32 s0, s2, s4")
OPERATION(sub_s, "vsub.f32 s0, s2, s4")
OPERATION(div_s, "vdiv.f32 s0, s2, s4")
OPERATION(mla_s, "vmla.f32 s0, s2, s4")
OPERATION(fma_s, "vfma.f32 s0, s2, s4")
OPERATION(cmp_s, "vcmp.f32 s2, s4")
OPERATION(int_s, "vcvt.s32.f32 s0, s2")
OPERATION(narrow, "vcvt.f32.f64 s0, d1")
OPERATION(widen, "vcvt.f64.f32 d0, s2")
OPERATION(mul_d, "vmul.f64 d0, d1, d2")
OPERATION(sub_d, "vsub.f64 d0, d1, d2")
OPERATION(fma_d, "vfma.f64 d0, d1, d2")
OPERATION(mul_n, "vmul.f32 d0, d1, d2")
OPERATION(sub_n, "vsub.f32 d0, d1, d2")
OPERATION(mla_n, "vmla.f32 d0, d1, d2")
OPERATION(fma_n, "vfma.f32 d0, d1, d2")
OPERATION(max_n, "vmax.f32 d0, d1, d2")
OPERATION(ceq_n, "vceq.f32 d0, d1, d2")
OPERATION(int_n, "vcvt.s32.f32 d0, d1")

#define LANES(high, low) ((uint64_t)(high) << 32 | (low))

static const struct {
	const char *name;
	operation *run;
	uint64_t a, b, c;
	uint32_t mode;
	uint64_t result;
	uint32_t flags;
} cases[] = {
	/* clang-format off */
	/* (1 + 2^-23)(1 - 2^-23) times the least normal: tiny, rounds to it */
	{ "mul 1", mul_s, 0x00800001, 0x3f7ffffe, 0, FZ, 0, UFC },
	{ "mul 2", mul_s, 0x00800001, 0x3f7ffffe, 0, FZ | UP, 0, UFC },
	{ "mul 3", mul_s, 0x80800001, 0x3f7ffffe, 0, FZ, 0x80000000, UFC },
	{ "mul 4", mul_s, 0x00800001, 0x3f7ffffe, 0, 0, 0x00800000, UFC | IXC },
	/* exactly the least normal */
	{ "mul 5", mul_s, 0x00800000, 0x3f800000, 0, FZ, 0x00800000, 0 },
	{ "mul 6", mul_s, 0x01000000, 0xbf000000, 0, FZ, 0x80800000, 0 },
	/* one step below, exact and not */
	{ "mul 7", mul_s, 0x00fffffe, 0x3f000000, 0, FZ, 0, UFC },
	{ "mul 8", mul_s, 0x00fffffe, 0x3f000000, 0, 0, 0x007fffff, 0 },
	{ "mul 9", mul_s, 0x00ffffff, 0x3f000000, 0, FZ, 0, UFC },
	{ "mul 10", mul_s, 0x00ffffff, 0x3f000000, 0, 0, 0x00800000, UFC | IXC },
	/* above it, inexact: an ordinary result */
	{ "mul 11", mul_s, 0x00800001, 0x3f800001, 0, FZ, 0x00800002, IXC },
	/* an operand that is flushed */
	{ "mul 12", mul_s, 0x00000001, 0x3f800000, 0, FZ, 0, IDC },
	{ "mul 13", mul_s, 0x007fffff, 0x00000001, 0, FZ, 0, IDC },
	{ "add 1", add_s, 0x807fffff, 0x00800000, 0, FZ, 0x00800000, IDC },
	{ "sub 1", sub_s, 0x00800001, 0x00800000, 0, FZ, 0, UFC },
	{ "sub 2", sub_s, 0x00800001, 0x00800000, 0, 0, 1, 0 },
	{ "div 1", div_s, 0x00800000, 0x3f800001, 0, FZ, 0, UFC },
	{ "div 2", div_s, 0x00800000, 0x3f800001, 0, 0, 0x007fffff, UFC | IXC },
	{ "div 3", div_s, 0x00ffffff, 0x40000000, 0, FZ, 0, UFC },
	{ "div 4", div_s, 0x01000000, 0x40000000, 0, FZ, 0x00800000, 0 },
	/* 2^-126 - 2^-151: fused it is tiny, in two steps the product is */
	{ "fma 1", fma_s, 0x00800000, 0xb3000000, 0x00800000, FZ, 0, UFC },
	{ "fma 2", fma_s, 0x00800000, 0xb3000000, 0x00800000, 0, 0x00800000, UFC | IXC },
	{ "mla 1", mla_s, 0x00800000, 0xb3000000, 0x00800000, FZ, 0x00800000, UFC },
	{ "mla 2", mla_s, 0x00800000, 0xb3000000, 0x00800000, 0, 0x00800000, UFC | IXC },
	{ "cmp 1", cmp_s, 0x00000001, 0x00000000, 0, FZ, 0, IDC | EQUAL },
	{ "cmp 2", cmp_s, 0x807fffff, 0x00000001, 0, FZ, 0, IDC | EQUAL },
	{ "int 1", int_s, 0x00000001, 0, 0, FZ, 0, IDC },
	{ "int 2", int_s, 0x00000001, 0, 0, 0, 0, IXC },
	{ "narrow 1", narrow, 0x380fffffffffffff, 0, 0, FZ, 0, UFC },
	{ "narrow 2", narrow, 0x380fffffffffffff, 0, 0, 0, 0x00800000, UFC | IXC },
	{ "narrow 3", narrow, 0x3810000000000000, 0, 0, FZ, 0x00800000, 0 },
	{ "narrow 4", narrow, 0x000fffffffffffff, 0, 0, FZ, 0, IDC },
	{ "widen 1", widen, 0x00000001, 0, 0, FZ, 0, IDC },
	{ "widen 2", widen, 0x00000001, 0, 0, 0, 0x36a0000000000000, 0 },
	{ "double 1", mul_d, 0x0010000000000001, 0x3feffffffffffffe, 0, FZ, 0, UFC },
	{ "double 2", mul_d, 0x0010000000000001, 0x3feffffffffffffe, 0, 0, 0x0010000000000000, UFC | IXC },
	{ "double 3", mul_d, 0x0020000000000000, 0x3fe0000000000000, 0, FZ, 0x0010000000000000, 0 },
	{ "double 4", sub_d, 0x0010000000000001, 0x0010000000000000, 0, FZ, 0, UFC },
	{ "double 5", mul_d, 0x000fffffffffffff, 0x4000000000000000, 0, FZ, 0, IDC },
	{ "double 6", fma_d, 0x0010000000000000, 0xbc80000000000000, 0x0010000000000000, FZ, 0, UFC },
	/* NEON flushes whatever FPSCR.FZ says, each lane by itself */
	{ "neon mul 1", mul_n, LANES(0x00800001, 0x01000000), LANES(0x3f7ffffe, 0x3f000000), 0, 0, LANES(0, 0x00800000), UFC },
	{ "neon mul 2", mul_n, LANES(0x01000000, 0x80800001), LANES(0x3f000000, 0x3f7ffffe), 0, FZ, LANES(0x00800000, 0x80000000), UFC },
	{ "neon mul 3", mul_n, LANES(0x00000001, 0x3f800000), LANES(0x3f800000, 0x3f800000), 0, 0, LANES(0, 0x3f800000), IDC },
	{ "neon mul 4", mul_n, LANES(0x00800001, 0x00000001), LANES(0x3f7ffffe, 0x3f800000), 0, 0, 0, UFC | IDC },
	{ "neon mul 5", mul_n, LANES(0x00800000, 0x01000000), LANES(0x3f800000, 0x3f000000), 0, 0, LANES(0x00800000, 0x00800000), 0 },
	{ "neon sub", sub_n, LANES(0x00800001, 0x3f800000), LANES(0x00800000, 0x00000001), 0, 0, LANES(0, 0x3f800000), UFC | IDC },
	{ "neon fma", fma_n, LANES(0x00800000, 0), LANES(0xb3000000, 0), LANES(0x00800000, 0), 0, 0, UFC },
	{ "neon mla", mla_n, LANES(0x00800000, 0), LANES(0xb3000000, 0), LANES(0x00800000, 0), 0, LANES(0x00800000, 0), UFC },
	{ "neon max", max_n, LANES(0x00000001, 0x007fffff), LANES(0x80000000, 0x3f800000), 0, 0, LANES(0, 0x3f800000), IDC },
	{ "neon ceq", ceq_n, LANES(0x00000001, 0x00800000), LANES(0, 0), 0, 0, LANES(0xffffffff, 0), IDC },
	{ "neon int", int_n, LANES(0x00000001, 0x3f800000), 0, 0, 0, LANES(0, 1), IDC },
	/* clang-format on */
};

/* The flags that were there stay; the case's are added. */
static void run(unsigned int n, uint32_t before)
{
	uint32_t mask = FLAGS | 0xf0000000, fpscr;
	uint64_t got = cases[n].run(cases[n].a, cases[n].b, cases[n].c,
				    cases[n].mode | before, &fpscr);

	check(cases[n].name, (uint32_t)got, (uint32_t)cases[n].result);
	check(cases[n].name, got >> 32, cases[n].result >> 32);
	check(cases[n].name, fpscr & mask, cases[n].flags | before);
}

int main(void)
{
	static struct space space;

	space_init(&space, 0);
	mmu_on(&space);
	for (unsigned int i = 0; i < TIMES; i++)
		for (unsigned int n = 0; n < sizeof(cases) / sizeof(*cases);
		     n++) {
			run(n, 0);
			run(n, IXC);
			run(n, FLAGS);
		}
	done("flush");
}
