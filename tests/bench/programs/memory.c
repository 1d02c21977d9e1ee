/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: libc's copies, and a walk along pointers.
 *
 * The large copy's buffers lie 20 KB off each other's alignment: at equal
 * alignment QEMU's TLB collapses (shared slots), which would flatter us.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum {
	SMALL = 64 << 10,
	LARGE = 16 << 20,
	OFF = 20 << 10,
};

static uint8_t *arena;

/* The compiler must not see that a copy is not looked at. */
static void keep(void)
{
	__asm__ volatile("" ::: "memory");
}

static void make_arena(void)
{
	if (arena)
		return;
	arena = malloc(2 * LARGE + OFF + SMALL);
	if (!arena)
		abort();
	for (size_t i = 0; i < 2 * LARGE + OFF + SMALL; i++)
		arena[i] = (uint8_t)(i * 31 >> 3);
}

static uint64_t run_memcpy_small(uint64_t n)
{
	make_arena();
	while (n--) {
		memcpy(arena + SMALL + OFF, arena, SMALL);
		arena[n % SMALL]++;
		keep();
	}
	return arena[SMALL + OFF + 77];
}

static uint64_t run_memcpy_large(uint64_t n)
{
	make_arena();
	while (n--) {
		memcpy(arena + LARGE + OFF, arena, LARGE);
		arena[n % LARGE]++;
		keep();
	}
	return arena[LARGE + OFF + 77];
}

static uint64_t run_memset(uint64_t n)
{
	make_arena();
	while (n--) {
		memset(arena, (int)n, SMALL);
		keep();
	}
	return arena[5];
}

static uint64_t run_chase(uint64_t n)
{
	enum {
		CELLS = (256 << 10) / 4
	};
	static uint32_t cell[CELLS];
	static bool made;
	uint32_t at = 0, seed = 9;

	for (uint32_t i = 0; i < CELLS && !made; i++)
		cell[i] = i;
	for (uint32_t i = CELLS - 1; i && !made; i--) { /* Sattolo: a cycle */
		uint32_t j = next_number(&seed) % i, t = cell[i];

		cell[i] = cell[j];
		cell[j] = t;
	}
	made = true;
	n *= 1000;
	while (n--)
		at = cell[at];
	return at;
}

const struct program memory_programs[] = {
	{ "memcpy-64k", "GB", 1e9 / SMALL, run_memcpy_small },
	{ "memcpy-16m", "GB", 1e9 / LARGE, run_memcpy_large },
	{ "memset-64k", "GB", 1e9 / SMALL, run_memset },
	{ "chase-256k", "million steps", 1e6 / 1000, run_chase },
	{ 0 },
};
