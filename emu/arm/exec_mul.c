/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiplication, division and saturation (A5.2.5, A5.2.7, A5.4).
 *
 * The factors are rm and rs in both instruction sets; ra is the addend, and
 * the low half of a long result whose high half is rd.
 */
#include "arm/exec.h"

static void set_q_if(struct cpu *cpu, bool saturated)
{
	if (saturated)
		cpu->qf = 1;
}

/* The result of 32 bits of a sum, and Q if it does not fit. */
static uint32_t sum_q(struct cpu *cpu, int64_t sum)
{
	set_q_if(cpu, sum != (int32_t)sum);
	return (uint32_t)sum;
}

static int64_t product(const struct cpu *cpu, const struct insn *in)
{
	return (int64_t)(int32_t)cpu->r[in->rm] * (int32_t)cpu->r[in->rs];
}

static uint64_t product_u(const struct cpu *cpu, const struct insn *in)
{
	return (uint64_t)cpu->r[in->rm] * cpu->r[in->rs];
}

static int64_t addend(const struct cpu *cpu, const struct insn *in)
{
	return (int32_t)cpu->r[in->ra];
}

static uint64_t long_addend(const struct cpu *cpu, const struct insn *in)
{
	return (uint64_t)cpu->r[in->rd] << 32 | cpu->r[in->ra];
}

static void set_long(struct cpu *cpu, const struct insn *in, uint64_t result)
{
	cpu->r[in->ra] = (uint32_t)result;
	cpu->r[in->rd] = (uint32_t)(result >> 32);
	if (in->s) {
		cpu->nf = (uint32_t)(result >> 32);
		cpu->zf = (uint32_t)(result >> 32) | (uint32_t)result;
	}
}

/* Of 32 bits */

static void set_word(struct cpu *cpu, const struct insn *in, uint32_t result)
{
	cpu->r[in->rd] = result;
	if (in->s)
		exec_set_nz(cpu, result);
}

void exec_MUL(struct cpu *cpu, const struct insn *in)
{
	set_word(cpu, in, cpu->r[in->rm] * cpu->r[in->rs]);
}

void exec_MLA(struct cpu *cpu, const struct insn *in)
{
	set_word(cpu, in, cpu->r[in->rm] * cpu->r[in->rs] + cpu->r[in->ra]);
}

void exec_MLS(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = cpu->r[in->ra] - cpu->r[in->rm] * cpu->r[in->rs];
}

/* Of 64 bits */

void exec_UMULL(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, product_u(cpu, in));
}

void exec_UMLAL(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, product_u(cpu, in) + long_addend(cpu, in));
}

void exec_SMULL(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, (uint64_t)product(cpu, in));
}

void exec_SMLAL(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, (uint64_t)product(cpu, in) + long_addend(cpu, in));
}

void exec_UMAAL(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, product_u(cpu, in) + cpu->r[in->rd] + cpu->r[in->ra]);
}

/* Of halves: bit 0 of x chooses the half of rm, bit 1 that of rs. */

static int32_t half(uint32_t v, bool top)
{
	return (int16_t)(top ? v >> 16 : v);
}

static int32_t product_xy(const struct cpu *cpu, const struct insn *in)
{
	return half(cpu->r[in->rm], in->x & 1) *
	       half(cpu->r[in->rs], in->x & 2);
}

void exec_SMULxy(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (uint32_t)product_xy(cpu, in);
}

void exec_SMLAxy(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = sum_q(cpu, product_xy(cpu, in) + addend(cpu, in));
}

void exec_SMLALxy(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in,
		 (uint64_t)(int64_t)product_xy(cpu, in) + long_addend(cpu, in));
}

/* A word by the half of rs that x names: the upper 32 of 48 bits. */
static int64_t product_w(const struct cpu *cpu, const struct insn *in)
{
	return (int64_t)(int32_t)cpu->r[in->rm] * half(cpu->r[in->rs], in->x) >>
	       16;
}

void exec_SMULWy(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (uint32_t)product_w(cpu, in);
}

void exec_SMLAWy(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = sum_q(cpu, product_w(cpu, in) + addend(cpu, in));
}

/* Both halves at once; with x, those of rs are exchanged. */

static int64_t product_low(const struct cpu *cpu, const struct insn *in)
{
	return (int64_t)half(cpu->r[in->rm], false) *
	       half(cpu->r[in->rs], in->x);
}

static int64_t product_high(const struct cpu *cpu, const struct insn *in)
{
	return (int64_t)half(cpu->r[in->rm], true) *
	       half(cpu->r[in->rs], !in->x);
}

static int64_t dual_sum(const struct cpu *cpu, const struct insn *in)
{
	return product_low(cpu, in) + product_high(cpu, in);
}

static int64_t dual_difference(const struct cpu *cpu, const struct insn *in)
{
	return product_low(cpu, in) - product_high(cpu, in);
}

void exec_SMUAD(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = sum_q(cpu, dual_sum(cpu, in));
}

void exec_SMUSD(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (uint32_t)dual_difference(cpu, in);
}

void exec_SMLAD(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = sum_q(cpu, dual_sum(cpu, in) + addend(cpu, in));
}

void exec_SMLSD(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = sum_q(cpu, dual_difference(cpu, in) + addend(cpu, in));
}

void exec_SMLALD(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in, (uint64_t)dual_sum(cpu, in) + long_addend(cpu, in));
}

void exec_SMLSLD(struct cpu *cpu, const struct insn *in)
{
	set_long(cpu, in,
		 (uint64_t)dual_difference(cpu, in) + long_addend(cpu, in));
}

/* The upper word of a product; x rounds it. */

static uint32_t upper(const struct insn *in, uint64_t v)
{
	return (uint32_t)((v + (in->x ? 0x80000000u : 0)) >> 32);
}

void exec_SMMUL(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = upper(in, (uint64_t)product(cpu, in));
}

void exec_SMMLA(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = upper(in, ((uint64_t)cpu->r[in->ra] << 32) +
					   (uint64_t)product(cpu, in));
}

/* A form without addend there is not (A8.8.187); QEMU takes it for SMMUL. */
void exec_SMMLS(struct cpu *cpu, const struct insn *in)
{
	if (in->ra == 15) {
		exec_SMMUL(cpu, in);
		return;
	}
	cpu->r[in->rd] = upper(in, ((uint64_t)cpu->r[in->ra] << 32) -
					   (uint64_t)product(cpu, in));
}

/* Division by zero gives zero (A4.4.6: no trap in the A profile). */

void exec_SDIV(struct cpu *cpu, const struct insn *in)
{
	int64_t n = (int32_t)cpu->r[in->rm], d = (int32_t)cpu->r[in->rs];

	cpu->r[in->rd] = d ? (uint32_t)(n / d) : 0;
}

void exec_UDIV(struct cpu *cpu, const struct insn *in)
{
	uint32_t d = cpu->r[in->rs];

	cpu->r[in->rd] = d ? cpu->r[in->rm] / d : 0;
}

/* Saturation */

static int64_t clamp_q(struct cpu *cpu, int64_t v, int64_t min, int64_t max)
{
	if (v < min || v > max) {
		cpu->qf = 1;
		return v < min ? min : max;
	}
	return v;
}

static int64_t clamp_word(struct cpu *cpu, int64_t v)
{
	return clamp_q(cpu, v, INT32_MIN, INT32_MAX);
}

static void add_saturated(struct cpu *cpu, const struct insn *in, bool twice,
			  int sign)
{
	int64_t a = (int32_t)cpu->r[in->rm], b = (int32_t)cpu->r[in->rn];

	if (twice)
		b = clamp_word(cpu, 2 * b);
	cpu->r[in->rd] = (uint32_t)clamp_word(cpu, a + sign * b);
}

void exec_QADD(struct cpu *cpu, const struct insn *in)
{
	add_saturated(cpu, in, false, 1);
}

void exec_QSUB(struct cpu *cpu, const struct insn *in)
{
	add_saturated(cpu, in, false, -1);
}

void exec_QDADD(struct cpu *cpu, const struct insn *in)
{
	add_saturated(cpu, in, true, 1);
}

void exec_QDSUB(struct cpu *cpu, const struct insn *in)
{
	add_saturated(cpu, in, true, -1);
}

/* To imm + 1 bits, signed */
static uint32_t ssat(struct cpu *cpu, const struct insn *in, int32_t v)
{
	int64_t max = (INT64_C(1) << in->imm) - 1;

	return (uint32_t)clamp_q(cpu, v, -max - 1, max);
}

/* To imm bits, unsigned */
static uint32_t usat(struct cpu *cpu, const struct insn *in, int32_t v)
{
	return (uint32_t)clamp_q(cpu, v, 0, (INT64_C(1) << in->imm) - 1);
}

/* rn shifted left, or right with its sign; right by 0 is by 32. */
static int32_t sat_operand(const struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rn];

	if (!in->shift_type)
		return (int32_t)(v << in->shift_imm);
	return (int32_t)v >> (in->shift_imm ? in->shift_imm : 31);
}

void exec_SSAT(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = ssat(cpu, in, sat_operand(cpu, in));
}

void exec_USAT(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = usat(cpu, in, sat_operand(cpu, in));
}

void exec_SSAT16(struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rn];

	cpu->r[in->rd] = (ssat(cpu, in, half(v, false)) & 0xffff) |
			 ssat(cpu, in, half(v, true)) << 16;
}

void exec_USAT16(struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rn];

	cpu->r[in->rd] = (usat(cpu, in, half(v, false)) & 0xffff) |
			 usat(cpu, in, half(v, true)) << 16;
}
