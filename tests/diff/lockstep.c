/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions by the interpreter and in translated code, compared:
 * each case of up to ten instructions, exceptions included.  Every second
 * round the back end assigns registers at random.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/decode.h"
#include "gen.h"
#include "insn/jit_machine.h"
#include "insn/vectors.h"
#include "unit/test.h"

enum {
	MAX_REPORTS = 10,
};

struct run {
	struct gen gen;
	struct machine *machine;
	const char *row; /* only those that begin so */
	uint64_t instructions, cases;
	unsigned int different;
};

static void make(struct run *run, struct case_in *ret)
{
	unsigned int n = random_next(&run->gen.random) % 8;

	if (run->row) {
		gen_row(&run->gen, run->row, ret);
	} else if (n == 0) {
		gen_words(&run->gen, ret);
	} else if (n == 1) {
		gen_vectors(&run->gen, ret);
	} else if (n == 2) {
		gen_any(&run->gen, ret);
	} else {
		gen_many(&run->gen, ret);
	}
}

static bool same(const struct case_out *a, const struct case_out *b)
{
	return !memcmp(a->r, b->r, sizeof(a->r)) && a->cpsr == b->cpsr &&
	       a->fpscr == b->fpscr && a->memory == b->memory &&
	       a->end == b->end && !memcmp(a->d, b->d, sizeof(a->d));
}

static void report(const struct case_in *in, const struct case_out *want,
		   const struct case_out *got)
{
	fprintf(stderr, "interpreted: ");
	vector_write(stderr, "", in, want);
	fprintf(stderr, "translated:  ");
	vector_write(stderr, "", in, got);
	test_failed();
}

static void batch(struct run *run)
{
	static struct case_in all[CASE_BATCH];
	static struct case_out want[CASE_BATCH];
	struct machine *m = run->machine;
	unsigned long before = 0, after = 0;

	for (unsigned int i = 0; i < CASE_BATCH; i++)
		make(run, &all[i]);
	jit_machine_load(m, all, CASE_BATCH);
	for (unsigned int op = 0; op < OP_COUNT; op++)
		before += m->executed[op];
	for (unsigned int i = 0; i < CASE_BATCH; i++)
		all[i].skip = machine_run(m, &all[i], i, gen_allowed,
					  &want[i]) == MACHINE_REFUSED;
	for (unsigned int op = 0; op < OP_COUNT; op++)
		after += m->executed[op];
	run->instructions += after - before;
	for (unsigned int i = 0; i < CASE_BATCH; i++) {
		struct case_out got;

		if (machine_run(m, &all[i], i, gen_allowed, &want[i]) !=
		    MACHINE_RAN)
			continue;
		jit_machine_run(m, &all[i], i, &got);
		run->cases++;
		if (!same(&want[i], &got) && run->different++ < MAX_REPORTS)
			report(&all[i], &want[i], &got);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "row", required_argument, NULL, 'r' },
		{ "assign", required_argument, NULL, 'a' },
		{ "v2", no_argument, NULL, '2' },
		{ 0 }
	};
	struct run run = { .gen = { { 1 } } };
	uint64_t count = 1000000, assign = 0;
	bool v3 = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			run.gen.random.state = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			run.row = optarg;
			if (!gen_has_row(optarg)) {
				fprintf(stderr, "no row begins with '%s'\n",
					optarg);
				return 2;
			}
			break;
		case 'a':
			assign = strtoull(optarg, NULL, 0);
			break;
		case '2':
			v3 = false;
			break;
		default:
			return 2;
		}
	}
	decode_init();
	run.machine = machine_new();
	if (!jit_machine_add(run.machine, assign, v3))
		return 77;
	while (run.instructions < count && run.different < MAX_REPORTS)
		batch(&run);
	printf("%llu instructions in %llu cases, %u different\n",
	       (unsigned long long)run.instructions,
	       (unsigned long long)run.cases, run.different);
	jit_fini(&run.machine->cpu);
	machine_free(run.machine);
	return test_done();
}
