/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums and products of sizes from outside: false if they do not fit. */
#ifndef COMMON_OVERFLOW_H
#define COMMON_OVERFLOW_H

#include <stdbool.h>
#include <stdint.h>

static inline bool add_fits(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
	return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool mul_fits(uint64_t a, uint64_t b, uint64_t *ret_product)
{
	return !__builtin_mul_overflow(a, b, ret_product);
}

/* Does [at, at + len) lie inside [0, size)? */
static inline bool range_fits(uint64_t at, uint64_t len, uint64_t size)
{
	return at <= size && len <= size - at;
}

#endif
