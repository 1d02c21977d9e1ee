/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault of an abort is told from its status: alignment, or anything else.
 * The case's end is what the Linux kernel would make of it as a signal.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/exec.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "common/mem.h"

enum {
	RAM = 0x50000000,
	RAM_SIZE = 4 << 20,
	TTB = RAM, /* first level: 16 KiB */
	L2_DATA = RAM + 0x4000,
	L2_CODE = RAM + 0x4400,
	L2_VECTORS = RAM + 0x4800,
	PAGE = 0x1000,
	CODE_SIZE = CASE_SLOT * CASE_BATCH,
	/* small page: normal memory, write back; for PL0 read, or also write */
	PAGE_RO = 0x02 | 0x0c | 1 << 6 | 2 << 4,
	PAGE_RW = 0x02 | 0x0c | 1 << 6 | 3 << 4,
	PAGE_PRIVILEGED = 0x02 | 0x0c | 1 << 6 | 1 << 4,
	STEPS = 100,
	CPACR_VFP = 0xf << 20,
	FSR_STATUS = 0x40f,
	FSR_ALIGNMENT = 1,
	FSR_DEBUG = 2,
};

static void put(struct machine *m, uint32_t pa, uint32_t val)
{
	memcpy(ram_at(&m->ram, pa, 4), &val, 4);
}

static void map(struct machine *m, uint32_t l2, uint32_t va, uint32_t size,
		uint32_t kind)
{
	put(m, TTB + (va >> 20) * 4, l2 | 1);
	for (uint32_t at = va; at < va + size; at += PAGE)
		put(m, l2 + (at >> 12 & 0xff) * 4, at | kind);
}

static void tables(struct machine *m)
{
	struct cp15 *cp15 = &m->cpu.cp15;

	map(m, L2_DATA, CASE_DATA, CASE_DATA_SIZE, PAGE_RW);
	map(m, L2_CODE, CASE_CODE, CODE_SIZE, PAGE_RO);
	map(m, L2_VECTORS, MACHINE_VECTORS, PAGE, PAGE_PRIVILEGED);
	cp15->vbar = MACHINE_VECTORS;
	cp15->ttbr0 = TTB;
	cp15->dacr = 1; /* domain 0: client */
	cp15->sctlr |= SCTLR_M | SCTLR_SW;
	cp15->sctlr &= ~(uint32_t)(SCTLR_A | SCTLR_AFE | SCTLR_TRE);
	cp15->cpacr = CPACR_VFP;
	m->cpu.vfp.fpexc = FPEXC_EN;
}

static uint64_t no_time(void *board)
{
	(void)board;
	return 0;
}

struct machine *machine_new(void)
{
	struct machine *m = xnew(struct machine);
	struct err err;

	if (ram_init(&m->ram, RAM, RAM_SIZE, &err) < 0 ||
	    codepages_init(&m->codepages, &m->ram, &err) < 0)
		goto fail;
	m->sys = (struct arm_system){ .ram = &m->ram,
				      .bus = &m->bus,
				      .codepages = &m->codepages,
				      .cpus = 1,
				      .cpu = { &m->cpu },
				      .clock = no_time };
	if (cpu_init(&m->cpu, &m->sys, 0, CORTEX_A15, &err) < 0)
		goto fail;
	tables(m);
	cpu_set_cpsr(&m->cpu, MODE_USR);
	mmu_context_changed(&m->cpu);
	m->data = ram_at(&m->ram, CASE_DATA, CASE_DATA_SIZE);
	m->code = ram_at(&m->ram, CASE_CODE, CODE_SIZE);
	case_changes(m->data);
	return m;
fail:
	fprintf(stderr, "no machine: %s\n", err.text);
	exit(1);
}

void machine_free(struct machine *m)
{
	cpu_fini(&m->cpu);
	codepages_fini(&m->codepages);
	ram_fini(&m->ram);
	free(m);
}

void machine_load(struct machine *m, const struct case_in *in,
		  unsigned int count)
{
	for (unsigned int n = 0; n < count; n++)
		case_load(m->code + n * CASE_SLOT / 4, &in[n]);
}

static bool mapped_code(uint32_t pc)
{
	return pc >= CASE_CODE && pc < CASE_CODE + CODE_SIZE;
}

/* Where the reference can execute and we cannot: the data, its own program
 * and stack, the kernel's helpers. */
static bool foreign_code(uint32_t pc)
{
	return (pc ^ CASE_DATA) < CASE_DATA_SIZE || pc >= 0xffff0000 ||
	       (pc >= 0x3fff0000 && pc < 0x41000000) ||
	       (pc >= 0x70000000 && pc < 0x70100000);
}

static uint16_t half_at(const struct machine *m, uint32_t pc)
{
	uint16_t half = 0;

	if (mapped_code(pc))
		memcpy(&half, (const char *)m->code + (pc - CASE_CODE), 2);
	return half;
}

/* As the interpreter does; both halves of a T32 word are in the region. */
static void decode_at(struct machine *m, struct insn *in, uint32_t pc)
{
	struct cpu *cpu = &m->cpu;
	uint16_t half = half_at(m, pc);

	if (!cpu->thumb)
		decode_a32(in, m->code[(pc - CASE_CODE) / 4]);
	else if (!decode_is_t32(half))
		decode_t16(in, half, cpu->it);
	else
		decode_t32(in, (uint32_t)half << 16 | half_at(m, pc + 2),
			   cpu->it);
}

static uint8_t it_after(const struct insn *in)
{
	if (in->op == T16_IT)
		return (uint8_t)in->word;
	if (!(in->it & 7))
		return 0;
	return (uint8_t)((in->it & 0xe0) | (in->it << 1 & 0x1f));
}

void machine_set_state(struct cpu *cpu, const struct case_in *in)
{
	bool big = cpu->big_endian;

	memcpy(cpu->r, in->r, sizeof(in->r));
	cpu->nf = in->cpsr & CPSR_N;
	cpu->zf = !(in->cpsr & CPSR_Z);
	cpu->cf = !!(in->cpsr & CPSR_C);
	cpu->vf = (in->cpsr & CPSR_V) << 3;
	cpu->qf = !!(in->cpsr & CPSR_Q);
	cpu->ge = in->cpsr >> 16 & 15;
	cpu->thumb = in->cpsr & CPSR_T;
	cpu->it = 0;
	cpu->big_endian = false;
	cpu->ex_size = 0;
	memcpy(cpu->vfp.v.d, in->d, sizeof(in->d));
	vfp_set_fpscr(cpu, in->fpscr);
	if (big)
		mmu_context_changed(cpu);
}

enum case_end machine_end_of(const struct cpu *cpu)
{
	uint32_t status = cpu->excp_fsr & FSR_STATUS;

	switch (cpu->excp) {
	case EXCP_UNDEF:
		return END_UNDEF;
	case EXCP_DATA_ABORT:
		return status == FSR_ALIGNMENT ? END_ALIGNMENT : END_FAULT;
	case EXCP_PREFETCH_ABORT:
		return status == FSR_DEBUG ? END_BKPT : END_FAULT;
	default:
		return END_OTHER;
	}
}

/* Whether what a fault was about lies where the reference may have memory of
 * its own: neither in our regions nor in the pages around them. */
static bool elsewhere(uint32_t va)
{
	return va < CASE_DATA - PAGE ||
	       (va >= CASE_DATA + 2 * PAGE && va < CASE_CODE) ||
	       va >= CASE_CODE;
}

static void get_state(struct machine *m, uint32_t pc, struct case_out *ret)
{
	struct cpu *cpu = &m->cpu;

	memcpy(ret->r, cpu->r, sizeof(cpu->r));
	ret->r[15] = pc;
	ret->cpsr = cpu_cpsr(cpu) & (uint32_t)CASE_CPSR;
	ret->fpscr = vfp_fpscr(cpu);
	memcpy(ret->d, cpu->vfp.v.d, sizeof(ret->d));
	ret->memory = case_changes(m->data);
}

/* A store exclusive of another size than the load: UNPREDICTABLE (A3.4.5). */
static bool other_size(const struct cpu *cpu, const struct insn *in)
{
	unsigned int size;

	if (!cpu->ex_size)
		return false;
	if (in->exec == exec_STREXB)
		size = 1;
	else if (in->exec == exec_STREXH)
		size = 2;
	else if (in->exec == exec_STREX)
		size = 4;
	else if (in->exec == exec_STREXD)
		size = 8;
	else
		return false;
	return cpu->ex_size != size;
}

/* The row's own function does not come back. */
static bool ends_anyway(const struct insn *in)
{
	return in->op < OP_UNDEF && in->exec == decode_row(in->op)->exec &&
	       (in->exec == exec_UNDEF || in->exec == exec_BKPT);
}

/* One instruction at pc, for the loop in machine_run(). */
static void step(struct machine *m, const struct insn *in, uint32_t pc)
{
	struct cpu *cpu = &m->cpu;

	cpu->cur = in;
	cpu->r[15] = pc + (cpu->thumb ? 4 : 8);
	cpu->pc_next = pc + in->len;
	if (cpu_cond(cpu, in->cond)) {
		if (ends_anyway(in))
			m->executed[in->op]++;
		in->exec(cpu, in);
		m->executed[in->op]++;
	}
	cpu->it = it_after(in);
}

static enum machine_verdict restored(struct machine *m,
				     enum machine_verdict verdict)
{
	case_changes(m->data);
	return verdict;
}

enum machine_verdict machine_run(struct machine *m, const struct case_in *in,
				 unsigned int n,
				 bool (*allowed)(const struct insn *),
				 struct case_out *ret)
{
	struct cpu *cpu = &m->cpu;
	static struct insn insn;
	volatile uint32_t pc;

	machine_set_state(cpu, in);
	cpu->pc_next = CASE_CODE + CASE_SLOT * n;
	pc = cpu->pc_next;
	m->last_op = OP_UNDEF;
	if (!setjmp(cpu->unwind)) {
		for (unsigned int i = 0; i < STEPS; i++) {
			pc = cpu->pc_next;
			if (foreign_code(pc))
				return restored(m, MACHINE_OUTSIDE);
			if (!mapped_code(pc))
				cpu_abort(cpu, EXCP_PREFETCH_ABORT, 5, pc);
			decode_at(m, &insn, pc);
			if (allowed && !allowed(&insn))
				return restored(m, MACHINE_REFUSED);
			if (other_size(cpu, &insn))
				return restored(m, MACHINE_OUTSIDE);
			m->last_op = insn.op;
			step(m, &insn, pc);
		}
		return restored(m, MACHINE_LOOPS);
	}
	get_state(m, pc, ret);
	ret->end = machine_end_of(cpu);
	if (ret->end == END_FAULT && elsewhere(cpu->excp_far) &&
	    cpu->excp == EXCP_DATA_ABORT)
		return MACHINE_OUTSIDE;
	return MACHINE_RAN;
}

enum machine_verdict machine_run_by(struct machine *m, const struct case_in *in,
				    unsigned int n, machine_engine *engine,
				    void *arg, struct case_out *ret)
{
	struct cpu *cpu = &m->cpu;
	volatile uint32_t at = CASE_CODE + CASE_SLOT * n;

	machine_set_state(cpu, in);
	cpu->pc_next = at;
	if (!setjmp(cpu->unwind)) {
		engine(m, arg, &at);
		return restored(m, MACHINE_LOOPS);
	}
	get_state(m, at, ret);
	ret->end = machine_end_of(cpu);
	return MACHINE_RAN;
}
