/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host code is written as bytes, one line for each guest instruction: objdump
 * -D -b binary -m i386:x86-64 reads them.
 */
#include "jit/dump.h"

#include <stdio.h>
#include <unistd.h>

#include "arm/disasm.h"

void dump_insns(const struct cpu *cpu, const struct unit *u, FILE *f)
{
	uint32_t page = cpu->pc_next & ~0xfffu;

	fprintf(f, "IN: cpu %u %08x, unit of %u\n", cpu->index, cpu->pc_next,
		u->insns);
	for (unsigned int i = 0; i < u->insns; i++) {
		const struct insn *in = &u->insn[i].in;
		char text[DISASM_SIZE];

		disasm(in, page + in->off, text, sizeof(text));
		fprintf(f, "%2u 0x%08x:  %-*s%0*x  %s%s\n", i, page + in->off,
			8 - in->len * 2, "", in->len * 2, in->word, text,
			u->insn[i].called ? "  (called)" : "");
	}
}

static void bytes(const char *what, const uint8_t *from, const uint8_t *to,
		  FILE *f)
{
	fprintf(f, "%-5s", what);
	for (; from < to; from++)
		fprintf(f, " %02x", *from);
	fputc('\n', f);
}

static void host(const struct unit *u, const struct x64_output *out, FILE *f)
{
	fprintf(f, "OUT: %p, %zu bytes\n", (const void *)u->code, out->size);
	for (unsigned int i = 0; i < u->insns; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%2u", i);
		bytes(number, u->code + out->insn[i],
		      u->code + out->insn[i + 1], f);
	}
	bytes("cold", u->code + out->cold, u->code + out->size, f);
}

void dump_perf_map(const void *code, size_t size, const char *name)
{
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	f = fopen(path, "ae");
	if (!f)
		return;
	fprintf(f, "%lx %zx %s\n", (unsigned long)(uintptr_t)code, size, name);
	fclose(f);
}

void dump_unit(const struct cpu *cpu, const struct unit *u,
	       const struct draft *d, const struct x64_output *out)
{
	unsigned int what = cpu->sys->trace;
	FILE *f = cpu->sys->trace_file;
	char name[32];

	if (what & TRACE_IN_ASM)
		dump_insns(cpu, u, f);
	if (what & TRACE_IR) {
		fputs("IR:\n", f);
		ir_dump(&d->ir, f);
	}
	if (what & TRACE_OUT_ASM && u->code)
		host(u, out, f);
	if (what & TRACE_PERF_MAP && u->code) {
		snprintf(name, sizeof(name), "guest-%08x%s", cpu->pc_next,
			 cpu->thumb ? "-T" : "");
		dump_perf_map(u->code, out->size, name);
	}
}
