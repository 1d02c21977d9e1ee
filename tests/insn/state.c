/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half of all values stand where something changes: zero, the signs' limits,
 * halfwords and bytes at theirs, denormals, ties, infinities, NaNs.
 */
#include "state.h"

#include <stdbool.h>
#include <string.h>

uint32_t random_next(struct random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z >> 32);
}

/* One time in n. */
static bool chance(struct random *r, unsigned int n)
{
	return random_next(r) % n == 0;
}

static uint32_t edge32(struct random *r)
{
	static const uint32_t edges[] = {
		0,          1,          0xffffffff, 0x7fffffff, 0x80000000,
		0x80000001, 0xfffffffe, 0x7fff,     0x8000,     0xffff,
		0x10000,    0xffff8000, 0x7f,       0x80,       0xff,
		0x7fff8000, 0x80007fff, 0x80008000, 0x7f7f8080, 0xff000000,
	};
	uint32_t n = random_next(r);

	switch (n >> 29) {
	case 0:
	case 1:
		return edges[n % (sizeof(edges) / sizeof(edges[0]))];
	case 2:
		return n & 0x3f;
	case 3:
		return 1u << (n & 31);
	default:
		return random_next(r);
	}
}

/* Floating point: zero, denormal, around one, largest, infinite, NaN. */
static const uint32_t edges32[] = {
	0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x3effffff,
	0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000,
	0x4b000000, 0x4b7fffff, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000,
	0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa00000, 0x7fc00000, 0x7fffffff,
	0x38800000, 0x387fffff, 0x477fe000, 0x477ff000, 0x33000000, 0x5f000000,
};

uint32_t state_edge32(unsigned int n)
{
	return edges32[n / 2 % 30u] | n << 31;
}

static uint32_t float32(struct random *r)
{
	uint32_t n = random_next(r);

	if (n & 0x100)
		return edges32[n % 30u] | (n << 16 & 0x80000000);
	if (n & 0x200)
		return (random_next(r) & 0x83ffffff) + 0x3e000000;
	return random_next(r);
}

static const uint64_t edges64[] = {
	0,
	1,
	UINT64_C(0x000fffffffffffff),
	UINT64_C(0x0010000000000000),
	UINT64_C(0x0010000000000001),
	UINT64_C(0x3fe0000000000000),
	UINT64_C(0x3fefffffffffffff),
	UINT64_C(0x3ff0000000000000),
	UINT64_C(0x3ff0000000000001),
	UINT64_C(0x3ff8000000000000),
	UINT64_C(0x41dfffffffc00000),
	UINT64_C(0x41e0000000000000),
	UINT64_C(0x41efffffffe00000),
	UINT64_C(0x47efffffe0000000),
	UINT64_C(0x47effffff0000000),
	UINT64_C(0x380fffffffffffff),
	UINT64_C(0x36a0000000000000),
	UINT64_C(0x7fefffffffffffff),
	UINT64_C(0x7ff0000000000000),
	UINT64_C(0x7ff0000000000001),
	UINT64_C(0x7ff8000000000000),
	UINT64_C(0x7fffffffffffffff),
};

uint64_t state_edge64(unsigned int n)
{
	return edges64[n / 2 % 22u] | (uint64_t)n << 63;
}

static uint64_t float64(struct random *r)
{
	uint32_t n = random_next(r);
	uint64_t low = random_next(r), high = random_next(r);

	if (n & 0x100)
		return edges64[n % 22u] | (uint64_t)(n >> 9 & 1) << 63;
	if (n & 0x200)
		return ((high & 0x800fffff) << 32 | low) +
		       (UINT64_C(0x3fe) << 52);
	return high << 32 | low;
}

void state_from_seed(uint32_t seed, struct case_in *c)
{
	struct random random = { seed }, *r = &random;

	memset(c, 0, sizeof(*c));
	c->seed = seed;
	for (int i = 0; i < 15; i++)
		c->r[i] = edge32(r);
	c->cpsr = random_next(r) & 0xf80f0000;
	/* RMode, FZ, DN, AHP; the cumulative bits now and then */
	c->fpscr = random_next(r) & 0x07c00000;
	if (chance(r, 2))
		c->fpscr &= 0x00c00000;
	if (chance(r, 4))
		c->fpscr |= random_next(r) & 0xf800009f;
	for (int i = 0; i < 32; i++) {
		if (chance(r, 2)) {
			c->d[i] = float64(r);
		} else {
			c->d[i] = float32(r);
			c->d[i] |= (uint64_t)float32(r) << 32;
		}
	}
}
