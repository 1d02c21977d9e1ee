/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two formats of translation tables, for mmu.c.
 *
 * A walk finds the leaf of va and what it says, whatever the access; it fails
 * with the fault that no access escapes (ret->fsr, without WnR).  Both leave
 * in ret->memattr what their own …_par() makes a PAR of.
 */
#ifndef ARM_WALK_H
#define ARM_WALK_H

#include "arm/mmu.h"

enum {
	TTBCR_EAE = 1u << 31,
	ACCESS_ALL = ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC,
};

bool walk_short(const struct cpu *cpu, vaddr va, struct translation *ret);
bool walk_lpae(const struct cpu *cpu, vaddr va, struct translation *ret);

uint64_t walk_short_par(const struct cpu *cpu, const struct translation *t);
uint64_t walk_lpae_par(const struct cpu *cpu, const struct translation *t);

/*
 * What may be executed (B3.7.2): what can be read, is not XN (for PL1: nor
 * PXN), is not writable under SCTLR.WXN, and for PL1 not writable by PL0
 * under SCTLR.UWXN.  The rights hold reads and writes before.
 */
void walk_add_exec(const struct cpu *cpu, bool xn, bool pxn,
		   struct translation *t);

#endif
