/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random units that keep the rules of ir.h, for the guest of ir_eval.h. */
#ifndef TEST_IR_RANDOM_H
#define TEST_IR_RANDOM_H

#include "ir/ir.h"

struct ir_random {
	struct ir_unit *u;
	uint64_t seed; /* not 0 */
};

void ir_random_unit(struct ir_random *r);

uint64_t ir_random_bits(struct ir_random *r);
unsigned int ir_random_below(struct ir_random *r, unsigned int n);

#endif
