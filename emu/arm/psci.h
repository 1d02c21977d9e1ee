/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PSCI 1.0 (ARM DEN 0022D), as HVC and SMC reach it: the only thing that
 * either does here (DESIGN.md §5).
 */
#ifndef ARM_PSCI_H
#define ARM_PSCI_H

#include "arm/cpu.h"

enum psci_result {
	PSCI_SUCCESS = 0,
	PSCI_NOT_SUPPORTED = -1,
	PSCI_INVALID_PARAMETERS = -2,
	PSCI_DENIED = -3,
	PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5,
	PSCI_INTERNAL_FAILURE = -6,
};

/* The function in r0, arguments in r1 to r3; the result goes to r0. */
void psci_call(struct cpu *cpu);

/*
 * By the thread of a CPU that CPU_ON starts: as after reset, then r0 =
 * context, and entry's bit 0 chooses Thumb.
 */
void psci_enter(struct cpu *cpu, uint32_t entry, uint32_t context);

#endif
