/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log is made for comparing with qemu-system-arm -d in_asm,int,cpu: the
 * registers have its layout, and a block's address stands in its own line.
 * Each line is one call to stdio, so that those of several CPUs do not mix.
 */
#include "arm/trace.h"

#include "arm/disasm.h"

void trace_code(const struct cpu *cpu, uint32_t pc, const struct insn *in,
		unsigned int n)
{
	FILE *f = cpu->sys->trace_file;
	uint32_t page = pc & ~0xfffu;

	fprintf(f, "IN: cpu %u %08x\n", cpu->index, pc);
	for (; n; n--, in++) {
		char text[DISASM_SIZE];

		disasm(in, page + in->off, text, sizeof(text));
		fprintf(f, "0x%08x:  %-*s%0*x  %s\n", page + in->off,
			8 - in->len * 2, "", in->len * 2, in->word, text);
	}
}

void trace_state(const struct cpu *cpu)
{
	unsigned int what = cpu->sys->trace;
	FILE *f = cpu->sys->trace_file;
	char text[400];
	int len = 0;

	if (what & TRACE_EXEC)
		fprintf(f, "Trace %u: %08x%s\n", cpu->index, cpu->pc_next,
			cpu->thumb ? " T" : "");
	if (!(what & TRACE_CPU))
		return;
	for (int i = 0; i < 16; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"R%02d=%08x%c", i,
				i == 15 ? cpu->pc_next : cpu->r[i],
				i % 4 == 3 ? '\n' : ' ');
	fprintf(f, "%sPSR=%08x\n", text, cpu_cpsr(cpu));
}

static const char *const names[] = {
	[EXCP_UNDEF] = "undefined instruction",
	[EXCP_SVC] = "supervisor call",
	[EXCP_PREFETCH_ABORT] = "prefetch abort",
	[EXCP_DATA_ABORT] = "data abort",
	[EXCP_IRQ] = "IRQ",
	[EXCP_FIQ] = "FIQ",
};

void trace_exception(const struct cpu *cpu, enum excp excp, uint32_t pc)
{
	FILE *f = cpu->sys->trace_file;

	if (!(cpu->sys->trace & TRACE_INT))
		return;
	if (excp == EXCP_PREFETCH_ABORT || excp == EXCP_DATA_ABORT)
		fprintf(f, "cpu %u: %s at %08x psr %08x fsr %03x far %08x\n",
			cpu->index, names[excp], pc, cpu_cpsr(cpu),
			cpu->excp_fsr, cpu->excp_far);
	else
		fprintf(f, "cpu %u: %s at %08x psr %08x\n", cpu->index,
			names[excp], pc, cpu_cpsr(cpu));
}
