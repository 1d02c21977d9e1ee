/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers, and states of the processor made from a seed.
 *
 * Recorded vectors name a seed instead of fifty registers: a change here asks
 * for all of vectors/ to be recorded again (record.sh).
 */
#ifndef STATE_H
#define STATE_H

#include "case.h"

struct random {
	uint64_t state; /* any seed */
};

uint32_t random_next(struct random *r);

/*
 * All of *ret but the code: core registers with edge values, flags, VFP
 * registers with floating-point numbers of all kinds in both precisions, and
 * an FPSCR with any rounding mode, flush-to-zero, default NaN.
 */
void state_from_seed(uint32_t seed, struct case_in *ret);

/* The floating-point numbers where something changes, each positive and
 * negative: n below STATE_EDGES (taken modulo their number). */
enum {
	STATE_EDGES = 60
};
uint32_t state_edge32(unsigned int n);
uint64_t state_edge64(unsigned int n);

#endif
