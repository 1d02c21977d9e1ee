/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay [--coverage | --jit] FILE...: run recorded vectors on our CPU, with
 * --jit in translated code, for x86-64-v2 and v3, each with registers assigned
 * as usual and at random.
 *
 * With --coverage files that end in .bin are bare-metal programs of system/;
 * they are run, too, and the rows that nothing executed are printed.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/test.h"
#include "arm/decode.h"
#include "jit_machine.h"
#include "machine.h"
#include "vectors.h"

static bool same(const struct case_out *a, const struct case_out *b)
{
	return !memcmp(a->r, b->r, sizeof(a->r)) && a->cpsr == b->cpsr &&
	       a->fpscr == b->fpscr && a->memory == b->memory &&
	       a->end == b->end && !memcmp(a->d, b->d, sizeof(a->d));
}

/* The interpreter first: what it cannot run says so. */
static bool run(struct machine *m, const struct case_in *in,
		struct case_out *ret)
{
	if (machine_run(m, in, 0, NULL, ret) != MACHINE_RAN)
		return false;
	if (m->cpu.jit)
		jit_machine_run(m, in, 0, ret);
	return true;
}

static unsigned int replay(struct machine *m, const char *path)
{
	static char line[4096];
	FILE *file = fopen(path, "re");
	unsigned int n = 0;

	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		struct case_in in;
		struct case_out want, got;

		if (*line == '#')
			continue;
		n++;
		if (!vector_read(line, &in, &want)) {
			fprintf(stderr, "no vector: %s", line);
			test_failed();
			continue;
		}
		jit_machine_load(m, &in, 1);
		if (!run(m, &in, &got) || !same(&got, &want)) {
			fprintf(stderr, "vector: %sours:   ", line);
			vector_write(stderr, "", &in, &got);
			test_failed();
		}
	}
	fclose(file);
	return n;
}

static unsigned int print_missing(const unsigned long *executed)
{
	unsigned int missing = 0;

	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		if (executed[op])
			continue;
		missing++;
		printf("never executed: %s (%s)\n", decode_row(op)->name,
		       decode_row(op)->bits);
	}
	return missing;
}

static int replay_translated(char **paths)
{
	for (unsigned int config = 0; config < 4; config++) {
		struct machine *m = machine_new();
		unsigned int n = 0;

		if (!jit_machine_add(m, config & 2, config & 1))
			return 77;
		for (char **path = paths; *path; path++)
			n += replay(m, *path);
		printf("%u vectors\n", n);
		check(n);
		jit_fini(&m->cpu);
		machine_free(m);
	}
	return test_done();
}

int main(int argc, char **argv)
{
	bool coverage = argc > 1 && !strcmp(argv[1], "--coverage");
	struct machine *m;
	unsigned int n = 0;

	decode_init();
	if (argc > 1 && !strcmp(argv[1], "--jit"))
		return replay_translated(argv + 2);
	m = machine_new();
	for (int i = coverage ? 2 : 1; i < argc; i++) {
		const char *dot = strrchr(argv[i], '.');

		if (dot && !strcmp(dot, ".bin"))
			machine_boot(argv[i], m->executed);
		else
			n += replay(m, argv[i]);
	}
	printf("%u vectors\n", n);
	check(n);
	if (coverage)
		check(!print_missing(m->executed));
	machine_free(m);
	return test_done();
}
