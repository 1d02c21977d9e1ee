/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores (A5.3, A6.3.5 to A6.3.10).
 *
 * An access that faults does not return, so nothing of the state may change
 * before the last one: single accesses write registers afterwards, multiple
 * ones take the host address of all of it, or probe both ends first.
 *
 * The address is rn + (p ? offset : 0); rn becomes rn + offset if w.  A
 * loaded PC chooses the instruction set as BX does.
 */
#include "arm/exception.h"
#include "arm/exec.h"
#include "arm/quick.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The PC as a base is that of a literal: aligned. */
static inline uint32_t base_of(const struct cpu *cpu, const struct insn *in)
{
	return in->rn == 15 ? cpu->r[15] & ~3u : cpu->r[in->rn];
}

static uint32_t offset_reg(const struct cpu *cpu, const struct insn *in)
{
	uint32_t v = cpu->r[in->rm];
	unsigned int n = in->shift_imm;

	switch (in->shift_type) {
	case SHIFT_LSL:
		v <<= n;
		break;
	case SHIFT_LSR:
		v = n < 32 ? v >> n : 0;
		break;
	case SHIFT_ASR:
		v = (uint32_t)((int32_t)v >> (n < 32 ? n : 31));
		break;
	case SHIFT_ROR:
		v = ror32(v, n);
		break;
	default:
		v = v >> 1 | cpu->cf << 31;
		break;
	}
	return in->u ? v : -v;
}

ALWAYS_INLINE uint32_t offset_imm(const struct cpu *cpu, const struct insn *in)
{
	(void)cpu;
	return in->imm;
}

static inline void loaded(struct cpu *cpu, const struct insn *in,
			  uint32_t offset, uint32_t base, uint32_t val)
{
	if (in->w)
		cpu->r[in->rn] = base + offset;
	if (unlikely(in->rt == 15))
		exec_bx(cpu, val);
	else
		cpu->r[in->rt] = val;
}

/* What is read and written, for each type. */

static inline uint32_t read_LDR(struct cpu *cpu, vaddr va)
{
	return mem_r32(cpu, va);
}

static inline uint32_t read_LDRB(struct cpu *cpu, vaddr va)
{
	return mem_r8(cpu, va);
}

static inline uint32_t read_LDRH(struct cpu *cpu, vaddr va)
{
	return mem_r16(cpu, va);
}

static inline uint32_t read_LDRSB(struct cpu *cpu, vaddr va)
{
	return (uint32_t)(int8_t)mem_r8(cpu, va);
}

static inline uint32_t read_LDRSH(struct cpu *cpu, vaddr va)
{
	return (uint32_t)(int16_t)mem_r16(cpu, va);
}

static inline void write_STR(struct cpu *cpu, vaddr va, uint32_t val)
{
	mem_w32(cpu, va, val);
}

static inline void write_STRB(struct cpu *cpu, vaddr va, uint32_t val)
{
	mem_w8(cpu, va, (uint8_t)val);
}

static inline void write_STRH(struct cpu *cpu, vaddr va, uint32_t val)
{
	mem_w16(cpu, va, (uint16_t)val);
}

/* The same with the rights of PL0. */

static uint32_t read_LDRT(struct cpu *cpu, vaddr va)
{
	return memu_read(cpu, va, 4);
}

static uint32_t read_LDRBT(struct cpu *cpu, vaddr va)
{
	return memu_read(cpu, va, 1);
}

static uint32_t read_LDRHT(struct cpu *cpu, vaddr va)
{
	return memu_read(cpu, va, 2);
}

static uint32_t read_LDRSBT(struct cpu *cpu, vaddr va)
{
	return (uint32_t)(int8_t)memu_read(cpu, va, 1);
}

static uint32_t read_LDRSHT(struct cpu *cpu, vaddr va)
{
	return (uint32_t)(int16_t)memu_read(cpu, va, 2);
}

static void write_STRT(struct cpu *cpu, vaddr va, uint32_t val)
{
	memu_write(cpu, va, 4, val);
}

static void write_STRBT(struct cpu *cpu, vaddr va, uint32_t val)
{
	memu_write(cpu, va, 1, (uint8_t)val);
}

static void write_STRHT(struct cpu *cpu, vaddr va, uint32_t val)
{
	memu_write(cpu, va, 2, (uint16_t)val);
}

/* The forms.  clang-format 14 takes the macros' blocks for initializers. */
/* clang-format off */

#define LOAD_FORM(name, form)                                             \
	void exec_##name##_##form(struct cpu *cpu, const struct insn *in) \
	{                                                                 \
		uint32_t base = base_of(cpu, in);                         \
		uint32_t offset = offset_##form(cpu, in);                 \
		uint32_t val;                                             \
                                                                          \
		val = read_##name(cpu, in->p ? base + offset : base);     \
		loaded(cpu, in, offset, base, val);                       \
	}

#define STORE_FORM(name, form)                                            \
	void exec_##name##_##form(struct cpu *cpu, const struct insn *in) \
	{                                                                 \
		uint32_t base = base_of(cpu, in);                         \
		uint32_t offset = offset_##form(cpu, in);                 \
                                                                          \
		write_##name(cpu, in->p ? base + offset : base,           \
			     cpu->r[in->rt]);                             \
		if (in->w)                                                \
			cpu->r[in->rn] = base + offset;                   \
	}

/* Quick variants: no write back, and neither register is the PC. */
#define LOAD_QUICK(name)                                                  \
	static void name##_near(struct cpu *cpu, const struct insn *in)   \
	{                                                                 \
		cpu->r[in->rt] = read_##name(cpu, cpu->r[in->rn] +        \
						  in->imm);               \
	}                                                                 \
	static void name##_lit(struct cpu *cpu, const struct insn *in)    \
	{                                                                 \
		cpu->r[in->rt] = read_##name(cpu, (cpu->r[15] & ~3u) +    \
						  in->imm);               \
	}                                                                 \
	static void name##_sum(struct cpu *cpu, const struct insn *in)    \
	{                                                                 \
		cpu->r[in->rt] = read_##name(                             \
			cpu, cpu->r[in->rn] +                             \
				     (cpu->r[in->rm] << in->shift_imm));  \
	}

#define STORE_QUICK(name)                                                 \
	static void name##_near(struct cpu *cpu, const struct insn *in)   \
	{                                                                 \
		write_##name(cpu, cpu->r[in->rn] + in->imm,               \
			     cpu->r[in->rt]);                             \
	}                                                                 \
	static void name##_sum(struct cpu *cpu, const struct insn *in)    \
	{                                                                 \
		write_##name(cpu,                                         \
			     cpu->r[in->rn] +                             \
				     (cpu->r[in->rm] << in->shift_imm),   \
			     cpu->r[in->rt]);                             \
	}

#define LOAD(name)                                                        \
	LOAD_FORM(name, imm)                                              \
	LOAD_FORM(name, reg)                                              \
	LOAD_QUICK(name)

#define STORE(name)                                                       \
	STORE_FORM(name, imm)                                             \
	STORE_FORM(name, reg)                                             \
	STORE_QUICK(name)

LOAD(LDR)
LOAD(LDRB)
LOAD(LDRH)
LOAD(LDRSB)
LOAD(LDRSH)
STORE(STR)
STORE(STRB)
STORE(STRH)
LOAD_FORM(LDRT, imm)
LOAD_FORM(LDRT, reg)
LOAD_FORM(LDRBT, imm)
LOAD_FORM(LDRBT, reg)
LOAD_FORM(LDRHT, imm)
LOAD_FORM(LDRHT, reg)
LOAD_FORM(LDRSBT, imm)
LOAD_FORM(LDRSBT, reg)
LOAD_FORM(LDRSHT, imm)
LOAD_FORM(LDRSHT, reg)
STORE_FORM(STRT, imm)
STORE_FORM(STRT, reg)
STORE_FORM(STRBT, imm)
STORE_FORM(STRBT, reg)
STORE_FORM(STRHT, imm)
STORE_FORM(STRHT, reg)
/* clang-format on */

static bool simple(const struct insn *in)
{
	return in->p && !in->w && in->rt != 15;
}

static unsigned int pick_imm(const struct insn *in)
{
	if (!simple(in))
		return QUICK_NONE;
	return in->rn == 15;
}

static unsigned int pick_reg(const struct insn *in)
{
	if (!simple(in) || in->rn == 15 || !in->u ||
	    in->shift_type != SHIFT_LSL)
		return QUICK_NONE;
	return 0;
}

/* A store has no variant for literals: none is in the table, so the general
 * function stays. */
#define QUICK_LOAD(name)                                              \
	{ exec_##name##_imm, pick_imm, { name##_near, name##_lit } }, \
	{                                                             \
		exec_##name##_reg, pick_reg,                          \
		{                                                     \
			name##_sum                                    \
		}                                                     \
	}
#define QUICK_STORE(name)                                 \
	{ exec_##name##_imm, pick_imm, { name##_near } }, \
	{                                                 \
		exec_##name##_reg, pick_reg,              \
		{                                         \
			name##_sum                        \
		}                                         \
	}

/* clang-format off */
const struct quick quick_mem[] = {
	QUICK_LOAD(LDR), QUICK_LOAD(LDRB), QUICK_LOAD(LDRH),
	QUICK_LOAD(LDRSB), QUICK_LOAD(LDRSH),
	QUICK_STORE(STR), QUICK_STORE(STRB), QUICK_STORE(STRH),
	{ NULL }
};
/* clang-format on */

/* LDRD, STRD: one access where the address is that of a doubleword, as LPAE's
 * descriptors need; else two of a word each, and no fault between them. */

static uint64_t read_dual(struct cpu *cpu, vaddr va)
{
	const uint32_t *p = mem_fast(cpu, va, 8, ACCESS_READ);

	if (p && (va & 7) == 4)
		return __atomic_load_n(p, __ATOMIC_RELAXED) |
		       (uint64_t)__atomic_load_n(p + 1, __ATOMIC_RELAXED) << 32;
	return memx_r64(cpu, va);
}

static void write_dual(struct cpu *cpu, vaddr va, uint64_t val)
{
	uint32_t *p = mem_fast(cpu, va, 8, ACCESS_WRITE);

	if (p && (va & 7) == 4) {
		__atomic_store_n(p, (uint32_t)val, __ATOMIC_RELAXED);
		__atomic_store_n(p + 1, (uint32_t)(val >> 32),
				 __ATOMIC_RELAXED);
		return;
	}
	memx_w64(cpu, va, val);
}

static void load_dual(struct cpu *cpu, const struct insn *in, uint32_t offset)
{
	uint32_t base = base_of(cpu, in);
	uint64_t val = read_dual(cpu, in->p ? base + offset : base);

	cpu->r[in->rt] = (uint32_t)val;
	cpu->r[in->ra] = (uint32_t)(val >> 32);
	if (in->w)
		cpu->r[in->rn] = base + offset;
}

static void store_dual(struct cpu *cpu, const struct insn *in, uint32_t offset)
{
	uint32_t base = base_of(cpu, in);

	write_dual(cpu, in->p ? base + offset : base,
		   cpu->r[in->rt] | (uint64_t)cpu->r[in->ra] << 32);
	if (in->w)
		cpu->r[in->rn] = base + offset;
}

void exec_LDRD_imm(struct cpu *cpu, const struct insn *in)
{
	load_dual(cpu, in, in->imm);
}

void exec_LDRD_reg(struct cpu *cpu, const struct insn *in)
{
	load_dual(cpu, in, offset_reg(cpu, in));
}

void exec_STRD_imm(struct cpu *cpu, const struct insn *in)
{
	store_dual(cpu, in, in->imm);
}

void exec_STRD_reg(struct cpu *cpu, const struct insn *in)
{
	store_dual(cpu, in, offset_reg(cpu, in));
}

/* LDM, STM: imm is the list, x the number of registers in it. */

static uint32_t lowest(const struct cpu *cpu, const struct insn *in)
{
	uint32_t base = cpu->r[in->rn];

	if (in->u)
		return in->p ? base + 4 : base;
	return base - 4u * in->x + (in->p ? 0 : 4);
}

static void write_back(struct cpu *cpu, const struct insn *in)
{
	if (in->w)
		cpu->r[in->rn] += in->u ? 4u * in->x : -4u * in->x;
}

/* All words of the list, or an abort. */
static void read_block(struct cpu *cpu, vaddr va, unsigned int n,
		       uint32_t *ret_words)
{
	const uint32_t *p = mem_fast(cpu, va, 4 * n, ACCESS_READ);

	if (likely(p && !(va & 3))) {
		for (unsigned int i = 0; i < n; i++)
			ret_words[i] = __atomic_load_n(p + i, __ATOMIC_RELAXED);
		return;
	}
	mem_probe_words(cpu, va, 4 * n, ACCESS_READ);
	for (unsigned int i = 0; i < n; i++)
		ret_words[i] = memx_r32(cpu, va + 4 * i);
}

static void write_block(struct cpu *cpu, vaddr va, unsigned int n,
			const uint32_t *words)
{
	uint32_t *p = mem_fast(cpu, va, 4 * n, ACCESS_WRITE);

	if (likely(p && !(va & 3))) {
		for (unsigned int i = 0; i < n; i++)
			__atomic_store_n(p + i, words[i], __ATOMIC_RELAXED);
		return;
	}
	mem_probe_words(cpu, va, 4 * n, ACCESS_WRITE);
	for (unsigned int i = 0; i < n; i++)
		memx_w32(cpu, va + 4 * i, words[i]);
}

/* '^' moves registers of User mode, whatever the mode is. */
static bool user_bank(const struct insn *in, unsigned int reg)
{
	return in->s && reg >= 8 && reg <= 14;
}

static void undefined_at_pl0(struct cpu *cpu)
{
	if (!cpu_privileged(cpu))
		cpu_raise(cpu, EXCP_UNDEF); /* UNPREDICTABLE (B9.3.6) */
}

void exec_STM(struct cpu *cpu, const struct insn *in)
{
	uint32_t words[16];
	unsigned int n = 0;

	if (unlikely(in->s))
		undefined_at_pl0(cpu);
	for (uint32_t list = in->imm; list; list &= list - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(list);

		words[n++] = unlikely(user_bank(in, reg))
				     ? cpu_user_reg(cpu, reg)
				     : cpu->r[reg];
	}
	write_block(cpu, lowest(cpu, in), n, words);
	write_back(cpu, in);
}

/* With the PC '^' is not the user bank but a return from an exception. */
static void load_and_return(struct cpu *cpu, const struct insn *in,
			    const uint32_t *words)
{
	uint32_t spsr = exception_spsr(cpu);

	write_back(cpu, in);
	for (uint32_t list = in->imm & 0x7fff; list; list &= list - 1)
		cpu->r[__builtin_ctz(list)] = *words++;
	exception_return(cpu, *words, spsr);
}

static void load_user(struct cpu *cpu, const struct insn *in,
		      const uint32_t *words)
{
	for (uint32_t list = in->imm; list; list &= list - 1) {
		unsigned int reg = (unsigned int)__builtin_ctz(list);

		if (user_bank(in, reg))
			cpu_set_user_reg(cpu, reg, *words++);
		else
			cpu->r[reg] = *words++;
	}
}

void exec_LDM(struct cpu *cpu, const struct insn *in)
{
	uint32_t words[16];
	const uint32_t *next = words;

	if (unlikely(in->s))
		undefined_at_pl0(cpu);
	read_block(cpu, lowest(cpu, in), in->x, words);
	if (unlikely(in->s)) {
		if (bit32(in->imm, 15))
			load_and_return(cpu, in, words);
		else
			load_user(cpu, in, words);
		return;
	}
	write_back(cpu, in);
	for (uint32_t list = in->imm & 0x7fff; list; list &= list - 1)
		cpu->r[__builtin_ctz(list)] = *next++;
	if (bit32(in->imm, 15))
		exec_bx(cpu, *next);
}
