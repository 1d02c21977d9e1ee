/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations of the IR mean, in plain C, for a small guest: sixteen
 * words, four 64-bit ones, flags, 16 KiB of memory that repeats.
 */
#ifndef TEST_IR_EVAL_H
#define TEST_IR_EVAL_H

#include "ir/ir.h"
#include "x64/x64.h"

enum {
	EVAL_MEMORY = 0x4000
};

struct eval_state {
	uint32_t r[16];
	uint64_t wide[4];
	uint32_t n, z, c, v;
	uint32_t lazy, lazy_a, lazy_b;
	uint32_t attention, pc_next, page_va, context[2];
	uint8_t thumb;
	const int64_t *view_r;
	struct x64_jump *jumps;
	uint8_t *memory;            /* EVAL_MEMORY bytes */
	const struct ir_unit *unit; /* as built: what eval_insn() does */
};

extern const struct ir_layout eval_layout;

enum eval_end {
	EVAL_BOUNDARY, /* the instruction is done */
	EVAL_EXIT,     /* by a direct exit: its number */
	EVAL_TO,       /* pc_next and thumb say where */
	EVAL_POLL,
};

struct eval_result {
	enum eval_end end;
	unsigned int exit;
};

/* Instruction number n, or up to where the unit is left. */
struct eval_result eval_insn(struct eval_state *s, unsigned int n);

/* From the first instruction on. */
struct eval_result eval_unit(struct eval_state *s);
/* From this instruction on. */
struct eval_result eval_from(struct eval_state *s, unsigned int n);

/* What CALL does in this guest. */
void eval_call(struct eval_state *s, unsigned int n);

#endif
