/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words to struct insn, by the rows of the .inc files.
 *
 * All functions always give an instruction that can be executed: a word that
 * no row matches has op OP_UNDEF, and one that its row's fix function refuses
 * keeps its op; both have exec_UNDEF.
 */
#ifndef ARM_DECODE_H
#define ARM_DECODE_H

#include "arm/insn.h"

enum decode_table {
	TABLE_A32,
	TABLE_A32_UNCOND,
	TABLE_T16,
	TABLE_T32,
	TABLE_VFP,
	TABLE_NEON,
	DECODE_TABLES
};

struct decode_row {
	const char *name, *exec_name, *fix_name;
	const char *bits;     /* as in the .inc file */
	exec_fn *exec;        /* all of what it does */
	uint32_t mask, value; /* it matches if (word & mask) == value; T16: in
			       * the low half */
	enum decode_table table;
};

/* Build the tables from the rows; once, before anything is decoded. */
void decode_init(void);

void decode_a32(struct insn *ret_in, uint32_t word);

/* it is ITSTATE at the instruction: it gives the condition, and inside of an
 * IT block 16-bit instructions do not set flags. */
void decode_t16(struct insn *ret_in, uint16_t half, uint8_t it);

/* word: the first halfword on top. */
void decode_t32(struct insn *ret_in, uint32_t word, uint8_t it);

/* Whether this halfword is the first of two. */
static inline bool decode_is_t32(uint16_t half)
{
	return half >= 0xe800;
}

/* The row of an operation below OP_UNDEF, for tests and what else walks over
 * the encodings. */
const struct decode_row *decode_row(enum insn_op op);

#endif
