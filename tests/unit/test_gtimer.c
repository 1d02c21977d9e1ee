/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/gtimer.h"

#include "arm_machine.h"

static struct machine m;

enum {
	MS = 1000000, /* ns */
	TICKS = 62500 /* in a ms */
};

static void counting(struct cpu *cpu)
{
	m.now = 5 * MS;
	check_eq(gtimer_clock(cpu), 5 * MS);
	check_eq(gtimer_count(cpu), 5 * TICKS);
	m.now = UINT64_C(1) << 62; /* centuries */
	check_eq(gtimer_count(cpu), UINT64_C(1) << 58);
	m.now = 5 * MS;
}

static void one_timer(struct cpu *cpu, struct gtimer_unit *t, unsigned int ppi)
{
	m.line_calls = 0;
	gtimer_set_cval(cpu, t, 10 * TICKS);
	check_eq(m.deadline, UINT64_MAX); /* not enabled */
	gtimer_set_ctl(cpu, t, GTIMER_ENABLE | 0xf0);
	check_eq(m.deadline, 10 * MS);
	check_eq(gtimer_next_deadline(cpu), 10 * MS);
	check_eq(gtimer_ctl(cpu, t), GTIMER_ENABLE);
	check_eq(gtimer_tval(cpu, t), 5 * TICKS);
	check(!m.line[ppi]);

	/* one tick early, then in time */
	m.now = 10 * MS - 1;
	gtimer_expire(cpu);
	check(!m.line[ppi]);
	m.now = 10 * MS;
	check_eq(gtimer_ctl(cpu, t), GTIMER_ENABLE | GTIMER_ISTATUS);
	gtimer_expire(cpu);
	check(m.line[ppi]);
	check_eq(m.deadline, UINT64_MAX);
	check_eq(gtimer_tval(cpu, t), 0);
	m.now += MS;
	check_eq(gtimer_tval(cpu, t), (uint32_t)-TICKS);

	/* masked: the condition stays, the line falls */
	gtimer_set_ctl(cpu, t, GTIMER_ENABLE | GTIMER_IMASK);
	check(!m.line[ppi]);
	check_eq(gtimer_ctl(cpu, t), 7);
	gtimer_set_ctl(cpu, t, GTIMER_ENABLE);
	check(m.line[ppi]);

	/* the next time takes it down; a negative one is due at once */
	gtimer_set_tval(cpu, t, TICKS);
	check(!m.line[ppi]);
	check_eq(m.deadline, m.now + MS);
	gtimer_set_tval(cpu, t, (uint32_t)-1);
	check(m.line[ppi]);
	check_eq(m.line_calls, 5);

	/* so far away that nanoseconds overflow: no deadline */
	gtimer_set_cval(cpu, t, UINT64_MAX);
	check(!m.line[ppi]);
	check_eq(m.deadline, UINT64_MAX);
	gtimer_set_ctl(cpu, t, 0);
	m.now = 5 * MS;
}

static void the_nearer_counts(struct cpu *cpu)
{
	gtimer_set_cval(cpu, &cpu->gtimer.phys, 20 * TICKS);
	gtimer_set_cval(cpu, &cpu->gtimer.virt, 30 * TICKS);
	gtimer_set_ctl(cpu, &cpu->gtimer.phys, GTIMER_ENABLE);
	gtimer_set_ctl(cpu, &cpu->gtimer.virt, GTIMER_ENABLE);
	check_eq(m.deadline, 20 * MS);
	m.now = 20 * MS;
	gtimer_expire(cpu);
	check(m.line[GTIMER_PPI_PHYS]);
	check(!m.line[GTIMER_PPI_VIRT]);
	check_eq(m.deadline, 30 * MS);
	m.now = 31 * MS;
	gtimer_expire(cpu);
	check(m.line[GTIMER_PPI_VIRT]);

	gtimer_reset(cpu);
	check(!m.line[GTIMER_PPI_PHYS]);
	check(!m.line[GTIMER_PPI_VIRT]);
	check_eq(cpu->gtimer.cntfrq, GTIMER_HZ);
	check_eq(m.deadline, UINT64_MAX);
}

int main(void)
{
	struct cpu *cpu = machine_init(&m, 1, CORTEX_A7);

	counting(cpu);
	one_timer(cpu, &cpu->gtimer.phys, GTIMER_PPI_PHYS);
	one_timer(cpu, &cpu->gtimer.virt, GTIMER_PPI_VIRT);
	the_nearer_counts(cpu);
	machine_fini(&m);
	return test_done();
}
