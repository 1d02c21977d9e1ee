/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches, and what looks like one: IT, whose effect is on the decoding of
 * what follows, is nothing to execute.
 */
#include "arm/decode.h"
#include "arm/exec.h"

void exec_pc_written(struct cpu *cpu, const struct insn *in)
{
	decode_row(in->op)->exec(cpu, in);
	exec_branch(cpu, cpu->r[15]);
}

void exec_B(struct cpu *cpu, const struct insn *in)
{
	cpu->pc_next = cpu->r[15] + in->imm;
}

/* What BL leaves in LR: r[15] is two instructions on in A32, and the width
 * of this one and no more in T32. */
static uint32_t link(const struct cpu *cpu, const struct insn *in)
{
	return cpu->thumb ? (cpu->r[15] - 4 + in->len) | 1 : cpu->r[15] - 4;
}

void exec_BL(struct cpu *cpu, const struct insn *in)
{
	cpu->r[14] = link(cpu, in);
	cpu->pc_next = cpu->r[15] + in->imm;
}

void exec_BLX_imm(struct cpu *cpu, const struct insn *in)
{
	cpu->r[14] = link(cpu, in);
	cpu->pc_next = (cpu->r[15] & ~3u) + in->imm;
	cpu->thumb = !cpu->thumb;
}

void exec_BX(struct cpu *cpu, const struct insn *in)
{
	exec_bx(cpu, cpu->r[in->rm]);
}

void exec_BLX_reg(struct cpu *cpu, const struct insn *in)
{
	uint32_t to = cpu->r[in->rm];

	cpu->r[14] = link(cpu, in);
	exec_bx(cpu, to);
}

/* There is no Jazelle: as BX (A2.10.2). */
void exec_BXJ(struct cpu *cpu, const struct insn *in)
{
	exec_bx(cpu, cpu->r[in->rm]);
}

void exec_CBZ(struct cpu *cpu, const struct insn *in)
{
	if (!cpu->r[in->rn])
		cpu->pc_next = cpu->r[15] + in->imm;
}

void exec_CBNZ(struct cpu *cpu, const struct insn *in)
{
	if (cpu->r[in->rn])
		cpu->pc_next = cpu->r[15] + in->imm;
}

void exec_TBB(struct cpu *cpu, const struct insn *in)
{
	uint32_t n = mem_r8(cpu, cpu->r[in->rn] + cpu->r[in->rm]);

	cpu->pc_next = cpu->r[15] + 2 * n;
}

void exec_TBH(struct cpu *cpu, const struct insn *in)
{
	uint32_t n = mem_r16(cpu, cpu->r[in->rn] + 2 * cpu->r[in->rm]);

	cpu->pc_next = cpu->r[15] + 2 * n;
}

void exec_IT(struct cpu *cpu, const struct insn *in)
{
	(void)cpu;
	(void)in;
}
