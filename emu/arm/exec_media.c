/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parallel addition and subtraction on two halves or four bytes (A5.4.1,
 * A5.4.2), and what belongs to it: selection, packing, differences.
 *
 * Six families do the same sums and differ in what becomes of them: wrapped
 * with GE flags (S, U), saturated (Q, UQ), halved (SH, UH).
 */
#include "arm/exec.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum family {
	S,
	Q,
	SH,
	U,
	UQ,
	UH,
};

ALWAYS_INLINE int32_t clamp(int32_t v, int32_t min, int32_t max)
{
	return v < min ? min : v > max ? max : v;
}

/* Lane n, bits wide, as the family's signedness reads it. */
ALWAYS_INLINE int32_t lane(uint32_t v, unsigned int n, unsigned int bits,
			   enum family f)
{
	v >>= n * bits;
	if (f < U)
		return sext32(v, bits);
	return (int32_t)(v & ((1u << bits) - 1));
}

/* One lane's sum or difference v: its bits, and whether GE is set. */
ALWAYS_INLINE uint32_t result(enum family f, int32_t v, bool minus,
			      unsigned int bits, bool *ret_ge)
{
	int32_t top = 1 << bits;

	*ret_ge = f == S || minus ? v >= 0 : v >= top;
	if (f == Q)
		v = clamp(v, -top / 2, top / 2 - 1);
	else if (f == UQ)
		v = clamp(v, 0, top - 1);
	else if (f == SH || f == UH)
		v >>= 1;
	return (uint32_t)v & (uint32_t)(top - 1);
}

/* Lane n gets a's lane n plus or minus b's lane, which is the other one if
 * they are exchanged; minus is a bit for each lane. */
ALWAYS_INLINE void parallel(struct cpu *cpu, const struct insn *in,
			    enum family f, unsigned int bits,
			    unsigned int minus, bool exchange)
{
	uint32_t a = cpu->r[in->rn], b = cpu->r[in->rm];
	uint32_t sum = 0, ge = 0;
	unsigned int lanes = 32 / bits;

	for (unsigned int n = 0; n < lanes; n++) {
		bool subtract = minus >> n & 1, set;
		int32_t x = lane(a, n, bits, f);
		int32_t y = lane(b, exchange ? 1 - n : n, bits, f);
		int32_t v = subtract ? x - y : x + y;

		sum |= result(f, v, subtract, bits, &set) << n * bits;
		if (set)
			ge |= (bits == 16 ? 3u : 1u) << n * (bits / 8);
	}
	if (f == S || f == U)
		cpu->ge = ge;
	cpu->r[in->rd] = sum;
}

#define PARALLEL(f, name, bits, minus, exchange)                    \
	void exec_##f##name(struct cpu *cpu, const struct insn *in) \
	{                                                           \
		parallel(cpu, in, f, bits, minus, exchange);        \
	}

#define FAMILY(f)                        \
	PARALLEL(f, ADD16, 16, 0, false) \
	PARALLEL(f, ASX, 16, 1, true)    \
	PARALLEL(f, SAX, 16, 2, true)    \
	PARALLEL(f, SUB16, 16, 3, false) \
	PARALLEL(f, ADD8, 8, 0, false)   \
	PARALLEL(f, SUB8, 8, 15, false)

FAMILY(S)
FAMILY(Q)
FAMILY(SH)
FAMILY(U)
FAMILY(UQ)
FAMILY(UH)

void exec_SEL(struct cpu *cpu, const struct insn *in)
{
	uint32_t mask = (cpu->ge & 1 ? 0xff : 0) | (cpu->ge & 2 ? 0xff00 : 0) |
			(cpu->ge & 4 ? 0xff0000 : 0) |
			(cpu->ge & 8 ? 0xff000000 : 0);

	cpu->r[in->rd] = (cpu->r[in->rn] & mask) | (cpu->r[in->rm] & ~mask);
}

void exec_PKHBT(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (cpu->r[in->rn] & 0xffff) |
			 (cpu->r[in->rm] << in->shift_imm & 0xffff0000);
}

/* A shift by 0 is by 32. */
void exec_PKHTB(struct cpu *cpu, const struct insn *in)
{
	int32_t v = (int32_t)cpu->r[in->rm] >>
		    (in->shift_imm ? in->shift_imm : 31);

	cpu->r[in->rd] = (cpu->r[in->rn] & 0xffff0000) | ((uint32_t)v & 0xffff);
}

static uint32_t differences(const struct cpu *cpu, const struct insn *in)
{
	uint32_t a = cpu->r[in->rm], b = cpu->r[in->rs], sum = 0;

	for (unsigned int n = 0; n < 32; n += 8) {
		int32_t d = (int32_t)(a >> n & 0xff) - (int32_t)(b >> n & 0xff);

		sum += (uint32_t)(d < 0 ? -d : d);
	}
	return sum;
}

void exec_USAD8(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = differences(cpu, in);
}

void exec_USADA8(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = differences(cpu, in) + cpu->r[in->ra];
}
