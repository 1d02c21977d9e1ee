/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system registers: what MRC, MCR, MRRC and MCRR of coprocessors 14 and
 * 15 reach, by the rows of cp15.inc.
 *
 * An access that is not allowed at the current privilege, or that no row
 * names, raises EXCP_UNDEF and does not return; so do those of the other
 * coprocessors.
 */
#ifndef ARM_CP15_H
#define ARM_CP15_H

#include "arm/cpu.h"

enum {
	CP15_ANY = 0xff, /* struct cp15_reg: each value of that field */
};

enum cp15_rights {
	CP15_PL1_READ = 1 << 0,
	CP15_PL1_WRITE = 1 << 1,
	CP15_PL0_READ = 1 << 2,
	CP15_PL0_WRITE = 1 << 3,
};

/* n tells the registers of one row apart: CRm << 3 | opc2. */
typedef uint64_t cp15_read_fn(struct cpu *cpu, unsigned int n);
typedef void cp15_write_fn(struct cpu *cpu, unsigned int n, uint64_t val);

struct cp15_reg {
	const char *name;
	uint8_t cp, crn, opc1, crm, opc2; /* or CP15_ANY */
	uint8_t rights;                   /* enum cp15_rights */
	uint16_t offset;  /* in struct cpu; 0: by the functions or value */
	uint32_t mask;    /* what a write to offset changes, without write */
	uint32_t a7, a15; /* a value that never changes */
	cp15_read_fn *read;
	cp15_write_fn *write; /* also with offset; NULL without: ignored */
};

/* An instruction's registers: crn is 0 for the 64-bit forms. */
struct cp15_at {
	uint8_t cp, crn, opc1, crm, opc2;
	bool wide;
};

uint64_t cp15_read(struct cpu *cpu, struct cp15_at at);
void cp15_write(struct cpu *cpu, struct cp15_at at, uint64_t val);

/* The row that an access finds, or NULL. */
const struct cp15_reg *cp15_find(struct cp15_at at);

/* All rows, for tests: of 32 bits, then of 64. */
const struct cp15_reg *cp15_rows(bool wide, unsigned int *ret_count);

/* The table from the rows, before the first access; again, it does nothing. */
void cp15_tables(void);

void cp15_reset(struct cpu *cpu);

#endif
