/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 300 processes on two CPUs, more than there are ASIDs, views or ids: the same
 * addresses are another page of code and another of data in each.  ASIDs are
 * given anew as an operating system does, and once without any ASIDs.
 */
#include "smp.h"

enum {
	PROCESSES = 300,
	ASIDS = 250,
	ROUNDS = 6000,
	CODE_VA = (int)FREE_VA,
	DATA_VA = (int)FREE_VA + PAGE,
	WRITE_VA = (int)FREE_VA + 2 * PAGE,
};

static struct space space[2][PROCESSES];
static struct space nobody;          /* nothing but us */
static uint32_t owner[2][ASIDS + 1]; /* which process has it, plus one */
static uint32_t next_asid[2];
static bool without_asids;

/* Like Linux: a new one if its own was taken away.  Whose it was may be the
 * process that still runs, which could be loaded again under it (B3.10.4). */
static void give_asid(unsigned int cpu, unsigned int n)
{
	struct space *s = &space[cpu][n];

	if (without_asids) {
		s->asid = 0;
		return;
	}
	if (s->asid && owner[cpu][s->asid] == n + 1)
		return;
	next_asid[cpu] = next_asid[cpu] % ASIDS + 1;
	s->asid = next_asid[cpu];
	owner[cpu][s->asid] = n + 1;
	space_use(&nobody);
	tlb_asid(s->asid);
}

static void visit(unsigned int cpu, unsigned int n, uint32_t round)
{
	uint32_t (*fn)(void) = (uint32_t(*)(void))CODE_VA;
	volatile uint32_t *written = (volatile uint32_t *)WRITE_VA;
	uint32_t before;

	give_asid(cpu, n);
	space_use(&space[cpu][n]);
	if (without_asids)
		tlb_all();
	for (unsigned int k = 0; k < 4; k++) {
		check("code", fn(), n);
		check("data", *(volatile uint32_t *)DATA_VA, n ^ 0x5a0000);
	}
	before = written[1];
	check("written", written[0], before ^ n);
	written[1] = round;
	written[0] = round ^ n;
}

static void run(unsigned int cpu)
{
	uint32_t seed = cpu + 1;

	for (uint32_t i = 0; i < ROUNDS; i++)
		visit(cpu, i < PROCESSES ? i : random_next(&seed) % PROCESSES,
		      i);
}

static void second(void)
{
	run(1);
}

static void make(unsigned int cpu, uint32_t n)
{
	struct space *s = &space[cpu][n];
	uint32_t *code = page_new(), *data = page_new(), *word = page_new();

	space_init(s, 0);
	code[0] = 0xe3000000 | (n & 0xf000) << 4 | (n & 0xfff);
	code[1] = 0xe12fff1e; /* movw r0, #n; bx lr */
	data[0] = n ^ 0x5a0000;
	word[0] = n;
	map(s, CODE_VA, (uintptr_t)code, PAGE_ALL | PAGE_NG);
	map(s, DATA_VA, (uintptr_t)data, PAGE_ALL | PAGE_NG);
	map(s, WRITE_VA, (uintptr_t)word, PAGE_ALL | PAGE_NG);
}

int main(void)
{
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		for (uint32_t n = 0; n < PROCESSES; n++)
			make(cpu, n);
	space_init(&nobody, 0);
	mmu_on(&nobody);
	cpu_start(1, second, &space[1][0]);
	run(0);
	cpu_join(1);
	without_asids = true;
	cpu_start(2, second, &space[1][0]);
	run(0);
	cpu_join(2);
	done("ids");
}
