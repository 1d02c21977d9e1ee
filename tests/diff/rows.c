/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions of every row, translated to IR that has to keep the
 * rules of ir/ir.h, before the optimizer and after it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/mmu.h"
#include "gen.h"
#include "insn/jit_machine.h"
#include "jit/translate.h"
#include "unit/test.h"

enum {
	PER_ROW = 200,
};

static struct draft draft;

static void verify(const char *when, const char *row)
{
	unsigned int at;
	const char *bad = ir_verify(&draft.ir, &at);

	if (!bad)
		return;
	fprintf(stderr, "%s: %s, operation %u: %s\n", row, when, at, bad);
	ir_dump(&draft.ir, stderr);
	test_failed();
}

static void one(struct machine *m, const struct case_in *in, const char *row)
{
	struct cpu *cpu = &m->cpu;
	struct code_at code = { 0 };
	uint32_t fsr;

	machine_load(m, in, 1);
	machine_set_state(cpu, in);
	code.host = mmu_fetch(cpu, CASE_CODE, &code.pa, &fsr);
	check(code.host);
	if (!translate(cpu, &code, 0, &draft))
		return;
	verify("as translated", row);
	ir_optimize(&draft.ir);
	verify("optimized", row);
}

int main(void)
{
	struct gen gen = { { 1 } };
	struct machine *m;

	decode_init();
	m = machine_new();
	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		for (unsigned int i = 0; i < PER_ROW; i++) {
			struct case_in in;

			gen_case(&gen, (enum insn_op)op, i & 1, &in);
			cpu_set_cpsr(&m->cpu, i & 2 ? MODE_SVC : MODE_USR);
			one(m, &in, decode_row((enum insn_op)op)->name);
		}
	}
	machine_free(m);
	return test_done();
}
