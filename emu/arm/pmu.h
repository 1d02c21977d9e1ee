/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The performance monitor's registers (ARM DDI 0406C C12), for cp15.inc.
 *
 * PMCCNTR counts nanoseconds of the guest's clock, as if at 1 GHz; the event
 * counters count software increments and nothing else.  No interrupt is wired.
 */
#ifndef ARM_PMU_H
#define ARM_PMU_H

#include "arm/cp15.h"

cp15_read_fn pmu_read_cr, pmu_read_cnten, pmu_read_ovsr, pmu_read_selr;
cp15_read_fn pmu_read_ccntr, pmu_read_xevtyper, pmu_read_xevcntr;
cp15_read_fn pmu_read_inten, pmu_read_evcntr, pmu_read_evtyper;
cp15_read_fn pmu_read_ccfiltr;

cp15_write_fn pmu_write_cr, pmu_write_cntenset, pmu_write_cntenclr;
cp15_write_fn pmu_write_ovsr, pmu_write_ovsset, pmu_write_swinc;
cp15_write_fn pmu_write_selr, pmu_write_ccntr, pmu_write_xevtyper;
cp15_write_fn pmu_write_xevcntr, pmu_write_intenset, pmu_write_intenclr;
cp15_write_fn pmu_write_evcntr, pmu_write_evtyper, pmu_write_ccfiltr;

void pmu_reset(struct cpu *cpu);

#endif
