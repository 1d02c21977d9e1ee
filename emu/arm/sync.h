/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests from one CPU to the others: TLB maintenance that is broadcast, and
 * the withdrawal of write addends when a page becomes code.
 *
 * A request is posted to each other CPU's list and its ATT_SYNC is set.  A
 * CPU that is outside of the guest (WFI, a device access that waits for a
 * lock, stopped) counts as having answered: it serves its list before it
 * enters again.  Whoever waits serves its own list meanwhile and holds no
 * lock, so two that wait for each other both go on (DESIGN.md §7 "Between
 * CPUs").
 */
#ifndef ARM_SYNC_H
#define ARM_SYNC_H

#include "arm/cpu.h"

enum sync_kind {
	SYNC_FLUSH_ALL,
	SYNC_FLUSH_ASID,     /* arg: ASID */
	SYNC_FLUSH_PAGE,     /* arg: va | ASID */
	SYNC_FLUSH_PAGE_ALL, /* arg: va; all ASIDs */
	SYNC_UNMAP_WRITES,   /* arg: physical page */
};

/* Post to all others; does not wait. */
void sync_post(struct cpu *cpu, enum sync_kind kind, uint64_t arg);

/* Wait until all that this CPU posted was served (DSB). */
void sync_wait(struct cpu *cpu);

/* Serve what others posted: at ATT_SYNC, which the caller has cleared before.
 * It also happens while waiting and in a device access; ATT_SYNC stays set
 * then, so that whoever remembers translations looks up. */
void sync_serve(struct cpu *cpu);

/* Enter and leave the guest; leaving is allowed inside of a device access. */
void sync_enter(struct cpu *cpu);
void sync_leave(struct cpu *cpu);

/* Once sys->cpu[] is complete; a system of one CPU may do without. */
void sync_init(struct arm_system *sys);
void sync_fini(struct arm_system *sys);

#endif
