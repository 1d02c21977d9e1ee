/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of words, rotation, alignment. */
#ifndef COMMON_BITS_H
#define COMMON_BITS_H

#include <stdbool.h>
#include <stdint.h>

/* Bits [lo, lo + len) of a word; len is 1 to 31. */
static inline uint32_t bits32(uint32_t word, unsigned int lo, unsigned int len)
{
	return word >> lo & ((1u << len) - 1);
}

static inline bool bit32(uint32_t word, unsigned int n)
{
	return word >> n & 1;
}

static inline uint64_t bits64(uint64_t word, unsigned int lo, unsigned int len)
{
	return word >> lo & ((UINT64_C(1) << len) - 1);
}

/* The low len bits (1 to 32), as a signed number. */
static inline int32_t sext32(uint32_t word, unsigned int len)
{
	return (int32_t)(word << (32 - len)) >> (32 - len);
}

/* n is 0 to 31. */
static inline uint32_t ror32(uint32_t word, unsigned int n)
{
	return word >> n | word << (-n & 31);
}

/* to is a power of two. */
static inline uint64_t align_down(uint64_t n, uint64_t to)
{
	return n & ~(to - 1);
}

static inline uint64_t align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
