/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mmu.c tells the memory of fetches (mmu_fetch(), see mmu.h).
 */
#ifndef ARM_FETCH_H
#define ARM_FETCH_H

#include "arm/cpu.h"

void fetch_init(struct cpu *cpu);
void fetch_fini(struct cpu *cpu);

/* cpu->view is another, or what it depends on. */
void fetch_context_changed(struct cpu *cpu);

/* TLB maintenance, as in mmu.h. */
void fetch_flush_all(struct cpu *cpu);
void fetch_flush_asid(struct cpu *cpu, unsigned int asid);
void fetch_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		      bool all_asids);

#endif
