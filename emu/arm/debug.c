/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Six breakpoints and four watchpoints on both processors; the others of the
 * sixteen are UNDEFINED, as in QEMU.
 */
#include "arm/debug.h"

enum {
	OS_LOCK_KEY = 0xc5acce55,
	OSLSR_IMPLEMENTED = 8, /* OSLM = 0b10 */
	OSLSR_LOCKED = 2,
	WVR_MASK = ~3,
};

/* CRm is the number. */
static uint32_t *reg_at(struct cpu *cpu, unsigned int n, uint32_t *of,
			unsigned int count)
{
	if (n >> 3 >= count)
		cpu_raise(cpu, EXCP_UNDEF);
	return &of[n >> 3];
}

uint64_t debug_read_bvr(struct cpu *cpu, unsigned int n)
{
	return *reg_at(cpu, n, cpu->debug.bvr, DEBUG_BREAKPOINTS);
}

void debug_write_bvr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*reg_at(cpu, n, cpu->debug.bvr, DEBUG_BREAKPOINTS) = (uint32_t)val;
}

uint64_t debug_read_bcr(struct cpu *cpu, unsigned int n)
{
	return *reg_at(cpu, n, cpu->debug.bcr, DEBUG_BREAKPOINTS);
}

void debug_write_bcr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*reg_at(cpu, n, cpu->debug.bcr, DEBUG_BREAKPOINTS) = (uint32_t)val;
}

uint64_t debug_read_wvr(struct cpu *cpu, unsigned int n)
{
	return *reg_at(cpu, n, cpu->debug.wvr, DEBUG_WATCHPOINTS);
}

void debug_write_wvr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*reg_at(cpu, n, cpu->debug.wvr, DEBUG_WATCHPOINTS) = (uint32_t)val &
							     WVR_MASK;
}

uint64_t debug_read_wcr(struct cpu *cpu, unsigned int n)
{
	return *reg_at(cpu, n, cpu->debug.wcr, DEBUG_WATCHPOINTS);
}

void debug_write_wcr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*reg_at(cpu, n, cpu->debug.wcr, DEBUG_WATCHPOINTS) = (uint32_t)val;
}

uint64_t debug_read_oslsr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return OSLSR_IMPLEMENTED | (cpu->debug.os_lock ? OSLSR_LOCKED : 0);
}

void debug_write_oslar(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->debug.os_lock = (uint32_t)val == OS_LOCK_KEY;
}

void debug_reset(struct cpu *cpu)
{
	cpu->debug = (struct debug_regs){ .os_lock = true };
}
