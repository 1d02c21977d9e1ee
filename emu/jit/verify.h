/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each unit both ways (-accel verify): first its instructions by the
 * interpreter, then its code, from the same state and on copies of memory.
 * What is the same is stored in the guest's memory; a difference is reported.
 *
 * Compared are the core registers with their banks, CPSR, FPSCR, the vector
 * registers, the exclusive monitor, the PC, the exception that is raised, and
 * all bytes of each page that either of them writes.  Units are not linked
 * and do not loop inside.  What acts outside of the CPU or on its context (a
 * device, CP15 but for thread IDs, CPS, MSR of control bits, WFI and WFE, DSB,
 * exception returns, SVC) is done once, by its exec function, and compared is
 * what led up to it.  One CPU at a time is in the guest.
 */
#ifndef JIT_VERIFY_H
#define JIT_VERIFY_H

#include "ir/ir.h"
#include "jit/unit.h"

struct verify;

enum verify_result {
	VERIFY_SAME,
	VERIFY_ONCE,      /* and pc_next is at *ret_insn, which can only be done
			* once: do it */
	VERIFY_RAISED,    /* and an exception, which waits for delivery */
	VERIFY_DIFFERENT, /* the CPU is as before the unit; a later call of
			   * verify_report() tells */
};

/* For cpu; first is that of the system's first CPU, NULL for that one. */
struct verify *verify_new(struct cpu *cpu, struct verify *first,
			  struct err *err);
void verify_free(struct verify *v);

/* Whether the instruction can only be done once; then it must be called. */
bool verify_once(const struct insn *in);

/* The CPU stands at u and is in the guest. */
enum verify_result verify_unit(struct verify *v, const struct unit *u,
			       const struct x64 *x64,
			       const struct jit_insn **ret_insn);

/* After VERIFY_SAME: whether it was left for a unit of single accesses. */
bool verify_left_single(const struct verify *v);

/* What interpret() and poll() of struct x64_env are. */
uint64_t verify_interpret(struct verify *v, const struct jit_insn *ji);
void verify_poll(struct verify *v, const struct jit_insn *ji);

/* After VERIFY_DIFFERENT; ir is what u was made from. */
void verify_report(const struct verify *v, const struct unit *u,
		   const struct ir_unit *ir, FILE *to);

/* This CPU's turn in the guest: waits, outside of the guest.  Does nothing if
 * it has its turn and nobody waits for long. */
void verify_take_turn(struct verify *v);
void verify_end_turn(struct verify *v);

#endif
