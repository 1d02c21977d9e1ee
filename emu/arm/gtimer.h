/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generic timer (ARM DDI 0406C B8): a counter of 62.5 MHz and two timers
 * that compare with it.  There is no Hyp mode and no security state, so the
 * physical timer drives the non-secure line alone, and CNTVOFF is 0.
 *
 * By the CPU's own thread.  It is never polled: sys->timer_rearm() is told
 * the next deadline, and the board sets ATT_TIMER then.
 */
#ifndef ARM_GTIMER_H
#define ARM_GTIMER_H

#include "arm/cpu.h"

enum {
	GTIMER_HZ = 62500000,
	GTIMER_TICK_NS = 16,
	GTIMER_PPI_PHYS = 14,
	GTIMER_PPI_VIRT = 11,
};

/* Bits of CNTP_CTL, CNTV_CTL. */
enum gtimer_ctl {
	GTIMER_ENABLE = 1 << 0,
	GTIMER_IMASK = 1 << 1,
	GTIMER_ISTATUS = 1 << 2,
};

/* The time that the counter is made of, in ns. */
uint64_t gtimer_clock(const struct cpu *cpu);

/* CNTPCT, CNTVCT. */
uint64_t gtimer_count(const struct cpu *cpu);

uint32_t gtimer_ctl(const struct cpu *cpu, const struct gtimer_unit *t);
uint32_t gtimer_tval(const struct cpu *cpu, const struct gtimer_unit *t);
void gtimer_set_ctl(struct cpu *cpu, struct gtimer_unit *t, uint32_t val);
void gtimer_set_cval(struct cpu *cpu, struct gtimer_unit *t, uint64_t val);
void gtimer_set_tval(struct cpu *cpu, struct gtimer_unit *t, uint32_t val);

/* At ATT_TIMER, and when the machine goes on after a pause. */
void gtimer_expire(struct cpu *cpu);

/* When the next line goes up, in ns of gtimer_clock(); UINT64_MAX: never. */
uint64_t gtimer_next_deadline(const struct cpu *cpu);

void gtimer_reset(struct cpu *cpu);

#endif
