/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quicker forms of exec functions.
 *
 * A row's exec function does all that the row can say.  Some have variants
 * that leave out what one instruction does not need (flags, shifts, the PC);
 * the decoder puts the variant into insn.exec after the row's fix has run.
 * They must do just what the general function does.
 */
#ifndef ARM_QUICK_H
#define ARM_QUICK_H

#include "arm/insn.h"

enum {
	QUICK_VARIANTS = 5,
	QUICK_NONE = 255, /* this instruction needs the general function */
};

struct quick {
	exec_fn *general;
	/* Which variant does this instruction, or QUICK_NONE. */
	unsigned int (*pick)(const struct insn *in);
	exec_fn *variant[QUICK_VARIANTS];
};

/* Both end with general == NULL. */
extern const struct quick quick_data[]; /* exec_data.c */
extern const struct quick quick_mem[];  /* exec_mem.c */

#endif
