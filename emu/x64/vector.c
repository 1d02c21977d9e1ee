/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point and vector operations (ir/vector.inc).
 */
#include "x64/gen.h"

void gen_vector(struct gen *g)
{
	g->failed = true;
}
