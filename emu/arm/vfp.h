/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VFP and NEON instructions share: who may use them, and FPSCR. */
#ifndef ARM_VFP_H
#define ARM_VFP_H

#include "arm/cpu.h"
#include "arm/fp.h"

enum fpscr_bit {
	FPSCR_MODES = 0x07f70000, /* AHP DN FZ RMode Stride Len */
	FPSCR_LEN_STRIDE = 0x00370000,
	FPSCR_RMODE = 3 << 22,
	FPSCR_FZ = 1 << 24,
	FPSCR_QC = 1 << 27,
	FPSCR_NZCV = 0xf0000000,
	FPSCR_CUMULATIVE = FPSCR_QC | FP_IDC | FP_IXC | FP_UFC | FP_OFC |
			   FP_DZC | FP_IOC,
	FPEXC_EN = 1 << 30,
};

/* Raise UNDEF unless CPACR and FPEXC.EN let VFP instructions run (B1.11). */
void vfp_check(struct cpu *cpu);

/* The same for Advanced SIMD: CPACR.ASEDIS as well. */
void neon_check(struct cpu *cpu);

/* FPSCR's modes, FPEXC or CPACR were written: vfp.mode follows. */
void vfp_mode_changed(struct cpu *cpu);

/* vfp.cumulative has those bits too that an engine keeps. */
void vfp_collect(struct cpu *cpu);

/* FPSCR as VMRS and VMSR see it. */
uint32_t vfp_fpscr(const struct cpu *cpu);
void vfp_set_fpscr(struct cpu *cpu, uint32_t val);

#endif
