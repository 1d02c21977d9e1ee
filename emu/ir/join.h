/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joining accesses into WINDOWs: room for ir_join() to work in.
 */
#ifndef IR_JOIN_H
#define IR_JOIN_H

#include "ir/ir.h"

enum {
	IR_JOIN_WORDS = 64,
	IR_JOIN_ACCESSES = 128,
	IR_JOIN_WINDOWS = 16,
	IR_JOIN_SPAN = 1024,  /* of a WINDOW, bytes at most */
	IR_JOIN_INDEX = 2044, /* greatest index; its WINDOW spans them all */
};

struct ir_symbol {
	uint16_t base; /* 0: a constant; else number of the operation + 1 */
	uint32_t add;
};

/* What a word of the state holds. */
struct ir_word {
	uint16_t offset, set; /* set: the SET's number, or 0 */
	bool known;
	struct ir_symbol is;
	uint32_t most;
};

struct ir_access {
	ir_ref op, index; /* what is added beside, or IR_NO_REF */
	uint8_t scale;    /* log2 of what the index is multiplied by */
	uint8_t window;   /* its number, or none */
	uint16_t insn;
	uint16_t base, length;
	uint32_t at;       /* added to the base */
	uint16_t word;     /* of the state, that holds the base */
	uint32_t word_add; /* plus this */
	uint8_t align;
	bool write, skipped;
	bool alone; /* its HOST is SWAP_IF's */
};

struct ir_window {
	uint16_t first; /* its first access */
	uint16_t length;
	uint32_t at; /* added to the base */
	uint8_t align;
	bool write;
};

struct ir_join {
	struct ir_unit *u;
	struct ir_symbol symbol[IR_MAX_OPS];
	uint32_t most[IR_MAX_OPS]; /* that a value can be */
	ir_ref map[IR_MAX_OPS];    /* where operations go */
	uint8_t of[IR_MAX_OPS];    /* the access, or none */
	struct ir_word word[IR_JOIN_WORDS];
	struct ir_access access[IR_JOIN_ACCESSES];
	unsigned int accesses;
	struct ir_window windows[IR_JOIN_WINDOWS];
	ir_ref made[IR_JOIN_WINDOWS]; /* where the WINDOWs go */
	unsigned int count;
	unsigned int skip; /* the open SKIP_UNLESS, or 0 */
};

/* Join accesses into WINDOWs; before the optimizer, for units whose retry[] is
 * set.  What j holds before is of no matter. */
void ir_join(struct ir_join *j, struct ir_unit *u);

#endif
