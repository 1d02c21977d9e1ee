/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated code against the interpreter's functions: cases of a few VFP and
 * NEON instructions, with edge values and in all modes of FPSCR, run both ways
 * from one state, each as one unit.
 *
 *	translated [--count N] [--edges STEP] [--seed N] [--isa v2|v3] [--row R]
 *
 * Every third unit has its registers assigned at random.  A difference is
 * reported with the case, the IR, and what differs.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arm/exec.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "arm/view.h"
#include "common/mem.h"
#include "gen.h"
#include "insn/machine.h"
#include "jit/host_fp.h"
#include "jit/translate.h"
#include "x64/x64.h"

enum {
	MEMORY = 1 << 20,
	MAX_REPORTS = 10,
	UNITS = 40, /* before a case is given up */
};

struct options {
	unsigned long count;
	unsigned int edges;
	uint64_t seed;
	bool v3;
	const char *row;
};

struct run {
	const struct options *opt;
	struct machine *m;
	struct gen gen;
	struct x64_env env;
	struct x64 *x64;
	uint8_t *code;
	struct draft draft;
	struct x64_output output;
	uint64_t assign; /* seed of register assignment, or 0 */
	unsigned int different, compared, cut, calls, units;
};

static struct run *running; /* for callbacks */
static volatile uint32_t *where;

static uint64_t interpret(void *state, const void *insn)
{
	const struct jit_insn *ji = insn;
	const struct insn *in = &ji->in;
	struct cpu *cpu = state;

	*where = cpu->page_va + in->off;
	cpu->cur = in;
	cpu->r[15] = cpu->page_va + in->off + (in->flags & INSN_THUMB ? 4 : 8);
	cpu->pc_next = cpu->page_va + in->off + in->len;
	cpu->it = in->it;
	running->calls++;
	in->exec(cpu, in);
	cpu->it = 0;
	return in->flags & INSN_ENDS_BLOCK && !ji->called;
}

static void poll(void *state, const void *insn)
{
	(void)state;
	(void)insn;
}

/* single: with TRANSLATE_SINGLE. */
static bool unit_at(struct run *run, uint32_t pc, uint32_t single)
{
	const void *insn[IR_MAX_INSNS];
	uint64_t token[IR_MAX_EXITS] = { 0 };
	struct cpu *cpu = &run->m->cpu;
	struct draft *d = &run->draft;
	struct x64_input in = { .unit = &d->ir,
				.insn = insn,
				.exit_token = token,
				.seed = run->assign,
				.loops = true };
	struct code_at code = { 0 };
	const char *broken;
	unsigned int at;
	uint32_t fsr;

	code.host = mmu_fetch(cpu, pc, &code.pa, &fsr);
	if (!code.host || !translate(cpu, &code, (pc & 0xfff) | single, d))
		return false;
	broken = ir_verify(&d->ir, &at);
	if (!broken) {
		ir_optimize(&d->ir);
		broken = ir_verify(&d->ir, &at);
	}
	if (broken) {
		printf("operation %u: %s\n", at, broken);
		ir_dump(&d->ir, stdout);
		exit(1);
	}
	for (unsigned int i = 0; i < IR_MAX_INSNS; i++)
		insn[i] = &d->insn[i < d->insns ? i : d->insns - 1];
	for (unsigned int i = 0; i < d->ir.exits; i++)
		token[i] = (uint64_t)(i + 1) * 8;
	run->units++;
	return x64_translate(run->x64, &in, run->code + X64_SHARED,
			     MEMORY - X64_SHARED, &run->output) >= 0;
}

static void translated(struct machine *m, void *arg, volatile uint32_t *ret_at)
{
	struct run *run = arg;
	struct cpu *cpu = &m->cpu;
	uint32_t single = 0;

	where = ret_at;
	for (unsigned int n = 0; n < UNITS; n++) {
		uint32_t pc = cpu->pc_next;
		uint64_t token;

		/* an IT block that the case's end cuts */
		if (!unit_at(run, pc, single)) {
			run->cut++;
			return;
		}
		cpu->page_va = pc & ~0xfffu;
		token = x64_enter(run->x64, cpu, run->code + X64_SHARED);
		single = 0;
		if (!(token & 7)) {
			uint32_t to = run->draft.ir.exit[token / 8 - 1].target;

			single = to & TRANSLATE_SINGLE;
			cpu->pc_next = cpu->page_va + (to & 0xfff);
		} else if (token == X64_LEFT_TO)
			cpu->thumb = cpu->pc_next & 1;
		cpu->pc_next &= cpu->thumb ? ~1u : ~3u;
	}
}

static void print_case(const struct case_in *in)
{
	printf("code");
	for (uint32_t i = 0; i < in->words; i++)
		printf(" %08x", in->code[i]);
	printf("  cpsr %08x fpscr %08x seed %x\n", in->cpsr, in->fpscr,
	       in->seed);
}

static void word_differs(const char *name, unsigned int n, uint64_t is,
			 uint64_t want)
{
	if (is != want)
		printf("  %s%u is %016llx, not %016llx\n", name, n,
		       (unsigned long long)is, (unsigned long long)want);
}

static void report(struct run *run, const struct case_in *in,
		   const struct case_out *is, const struct case_out *want)
{
	if (run->different++ >= MAX_REPORTS)
		return;
	print_case(in);
	for (unsigned int i = 0; i < run->draft.insns; i++)
		printf("  %s\n",
		       run->draft.insn[i].in.op < OP_UNDEF
			       ? decode_row(run->draft.insn[i].in.op)->name
			       : "UNDEF");
	for (unsigned int i = 0; i < 16; i++)
		word_differs("r", i, is->r[i], want->r[i]);
	for (unsigned int i = 0; i < 32; i++)
		if (is->d[i] != want->d[i]) {
			word_differs("d", i, is->d[i], want->d[i]);
			printf("    was %016llx\n",
			       (unsigned long long)in->d[i]);
		}
	word_differs("cpsr", 0, is->cpsr, want->cpsr);
	word_differs("fpscr", 0, is->fpscr, want->fpscr);
	word_differs("memory", 0, is->memory, want->memory);
	word_differs("end", 0, is->end, want->end);
	if (getenv("DUMP"))
		ir_dump(&run->draft.ir, stdout);
}

static bool same(const struct case_out *a, const struct case_out *b)
{
	return !memcmp(a->r, b->r, sizeof(a->r)) && a->cpsr == b->cpsr &&
	       a->fpscr == b->fpscr && !memcmp(a->d, b->d, sizeof(a->d)) &&
	       a->end == b->end && a->memory == b->memory;
}

static bool is_allowed(const struct insn *in)
{
	(void)in;
	return true;
}

static void both_ways(struct run *run, const struct case_in *in)
{
	struct case_out is = { 0 }, want = { 0 };

	machine_load(run->m, in, 1);
	if (machine_run(run->m, in, 0, is_allowed, &want) != MACHINE_RAN)
		return;
	host_fp_enter(&run->m->cpu);
	if (machine_run_by(run->m, in, 0, translated, run, &is) ==
		    MACHINE_RAN &&
	    !same(&is, &want))
		report(run, in, &is, &want);
	host_fp_leave(&run->m->cpu);
	run->compared++;
	run->assign = run->compared % 3 ? 0 : run->compared;
}

static bool wanted(const struct run *run, unsigned int op)
{
	const struct decode_row *row = decode_row((enum insn_op)op);

	if (row->table != TABLE_VFP && row->table != TABLE_NEON)
		return false;
	return !run->opt->row ||
	       !strncmp(row->name, run->opt->row, strlen(run->opt->row));
}

static bool any_wanted(const struct run *run)
{
	for (unsigned int op = 0; op < OP_UNDEF; op++)
		if (wanted(run, op))
			return true;
	return false;
}

static void edges(struct run *run)
{
	struct case_in in;

	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		unsigned int n = wanted(run, op) ? gen_edges((enum insn_op)op)
						 : 0;

		for (unsigned int i = op % run->opt->edges; i < n;
		     i += run->opt->edges) {
			gen_edge_case(&run->gen, (enum insn_op)op, i, &in);
			both_ways(run, &in);
			in.fpscr |= FP_IXC;
			both_ways(run, &in);
		}
	}
}

/* Products and quotients at the least normal number: ARM finds tininess before
 * rounding, the host after it.  vn and vm of each such row get each pair. */
static void least_normal(struct run *run)
{
	static const struct {
		uint32_t n32, m32;
		uint64_t n64, m64;
	} pairs[] = {
		{ 0x00800001, 0x3f7ffffe, 0x0010000000000001,
		  0x3feffffffffffffe },
		{ 0x00ffffff, 0x3f000001, 0x001fffffffffffff,
		  0x3fe0000000000001 },
		{ 0x00800000, 0x3f7fffff, 0x0010000000000000,
		  0x3fefffffffffffff },
		{ 0x00800000, 0x3f800001, 0x0010000000000000,
		  0x3ff0000000000001 },
		{ 0x00ffffff, 0x40000000, 0x001fffffffffffff,
		  0x4000000000000000 },
		{ 0x20000000, 0x20000000, 0x2000000000000000,
		  0x2000000000000000 },
		{ 0x1fffffff, 0x20000001, 0x1fffffffffffffff,
		  0x2000000000000001 },
		{ 0x20000000, 0x5f7fffff, 0x380fffffffffffff,
		  0x380fffffe0000001 },
	};
	struct case_in in;

	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		if (!wanted(run, op) || !gen_edges((enum insn_op)op))
			continue;
		for (unsigned int i = 0; i < 64 * 8; i++) {
			unsigned int pair = i / 64, sign = i >> 5 & 1;

			gen_edge_case(&run->gen, (enum insn_op)op, i, &in);
			in.fpscr |= i & 16 ? FP_IXC : 0;
			for (unsigned int d = 0; d < 32; d++) {
				bool single = strstr(decode_row(
							     (enum insn_op)op)
							     ->name,
						     "f64") == NULL;
				uint64_t n = single ? pairs[pair].n32
						    : pairs[pair].n64;
				uint64_t m = single ? pairs[pair].m32
						    : pairs[pair].m64;
				uint64_t val = d & 2 ? m : n;

				if (single)
					val |= val << 32;
				in.d[d] = val ^ (uint64_t)(d & sign) << 63;
			}
			both_ways(run, &in);
		}
	}
}

/* VMSR that changes no mode is another matter than one that does. */
static void keep_modes(struct case_in *in)
{
	for (unsigned int i = 0; i < 15; i++)
		in->r[i] = (in->r[i] & ~(uint32_t)FPSCR_MODES) |
			   (in->fpscr & FPSCR_MODES);
}

static void random_cases(struct run *run)
{
	struct case_in in;
	unsigned int op = 0;

	for (unsigned long i = 0; i < run->opt->count; i++) {
		if (!run->opt->row && i & 1) {
			gen_vectors(&run->gen, &in);
		} else {
			do
				op = (op + 1) % OP_UNDEF;
			while (!wanted(run, op));
			gen_case(&run->gen, (enum insn_op)op, i & 2, &in);
			if (i & 4 &&
			    decode_row((enum insn_op)op)->exec == exec_VMSR)
				keep_modes(&in);
		}
		both_ways(run, &in);
	}
}

static void start(struct run *run)
{
	run->m = machine_new();
	run->gen.random.state = run->opt->seed;
	run->env = (struct x64_env){
		.layout = &translate_layout,
		.pc_next = offsetof(struct cpu, pc_next),
		.thumb = offsetof(struct cpu, thumb),
		.page_va = offsetof(struct cpu, page_va),
		.view_r = offsetof(struct cpu, view_r),
		.jumps = offsetof(struct cpu, jumps),
		.context = offsetof(struct cpu, fetch_context),
		.view_w_offset = VIEW_PAGES * sizeof(int64_t),
		.v3 = run->opt->v3,
		.interpret = interpret,
		.poll = poll,
	};
	run->code = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (run->code == MAP_FAILED) {
		printf("no executable memory\n");
		exit(77);
	}
	run->m->cpu.jumps = xcalloc(X64_JUMPS, sizeof(struct x64_jump));
	memset(run->m->cpu.jumps, 0xff, X64_JUMPS * sizeof(struct x64_jump));
	run->x64 = x64_new(&run->env, run->code);
	running = run;
}

static void parse(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "edges", required_argument, NULL, 'e' },
		{ "seed", required_argument, NULL, 's' },
		{ "isa", required_argument, NULL, 'i' },
		{ "row", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'n':
			opt->count = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			opt->edges = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 's':
			opt->seed = strtoull(optarg, NULL, 0);
			break;
		case 'i':
			opt->v3 = !strcmp(optarg, "v3");
			break;
		case 'o':
			opt->row = optarg;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options opt = { .seed = 1 };
	static struct run run;

	parse(argc, argv, &opt);
	if (opt.v3 ? !x64_host_v3() : !x64_host_v2()) {
		printf("the host has no x86-64-v%d\n", opt.v3 ? 3 : 2);
		return 77;
	}
	run.opt = &opt;
	start(&run);
	if (!any_wanted(&run)) {
		fprintf(stderr, "no row of VFP or NEON begins with %s\n",
			opt.row);
		return 2;
	}
	if (opt.edges) {
		edges(&run);
		least_normal(&run);
	}
	random_cases(&run);
	printf("%u cases compared, %u different, %u cut; %u units, %u calls\n",
	       run.compared, run.different, run.cut, run.units, run.calls);
	x64_free(run.x64);
	free(run.m->cpu.jumps);
	machine_free(run.m);
	return run.different || !run.compared;
}
