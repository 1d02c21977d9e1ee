/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our CPU for instruction tests: RAM with the two regions of case.h, mapped
 * for User mode as normal memory by a short-descriptor table; nothing else.
 *
 * Code runs one instruction at a time, through decode and exec, with the IT
 * state kept here: no blocks, no caches, and an exception ends the run instead
 * of being taken.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "arm/cpu.h"
#include "case.h"

enum {
	MACHINE_VECTORS = 0x50300000, /* a page of PL1's */
};

struct machine {
	struct ram ram;
	struct bus bus;
	struct codepages codepages;
	struct arm_system sys;
	struct cpu cpu;
	uint32_t *data, *code; /* the regions, in host memory */

	uint16_t last_op; /* enum insn_op of what ended the run */
	unsigned long executed[OP_COUNT]; /* by enum insn_op: condition passed,
					   * and did not end in UNDEFINED */
};

/* What a machine says that a reference cannot be asked. */
enum machine_verdict {
	MACHINE_RAN,
	MACHINE_LOOPS,   /* gave up: it does not end by itself */
	MACHINE_OUTSIDE, /* went where only one of the two has memory, or is
			  * UNPREDICTABLE by its state */
	MACHINE_REFUSED, /* allowed() said no to an instruction */
};

/* Ends the program if there is no memory for it. */
struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Put a batch's code into its slots. */
void machine_load(struct machine *m, const struct case_in *in,
		  unsigned int count);

/*
 * Run the case in slot n.  allowed may be NULL; else it is asked before each
 * instruction.
 */
enum machine_verdict machine_run(struct machine *m, const struct case_in *in,
				 unsigned int n,
				 bool (*allowed)(const struct insn *),
				 struct case_out *ret);

/* What machine_run() is made of, for other ways to run a case: the state that
 * it begins with, and the end that cpu->excp stands for. */
void machine_set_state(struct cpu *cpu, const struct case_in *in);
enum case_end machine_end_of(const struct cpu *cpu);

/*
 * The same, by another engine: it runs from cpu->pc_next on until an exception,
 * which is a longjmp() to cpu->unwind; at is then where, or comes back when it
 * gives up.
 */
typedef void machine_engine(struct machine *m, void *arg,
			    volatile uint32_t *ret_at);
enum machine_verdict machine_run_by(struct machine *m, const struct case_in *in,
				    unsigned int n, machine_engine *engine,
				    void *arg, struct case_out *ret);

/*
 * Run a bare-metal program of system/ on a CPU of its own until it switches
 * the power off, and count in executed[] what it executes unconditionally.
 */
void machine_boot(const char *path, unsigned long *executed);

#endif
