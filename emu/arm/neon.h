/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the Advanced SIMD executors share: registers as vectors of elements.
 *
 * An instruction reads its operands into struct vec, works on elements there,
 * and writes the result back, so that overlapping registers need no thought.
 * A register number is of a doubleword; a quadword's is even, else UNDEFINED.
 */
#ifndef ARM_NEON_H
#define ARM_NEON_H

#include <string.h>

#include "arm/exec.h"
#include "arm/vfp.h"

struct vec {
	union {
		uint8_t b[16];
		uint16_t h[8];
		uint32_t w[4];
		uint64_t d[2];
	};
};

static inline struct vec vec_get(const struct cpu *cpu, unsigned int reg,
				 bool quad)
{
	struct vec v;

	v.d[0] = cpu->vfp.v.d[reg];
	v.d[1] = quad ? cpu->vfp.v.d[reg + 1] : 0;
	return v;
}

static inline void vec_put(struct cpu *cpu, unsigned int reg, bool quad,
			   const struct vec *v)
{
	cpu->vfp.v.d[reg] = v->d[0];
	if (quad)
		cpu->vfp.v.d[reg + 1] = v->d[1];
}

/* Element e of 8 << size bits, zero-extended. */
static inline uint64_t elem(const struct vec *v, unsigned int e,
			    unsigned int size)
{
	switch (size) {
	case 0:
		return v->b[e];
	case 1:
		return v->h[e];
	case 2:
		return v->w[e];
	default:
		return v->d[e];
	}
}

static inline void set_elem(struct vec *v, unsigned int e, unsigned int size,
			    uint64_t val)
{
	switch (size) {
	case 0:
		v->b[e] = (uint8_t)val;
		break;
	case 1:
		v->h[e] = (uint16_t)val;
		break;
	case 2:
		v->w[e] = (uint32_t)val;
		break;
	default:
		v->d[e] = val;
		break;
	}
}

/* The same, as a number: wide enough for any sum or shift of two. */
typedef __int128 wide;

static inline wide elem_num(const struct vec *v, unsigned int e,
			    unsigned int size, bool is_unsigned)
{
	uint64_t val = elem(v, e, size);
	unsigned int unused = 64 - (8u << size);

	if (is_unsigned)
		return val;
	return (int64_t)(val << unused) >> unused;
}

static inline wide elem_max(unsigned int size, bool is_unsigned)
{
	return ((wide)1 << ((8u << size) - !is_unsigned)) - 1;
}

static inline wide elem_min(unsigned int size, bool is_unsigned)
{
	return is_unsigned ? 0 : -((wide)1 << ((8u << size) - 1));
}

/* Saturate to an element, setting QC. */
static inline uint64_t elem_sat(struct cpu *cpu, wide n, unsigned int size,
				bool is_unsigned)
{
	wide max = elem_max(size, is_unsigned),
	     min = elem_min(size, is_unsigned);

	if (n >= min && n <= max)
		return (uint64_t)n;
	cpu->vfp.cumulative |= FPSCR_QC;
	return (uint64_t)(n < min ? min : max);
}

static inline void undef_if(struct cpu *cpu, bool undefined)
{
	if (unlikely(undefined))
		cpu_raise(cpu, EXCP_UNDEF);
}

/* The checks before anything else; regs: all register numbers or-ed that
 * must be even. */
static inline void neon_begin(struct cpu *cpu, unsigned int regs,
			      bool undefined)
{
	neon_check(cpu);
	undef_if(cpu, undefined || (regs & 1));
}

/* Registers of a Q-sized instruction, which must be even then. */
static inline unsigned int quad_regs(const struct insn *in, unsigned int regs)
{
	return in->q ? regs : 0;
}

/* How many elements of size are in a doubleword or quadword. */
static inline unsigned int elems(unsigned int size, bool quad)
{
	return (quad ? 16u : 8u) >> size;
}

#endif
