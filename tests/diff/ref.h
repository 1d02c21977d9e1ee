/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference behind one interface: runner.c in a process of its own, under
 * qemu-arm (or what REF_ARM names).
 */
#ifndef REF_H
#define REF_H

#include <stdbool.h>

#include "insn/case.h"

struct ref;

/* NULL, with a sentence on standard error, if it cannot be started. */
struct ref *ref_new(const char *qemu, const char *runner);
void ref_free(struct ref *ref);

/* Run a batch.  False: the runner died or did not answer within seconds; it
 * was started again, and nothing came out. */
bool ref_run(struct ref *ref, const struct case_in *in, unsigned int count,
	     struct case_out *ret);

#endif
