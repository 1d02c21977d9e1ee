/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of jit/verify.h share: verify.c runs, verify_memory.c has the
 * copies of memory, verify_compare.c compares and reports.
 */
#ifndef JIT_VERIFY_PARTS_H
#define JIT_VERIFY_PARTS_H

#include <pthread.h>
#include <stddef.h>

#include "arm/access.h"
#include "arm/view.h"
#include "jit/verify.h"

enum {
	PAGE_SIZE = 4096,
	PAGE_MASK = PAGE_SIZE - 1,
	PAGES = 2 * IR_MAX_INSNS, /* an instruction touches two at most */
	WRITES = 32 * IR_MAX_INSNS,
	COPIES = 512, /* kept; more than PAGES */
};

enum way {
	INTERPRETED,
	TRANSLATED,
	WAYS,
};

/* The CPU but for what is not of an instruction. */
struct state {
	uint8_t core[offsetof(struct cpu, cur)];
	uint8_t rest[offsetof(struct cpu, cp15) - offsetof(struct cpu, qf)];
	enum excp excp; /* raised, or EXCP_NONE */
	uint32_t fsr, far;
	uint32_t cpsr, fpscr;
};

struct touched {
	vaddr va; /* of the page */
	paddr pa;
	uint8_t *host;
	uint64_t lines; /* a bit for each that was touched */
};

struct copy {
	uint8_t *host; /* NULL: nothing */
	paddr pa;
	uint64_t lines;  /* brought in for this unit */
	uint64_t serial; /* of the unit that used it last */
};

struct write {
	paddr pa;
	unsigned int insn;
	uint8_t size;
	uint64_t val;
};

/* Who may be in the guest. */
struct turns {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next, now;
};

struct verify {
	struct cpu *cpu;
	struct access_overlay overlay;
	struct turns own, *turns;
	bool turn; /* it is ours */
	unsigned int units;
	int64_t *views;                   /* a pair */
	uint8_t (*data)[WAYS][PAGE_SIZE]; /* of copy[] */
	jmp_buf unwind;                   /* the run loop's */
	const int64_t *view_r, *view_w;   /* the CPU's own */

	const struct unit *unit;
	enum way way;
	unsigned int at;   /* the instruction at hand */
	unsigned int done; /* by the interpreter */
	unsigned int left; /* translated code: before this one, */
	bool single;       /* for a unit of single accesses */
	bool by_exit;      /* by an exit: how far it was is not known */
	bool once;         /* the next one can only be done once */
	bool hit;          /* code was written to */
	bool outside;      /* a device would be asked */
	unsigned int touched_n, used_n, writes_n;
	struct touched touched[PAGES];
	unsigned int used[PAGES]; /* copies of this unit, of copy[] */
	struct copy copy[COPIES];
	uint64_t serial; /* another for each run of a unit */
	struct write write[WRITES];
	struct state before, state[WAYS];
};

/* The overlay of arm/access.h that leads to the copies. */
extern const struct access_overlay verify_overlay;

/* The number of this unit's copy of a page, or -1. */
int verify_find_copy(const struct verify *v, const uint8_t *host);
/* The page's copies, kept ones or new ones, become this unit's. */
unsigned int verify_add_copy(struct verify *v, uint8_t *host, paddr pa);
/* The interpreter's copies as they were before. */
void verify_undo_writes(struct verify *v, unsigned int copy);
/* This unit's copies are not the same: not to be kept. */
void verify_drop_copies(struct verify *v);
/* Store what the first n instructions wrote, in their order. */
void verify_commit(struct verify *v, unsigned int n);

/* A word of the CPU's structure at this offset, as it is in a state. */
uint32_t verify_word(const struct state *s, size_t off);
/* Both ways came to the same. */
bool verify_same(const struct verify *v);

#endif
