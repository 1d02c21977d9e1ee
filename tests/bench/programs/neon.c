/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops that a compiler turns into vector instructions (-O3 with NEON; SSE
 * natively): blending of bytes, sums of absolute differences, a matrix
 * product in single precision.
 */
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum {
	PIXELS = 4096,
	SIDE = 64,
};

static uint8_t over[PIXELS], under[PIXELS], alpha[PIXELS], result[PIXELS];

static void fill(void)
{
	for (int i = 0; i < PIXELS; i++) {
		over[i] = (uint8_t)(i * 7);
		under[i] = (uint8_t)(i * 13 + 5);
		alpha[i] = (uint8_t)(i * 3);
	}
}

static uint64_t run_blend(uint64_t n)
{
	uint64_t sum = 0;

	fill();
	while (n--) {
		for (int i = 0; i < PIXELS; i++)
			result[i] = (uint8_t)((over[i] * alpha[i] +
					       under[i] * (255 - alpha[i])) >>
					      8);
		sum = mix(sum, result[n % PIXELS]);
		over[n % PIXELS]++;
	}
	return sum;
}

static uint64_t run_sad(uint64_t n)
{
	uint64_t sum = 0;

	fill();
	while (n--) {
		uint32_t total = 0;

		for (int i = 0; i < PIXELS; i++)
			total += (uint32_t)abs(over[i] - under[i]);
		sum = mix(sum, total);
		over[n % PIXELS]++;
	}
	return sum;
}

static float a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static uint64_t run_matmul(uint64_t n)
{
	uint32_t bits;

	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			a[i][j] = (float)(i * 3 + j) / 8;
			b[i][j] = (float)(i - j) / 4;
		}
	while (n--) {
		memset(c, 0, sizeof(c));
		for (int i = 0; i < SIDE; i++)
			for (int p = 0; p < SIDE; p++)
				for (int j = 0; j < SIDE; j++)
					c[i][j] += a[i][p] * b[p][j];
		a[n % SIDE][0] += 1;
	}
	memcpy(&bits, &c[3][5], sizeof(bits));
	return bits;
}

const struct program neon_programs[] = {
	{ "neon-blend", "MB", 1e6 / PIXELS, run_blend },
	{ "neon-sad", "MB", 1e6 / PIXELS, run_sad },
	{ "neon-matmul", "Mflop", 1e6 / (2.0 * SIDE * SIDE * SIDE),
	  run_matmul },
	{ 0 },
};
