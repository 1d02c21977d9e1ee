/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/cpu.h"

#include "arm_machine.h"

static struct machine m;

static void cpsr_keeps_every_bit(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);
	/* all that exist but J, in SYS mode so that nothing is banked */
	static const uint32_t bits[] = {
		CPSR_N,  CPSR_Z,  CPSR_C,  CPSR_V,  CPSR_Q, 1 << 16,
		1 << 19, CPSR_E,  CPSR_A,  CPSR_I,  CPSR_F, CPSR_T,
		1 << 25, 1 << 26, 1 << 10, 1 << 15,
	};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		cpu_set_cpsr(cpu, bits[i] | MODE_SYS);
		check_eq(cpu_cpsr(cpu), bits[i] | MODE_SYS);
	}
	cpu_set_cpsr(cpu, 0xfe0ffff0 | MODE_SYS);
	check_eq(cpu_cpsr(cpu), 0xfe0fffff);
	check_eq(cpu->it, 0xff);
	cpu_set_cpsr(cpu, CPSR_J | MODE_SYS);
	check_eq(cpu_cpsr(cpu), MODE_SYS);
	machine_fini(&m);
}

static const uint32_t modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC,
				  MODE_ABT, MODE_UND, MODE_SYS };

static void each_mode_has_its_bank(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	for (unsigned int i = 0; i < 6; i++) {
		cpu_set_cpsr(cpu, modes[i]);
		cpu->r[13] = 0x100 + i;
		cpu->r[14] = 0x200 + i;
		cpu->r[8] = 0x300 + i;
		cpu->r[12] = 0x400 + i;
		cpu->r[7] = 0x500 + i;
	}
	for (unsigned int i = 0; i < 7; i++) {
		unsigned int bank = i == 6 ? 0 : i; /* SYS is USR's */

		cpu_set_cpsr(cpu, modes[i]);
		check_eq(cpu->r[13], 0x100 + bank);
		check_eq(cpu->r[14], 0x200 + bank);
		check_eq(cpu->r[8], i == 1 ? 0x301 : 0x305);
		check_eq(cpu->r[12], i == 1 ? 0x401 : 0x405);
		check_eq(cpu->r[7], 0x505);
		check_eq(cpu_banked_sp(cpu, MODE_USR), 0x100);
		check_eq(cpu_banked_sp(cpu, MODE_ABT), 0x104);
	}
	machine_fini(&m);
}

static void user_registers_from_each_mode(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	for (unsigned int i = 0; i < 7; i++) {
		cpu_set_cpsr(cpu, modes[i]);
		for (unsigned int n = 8; n < 15; n++)
			cpu_set_user_reg(cpu, n, 0x1000 * i + n);
		for (unsigned int n = 8; n < 15; n++)
			check_eq(cpu_user_reg(cpu, n), 0x1000 * i + n);
		cpu_set_cpsr(cpu, MODE_USR);
		for (unsigned int n = 8; n < 15; n++)
			check_eq(cpu->r[n], 0x1000 * i + n);
	}
	cpu_set_cpsr(cpu, MODE_IRQ);
	cpu_set_banked_sp(cpu, MODE_IRQ, 77);
	check_eq(cpu->r[13], 77);
	cpu_set_banked_sp(cpu, MODE_SVC, 78);
	cpu_set_cpsr(cpu, MODE_SVC);
	check_eq(cpu->r[13], 78);
	machine_fini(&m);
}

static void modes_that_do_not_exist(void)
{
	for (uint32_t mode = 0; mode < 32; mode++) {
		bool valid = false;

		for (unsigned int i = 0; i < 7; i++)
			valid |= modes[i] == mode;
		check_eq(cpu_mode_valid(mode), valid);
	}
}

static void lines_and_attention(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	cpu->attention = 0;
	cpu_set_line(cpu, CPU_LINE_IRQ, true);
	check_eq(cpu->attention, ATT_IRQ);
	check_eq(m.kicks, 1);
	cpu_set_line(cpu, CPU_LINE_IRQ, true); /* is up already */
	check_eq(m.kicks, 1);
	cpu_set_line(cpu, CPU_LINE_FIQ, true);
	check_eq(cpu->lines, CPU_LINE_IRQ | CPU_LINE_FIQ);
	cpu_set_line(cpu, CPU_LINE_IRQ, false);
	check_eq(cpu->lines, CPU_LINE_FIQ);
	check_eq(m.kicks, 2);

	/* unmasking asks for a look, as long as a line is up */
	cpu->attention = 0;
	cpu_set_cpsr(cpu, MODE_SVC);
	check_eq(cpu->attention & ATT_IRQ, ATT_IRQ);
	cpu_set_line(cpu, CPU_LINE_FIQ, false);
	cpu->attention = 0;
	cpu_set_cpsr(cpu, MODE_SVC);
	check_eq(cpu->attention & ATT_IRQ, 0);
	machine_fini(&m);
}

static void reset(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A15);

	cpu_set_cpsr(cpu, MODE_FIQ | CPSR_E | CPSR_T);
	cpu->r[3] = 1;
	cpu->cp15.vbar = 0x1000;
	cpu->vfp.fpexc = 1u << 30;
	cpu_leave(cpu, CPU_EXIT_OFF);
	cpu_reset(cpu);
	check_eq(cpu_cpsr(cpu), CPSR_A | CPSR_I | CPSR_F | MODE_SVC);
	check_eq(cpu->pc_next, 0);
	check_eq(cpu->r[3], 0);
	check_eq(cpu->cp15.vbar, 0);
	check_eq(cpu->cp15.sctlr, 0x00c50078);
	check_eq(cpu->vfp.fpexc, 0);
	check(!cpu->exit_wanted);
	machine_fini(&m);
}

static void conditions(void)
{
	/* A8.3: by N Z C V, a bit for each of the 16 flag values */
	static const uint16_t holds[] = {
		0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555,
		0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff,
	};
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	for (uint32_t flags = 0; flags < 16; flags++) {
		cpu_set_cpsr(cpu, flags << 28 | MODE_SYS);
		for (unsigned int cond = 0; cond < 15; cond++)
			check_eq(cpu_cond(cpu, cond), holds[cond] >> flags & 1);
	}
	machine_fini(&m);
}

int main(void)
{
	cpsr_keeps_every_bit();
	each_mode_has_its_bank();
	user_registers_from_each_mode();
	modes_that_do_not_exist();
	lines_and_attention();
	reset();
	conditions();
	return test_done();
}
