/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the comparison with QEMU (tests/insn/system) cannot see. */
#include "arm/cp15.h"

#include "arm_machine.h"

static struct machine m;

static int wildcards(const struct cp15_reg *reg)
{
	return (reg->opc1 == CP15_ANY) + (reg->crm == CP15_ANY) +
	       (reg->opc2 == CP15_ANY);
}

static struct cp15_at encoding(const struct cp15_reg *reg, bool wide)
{
	return (struct cp15_at){
		.cp = reg->cp,
		.crn = reg->crn,
		.opc1 = reg->opc1 == CP15_ANY ? 0 : reg->opc1,
		.crm = reg->crm == CP15_ANY ? 0 : reg->crm,
		.opc2 = reg->opc2 == CP15_ANY ? 0 : reg->opc2,
		.wide = wide,
	};
}

/* Each row without a wildcard is found by its own encoding: so no two rows
 * have the same one. */
static void no_row_is_hidden(bool wide)
{
	unsigned int n, i;
	const struct cp15_reg *rows = cp15_rows(wide, &n);

	check(n > 0);
	for (i = 0; i < n; i++) {
		check(rows[i].cp == 14 || rows[i].cp == 15);
		if (!wildcards(&rows[i]))
			check(cp15_find(encoding(&rows[i], wide)) == &rows[i]);
	}
}

/* A row that may be read gives a value, and one that may be written takes
 * one: the rest of its columns fit its rights. */
static void columns_fit_the_rights(bool wide)
{
	unsigned int n, i;
	const struct cp15_reg *rows = cp15_rows(wide, &n);

	for (i = 0; i < n; i++) {
		uint8_t rights = rows[i].rights;

		if (rights & CP15_PL0_READ)
			check(rights & CP15_PL1_READ);
		if (rights & CP15_PL0_WRITE)
			check(rights & CP15_PL1_WRITE);
		if (rows[i].write && rights & CP15_PL1_READ)
			check(rows[i].read || rows[i].offset);
		if (rows[i].offset)
			check(!rows[i].read &&
			      !rows[i].mask == !!rows[i].write);
	}
}

static void other_coprocessors(void)
{
	for (unsigned int cp = 0; cp < 14; cp++) {
		check(!cp15_find((struct cp15_at){ .cp = (uint8_t)cp }));
		check(!cp15_find(
			(struct cp15_at){ .cp = (uint8_t)cp, .wide = true }));
	}
}

static uint32_t read_reg(struct cpu *cpu, uint8_t crn, uint8_t opc1,
			 uint8_t crm, uint8_t opc2)
{
	return (uint32_t)cp15_read(
		cpu, (struct cp15_at){ 15, crn, opc1, crm, opc2, false });
}

static void write_reg(struct cpu *cpu, uint8_t crn, uint8_t opc1, uint8_t crm,
		      uint8_t opc2, uint32_t val)
{
	cp15_write(cpu, (struct cp15_at){ 15, crn, opc1, crm, opc2, false },
		   val);
}

static void several_cpus(void)
{
	machine_init(&m, 3, CORTEX_A7);
	for (unsigned int i = 0; i < 3; i++) {
		check_eq(read_reg(&m.cpu[i], 0, 0, 0, 5), 0x80000000 + i);
		check_eq(read_reg(&m.cpu[i], 9, 1, 0, 2), 0x02800000);
	}
	machine_fini(&m);
}

static void pending_interrupts_in_isr(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	check_eq(read_reg(cpu, 12, 0, 1, 0), 0);
	cpu_set_line(cpu, CPU_LINE_IRQ, true);
	check_eq(read_reg(cpu, 12, 0, 1, 0), 0x80);
	cpu_set_line(cpu, CPU_LINE_FIQ, true);
	check_eq(read_reg(cpu, 12, 0, 1, 0), 0xc0);
	machine_fini(&m);
}

/* MCR to a 64-bit register leaves its upper half. */
static void halves(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A15);
	struct cp15_at ttbr0 = { .cp = 15, .crm = 2, .wide = true };

	cp15_write(cpu, ttbr0, 0x1122334455667788);
	write_reg(cpu, 2, 0, 0, 0, 0xaabbccdd);
	check_eq(cp15_read(cpu, ttbr0), 0x11223344aabbccdd);
	machine_fini(&m);
}

static void barriers_obey_sctlr(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);
	static const uint8_t regs[][2] = { { 5, 4 }, { 10, 4 }, { 10, 5 } };

	for (int i = 0; i < 3; i++) {
		cpu->cp15.sctlr |= SCTLR_CP15BEN;
		check(!caught(cpu,
			      write_reg(cpu, 7, 0, regs[i][0], regs[i][1], 0)));
		cpu->cp15.sctlr &= ~(uint32_t)SCTLR_CP15BEN;
		check(caught(cpu,
			     write_reg(cpu, 7, 0, regs[i][0], regs[i][1], 0)));
	}
	machine_fini(&m);
}

static void cycle_counter(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	m.now = 5000;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 0); /* stands still */
	write_reg(cpu, 9, 0, 12, 1, 1u << 31);
	m.now = 6000;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 0); /* PMCR.E is 0 */
	write_reg(cpu, 9, 0, 12, 0, 1);
	m.now = 7000;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 1000);
	write_reg(cpu, 9, 0, 12, 0, 9); /* each 64th */
	m.now = 7640;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 1010);
	write_reg(cpu, 9, 0, 12, 2, 1u << 31);
	m.now = 9000;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 1010);
	write_reg(cpu, 9, 0, 12, 0, 1 | 4); /* C */
	check_eq(read_reg(cpu, 9, 0, 13, 0), 0);
	write_reg(cpu, 9, 0, 12, 1, 1u << 31);
	write_reg(cpu, 9, 0, 13, 0, 0xfffffff0);
	m.now += 0x20;
	check_eq(read_reg(cpu, 9, 0, 13, 0), 0x10);
	machine_fini(&m);
}

static void software_events(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	write_reg(cpu, 9, 0, 12, 0, 1);
	write_reg(cpu, 9, 0, 12, 1, 3);
	write_reg(cpu, 14, 0, 12, 1, 0x11); /* counter 1: cycles, stands */
	write_reg(cpu, 14, 0, 8, 0, ~0u);
	write_reg(cpu, 9, 0, 12, 4, 7);
	check_eq(read_reg(cpu, 14, 0, 8, 0), 0);
	check_eq(read_reg(cpu, 14, 0, 8, 1), 0);
	check_eq(read_reg(cpu, 14, 0, 8, 2), 0);
	check_eq(read_reg(cpu, 9, 0, 12, 3), 1); /* it overflowed */
	write_reg(cpu, 9, 0, 12, 3, 1);
	check_eq(read_reg(cpu, 9, 0, 12, 3), 0);
	write_reg(cpu, 9, 0, 12, 0, 1 | 2); /* P */
	check_eq(read_reg(cpu, 14, 0, 8, 0), 0);
	check(caught(cpu, read_reg(cpu, 14, 0, 8, 4))); /* the A7 has four */
	machine_fini(&m);
}

int main(void)
{
	cp15_tables();
	no_row_is_hidden(false);
	no_row_is_hidden(true);
	columns_fit_the_rights(false);
	columns_fit_the_rights(true);
	other_coprocessors();
	several_cpus();
	pending_interrupts_in_isr();
	halves();
	barriers_obey_sctlr();
	cycle_counter();
	software_events();
	return test_done();
}
