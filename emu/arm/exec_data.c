/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data processing (A5.2, A6.3.1, A6.3.11), written once for each operation
 * and compiled for each form: operand 2 an immediate, a register shifted by an
 * immediate, or by a register; and, as quick variants, with and without flags.
 *
 * With S and the PC as destination all of them are exception returns
 * (B9.3.20), which set no flags.
 */
#include "arm/exception.h"
#include "arm/exec.h"
#include "arm/quick.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum alu {
	AND,
	EOR,
	SUB,
	RSB,
	ADD,
	ADC,
	SBC,
	RSC,
	ORR,
	MOV,
	BIC,
	MVN,
	ORN,
};

/* Operand 2 and the carry that shifting it gave (A8.4.1). */
struct op2 {
	uint32_t value, carry;
};

ALWAYS_INLINE struct op2 op2_imm(const struct cpu *cpu, const struct insn *in)
{
	bool rotated = in->flags & INSN_CARRY;

	return (struct op2){ in->imm, rotated ? in->imm >> 31 : cpu->cf };
}

/* Shift_C() by what DecodeImmShift() gave. */
ALWAYS_INLINE struct op2 op2_reg(const struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rm];
	unsigned int n = in->shift_imm;

	switch (in->shift_type) {
	case SHIFT_LSL:
		if (!n)
			return (struct op2){ v, cpu->cf };
		return (struct op2){ v << n, v >> (32 - n) & 1 };
	case SHIFT_LSR:
		return (struct op2){ n < 32 ? v >> n : 0, v >> (n - 1) & 1 };
	case SHIFT_ASR:
		return (struct op2){ (uint32_t)((int32_t)v >>
						(n < 32 ? n : 31)),
				     v >> (n - 1) & 1 };
	case SHIFT_ROR:
		return (struct op2){ ror32(v, n), v >> (n - 1) & 1 };
	default:
		return (struct op2){ v >> 1 | cpu->cf << 31, v & 1 };
	}
}

/* Shift_C() by the low byte of a register: 0 to 255. */
static struct op2 op2_rsr(const struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rm];
	unsigned int n = cpu->r[in->rs] & 0xff;

	if (!n)
		return (struct op2){ v, cpu->cf };
	switch (in->shift_type) {
	case SHIFT_LSL:
		return (struct op2){ n < 32 ? v << n : 0,
				     n <= 32 ? v >> (32 - n) & 1 : 0 };
	case SHIFT_LSR:
		return (struct op2){ n < 32 ? v >> n : 0,
				     n <= 32 ? v >> (n - 1) & 1 : 0 };
	case SHIFT_ASR:
		if (n >= 32)
			return (struct op2){ (uint32_t)((int32_t)v >> 31),
					     v >> 31 };
		return (struct op2){ (uint32_t)((int32_t)v >> n),
				     v >> (n - 1) & 1 };
	default:
		v = ror32(v, n & 31);
		return (struct op2){ v, v >> 31 };
	}
}

/* AddWithCarry() (A2.2.1); a subtraction adds the complement. */
ALWAYS_INLINE uint32_t add(struct cpu *cpu, uint32_t a, uint32_t b,
			   uint32_t carry, bool s)
{
	uint32_t result = a + b + carry;

	if (s) {
		cpu->cf = ((uint64_t)a + b + carry) >> 32;
		cpu->vf = (a ^ result) & (b ^ result);
		exec_set_nz(cpu, result);
	}
	return result;
}

ALWAYS_INLINE uint32_t logic(struct cpu *cpu, uint32_t result, uint32_t carry,
			     bool s)
{
	if (s) {
		cpu->cf = carry;
		exec_set_nz(cpu, result);
	}
	return result;
}

ALWAYS_INLINE uint32_t alu(struct cpu *cpu, enum alu op, uint32_t a,
			   struct op2 b, bool s)
{
	switch (op) {
	case AND:
		return logic(cpu, a & b.value, b.carry, s);
	case EOR:
		return logic(cpu, a ^ b.value, b.carry, s);
	case ORR:
		return logic(cpu, a | b.value, b.carry, s);
	case MOV:
		return logic(cpu, b.value, b.carry, s);
	case BIC:
		return logic(cpu, a & ~b.value, b.carry, s);
	case MVN:
		return logic(cpu, ~b.value, b.carry, s);
	case ORN:
		return logic(cpu, a | ~b.value, b.carry, s);
	case SUB:
		return add(cpu, a, ~b.value, 1, s);
	case RSB:
		return add(cpu, ~a, b.value, 1, s);
	case ADD:
		return add(cpu, a, b.value, 0, s);
	case ADC:
		return add(cpu, a, b.value, cpu->cf, s);
	case SBC:
		return add(cpu, a, ~b.value, cpu->cf, s);
	case RSC:
		return add(cpu, ~a, b.value, cpu->cf, s);
	}
	return 0;
}

ALWAYS_INLINE void data(struct cpu *cpu, const struct insn *in, enum alu op,
			struct op2 b)
{
	uint32_t a = cpu->r[in->rn];

	if (likely(in->rd != 15))
		cpu->r[in->rd] = alu(cpu, op, a, b, in->s);
	else if (in->s)
		exception_return(cpu, alu(cpu, op, a, b, false),
				 exception_spsr(cpu));
	else
		exec_alu_pc(cpu, alu(cpu, op, a, b, false));
}

/* The quick variants: rd is not the PC, s and the kind of shift are known. */
ALWAYS_INLINE void quick(struct cpu *cpu, const struct insn *in, enum alu op,
			 struct op2 b, bool s)
{
	cpu->r[in->rd] = alu(cpu, op, cpu->r[in->rn], b, s);
}

ALWAYS_INLINE struct op2 op2_plain(const struct cpu *cpu, const struct insn *in)
{
	return (struct op2){ cpu->r[in->rm], cpu->cf };
}

ALWAYS_INLINE struct op2 op2_lsl(const struct cpu *cpu, const struct insn *in)
{
	return (struct op2){ cpu->r[in->rm] << in->shift_imm, 0 };
}

#define VARIANT(name, op, operand, s)                            \
	static void name(struct cpu *cpu, const struct insn *in) \
	{                                                        \
		quick(cpu, in, op, operand(cpu, in), s);         \
	}

#define DATA(op)                                                     \
	void exec_##op##_imm(struct cpu *cpu, const struct insn *in) \
	{                                                            \
		data(cpu, in, op, op2_imm(cpu, in));                 \
	}                                                            \
	void exec_##op##_reg(struct cpu *cpu, const struct insn *in) \
	{                                                            \
		data(cpu, in, op, op2_reg(cpu, in));                 \
	}                                                            \
	VARIANT(op##_imm_plain, op, op2_imm, false)                  \
	VARIANT(op##_imm_s, op, op2_imm, true)                       \
	VARIANT(op##_plain, op, op2_plain, false)                    \
	VARIANT(op##_plain_s, op, op2_plain, true)                   \
	VARIANT(op##_lsl, op, op2_lsl, false)                        \
	VARIANT(op##_shift, op, op2_reg, false)                      \
	VARIANT(op##_shift_s, op, op2_reg, true)

#define DATA_RSR(op)                                                 \
	void exec_##op##_rsr(struct cpu *cpu, const struct insn *in) \
	{                                                            \
		data(cpu, in, op, op2_rsr(cpu, in));                 \
	}

#include "arm/data.inc"

#define COMPARE(name, op)                                                \
	void exec_##name##_imm(struct cpu *cpu, const struct insn *in)   \
	{                                                                \
		alu(cpu, op, cpu->r[in->rn], op2_imm(cpu, in), true);    \
	}                                                                \
	void exec_##name##_reg(struct cpu *cpu, const struct insn *in)   \
	{                                                                \
		alu(cpu, op, cpu->r[in->rn], op2_reg(cpu, in), true);    \
	}                                                                \
	void exec_##name##_rsr(struct cpu *cpu, const struct insn *in)   \
	{                                                                \
		alu(cpu, op, cpu->r[in->rn], op2_rsr(cpu, in), true);    \
	}                                                                \
	static void name##_plain(struct cpu *cpu, const struct insn *in) \
	{                                                                \
		alu(cpu, op, cpu->r[in->rn], op2_plain(cpu, in), true);  \
	}

COMPARE(TST, AND)
COMPARE(TEQ, EOR)
COMPARE(CMP, SUB)
COMPARE(CMN, ADD)

static unsigned int pick_imm(const struct insn *in)
{
	return in->rd == 15 ? QUICK_NONE : in->s;
}

static unsigned int pick_reg(const struct insn *in)
{
	if (in->rd == 15)
		return QUICK_NONE;
	if (in->shift_type == SHIFT_LSL && !in->shift_imm)
		return in->s;
	if (in->s)
		return 4;
	return in->shift_type == SHIFT_LSL ? 2 : 3;
}

static unsigned int pick_compare(const struct insn *in)
{
	return in->shift_type || in->shift_imm ? QUICK_NONE : 0;
}

#define QUICK_DATA(op)                                                  \
	{ exec_##op##_imm, pick_imm, { op##_imm_plain, op##_imm_s } },  \
	{                                                               \
		exec_##op##_reg, pick_reg,                              \
		{                                                       \
			op##_plain, op##_plain_s, op##_lsl, op##_shift, \
				op##_shift_s                            \
		}                                                       \
	}

/* clang-format off */
const struct quick quick_data[] = {
	QUICK_DATA(AND), QUICK_DATA(EOR), QUICK_DATA(SUB), QUICK_DATA(RSB),
	QUICK_DATA(ADD), QUICK_DATA(ADC), QUICK_DATA(SBC), QUICK_DATA(RSC),
	QUICK_DATA(ORR), QUICK_DATA(MOV), QUICK_DATA(BIC), QUICK_DATA(MVN),
	QUICK_DATA(ORN),
	{ exec_TST_reg, pick_compare, { TST_plain } },
	{ exec_TEQ_reg, pick_compare, { TEQ_plain } },
	{ exec_CMP_reg, pick_compare, { CMP_plain } },
	{ exec_CMN_reg, pick_compare, { CMN_plain } },
	{ NULL }
};
/* clang-format on */

void exec_MOVW(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = in->imm;
}

void exec_MOVT(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (cpu->r[in->rd] & 0xffff) | in->imm << 16;
}

void exec_ADR(struct cpu *cpu, const struct insn *in)
{
	uint32_t address = (cpu->r[15] & ~3u) + in->imm;

	if (in->rd == 15)
		exec_bx(cpu, address); /* UNPREDICTABLE (A8.8.12) */
	else
		cpu->r[in->rd] = address;
}

void exec_CLZ(struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rm];

	cpu->r[in->rd] = v ? (uint32_t)__builtin_clz(v) : 32;
}

/* Bit fields: from bit shift_imm; imm is width - 1, or the highest bit. */

void exec_UBFX(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = cpu->r[in->rn] >> in->shift_imm &
			 (0xffffffff >> (31 - in->imm));
}

void exec_SBFX(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (uint32_t)sext32(cpu->r[in->rn] >> in->shift_imm,
					  in->imm + 1);
}

static void insert(struct cpu *cpu, const struct insn *in, uint32_t bits)
{
	uint32_t mask = 0xffffffff >> (31 - (in->imm - in->shift_imm))
					      << in->shift_imm;

	cpu->r[in->rd] = (cpu->r[in->rd] & ~mask) |
			 (bits << in->shift_imm & mask);
}

void exec_BFI(struct cpu *cpu, const struct insn *in)
{
	insert(cpu, in, cpu->r[in->rn]);
}

void exec_BFC(struct cpu *cpu, const struct insn *in)
{
	insert(cpu, in, 0);
}

/* Extension: of rm rotated right by 8x */

static uint32_t rotated(const struct cpu *cpu, const struct insn *in)
{
	return ror32(cpu->r[in->rm], in->x * 8u);
}

static uint32_t sxtb16(uint32_t v)
{
	return (uint16_t)(int8_t)v | (uint32_t)(uint16_t)(int8_t)(v >> 16)
					     << 16;
}

static uint32_t add16(uint32_t a, uint32_t b)
{
	return ((a + b) & 0xffff) | ((a & 0xffff0000) + (b & 0xffff0000));
}

#define EXTEND(name, with_add, extended, sum)                        \
	void exec_##name(struct cpu *cpu, const struct insn *in)     \
	{                                                            \
		uint32_t v = rotated(cpu, in);                       \
                                                                     \
		cpu->r[in->rd] = (extended);                         \
	}                                                            \
	void exec_##with_add(struct cpu *cpu, const struct insn *in) \
	{                                                            \
		uint32_t v = rotated(cpu, in);                       \
                                                                     \
		cpu->r[in->rd] = sum(cpu->r[in->rn], (extended));    \
	}

static uint32_t add32(uint32_t a, uint32_t b)
{
	return a + b;
}

EXTEND(SXTB, SXTAB, (uint32_t)(int8_t)v, add32)
EXTEND(SXTH, SXTAH, (uint32_t)(int16_t)v, add32)
EXTEND(UXTB, UXTAB, v & 0xff, add32)
EXTEND(UXTH, UXTAH, v & 0xffff, add32)
EXTEND(SXTB16, SXTAB16, sxtb16(v), add16)
EXTEND(UXTB16, UXTAB16, v & 0x00ff00ff, add16)

/* Reversal */

void exec_REV(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = __builtin_bswap32(cpu->r[in->rm]);
}

void exec_REV16(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = ror32(__builtin_bswap32(cpu->r[in->rm]), 16);
}

void exec_REVSH(struct cpu *cpu, const struct insn *in)
{
	cpu->r[in->rd] = (uint32_t)(int16_t)__builtin_bswap16(
		(uint16_t)cpu->r[in->rm]);
}

void exec_RBIT(struct cpu *cpu, const struct insn *in)
{
	uint32_t v = __builtin_bswap32(cpu->r[in->rm]);

	v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
	v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
	cpu->r[in->rd] = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
}
