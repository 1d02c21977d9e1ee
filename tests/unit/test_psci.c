/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/psci.h"

#include "arm_machine.h"

static struct machine m;

static uint32_t call(struct cpu *cpu, uint32_t function, uint32_t a, uint32_t b,
		     uint32_t c)
{
	cpu->r[0] = function;
	cpu->r[1] = a;
	cpu->r[2] = b;
	cpu->r[3] = c;
	cpu->exit_wanted = false;
	psci_call(cpu);
	return cpu->r[0];
}

static void what_is_there(struct cpu *cpu)
{
	static const uint32_t known[] = {
		0x84000000, 0x84000001, 0x84000002, 0x84000003,
		0x84000004, 0x84000006, 0x84000008, 0x84000009,
		0x8400000a, 0x95c1ba5e, 0x95c1ba5f, 0x95c1ba60,
	};
	static const uint32_t unknown[] = { 0,          0x84000005, 0x84000007,
					    0x84000010, 0x80000000, 0xc4000003,
					    0x95c1ba61, 0xffffffff };

	check_eq(call(cpu, 0x84000000, 0, 0, 0), 0x10000);
	check_eq(call(cpu, 0x84000006, 0, 0, 0), 2);
	for (size_t i = 0; i < sizeof(known) / 4; i++)
		check_eq(call(cpu, 0x8400000a, known[i], 0, 0), 0);
	for (size_t i = 0; i < sizeof(unknown) / 4; i++) {
		check_eq(call(cpu, 0x8400000a, unknown[i], 0, 0), 0xffffffff);
		check_eq(call(cpu, unknown[i], 0, 0, 0), 0xffffffff);
		check(!cpu->exit_wanted);
	}
}

static void starting_others(struct cpu *cpu)
{
	check_eq(call(cpu, 0x84000003, 1, 0x40008001, 0x1234), 0);
	check(m.started == &m.cpu[1]);
	check_eq(m.entry, 0x40008001);
	check_eq(m.context, 0x1234);
	check_eq(call(cpu, 0x95c1ba60, 0x80000001, 1, 2), 0);
	check_eq(call(cpu, 0x84000003, 2, 0, 0), (uint32_t)-2);
	check_eq(call(cpu, 0x84000003, 0x100, 0, 0), (uint32_t)-2);

	psci_enter(&m.cpu[1], 0x40008001, 0x1234);
	check_eq(m.cpu[1].r[0], 0x1234);
	check_eq(m.cpu[1].pc_next, 0x40008000);
	check(m.cpu[1].thumb);
	check_eq(m.cpu[1].mode, MODE_SVC);
	psci_enter(&m.cpu[1], 0x40008000, 0);
	check(!m.cpu[1].thumb);

	atomic_store(&m.cpu[1].powered, true);
	check_eq(call(cpu, 0x84000004, 1, 0, 0), 0);
	atomic_store(&m.cpu[1].powered, false);
	check_eq(call(cpu, 0x84000004, 1, 0, 0), 1);
	check_eq(call(cpu, 0x84000004, 9, 0, 0), (uint32_t)-2);
	check_eq(call(cpu, 0x84000004, 1, 1, 0), (uint32_t)-2);
}

static void leaving(struct cpu *cpu)
{
	static const struct {
		uint32_t function;
		enum cpu_exit exit;
	} calls[] = {
		{ 0x84000001, CPU_EXIT_WFI },
		{ 0x95c1ba5e, CPU_EXIT_WFI },
		{ 0x84000002, CPU_EXIT_OFF },
		{ 0x95c1ba5f, CPU_EXIT_OFF },
		{ 0x84000008, CPU_EXIT_POWER_OFF },
		{ 0x84000009, CPU_EXIT_RESET },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		check_eq(call(cpu, calls[i].function, 0, 0, 0), 0);
		check(cpu->exit_wanted);
		check_eq(cpu->exit, calls[i].exit);
	}

	/* an interrupt that waits: no sleep */
	atomic_store(&cpu->lines, CPU_LINE_IRQ);
	check_eq(call(cpu, 0x84000001, 0, 0, 0), 0);
	check(!cpu->exit_wanted);
	/* reserved bits of the power state */
	check_eq(call(cpu, 0x84000001, 1u << 31, 0, 0), (uint32_t)-2);
}

int main(void)
{
	struct cpu *cpu = machine_init(&m, 2, CORTEX_A15);

	what_is_there(cpu);
	starting_others(cpu);
	leaving(cpu);
	machine_fini(&m);
	return test_done();
}
