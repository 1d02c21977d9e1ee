/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CP14 debug registers (ARM DDI 0406C C11), for cp15.inc: storage and the
 * OS lock, because kernels probe and save them; nothing ever fires. */
#ifndef ARM_DEBUG_H
#define ARM_DEBUG_H

#include "arm/cp15.h"

cp15_read_fn debug_read_bvr, debug_read_bcr, debug_read_wvr, debug_read_wcr;
cp15_read_fn debug_read_oslsr;
cp15_write_fn debug_write_bvr, debug_write_bcr, debug_write_wvr;
cp15_write_fn debug_write_wcr, debug_write_oslar;

void debug_reset(struct cpu *cpu);

#endif
