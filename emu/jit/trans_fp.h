/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rows of VFP and NEON share.
 *
 * Host and guest agree on IEEE 754 but for a few cases, and those are found by
 * looking at values and done by the exec function (docs/decisions/
 * floating-point-by-looking.md).  What the host's instructions may leave in
 * MXCSR before such a look is never more than what ARM leaves in FPSCR.
 */
#ifndef JIT_TRANS_FP_H
#define JIT_TRANS_FP_H

#include "arm/vfp.h"
#include "jit/trans.h"

/* trans.fp_known */
enum trans_fp_known {
	FP_KNOWN_ON = 1 << 0,      /* vfp.mode is without VFP_MODE_OFF */
	FP_KNOWN_ORDER = 1 << 1,   /* vfp.order was written */
	FP_KNOWN_USUAL = 1 << 2,   /* without VFP_MODE_ODD */
	FP_KNOWN_NEAREST = 1 << 3, /* without VFP_MODE_DIRECTED */
};

/* Fall back if vfp.mode has one of these bits; VFP_MODE_OFF is always one,
 * as long as the unit does not know better.  Others than this leave the unit
 * for a single one, once; there each instruction looks by itself. */
void trans_fp_mode(struct trans *t, const struct insn *in, uint32_t bits);

static inline ir_ref trans_vec(struct trans *t, enum ir_opcode op,
			       enum ir_type type, unsigned int size, ir_ref a,
			       ir_ref b)
{
	return ir_add(t->u, (struct ir_op){ .op = (uint8_t)op,
					    .type = (uint8_t)type,
					    .size = (uint8_t)size,
					    .a = a,
					    .b = b });
}

static inline ir_ref trans_vec_imm(struct trans *t, enum ir_opcode op,
				   enum ir_type type, unsigned int size,
				   ir_ref a, uint64_t imm)
{
	return ir_add(t->u, (struct ir_op){ .op = (uint8_t)op,
					    .type = (uint8_t)type,
					    .size = (uint8_t)size,
					    .a = a,
					    .imm = imm });
}

/* Register n of S0 - S31, D0 - D31; a quadword's n is that of its low half.
 * type: F32 is an S register, V128 a quadword, others a D register. */
static inline unsigned int trans_fp_offset(enum ir_type type, unsigned int n)
{
	return type == IR_F32
		       ? (unsigned int)offsetof(struct cpu, vfp.v.s[0]) + 4 * n
		       : (unsigned int)offsetof(struct cpu, vfp.v.d[0]) + 8 * n;
}

static inline ir_ref trans_fp_get(struct trans *t, enum ir_type type,
				  unsigned int n)
{
	return ir_get(t->u, type, trans_fp_offset(type, n));
}

static inline void trans_fp_set(struct trans *t, enum ir_type type,
				unsigned int n, ir_ref val)
{
	ir_set(t->u, type, trans_fp_offset(type, n), val);
}

/* Its host address, when [va, va + bytes) lies within one page. */
static inline ir_ref trans_host(struct trans *t, ir_ref va, unsigned int bytes,
				unsigned int align, bool write)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_HOST,
					    .type = IR_PTR,
					    .size = (uint8_t)align,
					    .flags = write ? IR_WRITE : 0,
					    .a = va,
					    .imm = bytes });
}

static inline ir_ref trans_hload(struct trans *t, enum ir_type type,
				 ir_ref host, unsigned int at,
				 unsigned int size)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_HLOAD,
					    .type = (uint8_t)type,
					    .size = (uint8_t)size,
					    .a = host,
					    .imm = at });
}

static inline void trans_hstore(struct trans *t, ir_ref host, unsigned int at,
				unsigned int size, ir_ref val)
{
	ir_add(t->u, (struct ir_op){ .op = IR_HSTORE,
				     .size = (uint8_t)size,
				     .a = host,
				     .b = val,
				     .imm = at });
}

#endif
