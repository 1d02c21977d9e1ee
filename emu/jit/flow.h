/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit in the making: where it stands and how it goes on (translate.c).
 */
#ifndef JIT_FLOW_H
#define JIT_FLOW_H

#include "jit/trans.h"
#include "jit/translate.h"

struct flow {
	struct trans t;
	struct cpu *cpu;
	struct code_at code;
	bool thumb;
	unsigned int off;   /* of the instruction at hand */
	unsigned int next;  /* where the unit goes on if it has not ended */
	unsigned int round; /* if the unit is a loop: its instructions */
	unsigned int last;  /* how many instructions it may have */
	unsigned int backs; /* jumps back that it has followed */
	unsigned int high;  /* where the highest of them stands */
	/* a condition that the guest's flags are known to meet; 14: none */
	uint8_t holds;
	bool versioned;
	bool single; /* left as soon as it may be: no jumps back are followed */
	uint64_t marked; /* lines of the page that are known to be watched */
	struct draft *made;
};

/* The bytes [off, off + len) of the page are watched from now on.  False if
 * what was read before may be old already. */
bool flow_mark(struct flow *f, unsigned int off, unsigned int len);

/* Whether a direct exit may lead to this offset: it lies in the page, as does
 * all of the instruction there. */
bool flow_inside(const struct flow *f, uint32_t off);

/* A new direct exit to this offset of the page. */
unsigned int flow_exit(struct flow *f, unsigned int off);

/* The virtual address of this offset, plus T. */
ir_ref flow_address(struct flow *f, uint32_t off);

/* The unit's last operation: on to this offset, which may lie outside of the
 * page (modulo 2^32). */
void flow_leave(struct flow *f, uint32_t off);

/* Branches whose targets are known: true if it was one and is done, with
 * f->next or f->t.ended as it has to be. */
bool flow_branch(struct flow *f, const struct insn *in);

#endif
