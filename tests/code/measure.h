/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes of host code guest instructions become. */
#ifndef TEST_CODE_MEASURE_H
#define TEST_CODE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "insn/case.h"
#include "insn/machine.h"

/* The case's code becomes one unit: the bytes of its instructions number
 * first to last - 1, without what is out of line. */
unsigned int measure(struct machine *m, const struct case_in *in,
		     unsigned int first, unsigned int last, bool v3);

#endif
