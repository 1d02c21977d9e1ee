/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cycle counter is a base and the time it was valid at; whatever changes
 * its speed (PMCR.E, PMCR.D, its enable bit) sets the base first.
 *
 * At PL0 all of these need PMUSERENR.EN, but PMUSERENR itself.
 */
#include "arm/pmu.h"

#include "arm/gtimer.h"

enum {
	PMCR_E = 1 << 0,
	PMCR_P = 1 << 1, /* reset the event counters */
	PMCR_C = 1 << 2, /* reset the cycle counter */
	PMCR_D = 1 << 3, /* count each 64th cycle */
	PMCR_WRITABLE = 0xf9,
	PMCR_A7 = 0x41072000, /* 4 counters */
	PMCR_A15 = 0x410f3000,
	CYCLES = 1u << 31, /* the cycle counter's bit in the masks */
	TYPE_MASK = 0xfe00ffff,
	FILTER_MASK = 0xf8000000,
	SELECT_CYCLES = 31,
	EVENT_SW_INCR = 0,
};

static unsigned int counters(const struct cpu *cpu)
{
	return cpu->model == CORTEX_A7 ? 4 : PMU_COUNTERS;
}

static uint32_t all_counters(const struct cpu *cpu)
{
	return CYCLES | ((1u << counters(cpu)) - 1);
}

static void check_access(struct cpu *cpu)
{
	if (!cpu_privileged(cpu) && !(cpu->pmu.userenr & 1))
		cpu_raise(cpu, EXCP_UNDEF);
}

static uint64_t cycles(const struct cpu *cpu)
{
	const struct pmu *p = &cpu->pmu;
	uint64_t passed;

	if (!(p->pmcr & PMCR_E) || !(p->cntenset & CYCLES))
		return p->ccnt;
	passed = gtimer_clock(cpu) - p->cycles_at;
	return p->ccnt + (p->pmcr & PMCR_D ? passed / 64 : passed);
}

static void set_cycles(struct cpu *cpu, uint64_t val)
{
	cpu->pmu.ccnt = val;
	cpu->pmu.cycles_at = gtimer_clock(cpu);
}

uint64_t pmu_read_cr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return cpu->pmu.pmcr;
}

void pmu_write_cr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	struct pmu *p = &cpu->pmu;

	(void)n;
	check_access(cpu);
	set_cycles(cpu, val & PMCR_C ? 0 : cycles(cpu));
	if (val & PMCR_P)
		for (unsigned int i = 0; i < PMU_COUNTERS; i++)
			p->evcntr[i] = 0;
	p->pmcr = (p->pmcr & ~(uint32_t)PMCR_WRITABLE) |
		  ((uint32_t)val & PMCR_WRITABLE);
}

uint64_t pmu_read_cnten(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return cpu->pmu.cntenset;
}

void pmu_write_cntenset(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	set_cycles(cpu, cycles(cpu));
	cpu->pmu.cntenset |= (uint32_t)val & all_counters(cpu);
}

void pmu_write_cntenclr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	set_cycles(cpu, cycles(cpu));
	cpu->pmu.cntenset &= ~(uint32_t)val;
}

uint64_t pmu_read_ovsr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return cpu->pmu.ovsr;
}

void pmu_write_ovsr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	cpu->pmu.ovsr &= ~(uint32_t)val;
}

void pmu_write_ovsset(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->pmu.ovsr |= (uint32_t)val & all_counters(cpu);
}

void pmu_write_swinc(struct cpu *cpu, unsigned int n, uint64_t val)
{
	struct pmu *p = &cpu->pmu;

	(void)n;
	check_access(cpu);
	if (!(p->pmcr & PMCR_E))
		return;
	val &= p->cntenset;
	for (unsigned int i = 0; i < counters(cpu); i++)
		if (val >> i & 1 && (p->evtyper[i] & 0xff) == EVENT_SW_INCR &&
		    !++p->evcntr[i])
			p->ovsr |= 1u << i;
}

uint64_t pmu_read_selr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return cpu->pmu.selr;
}

void pmu_write_selr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	cpu->pmu.selr = val & 0x1f;
}

uint64_t pmu_read_ccntr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return (uint32_t)cycles(cpu);
}

void pmu_write_ccntr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	set_cycles(cpu, val);
}

/* A counter that this processor lacks reads as zero through the selector,
 * and is UNDEFINED by its own name. */
static uint32_t *selected(struct cpu *cpu, uint32_t *of)
{
	check_access(cpu);
	return cpu->pmu.selr < counters(cpu) ? &of[cpu->pmu.selr] : NULL;
}

static uint32_t *named(struct cpu *cpu, unsigned int n, uint32_t *of)
{
	check_access(cpu);
	if ((n & 7) >= counters(cpu))
		cpu_raise(cpu, EXCP_UNDEF);
	return &of[n & 7];
}

uint64_t pmu_read_xevtyper(struct cpu *cpu, unsigned int n)
{
	const uint32_t *type = selected(cpu, cpu->pmu.evtyper);

	(void)n;
	if (cpu->pmu.selr == SELECT_CYCLES)
		return cpu->pmu.ccfiltr;
	return type ? *type : 0;
}

void pmu_write_xevtyper(struct cpu *cpu, unsigned int n, uint64_t val)
{
	uint32_t *type = selected(cpu, cpu->pmu.evtyper);

	(void)n;
	if (cpu->pmu.selr == SELECT_CYCLES)
		cpu->pmu.ccfiltr = (uint32_t)val & FILTER_MASK;
	else if (type)
		*type = (uint32_t)val & TYPE_MASK;
}

uint64_t pmu_read_xevcntr(struct cpu *cpu, unsigned int n)
{
	const uint32_t *count = selected(cpu, cpu->pmu.evcntr);

	(void)n;
	return count ? *count : 0;
}

void pmu_write_xevcntr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	uint32_t *count = selected(cpu, cpu->pmu.evcntr);

	(void)n;
	if (count)
		*count = (uint32_t)val;
}

uint64_t pmu_read_inten(struct cpu *cpu, unsigned int n)
{
	(void)n;
	return cpu->pmu.intenset;
}

void pmu_write_intenset(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->pmu.intenset |= (uint32_t)val & all_counters(cpu);
}

void pmu_write_intenclr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	cpu->pmu.intenset &= ~(uint32_t)val;
}

uint64_t pmu_read_evcntr(struct cpu *cpu, unsigned int n)
{
	return *named(cpu, n, cpu->pmu.evcntr);
}

void pmu_write_evcntr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*named(cpu, n, cpu->pmu.evcntr) = (uint32_t)val;
}

uint64_t pmu_read_evtyper(struct cpu *cpu, unsigned int n)
{
	return *named(cpu, n, cpu->pmu.evtyper);
}

void pmu_write_evtyper(struct cpu *cpu, unsigned int n, uint64_t val)
{
	*named(cpu, n, cpu->pmu.evtyper) = (uint32_t)val & TYPE_MASK;
}

uint64_t pmu_read_ccfiltr(struct cpu *cpu, unsigned int n)
{
	(void)n;
	check_access(cpu);
	return cpu->pmu.ccfiltr;
}

void pmu_write_ccfiltr(struct cpu *cpu, unsigned int n, uint64_t val)
{
	(void)n;
	check_access(cpu);
	cpu->pmu.ccfiltr = (uint32_t)val & FILTER_MASK;
}

void pmu_reset(struct cpu *cpu)
{
	cpu->pmu = (struct pmu){
		.pmcr = cpu->model == CORTEX_A7 ? PMCR_A7 : PMCR_A15,
	};
}
