/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From guest code to a unit of IR: which instructions it has, and the frame
 * around each row's translation (trans.h).
 *
 * A unit goes on through conditional branches that are not taken and through
 * forward direct jumps, and never over a page's end.
 */
#ifndef JIT_TRANSLATE_H
#define JIT_TRANSLATE_H

#include "arm/cpu.h"
#include "ir/ir.h"
#include "ir/join.h"
#include "jit/unit.h"

enum {
	TRANSLATE_INSNS = 63, /* one boundary more closes the unit */
	/* in a target: to a unit whose accesses are not joined (ir_join()),
	 * which begins at this instruction of the one that is left */
	TRANSLATE_SINGLE = 1 << 12,
	TRANSLATE_INSN_SHIFT = 16,
};

/* The pages of code.  tail: if the first instruction is a T32 one that lies in
 * two pages, the second one; else NULL. */
struct code_at {
	const uint8_t *host, *tail;
	paddr pa, tail_pa;
};

/* A unit in the making; large, so there is one for each CPU. */
struct draft {
	struct ir_unit ir;
	struct ir_join join;
	struct jit_insn insn[IR_MAX_INSNS];
	unsigned int insns;
	/* of the pages, as their code was read */
	uint32_t version, tail_version;
	/* no row for these instructions; or NULL */
	bool (*must_call)(const struct insn *in);
};

/* Where cpu's state lies. */
extern const struct ir_layout translate_layout;

/*
 * The code at offset off of these pages; off may have TRANSLATE_SINGLE, and
 * exits' targets have it where such a unit must follow.
 * False if nothing there can be translated: then the interpreter has to do it.
 */
bool translate(struct cpu *cpu, const struct code_at *code, unsigned int off,
	       struct draft *ret);

#endif
