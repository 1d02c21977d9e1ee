/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exception that ends a case is taken as on a real machine.  Each vector
 * is a WFI, on which jit_run() returns; the case's state is then in the banks.
 */
#include "jit_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/exception.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "mem/codepages.h"

enum {
	WFI = (int)0xe320f003,
	VECTORS = 8,
};

bool jit_machine_add(struct machine *m, uint64_t seed, bool v3)
{
	struct jit_options options = {
		.mode = JIT_ON, .v3 = v3, .seed = seed, .threshold = 1
	};
	uint32_t *vector = ram_at(&m->ram, MACHINE_VECTORS, VECTORS * 4);
	const char *why;
	struct err err;

	for (unsigned int i = 0; i < VECTORS; i++)
		vector[i] = (uint32_t)WFI;
	if (!jit_available(&why)) {
		printf("%s\n", why);
		return false;
	}
	if (jit_init(&m->cpu, &options, &err) < 0) {
		fprintf(stderr, "no translator: %s\n", err.text);
		exit(1);
	}
	return true;
}

/* Where the instruction stands that the exception is about (B1.8.3). */
static uint32_t culprit(const struct cpu *cpu)
{
	uint32_t spsr = exception_spsr(cpu);

	switch (cpu->mode) {
	case MODE_UND:
		return cpu->r[14] - (spsr & CPSR_T ? 2 : 4);
	case MODE_ABT:
		return cpu->r[14] - (cpu->excp == EXCP_DATA_ABORT ? 8 : 4);
	default:
		return cpu->r[14];
	}
}

static void get_state(struct machine *m, struct case_out *ret)
{
	struct cpu *cpu = &m->cpu;

	memcpy(ret->r, cpu->r, sizeof(ret->r));
	ret->r[13] = cpu->bank_sp[BANK_USR];
	ret->r[14] = cpu->bank_lr[BANK_USR];
	ret->r[15] = culprit(cpu);
	ret->cpsr = exception_spsr(cpu) & (uint32_t)CASE_CPSR;
	ret->fpscr = vfp_fpscr(cpu);
	memcpy(ret->d, cpu->vfp.v.d, sizeof(ret->d));
	ret->memory = case_changes(m->data);
	ret->end = machine_end_of(cpu);
}

void jit_machine_load(struct machine *m, const struct case_in *in,
		      unsigned int count)
{
	machine_load(m, in, count);
	codepages_written(&m->codepages, CASE_CODE, CASE_SLOT * CASE_BATCH);
}

void jit_machine_run(struct machine *m, const struct case_in *in,
		     unsigned int n, struct case_out *ret)
{
	struct cpu *cpu = &m->cpu;

	cpu_set_cpsr(cpu, MODE_USR);
	machine_set_state(cpu, in);
	cpu->excp = EXCP_SVC; /* which raises nothing */
	cpu->pc_next = CASE_CODE + CASE_SLOT * n;
	/* a case may have a WFI, too */
	while (jit_run(cpu) == CPU_EXIT_WFI && cpu->mode == MODE_USR)
		;
	if (cpu->mode == MODE_ABT && cpu->excp == EXCP_SVC)
		cpu->excp = EXCP_PREFETCH_ABORT; /* of a fetch, not raised */
	get_state(m, ret);
	cpu_set_cpsr(cpu, MODE_USR);
}
