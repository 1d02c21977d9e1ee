/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs of several units: straight code, branches forward, loops,
 * calls and returns, tables of branches, both instruction sets, code that
 * writes itself, system registers.  They end by an SVC, whatever the
 * registers hold, unless an exception's handler gives up before.
 *
 * r11 points into the data while a program runs, r12 counts loops: nothing
 * else writes them.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "gen.h"

enum {
	PROGRAM_SIZE = 4 * 4096, /* bytes of code, most of them filling */
	PROGRAM_LABELS = 64,
};

struct program {
	bool thumb;          /* where it begins */
	bool privileged;     /* may be run at PL1: leaves the mode alone */
	bool writes_itself;  /* wants its code to be writable */
	uint16_t entry, end; /* offsets; of the SVC, what stands behind it */
	unsigned int labels;
	struct {
		uint16_t off;
		bool thumb;
	} label[PROGRAM_LABELS]; /* where one may go on after a crash */
	/* where its instructions are */
	uint16_t from, to;
	uint8_t code[PROGRAM_SIZE];
};

void program_make(struct gen *g, bool privileged, struct program *ret);

#endif
