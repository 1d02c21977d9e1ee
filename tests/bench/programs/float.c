/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scalar floating point: loops (an LU decomposition in double, a Fourier
 * transform in single precision), and code that lives in libm.
 */
#include <math.h>
#include <string.h>

#include "program.h"

enum {
	SIDE = 100, /* of the linear system */
	POINTS = 1024,
};

static double matrix[SIDE][SIDE], original[SIDE][SIDE];

/* Gaussian elimination with partial pivoting. */
static double decompose(void)
{
	double det = 1;

	memcpy(matrix, original, sizeof(matrix));
	for (int c = 0; c < SIDE; c++) {
		int best = c;

		for (int r = c + 1; r < SIDE; r++)
			if (fabs(matrix[r][c]) > fabs(matrix[best][c]))
				best = r;
		if (best != c) {
			double row[SIDE];

			memcpy(row, matrix[c], sizeof(row));
			memcpy(matrix[c], matrix[best], sizeof(row));
			memcpy(matrix[best], row, sizeof(row));
		}
		for (int r = c + 1; r < SIDE; r++) {
			double f = matrix[r][c] / matrix[c][c];

			for (int i = c + 1; i < SIDE; i++)
				matrix[r][i] -= f * matrix[c][i];
		}
		det = det * 0.5 + matrix[c][c];
	}
	return det;
}

static uint64_t run_linpack(uint64_t n)
{
	uint64_t sum = 0;
	uint32_t seed = 3;

	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++)
			original[i][j] = next_number(&seed) / 1e6 - 8;
	while (n--) {
		double det = decompose();
		uint64_t bits;

		memcpy(&bits, &det, sizeof(bits));
		sum = mix(sum, bits);
		original[n % SIDE][0] += 1;
	}
	return sum;
}

static float re[POINTS], im[POINTS], cosine[POINTS / 2], sine[POINTS / 2];

static void transform(void)
{
	for (unsigned int i = 1, j = 0; i < POINTS; i++) {
		unsigned int bit = POINTS >> 1;

		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			float t = re[i];

			re[i] = re[j];
			re[j] = t;
			t = im[i];
			im[i] = im[j];
			im[j] = t;
		}
	}
	for (unsigned int len = 2; len <= POINTS; len *= 2) {
		unsigned int half = len / 2, stride = POINTS / len;

		for (unsigned int i = 0; i < POINTS; i += len)
			for (unsigned int j = 0; j < half; j++) {
				float c = cosine[j * stride],
				      s = sine[j * stride];
				float a = re[i + j], b = im[i + j];
				float x = re[i + j + half],
				      y = im[i + j + half];
				float tr = x * c - y * s, ti = x * s + y * c;

				re[i + j] = a + tr;
				im[i + j] = b + ti;
				re[i + j + half] = a - tr;
				im[i + j + half] = b - ti;
			}
	}
}

static uint64_t run_fft(uint64_t n)
{
	uint64_t sum = 0;

	/* by rotation, not by libm: the same numbers everywhere */
	cosine[0] = 1;
	sine[0] = 0;
	for (int i = 1; i < POINTS / 2; i++) {
		const double c = 0.99998117528260111, s = 0.0061358846491544753;

		cosine[i] = (float)(cosine[i - 1] * c - sine[i - 1] * s);
		sine[i] = (float)(cosine[i - 1] * s + sine[i - 1] * c);
	}
	while (n--) {
		for (int i = 0; i < POINTS; i++) {
			re[i] = (float)((i * 37 & 255) - 128);
			im[i] = 0;
		}
		transform();
	}
	for (int i = 0; i < POINTS; i++) {
		uint32_t bits[2];

		memcpy(&bits[0], &re[i], 4);
		memcpy(&bits[1], &im[i], 4);
		sum = mix(mix(sum, bits[0]), bits[1]);
	}
	return sum;
}

/* Not compared: libm differs in its last digit. */
static uint64_t run_libm(uint64_t n)
{
	double x = 0.5, y = 0.5, t = 0.49999975;

	while (n--) {
		for (int i = 0; i < 32; i++) {
			x = t * atan(2.0 * sin(x) * cos(x) /
				     (cos(x + y) + cos(x - y) - 1.0));
			y = t * atan(2.0 * sin(y) * cos(y) /
				     (cos(x + y) + cos(x - y) - 1.0));
		}
		for (int i = 0; i < 93; i++)
			x = sqrt(exp(log(fabs(x) + 0.1) / 0.50000025));
	}
	return x == x;
}

const struct program float_programs[] = {
	{ "linpack", "Mflop", 1e6 / 666666, run_linpack },
	{ "fft", "Mflop", 1e6 / 51200, run_fft },
	{ "libm", "thousand rounds", 1e3, run_libm },
	{ 0 },
};
