/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One test of a few instructions: what goes in, what comes out.  The same
 * structures are read by our CPU's harness and by the reference runner under
 * qemu-arm, through a pipe; so this file includes nothing of ours.
 *
 * A batch of cases shares an address space.  Case n's code stands in slot n
 * of the code region, whose other bytes are undefined instructions of its
 * instruction set.  A case runs, in User mode, until an exception; the fill
 * gives it one after the last instruction.  The data region is read and
 * written, and restored after each case; nothing else is mapped.
 */
#ifndef CASE_H
#define CASE_H

#include <stdint.h>

enum {
	CASE_DATA = 0x50100000,
	CASE_DATA_SIZE = 0x1000,
	CASE_CODE = 0x50200000,
	CASE_SLOT = 64,   /* bytes */
	CASE_BATCH = 512, /* cases */
	CASE_CODE_WORDS = 10,
	CASE_FILL_A32 = (int)0xe7f000f0, /* UDF */
	CASE_FILL_T32 = (int)0xdeffdeff, /* UDF, twice */
	/* what of the CPSR is set and compared: N Z C V Q GE T E IT */
	CASE_CPSR = (int)0xfe0ffe20,
};

enum case_end {
	END_UNDEF,
	END_FAULT,     /* translation or permission, of data or code */
	END_ALIGNMENT, /* of data */
	END_BKPT,
	END_OTHER,
};

struct case_in {
	uint32_t code[CASE_CODE_WORDS]; /* as it lies in memory */
	uint32_t words;                 /* of code[] */
	uint32_t skip;                  /* not to be run, only to lie there */
	uint32_t seed;                  /* that the registers were made from */
	uint32_t cpsr;                  /* with T */
	uint32_t r[15];
	uint32_t fpscr;
	uint64_t d[32];
};

struct case_out {
	uint32_t r[16]; /* r[15]: of the instruction that ended it */
	uint32_t cpsr, fpscr;
	uint32_t memory; /* case_changes() */
	uint32_t end;    /* enum case_end */
	uint64_t d[32];
};

/* The data region's contents. */
static inline uint32_t case_pattern(uint32_t n)
{
	n = (n + 1) * 0x9e3779b1u;
	return n ^ n >> 15;
}

/* Put a case's code into its slot. */
static inline void case_load(uint32_t *slot, const struct case_in *in)
{
	uint32_t fill = in->cpsr & 0x20 ? (uint32_t)CASE_FILL_T32
					: (uint32_t)CASE_FILL_A32;

	for (uint32_t n = 0; n < CASE_SLOT / 4; n++)
		slot[n] = n < in->words && n < CASE_CODE_WORDS ? in->code[n]
							       : fill;
}

/* Put the data region back; returns a hash of what had changed, 0 if nothing
 * had. */
static inline uint32_t case_changes(uint32_t *data)
{
	uint32_t hash = 0;

	for (uint32_t n = 0; n < CASE_DATA_SIZE / 4; n++) {
		uint32_t want = case_pattern(n);

		if (data[n] == want)
			continue;
		hash = (hash ^ n) * 0x01000193u;
		hash = (hash ^ data[n]) * 0x01000193u;
		data[n] = want;
	}
	return hash;
}

#endif
