/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator as the board sees it: another way to run a CPU (DESIGN.md
 * §7).  Exactly what arm/interp.h does, faster.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "arm/cpu.h"

struct ir_unit;

enum jit_mode {
	JIT_OFF,    /* the interpreter */
	JIT_ON,     /* translate what runs often */
	JIT_VERIFY, /* and compare with the interpreter: jit/verify.h */
};

struct jit_options {
	enum jit_mode mode;
	bool v3;                /* use AVX2, BMI2, FMA where the host has it */
	uint64_t seed;          /* not 0: registers are assigned at random */
	unsigned int threshold; /* translate at this visit; 0: the default */
	/* JIT_VERIFY: a unit is compared at so many visits, and then at one
	 * in 64; 0: always */
	unsigned int verify_visits;
	/* JIT_VERIFY: the report goes there; NULL: standard error */
	FILE *report;
	/* Tests: makes a mistake in a unit before it is optimized. */
	void (*spoil)(struct ir_unit *unit);
};

/* Counters of one CPU, written by its thread. */
struct jit_stats {
	uint64_t units, insns, code_bytes; /* translated */
	uint64_t flushes;                  /* all code thrown away */
	uint64_t stale;                    /* units of pages written to */
	uint64_t purges;                   /* of the jump cache */
	uint64_t enters, cold; /* from the loop; blocks interpreted */
};

/* Whether this build and this host can translate; if not, why. */
bool jit_available(const char **ret_why);

/* Once, before the first instruction; sys->codepages' hook is taken.  After
 * a failure the interpreter can still be used. */
int jit_init(struct cpu *cpu, const struct jit_options *options,
	     struct err *err);
void jit_fini(struct cpu *cpu);

/* As interp_run(); also where cpu->jit is NULL. */
enum cpu_exit jit_run(struct cpu *cpu);

/* Forget all code; with the thread outside of the guest. */
void jit_flush(struct cpu *cpu);

/* Of a CPU with cpu->jit; any thread may look. */
const struct jit_stats *jit_stats(const struct cpu *cpu);
/* How often instructions of this row (enum insn_op) went through their exec
 * function. */
uint64_t jit_calls(const struct cpu *cpu, unsigned int op);

#endif
