/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exclusives, swaps, barriers and hints (A3.4, A3.8.3, A8.8).
 *
 * The host is x86: its order is stronger than ARM's but for a store that is
 * followed by a load, so DMB is a full fence and nothing else needs one.  DSB
 * also waits until the other CPUs have done the maintenance that this one
 * broadcast (sync.h).
 */
#include <sched.h>

#include "arm/exec.h"
#include "arm/mmu.h"
#include "arm/sync.h"

static void load_exclusive(struct cpu *cpu, const struct insn *in,
			   unsigned int size)
{
	cpu->r[in->rt] = (uint32_t)access_load_exclusive(
		cpu, cpu->r[in->rn] + in->imm, size);
}

static void store_exclusive(struct cpu *cpu, const struct insn *in,
			    unsigned int size, uint64_t val)
{
	cpu->r[in->rd] = !access_store_exclusive(cpu, cpu->r[in->rn] + in->imm,
						 size, val);
}

void exec_LDREX(struct cpu *cpu, const struct insn *in)
{
	load_exclusive(cpu, in, 4);
}

void exec_LDREXB(struct cpu *cpu, const struct insn *in)
{
	load_exclusive(cpu, in, 1);
}

void exec_LDREXH(struct cpu *cpu, const struct insn *in)
{
	load_exclusive(cpu, in, 2);
}

void exec_LDREXD(struct cpu *cpu, const struct insn *in)
{
	uint64_t val = access_load_exclusive(cpu, cpu->r[in->rn], 8);

	cpu->r[in->rt] = (uint32_t)val;
	cpu->r[in->ra] = (uint32_t)(val >> 32);
}

void exec_STREX(struct cpu *cpu, const struct insn *in)
{
	store_exclusive(cpu, in, 4, cpu->r[in->rt]);
}

void exec_STREXB(struct cpu *cpu, const struct insn *in)
{
	store_exclusive(cpu, in, 1, (uint8_t)cpu->r[in->rt]);
}

void exec_STREXH(struct cpu *cpu, const struct insn *in)
{
	store_exclusive(cpu, in, 2, (uint16_t)cpu->r[in->rt]);
}

void exec_STREXD(struct cpu *cpu, const struct insn *in)
{
	store_exclusive(cpu, in, 8,
			cpu->r[in->rt] | (uint64_t)cpu->r[in->ra] << 32);
}

void exec_CLREX(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	access_clear_exclusive(cpu);
}

/* UNDEFINED unless the kernel asks for them (B4.1.130, SCTLR.SW). */
static void swap(struct cpu *cpu, const struct insn *in, unsigned int size)
{
	if (!(cpu->cp15.sctlr & SCTLR_SW))
		cpu_raise(cpu, EXCP_UNDEF);
	cpu->r[in->rt] = access_swap(cpu, cpu->r[in->rn], size, cpu->r[in->rm]);
}

void exec_SWP(struct cpu *cpu, const struct insn *in)
{
	swap(cpu, in, 4);
}

void exec_SWPB(struct cpu *cpu, const struct insn *in)
{
	swap(cpu, in, 1);
}

void exec_DMB(struct cpu *cpu, const struct insn *in)
{
	(void)cpu;
	(void)in;
	atomic_thread_fence(memory_order_seq_cst);
}

void exec_DSB(struct cpu *cpu, const struct insn *in)
{
	exec_DMB(cpu, in);
	sync_wait(cpu);
}

/* The block ends here, and that is all: nothing is fetched ahead. */
void exec_ISB(struct cpu *cpu, const struct insn *in)
{
	(void)cpu;
	(void)in;
}

void exec_NOP(struct cpu *cpu, const struct insn *in)
{
	(void)cpu;
	(void)in;
}

/* Somebody spins: the one that it waits for may need this host CPU. */
void exec_YIELD(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	if (cpu->sys->cpus > 1)
		sched_yield();
}

/* An event register that is always set: what waits looks again. */
void exec_WFE(struct cpu *cpu, const struct insn *in)
{
	exec_YIELD(cpu, in);
}

void exec_WFI(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	cpu_leave(cpu, CPU_EXIT_WFI);
}

void exec_SETEND(struct cpu *cpu, const struct insn *in)
{
	if (cpu->big_endian == in->x)
		return;
	cpu->big_endian = in->x ? 1 : 0;
	mmu_context_changed(cpu);
}
