/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that are timed: under emulators, and natively as the limit.
 *
 * A program does n units of work and returns a checksum of what it worked
 * out, which must be the same everywhere for the same n.  It prints nothing.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

struct program {
	const char *name;
	const char *unit; /* of work, as in "a million of these a second" */
	double scale;     /* the rate is printed divided by this */
	uint64_t (*run)(uint64_t n);
};

/* One array for each file, ended by a NULL name. */
extern const struct program core_programs[], branchy_programs[],
	table_programs[], float_programs[], neon_programs[], memory_programs[],
	system_programs[];

/* Numbers that look random, the same everywhere. */
static inline uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline uint64_t mix(uint64_t sum, uint64_t val)
{
	return (sum ^ val) * UINT64_C(0x100000001b3);
}

#endif
