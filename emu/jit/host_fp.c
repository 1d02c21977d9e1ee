/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jit/host_fp.h"

#include <stddef.h>
#include <xmmintrin.h>

#include "arm/vfp.h"
#include "common/bits.h"

enum mxcsr {
	MXCSR_DEFAULT = 0x1f80,
	MXCSR_INVALID = 1 << 0,
	MXCSR_DIV_ZERO = 1 << 2, /* bit 1 is "denormal operand": not ours */
	MXCSR_ROUNDING_SHIFT = 13,
};

/* Division by zero, overflow, underflow and inexact follow each other in
 * both. */
static uint32_t flags(void)
{
	uint32_t mxcsr = _mm_getcsr();

	return (mxcsr & MXCSR_INVALID) |
	       (mxcsr >> 1 & (FP_DZC | FP_OFC | FP_UFC | FP_IXC));
}

static uint32_t control(const struct cpu *cpu)
{
	static const uint8_t rounding[] = {
		[FP_RN] = 0, [FP_RM] = 1, [FP_RP] = 2, [FP_RZ] = 3
	};

	return MXCSR_DEFAULT | (uint32_t)rounding[bits32(cpu->vfp.fpscr, 22, 2)]
				       << MXCSR_ROUNDING_SHIFT;
}

static void changed(const struct cpu *cpu)
{
	_mm_setcsr(control(cpu));
}

static const struct vfp_engine engine = { flags, changed };

void host_fp_enter(struct cpu *cpu)
{
	_mm_setcsr(control(cpu));
	cpu->vfp_engine = &engine;
}

void host_fp_leave(struct cpu *cpu)
{
	if (!cpu->vfp_engine)
		return;
	cpu->vfp.cumulative |= flags();
	cpu->vfp_engine = NULL;
	_mm_setcsr(MXCSR_DEFAULT);
}
