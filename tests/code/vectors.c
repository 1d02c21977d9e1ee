/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many bytes of host code hot VFP and NEON instructions take, each alone
 * in a unit behind one that has done what a unit does once.  A change that
 * makes one longer shows here, and asks to be looked at; one that makes it
 * shorter asks for the new figures.
 *
 *	vectors [--print]
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/mmu.h"
#include "arm/vfp.h"
#include "arm/view.h"
#include "insn/machine.h"
#include "jit/translate.h"
#include "unit/test.h"
#include "x64/x64.h"

enum {
	CODE = 64 << 10,
	VCMP = (int)0xeeb47b47, /* vcmp.f64 d7, d7: VFP is seen to be on */
};

static const struct golden {
	const char *text;
	uint32_t word;
	unsigned int v2, v3; /* bytes */
} rows[] = {
#include "code/vectors.inc"
};

static uint8_t *code;
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

static unsigned int measure(struct machine *m, uint32_t word, bool v3)
{
	struct x64_env env = {
		.layout = &translate_layout,
		.pc_next = offsetof(struct cpu, pc_next),
		.thumb = offsetof(struct cpu, thumb),
		.page_va = offsetof(struct cpu, page_va),
		.view_r = offsetof(struct cpu, view_r),
		.jumps = offsetof(struct cpu, jumps),
		.context = offsetof(struct cpu, fetch_id),
		.view_w_offset = VIEW_PAGES * sizeof(int64_t),
		.v3 = v3,
		.interpret = interpret,
		.poll = poll,
	};
	struct case_in in = { .code = { (uint32_t)VCMP, word }, .words = 2 };
	const void *insn[IR_MAX_INSNS] = { 0 };
	uint64_t token[IR_MAX_EXITS] = { 0 };
	struct x64_input input = { .unit = &draft.ir,
				   .insn = insn,
				   .exit_token = token };
	struct x64 *x = x64_new(&env, code);
	const uint8_t *host;
	uint32_t fsr;
	paddr pa;

	in.fpscr = FP_IXC;
	machine_load(m, &in, 1);
	machine_set_state(&m->cpu, &in);
	host = mmu_fetch(&m->cpu, CASE_CODE, &pa, &fsr);
	check(host && translate(&m->cpu, host, pa, 0, &draft));
	ir_optimize(&draft.ir);
	check_eq(x64_translate(x, &input, code + X64_SHARED, CODE - X64_SHARED,
			       &output),
		 0);
	x64_free(x);
	return output.insn[2] - output.insn[1];
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && !strcmp(argv[1], "--print");
	struct machine *m = machine_new();

	code = aligned_alloc(4096, CODE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct golden *r = &rows[i];
		unsigned int v2 = measure(m, r->word, false);
		unsigned int v3 = measure(m, r->word, true);

		if (print) {
			printf("{ \"%s\", 0x%08x, %u, %u },\n", r->text,
			       r->word, v2, v3);
		} else if (v2 != r->v2 || v3 != r->v3) {
			fprintf(stderr, "%s: %u and %u bytes, not %u and %u\n",
				r->text, v2, v3, r->v2, r->v3);
			test_failed();
		}
	}
	free(code);
	machine_free(m);
	return print ? 0 : test_done();
}
