/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoded instructions of one CPU, in blocks (interp.c runs them).
 *
 * A block ends at an instruction which may change the PC or the context
 * (INSN_ENDS_BLOCK), at the end of the page, or after ICACHE_INSNS.  Its
 * memory stays until the next call that looks for another block.
 */
#ifndef ARM_ICACHE_H
#define ARM_ICACHE_H

#include "arm/cpu.h"
#include "arm/mmu.h"

enum {
	ICACHE_INSNS = 64
};

struct block {
	struct codepage *page;
	uint32_t version; /* of page, when this was decoded */
	uint16_t end;     /* offset in the page after the last instruction */
	uint8_t n;        /* instructions */
	uint8_t it_end;   /* ITSTATE after the last, if it does not branch */
	uint8_t pc_bias;  /* what r15 reads above the instruction's address */
	/* the last two ways on, inside of the page: offset plus T */
	struct link {
		uint32_t off;
		struct block *to;
	} link[2];
	struct block *next; /* of the same hash */
	uint64_t key;
	struct insn insn[];
};

int icache_init(struct cpu *cpu, struct err *err);
void icache_fini(struct cpu *cpu);
void icache_flush(struct cpu *cpu);

/* From now on only what has not run often yet comes here: less memory will do.
 * Before the first instruction. */
void icache_for_cold_code(struct cpu *cpu);

/* The block at pc_next; NULL when a prefetch abort was taken instead. */
struct block *icache_find(struct cpu *cpu);

/* The same; and if the page is that of from, where the CPU came from (offset
 * off, plus T), remember the way. */
struct block *icache_find_from(struct cpu *cpu, struct block *from,
			       uint32_t off);

/*
 * One instruction at this offset of a page, with its place; *it is the
 * ITSTATE at it, and then after it.  False if it does not lie within the page.
 */
bool icache_decode(struct insn *ret_in, const uint8_t *page, unsigned int off,
		   bool thumb, uint8_t *it);

/* Whether a T32 instruction begins at this offset that lies in the next page,
 * too. */
bool icache_straddles(const uint8_t *page, unsigned int off, bool thumb);

/* The same as icache_decode() for such a one, whose second half is the first
 * of the page at next.  False if there is none (any more). */
bool icache_decode_straddle(struct insn *ret_in, const uint8_t *page,
			    const uint8_t *next, uint8_t *it);

/* What pc_next means depends on this. */
static inline uint64_t icache_context(const struct cpu *cpu)
{
	return (uint64_t)mmu_generation(cpu) << 32 | mmu_fetch_id(cpu);
}

/* Nobody has written to this code since it was decoded. */
static inline bool icache_fresh(const struct block *b)
{
	return b->version ==
	       atomic_load_explicit(&b->page->version, memory_order_acquire);
}

#endif
