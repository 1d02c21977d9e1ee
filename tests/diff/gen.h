/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions from the encoding rows, and states that make them
 * interesting: edge values, addresses in the data region.
 */
#ifndef GEN_H
#define GEN_H

#include "arm/decode.h"
#include "insn/state.h"

struct gen {
	struct random random;
};

/* What is not tested this way, and why. */
struct gen_exclusion {
	const char *exec; /* rows of this function: exec_name; "*": any */
	/* NULL: all of them */
	bool (*when)(const struct insn *in);
	const char *reason;
	const char *section; /* of the manual, if it is UNPREDICTABLE */
};
extern const struct gen_exclusion gen_exclusions[]; /* ends with exec NULL */

/* Whether a decoded instruction may be run by both sides. */
bool gen_allowed(const struct insn *in);

/*
 * A case with an instruction of this row; thumb says in which instruction set
 * a row of the tables that serve both (VFP, NEON, coprocessor) is to be.
 */
void gen_case(struct gen *g, enum insn_op op, bool thumb, struct case_in *ret);

/* Is there a row whose name begins so?  A case of one of those, at random. */
bool gen_has_row(const char *prefix);
void gen_row(struct gen *g, const char *prefix, struct case_in *ret);

/*
 * Floating point by the table instead of by chance: a row that does
 * arithmetic, compares, converts or rounds has gen_edges() cases, in which
 * each pair of edge values (state.h) meets each rounding mode, FZ and DN, and
 * the cumulative flags begin clear.  0: no such row.
 */
unsigned int gen_edges(enum insn_op op);
void gen_edge_case(struct gen *g, enum insn_op op, unsigned int n,
		   struct case_in *ret);

/*
 * For longer programs: the word of any row in this instruction set (T32 with
 * its first halfword on top), decoded as outside of an IT block.
 */
uint32_t gen_word(struct gen *g, bool thumb, struct insn *ret_in);

/* Is rn an address? */
bool gen_is_memory(const struct insn *in);

/* The load that lets this store exclusive succeed, or 0: it is none. */
uint32_t gen_exclusive_load(const struct insn *in);

/* A case with up to four instructions of any rows. */
void gen_any(struct gen *g, struct case_in *ret);

/* A case with up to six VFP and NEON instructions, often of few registers. */
void gen_vectors(struct gen *g, struct case_in *ret);

/* With as many as fit. */
void gen_many(struct gen *g, struct case_in *ret);

/* A case with words that are in no row's form on purpose. */
void gen_words(struct gen *g, struct case_in *ret);

#endif
