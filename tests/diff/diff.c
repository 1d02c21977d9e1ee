/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions on our CPU and on qemu-arm, compared.
 *
 * Or, with --edges, floating point over a table of edge values in all modes.
 *
 * Our side runs first: what loops, leaves the mapped memory or is not allowed
 * is dropped.  Where an instruction of several accesses faults, how far it
 * came is not compared: ours do nothing then (DESIGN.md §6), QEMU's half.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arm/decode.h"
#include "gen.h"
#include "insn/machine.h"
#include "insn/vectors.h"
#include "ref.h"

enum {
	MAX_REPORTS = 20,
};

struct options {
	const char *qemu, *runner, *row, *record, *version;
	uint64_t seed, count;
	uint64_t edges; /* not 0: one of so many of the edges' cases, no
			 * random ones */
};

struct run {
	const struct options *opt;
	struct gen gen;
	unsigned int edge_op, edge; /* the next of the edges' cases */
	struct machine *machine;
	struct ref *ref;
	uint64_t compared, different;
	uint64_t dropped;  /* our side said that they cannot be compared */
	uint64_t unstable; /* the reference said two things */
	uint64_t lost;     /* batches that killed the reference */
};

static bool several_accesses(unsigned int op)
{
	static const char *const names[] = { "LDM", "STM", "LDRD", "STRD",
					     "VLD", "VST", "VLDM", "VSTM" };

	if (op >= OP_UNDEF)
		return false;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(decode_row(op)->exec_name, names[i],
			     strlen(names[i])))
			return true;
	return false;
}

static bool faulted(const struct case_out *out)
{
	return out->end == END_FAULT || out->end == END_ALIGNMENT;
}

/*
 * STREX to a bad address while the monitor is not set: the manual checks
 * alignment first and leaves the rest open (A3.4.5); QEMU just fails.
 */
static bool open_exclusive(const struct case_out *ours, unsigned int op)
{
	return faulted(ours) && op < OP_UNDEF &&
	       !strncmp(decode_row(op)->exec_name, "STREX", 5);
}

/* A branch to A32 at an address with bit 1 set is UNPREDICTABLE (A2.3.1); we
 * clear the bit and go on. */
static bool unaligned_a32(const struct case_out *ref)
{
	return !(ref->cpsr & CPSR_T) && ref->r[15] & 2;
}

/* A fault in the middle of several accesses; not one in fetching. */
static bool half_done(const struct case_out *ours, unsigned int op)
{
	return faulted(ours) && several_accesses(op) &&
	       ours->r[15] - CASE_CODE < CASE_SLOT * CASE_BATCH;
}

static bool same(const struct case_out *ours, const struct case_out *ref,
		 unsigned int op)
{
	if (open_exclusive(ours, op) || unaligned_a32(ref))
		return true;
	if (ours->end != ref->end || ours->cpsr != ref->cpsr ||
	    ours->r[15] != ref->r[15])
		return false;
	if (half_done(ours, op))
		return true;
	return !memcmp(ours->r, ref->r, sizeof(ours->r[0]) * 15) &&
	       ours->fpscr == ref->fpscr &&
	       !memcmp(ours->d, ref->d, sizeof(ours->d)) &&
	       (faulted(ours) || ours->memory == ref->memory);
}

static void print_field(const char *name, unsigned int n, uint64_t in,
			uint64_t ours, uint64_t ref)
{
	if (ours != ref)
		printf("  %s%-3u in %08llx ours %08llx reference %08llx\n",
		       name, n, (unsigned long long)in,
		       (unsigned long long)ours, (unsigned long long)ref);
}

static void report(const struct case_in *in, const struct case_out *ours,
		   const struct case_out *ref, unsigned int op)
{
	printf("%s %s:", in->cpsr & 0x20 ? "T32" : "A32",
	       op < OP_UNDEF ? decode_row(op)->name : "undefined");
	for (unsigned int i = 0; i < in->words; i++)
		printf(" %08x", in->code[i]);
	printf("  fpscr %08x\n", in->fpscr);
	for (unsigned int i = 0; i < 16; i++)
		print_field("r", i, i < 15 ? in->r[i] : 0, ours->r[i],
			    ref->r[i]);
	print_field("cpsr", 0, in->cpsr, ours->cpsr, ref->cpsr);
	print_field("fpscr", 0, in->fpscr, ours->fpscr, ref->fpscr);
	print_field("memory", 0, 0, ours->memory, ref->memory);
	print_field("end", 0, 0, ours->end, ref->end);
	for (unsigned int i = 0; i < 32; i++)
		print_field("d", i, in->d[i], ours->d[i], ref->d[i]);
}

/* The next of the edges' cases; after the last one the first again. */
static void make_edge(struct run *run, struct case_in *ret)
{
	while (run->edge >= gen_edges(run->edge_op % OP_UNDEF)) {
		run->edge_op++;
		run->edge = run->edge_op % run->opt->edges;
	}
	gen_edge_case(&run->gen, run->edge_op % OP_UNDEF, run->edge, ret);
	run->edge += run->opt->edges;
}

/* A case of those that are wanted. */
static void make(struct run *run, struct case_in *ret)
{
	if (run->opt->edges) {
		make_edge(run, ret);
	} else if (run->opt->row) {
		gen_row(&run->gen, run->opt->row, ret);
	} else if (random_next(&run->gen.random) % 8 == 0) {
		gen_words(&run->gen, ret);
	} else {
		gen_any(&run->gen, ret);
	}
}

/* Once more, alone with its batch's code: QEMU sometimes runs what stood in a
 * page before, and then not again. */
static bool again(struct run *run, struct case_in *all, unsigned int n,
		  const struct case_out *ours, unsigned int op)
{
	static struct case_out ref[CASE_BATCH];
	bool skip[CASE_BATCH];
	bool different;

	for (unsigned int i = 0; i < CASE_BATCH; i++) {
		skip[i] = all[i].skip;
		all[i].skip = i != n;
	}
	different = ref_run(run->ref, all, CASE_BATCH, ref) &&
		    !same(ours, &ref[n], op);
	for (unsigned int i = 0; i < CASE_BATCH; i++)
		all[i].skip = skip[i];
	return different;
}

static void compare(struct run *run, struct case_in *all,
		    const struct case_out *ours, const struct case_out *ref,
		    const uint16_t *ops)
{
	for (unsigned int i = 0; i < CASE_BATCH; i++) {
		if (all[i].skip)
			continue;
		run->compared++;
		if (same(&ours[i], &ref[i], ops[i]))
			continue;
		if (!again(run, all, i, &ours[i], ops[i])) {
			run->unstable++;
			continue;
		}
		if (run->different++ < MAX_REPORTS)
			report(&all[i], &ours[i], &ref[i], ops[i]);
	}
}

static void batch(struct run *run)
{
	static struct case_in all[CASE_BATCH];
	static struct case_out ours[CASE_BATCH], ref[CASE_BATCH];
	uint16_t ops[CASE_BATCH];

	for (unsigned int i = 0; i < CASE_BATCH; i++)
		make(run, &all[i]);
	machine_load(run->machine, all, CASE_BATCH);
	for (unsigned int i = 0; i < CASE_BATCH; i++) {
		all[i].skip = machine_run(run->machine, &all[i], i, gen_allowed,
					  &ours[i]) != MACHINE_RAN;
		ops[i] = run->machine->last_op;
		run->dropped += all[i].skip;
	}
	if (ref_run(run->ref, all, CASE_BATCH, ref))
		compare(run, all, ours, ref, ops);
	else
		run->lost++;
}

/* Cases for the vectors: each row as often as it is worth, alone. */

static unsigned int vectors_wanted(const struct decode_row *row)
{
	bool floating = row->table == TABLE_VFP || strstr(row->exec_name, "_f");

	return floating ? 12 : 4;
}

/* Run a case here and there; true if the row was executed and both ended. */
static bool record_case(struct run *run, struct case_in *in, unsigned int op,
			struct case_out *ret)
{
	unsigned long before = run->machine->executed[op];
	struct case_out ours;

	machine_load(run->machine, in, 1);
	if (machine_run(run->machine, in, 0, gen_allowed, &ours) !=
		    MACHINE_RAN ||
	    run->machine->executed[op] == before)
		return false;
	if (!ref_run(run->ref, in, 1, ret))
		return false;
	if (!same(&ours, ret, op))
		report(in, &ours, ret, op);
	return !open_exclusive(&ours, op) && !unaligned_a32(ret) &&
	       !half_done(&ours, op);
}

static void record_row(struct run *run, FILE *to, unsigned int op)
{
	unsigned int want = vectors_wanted(decode_row(op));

	for (unsigned int i = 0; i < 1000 && want; i++) {
		bool thumb = random_next(&run->gen.random) % 4 == 0;
		struct case_out out;
		struct case_in in;

		gen_case(&run->gen, op, thumb, &in);
		if (!record_case(run, &in, op, &out))
			continue;
		vector_write(to, decode_row(op)->name, &in, &out);
		want--;
	}
	if (want == vectors_wanted(decode_row(op)))
		printf("no vector for %s\n", decode_row(op)->name);
}

static const char *const table_names[DECODE_TABLES] = { "a32", "a32", "t16",
							"t32", "vfp", "neon" };

static int record(struct run *run)
{
	FILE *to = NULL;

	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		const struct decode_row *row = decode_row(op);
		const char *name = table_names[row->table];
		char path[4096];

		if (!op || name != table_names[decode_row(op - 1)->table]) {
			if (to)
				fclose(to);
			snprintf(path, sizeof(path), "%s/%s.txt",
				 run->opt->record, name);
			to = fopen(path, "we");
			if (!to) {
				perror(path);
				return 1;
			}
			fprintf(to,
				"# qemu-arm %s -cpu cortex-a15; made by "
				"tests/insn/record.sh, seed %llu\n",
				run->opt->version,
				(unsigned long long)run->opt->seed);
		}
		record_row(run, to, op);
	}
	fclose(to);
	return 0;
}

static int parse(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "qemu", required_argument, NULL, 'q' },
		{ "runner", required_argument, NULL, 'r' },
		{ "row", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "record", required_argument, NULL, 'w' },
		{ "version", required_argument, NULL, 'v' },
		{ "edges", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'q':
			opt->qemu = optarg;
			break;
		case 'r':
			opt->runner = optarg;
			break;
		case 'o':
			opt->row = optarg;
			break;
		case 's':
			opt->seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			opt->count = strtoull(optarg, NULL, 0);
			break;
		case 'e':
			opt->edges = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			opt->record = optarg;
			break;
		case 'v':
			opt->version = optarg;
			break;
		default:
			return -1;
		}
	}
	if (opt->row && !gen_has_row(opt->row)) {
		fprintf(stderr, "no row begins with '%s'\n", opt->row);
		return -1;
	}
	return opt->runner ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options opt = { .qemu = "/usr/bin/qemu-arm",
			       .seed = (uint64_t)time(NULL),
			       .count = 200000,
			       .version = "" };
	struct run run = { .opt = &opt };

	if (parse(argc, argv, &opt) < 0) {
		fprintf(stderr,
			"usage: diff --runner FILE [--qemu FILE] [--seed N] "
			"[--count N] [--row NAME] [--edges STEP] [--record DIR "
			"--version TEXT]\n");
		return 2;
	}
	if (access(opt.qemu, X_OK) < 0)
		return 77;
	decode_init();
	run.gen.random.state = opt.seed;
	run.machine = machine_new();
	run.ref = ref_new(opt.qemu, opt.runner);
	if (!run.ref)
		return 1;
	if (opt.record)
		return record(&run);
	printf("seed %llu\n", (unsigned long long)opt.seed);
	fflush(stdout);
	while (opt.edges ? run.edge_op < OP_UNDEF : run.compared < opt.count)
		batch(&run);
	printf("%llu cases compared, %llu different, %llu dropped, "
	       "%llu unstable; %llu batches lost\n",
	       (unsigned long long)run.compared,
	       (unsigned long long)run.different,
	       (unsigned long long)run.dropped,
	       (unsigned long long)run.unstable, (unsigned long long)run.lost);
	ref_free(run.ref);
	machine_free(run.machine);
	return run.different != 0;
}
