/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "code/measure.h"

#include <stddef.h>
#include <stdlib.h>

#include "arm/mmu.h"
#include "arm/view.h"
#include "jit/translate.h"
#include "unit/test.h"
#include "x64/x64.h"

enum {
	CODE = 64 << 10
};

static uint8_t code[CODE] __attribute__((aligned(4096)));
static struct draft draft;
static struct x64_output output;

static uint64_t interpret(void *state, const void *insn)
{
	(void)state;
	(void)insn;
	return 0;
}

static void poll(void *state, const void *insn)
{
	(void)state;
	(void)insn;
}

unsigned int measure(struct machine *m, const struct case_in *in,
		     unsigned int first, unsigned int last, bool v3)
{
	struct x64_env env = {
		.layout = &translate_layout,
		.pc_next = offsetof(struct cpu, pc_next),
		.thumb = offsetof(struct cpu, thumb),
		.page_va = offsetof(struct cpu, page_va),
		.view_r = offsetof(struct cpu, view_r),
		.jumps = offsetof(struct cpu, jumps),
		.context = offsetof(struct cpu, fetch_context),
		.view_w_offset = VIEW_PAGES * sizeof(int64_t),
		.v3 = v3,
		.interpret = interpret,
		.poll = poll,
	};
	const void *insn[IR_MAX_INSNS] = { 0 };
	uint64_t token[IR_MAX_EXITS] = { 0 };
	struct x64_input input = { .unit = &draft.ir,
				   .insn = insn,
				   .exit_token = token };
	struct x64 *x = x64_new(&env, code);
	struct code_at at = { 0 };
	uint32_t fsr;

	machine_load(m, in, 1);
	machine_set_state(&m->cpu, in);
	at.host = mmu_fetch(&m->cpu, CASE_CODE, &at.pa, &fsr);
	check(at.host && translate(&m->cpu, &at, 0, &draft));
	ir_optimize(&draft.ir);
	check_eq(x64_translate(x, &input, code + X64_SHARED, CODE - X64_SHARED,
			       &output),
		 0);
	x64_free(x);
	return output.insn[last] - output.insn[first];
}
