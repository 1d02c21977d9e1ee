/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's MXCSR while a CPU's thread may run translated code.
 *
 * From host_fp_enter() to host_fp_leave() MXCSR has FPSCR's rounding mode, all
 * exceptions masked and nothing flushed, and gathers the guest's cumulative
 * bits; nothing on the emulator's side computes in floating point on this
 * thread (tests/style/no_float.sh).  FPSCR asks for the bits when it is read.
 */
#ifndef JIT_HOST_FP_H
#define JIT_HOST_FP_H

#include "arm/cpu.h"

void host_fp_enter(struct cpu *cpu);
/* What was gathered goes to vfp.cumulative; MXCSR is the default again. */
void host_fp_leave(struct cpu *cpu);

#endif
