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

#endif
