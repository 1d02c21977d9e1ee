/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test machine's cases in translated code.
 */
#ifndef JIT_MACHINE_H
#define JIT_MACHINE_H

#include "jit/jit.h"
#include "machine.h"

/* Translate from the first visit; seed as in struct jit_options.  False, and
 * a line that says why, where there is no translator. */
bool jit_machine_add(struct machine *m, uint64_t seed, bool v3);

/* As machine_load(), and code that was translated before is forgotten. */
void jit_machine_load(struct machine *m, const struct case_in *in,
		      unsigned int count);

/* Run a case of which machine_run() said that it ends by itself. */
void jit_machine_run(struct machine *m, const struct case_in *in,
		     unsigned int n, struct case_out *ret);

#endif
