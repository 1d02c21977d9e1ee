/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lowerings of vector operations share. */
#ifndef X64_VECTOR_H
#define X64_VECTOR_H

#include "x64/gen.h"

#define P(op)   (X_66 | X_0F | (op))
#define P38(op) (X_66 | X_0F38 | (op))

enum {
	MOVQ_LOAD = X_F3 | X_0F | 0x7e, /* zeroes above */
	PAND = P(0xdb),
	PANDN = P(0xdf),
	POR = P(0xeb),
	PXOR = P(0xef),
	PADDD = P(0xfe),
	PSUBD = P(0xfa),
	PCMPEQD = P(0x76),
	PCMPGTD = P(0x66),
	PMINSD = P38(0x39),
	PTEST = P38(0x17),
	CMPPS = X_0F | 0xc2, /* predicate follows */
};

/* to = a op b; without AVX, if to is not a, it is b only if it is both. */
void gen_three(struct gen *g, unsigned int op, unsigned int to, unsigned int a,
	       unsigned int b);
void gen_three_mem(struct gen *g, unsigned int op, unsigned int to,
		   unsigned int a, struct host_mem b);
/* to = op a, which may be in memory */
void gen_two(struct gen *g, unsigned int op, unsigned int to, unsigned int a);
void gen_two_mem(struct gen *g, unsigned int op, unsigned int to,
		 struct host_mem a);
/* The result of a op b. */
void gen_binary(struct gen *g, unsigned int op, ir_ref a, ir_ref b);
/* A value in a register; if it is half a one, in a copy with zeroes above,
 * which floating point cannot raise exceptions for. */
unsigned int gen_use_clean(struct gen *g, ir_ref ref, bool half);

/* float.c, flush.c: the operation at hand. */
void gen_float(struct gen *g);
void gen_flush(struct gen *g);

static inline enum ir_type gen_type(const struct gen *g, ir_ref ref)
{
	return (enum ir_type)g->u->op[ref].type;
}

#endif
