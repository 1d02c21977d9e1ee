/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units of translated code, and the memory they live in: one cache for each
 * CPU, touched by its thread only.
 *
 * A unit is a fact about physical memory, as the interpreter's blocks are: it
 * is found by the physical address and what else its translation depends on.
 * Nothing in it depends on the virtual address.  It is valid while its page
 * has the version that it was made at (mem/codepages.h).
 *
 * A T32 instruction that lies in two pages is a unit by itself, which has a
 * second page.  What that is depends on the virtual address: such a unit is
 * found by both pages and entered through the jump cache only, whose entries
 * are of one mapping.
 *
 * When either memory is full everything is forgotten.
 */
#ifndef JIT_UNIT_H
#define JIT_UNIT_H

#include <stdatomic.h>

#include "arm/cpu.h"
#include "x64/x64.h"

/* What the code hands to interpret(). */
struct jit_insn {
	struct insn in; /* first: cpu->cur points to it */
	uint8_t it_after;
	bool called;  /* has no row: always done so */
	bool goes_on; /* the unit does, though it ends the interpreter's
		       * blocks: not if its exec function changes the mode */
};

#define UNIT_SINGLE (UINT64_C(1) << 62)

/* single: accesses are not joined (TRANSLATE_SINGLE). */
static inline uint64_t unit_key(paddr pa, bool thumb, bool privileged,
				bool aligned, bool single)
{
	return pa << 2 | (uint64_t)privileged << 1 | thumb |
	       (uint64_t)aligned << 63 | (single ? UNIT_SINGLE : 0);
}

/* The same page, seen in the same way. */
static inline bool unit_same_page(uint64_t key, uint64_t other)
{
	return !((key ^ other) & ~(UINT64_C(0xfff) << 2 | UNIT_SINGLE));
}

struct unit;

/* A direct exit; its token is its address. */
struct unit_exit {
	struct unit *unit;
	uint32_t target; /* offset in the page, plus T, TRANSLATE_SINGLE */
	uint8_t *site;   /* of the jump */
	bool in_table;   /* it is an entry of a table */
};

struct unit {
	uint64_t key;
	uint64_t tail; /* physical address of the second page, plus 1; or 0 */
	struct codepage *page, *tail_page; /* both the same without tail */
	uint32_t version, tail_version;
	uint16_t insns, exits;
	uint32_t visits;     /* that were verified or might have been */
	const uint8_t *code; /* NULL: must be interpreted */
	struct unit *next;   /* of the same hash */
	struct unit_exit *exit;
	struct jit_insn *insn;
};

struct unit_cache {
	uint8_t *code, *shared; /* shared: x64_new()'s, never dropped */
	size_t code_used, code_size;
	uint8_t *data;
	size_t data_used, data_size;
	struct unit **hash;
};

/* For one of so many CPUs. */
int unit_cache_init(struct unit_cache *c, unsigned int cpus, struct err *err);
void unit_cache_fini(struct unit_cache *c);
void unit_cache_flush(struct unit_cache *c);

/* The fresh unit of this key and second page, or NULL. */
struct unit *unit_find(struct unit_cache *c, uint64_t key, uint64_t tail);
void unit_add(struct unit_cache *c, struct unit *u);

/* Memory for one unit; NULL if it is full. */
void *unit_alloc(struct unit_cache *c, size_t size);

static inline bool unit_fresh(const struct unit *u)
{
	return u->version == atomic_load_explicit(&u->page->version,
						  memory_order_acquire) &&
	       u->tail_version == atomic_load_explicit(&u->tail_page->version,
						       memory_order_acquire);
}

#endif
