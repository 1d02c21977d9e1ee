/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both lines and the deadline are worked out anew after each change; nothing
 * is remembered that could disagree with the clock but the level of each line,
 * so that the interrupt controller's lock is taken only for a change.
 *
 * The signed comparisons of TVAL are those of B8.1.4: a timer's condition is
 * met when count - CVAL, as unsigned 64 bits without wrapping, is >= 0.
 */
#include "arm/gtimer.h"

uint64_t gtimer_clock(const struct cpu *cpu)
{
	return cpu->sys->clock(cpu->sys->board);
}

uint64_t gtimer_count(const struct cpu *cpu)
{
	return gtimer_clock(cpu) / GTIMER_TICK_NS;
}

static bool due(const struct gtimer_unit *t, uint64_t count)
{
	return t->ctl & GTIMER_ENABLE && count >= t->cval;
}

/* When t raises its line; UINT64_MAX if it has, or will not. */
static uint64_t deadline(const struct gtimer_unit *t, uint64_t count)
{
	if ((t->ctl & (GTIMER_ENABLE | GTIMER_IMASK)) != GTIMER_ENABLE ||
	    count >= t->cval || t->cval > UINT64_MAX / GTIMER_TICK_NS)
		return UINT64_MAX;
	return t->cval * GTIMER_TICK_NS;
}

static uint64_t next_deadline(const struct cpu *cpu, uint64_t count)
{
	uint64_t phys = deadline(&cpu->gtimer.phys, count);
	uint64_t virt = deadline(&cpu->gtimer.virt, count);

	return phys < virt ? phys : virt;
}

uint64_t gtimer_next_deadline(const struct cpu *cpu)
{
	return next_deadline(cpu, gtimer_count(cpu));
}

static void set_line(struct cpu *cpu, struct gtimer_unit *t, unsigned int ppi,
		     uint64_t count)
{
	bool line = due(t, count) && !(t->ctl & GTIMER_IMASK);

	if (line == t->line)
		return;
	t->line = line;
	if (cpu->sys->timer_line)
		cpu->sys->timer_line(cpu, ppi, line);
}

void gtimer_expire(struct cpu *cpu)
{
	uint64_t count = gtimer_count(cpu);

	set_line(cpu, &cpu->gtimer.phys, GTIMER_PPI_PHYS, count);
	set_line(cpu, &cpu->gtimer.virt, GTIMER_PPI_VIRT, count);
	if (cpu->sys->timer_rearm)
		cpu->sys->timer_rearm(cpu, next_deadline(cpu, count));
}

uint32_t gtimer_ctl(const struct cpu *cpu, const struct gtimer_unit *t)
{
	return t->ctl | (due(t, gtimer_count(cpu)) ? GTIMER_ISTATUS : 0);
}

uint32_t gtimer_tval(const struct cpu *cpu, const struct gtimer_unit *t)
{
	return (uint32_t)(t->cval - gtimer_count(cpu));
}

void gtimer_set_ctl(struct cpu *cpu, struct gtimer_unit *t, uint32_t val)
{
	t->ctl = val & (GTIMER_ENABLE | GTIMER_IMASK);
	gtimer_expire(cpu);
}

void gtimer_set_cval(struct cpu *cpu, struct gtimer_unit *t, uint64_t val)
{
	t->cval = val;
	gtimer_expire(cpu);
}

void gtimer_set_tval(struct cpu *cpu, struct gtimer_unit *t, uint32_t val)
{
	t->cval = gtimer_count(cpu) + (uint64_t)(int64_t)(int32_t)val;
	gtimer_expire(cpu);
}

void gtimer_reset(struct cpu *cpu)
{
	cpu->gtimer.phys.ctl = 0;
	cpu->gtimer.virt.ctl = 0;
	gtimer_expire(cpu); /* takes the lines down */
	cpu->gtimer = (struct gtimer){ .cntfrq = GTIMER_HZ };
}
