/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator's intermediate representation (DESIGN.md §7 "Pipeline").
 *
 * A unit is one superblock of guest code: a list of operations, each of which
 * gives at most one value, named by its index; values are never changed (SSA
 * inside of the unit).  Control flow only goes forward: out by an exit, over
 * a few operations by SKIP_UNLESS.  What lives longer than the unit is guest
 * state, a structure of bytes that GET and SET name by offset and width.
 *
 * Nothing here knows the guest's processor or the host's: what an offset
 * means, where the flags lie, which offsets are kept in host registers, the
 * back end is told by struct ir_layout.
 *
 * Guest instructions.  INSN begins one.  An operation that cannot go on (a
 * miss in the flat views, an odd case) *falls back*: the whole instruction is
 * done by its interpreter function, out of line, and the unit goes on at the
 * next boundary (INSN, END_SKIP).  For that, an instruction must not have
 * changed any state before its last operation that falls back, and no value
 * that it defines may be used after its end (state is read again; the
 * optimizer forwards a SET to a GET over a boundary only where no fall-back
 * of that instruction is possible).  The verifier checks both.  No value but
 * constants lives over an END_SKIP.  A WINDOW's value may do both, if it has
 * IR_KEEP; none lives over a CALL.  A path inside of a skip may end in an
 * EXIT, EXIT_TO, EXIT_AMONG or EXIT_NEXT; END_SKIP then follows.
 *
 * FLAGS values have no place of their own: SETF writes the guest's, whose
 * removal when nothing can see them is the optimizer's work.  An instruction
 * that may fall back or exit sees all of the state, flags included.  The
 * value of a GETF is not used once the guest's flags were written.  Where an
 * ADD, ADC, SUB or SBC and the FLAGS_ of the same are both wanted, they stand
 * next to each other, the value first: then one host instruction does both.
 */
#ifndef IR_IR_H
#define IR_IR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum ir_type {
	IR_NONE,
	IR_I32,
	IR_I64,
	IR_PTR, /* a host address */
	IR_FLAGS,
	IR_F32, /* scalars and vectors: in vector registers */
	IR_F64,
	IR_V64,
	IR_V128,
	IR_SAME, /* only in ops.inc */
};

enum ir_effect {
	IR_READS_STATE = 1 << 0,
	IR_WRITES_STATE = 1 << 1,
	IR_READS_FLAGS = 1 << 2,
	IR_WRITES_FLAGS = 1 << 3,
	IR_MEMORY = 1 << 4,
	IR_FALLS_BACK = 1 << 5, /* may leave for the fall-back */
	IR_EXITS = 1 << 6,      /* may leave the unit; sees all state */
	IR_BOUNDARY = 1 << 7,   /* between guest instructions */
	IR_CONTROL = 1 << 8,    /* never removed, never moved */
	IR_ALL_STATE = 1 << 9,  /* reads and writes any state */
	IR_LAST = 1 << 10,      /* nothing follows */
};

enum ir_opcode {
#define IROP(name, result, args, effects, text) IR_##name,
#include "ir/ops.inc"
#include "ir/vector.inc"
#undef IROP
	IR_OPS
};

/* Conditions: the A64/A32 numbers. */
enum ir_cc {
	IR_EQ,
	IR_NE,
	IR_CS,
	IR_CC,
	IR_MI,
	IR_PL,
	IR_VS,
	IR_VC,
	IR_HI,
	IR_LS,
	IR_GE,
	IR_LT,
	IR_GT,
	IR_LE,
};

enum ir_flag_mask {
	IR_FLAG_V = 1,
	IR_FLAG_C = 2,
	IR_FLAG_Z = 4,
	IR_FLAG_N = 8,
	IR_FLAG_NZ = 12,
	IR_FLAG_NZCV = 15,
};

enum ir_op_flag {
	IR_SIGNED = 1 << 0,
	IR_ALIGNED = 1 << 1,
	IR_WRITE = 1 << 2,
	IR_KEEP = 1 << 3,
};

/* Bytes in the state. */
static inline unsigned int ir_type_size(enum ir_type type)
{
	switch (type) {
	case IR_I64:
	case IR_PTR:
	case IR_F64:
	case IR_V64:
		return 8;
	case IR_V128:
		return 16;
	default:
		return 4;
	}
}

typedef uint16_t ir_ref; /* a value: the index of the operation */

enum {
	IR_NO_REF = 0xffff,
	IR_MAX_OPS = 4096,
	IR_MAX_EXITS = 128,
	IR_MAX_INSNS = 64,
};

#define IR_NO_RETRY UINT32_MAX

struct ir_op {
	uint8_t op;    /* enum ir_opcode */
	uint8_t type;  /* enum ir_type of the result, or of what SET writes */
	uint8_t cc;    /* enum ir_cc */
	uint8_t flags; /* enum ir_op_flag */
	uint8_t size;  /* of a memory access, bytes; of a vector element;
			* how many exits */
	uint8_t sub;   /* vector.inc: a variant */
	ir_ref a, b, c;
	uint16_t insn; /* the guest instruction it belongs to */
	uint64_t imm;
};

/* A direct exit. */
struct ir_exit {
	uint32_t target; /* where to: see jit/; opaque here */
	bool back;       /* goes backwards: attention is tested first */
	bool self;       /* to this unit's own begin */
};

/* What the back end must know of the guest's state. */
/* While translated code runs, guest flags may be those of an operation that
 * nobody has worked out yet. */
enum ir_lazy {
	IR_LAZY_NONE,       /* the flag's word has it */
	IR_LAZY_SUB,        /* of lazy_a - lazy_b */
	IR_LAZY_SUB_RESULT, /* the same, but lazy_a is the difference */
	IR_LAZY_ADD,        /* of lazy_a + lazy_b */
	IR_LAZY_ADD_RESULT, /* lazy_a is the sum */
};

struct ir_layout {
	uint16_t n, z, c, v; /* 32-bit words: N is bit 31 of n, Z is z == 0,
			      * C is 0 or 1, V is bit 31 of v */
	/* A word: byte i is the enum ir_lazy of the flag 1 << i (enum
	 * ir_flag_mask), all 0 wherever translated code begins, ends or calls.
	 * Words: its operands; those that are not 0 are equal. */
	uint16_t lazy, lazy_a, lazy_b;
	uint16_t attention; /* a word: not 0, somebody wants us */
	/* offsets of 32-bit state that lives in host registers between
	 * units, the most used first */
	uint16_t pinned[10];
	unsigned int pinned_count;
};

struct ir_unit {
	struct ir_op op[IR_MAX_OPS];
	unsigned int count;
	struct ir_exit exit[IR_MAX_EXITS];
	unsigned int exits;
	unsigned int insns;
	bool overflow; /* an operation did not fit: the unit is of no use */
	const struct ir_layout *layout;
	/* Which flags somebody may read after direct exit n (enum
	 * ir_flag_mask): the front end's knowledge of what follows there;
	 * IR_FLAG_NZCV when it does not know. */
	uint8_t exit_flags[IR_MAX_EXITS];
	/* By instruction: the target of exits to code that begins there and
	 * has no WINDOWs, or IR_NO_RETRY. */
	uint32_t retry[IR_MAX_INSNS];
};

struct ir_info {
	const char *name, *text;
	uint8_t result; /* enum ir_type */
	uint8_t args;
	uint16_t effects;
};

/* By enum ir_opcode. */
extern const struct ir_info ir_info[];

void ir_begin(struct ir_unit *u, const struct ir_layout *layout);

/* Append; returns the value.  Constants and trivial identities are folded
 * here.  When the unit is full it becomes 'overflow' and 0 is returned. */
ir_ref ir_add(struct ir_unit *u, struct ir_op op);

/* The common shapes of it. */
ir_ref ir_const(struct ir_unit *u, enum ir_type type, uint64_t val);
ir_ref ir_get(struct ir_unit *u, enum ir_type type, unsigned int offset);
void ir_set(struct ir_unit *u, enum ir_type type, unsigned int offset,
	    ir_ref val);
ir_ref ir_op1(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
	      ir_ref a);
ir_ref ir_op2(struct ir_unit *u, enum ir_opcode op, enum ir_type type, ir_ref a,
	      ir_ref b);
ir_ref ir_op3(struct ir_unit *u, enum ir_opcode op, enum ir_type type, ir_ref a,
	      ir_ref b, ir_ref c);

/* Forward gets, fold constants, drop flags and values that nobody sees. */
void ir_optimize(struct ir_unit *u);

/* NULL if the unit keeps the rules above, else what it breaks (static
 * text), with the operation's number in *ret_at. */
const char *ir_verify(const struct ir_unit *u, unsigned int *ret_at);

void ir_dump(const struct ir_unit *u, FILE *to);

#endif
