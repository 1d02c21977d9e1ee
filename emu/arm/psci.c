/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PSCI: the calling CPU's side.  Starting and stopping threads is the
 * board's: CPU_ON goes through sys->cpu_on(), the rest leaves interp_run()
 * with the reason.
 *
 * CPU_SUSPEND is a WFI whatever state it names, as in QEMU: no state is lost,
 * so the entry point is never used.  CPU_OFF of the last CPU is allowed and
 * leaves a machine that does nothing, as PSCI wants it.  The 0.1 numbers are
 * those that QEMU has made up; old kernels read them from the device tree.
 */
#include "arm/psci.h"

#include "arm/exec.h"

enum {
	PSCI_0_1_CPU_SUSPEND = 0x95c1ba5e,
	PSCI_0_1_CPU_OFF = 0x95c1ba5f,
	PSCI_0_1_CPU_ON = 0x95c1ba60,
	PSCI_0_1_MIGRATE = 0x95c1ba61,
	PSCI_VERSION = 0x84000000,
	PSCI_CPU_SUSPEND = 0x84000001,
	PSCI_CPU_OFF = 0x84000002,
	PSCI_CPU_ON = 0x84000003,
	PSCI_AFFINITY_INFO = 0x84000004,
	PSCI_MIGRATE = 0x84000005,
	PSCI_MIGRATE_INFO_TYPE = 0x84000006,
	PSCI_SYSTEM_OFF = 0x84000008,
	PSCI_SYSTEM_RESET = 0x84000009,
	PSCI_FEATURES = 0x8400000a,

	VERSION_1_0 = 0x10000,
	NO_MIGRATION = 2, /* MIGRATE_INFO_TYPE: no trusted system */
	AFFINITY_ON = 0,
	AFFINITY_OFF = 1,
	MPIDR_AFFINITY = 0xffffff,
	POWER_STATE_RES = 0xfcfe0000, /* of the original format (5.4.2) */
};

static struct cpu *by_affinity(struct cpu *cpu, uint32_t mpidr)
{
	if (mpidr >= cpu->sys->cpus)
		return NULL;
	return cpu->sys->cpu[mpidr];
}

static int cpu_on(struct cpu *cpu)
{
	struct cpu *target = by_affinity(cpu, cpu->r[1] & MPIDR_AFFINITY);

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	return cpu->sys->cpu_on(target, cpu->r[2], cpu->r[3]);
}

static int affinity_info(struct cpu *cpu)
{
	struct cpu *target = by_affinity(cpu, cpu->r[1] & MPIDR_AFFINITY);

	if (!target || cpu->r[2])
		return PSCI_INVALID_PARAMETERS; /* only level 0 is known */
	return atomic_load(&target->powered) ? AFFINITY_ON : AFFINITY_OFF;
}

static int leave(struct cpu *cpu, enum cpu_exit exit)
{
	cpu_leave(cpu, exit);
	return PSCI_SUCCESS;
}

static int suspend(struct cpu *cpu)
{
	if (cpu->r[1] & POWER_STATE_RES)
		return PSCI_INVALID_PARAMETERS;
	if (!atomic_load(&cpu->lines))
		cpu_leave(cpu, CPU_EXIT_WFI);
	return PSCI_SUCCESS;
}

static int features(uint32_t function)
{
	switch (function) {
	case PSCI_0_1_CPU_SUSPEND:
	case PSCI_0_1_CPU_OFF:
	case PSCI_0_1_CPU_ON:
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return PSCI_SUCCESS;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

static int call(struct cpu *cpu)
{
	switch (cpu->r[0]) {
	case PSCI_VERSION:
		return VERSION_1_0;
	case PSCI_0_1_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND:
		return suspend(cpu);
	case PSCI_0_1_CPU_OFF:
	case PSCI_CPU_OFF:
		return leave(cpu, CPU_EXIT_OFF);
	case PSCI_0_1_CPU_ON:
	case PSCI_CPU_ON:
		return cpu_on(cpu);
	case PSCI_AFFINITY_INFO:
		return affinity_info(cpu);
	case PSCI_MIGRATE_INFO_TYPE:
		return NO_MIGRATION;
	case PSCI_SYSTEM_OFF:
		return leave(cpu, CPU_EXIT_POWER_OFF);
	case PSCI_SYSTEM_RESET:
		return leave(cpu, CPU_EXIT_RESET);
	case PSCI_FEATURES:
		return features(cpu->r[1]);
	case PSCI_0_1_MIGRATE:
	case PSCI_MIGRATE:
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

void psci_call(struct cpu *cpu)
{
	cpu->r[0] = (uint32_t)call(cpu);
}

void psci_enter(struct cpu *cpu, uint32_t entry, uint32_t context)
{
	cpu_reset(cpu);
	cpu->r[0] = context;
	exec_bx(cpu, entry);
}
