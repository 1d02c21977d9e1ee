/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that cannot fail: exhaustion ends the program with one line.
 *
 * For start-up and for the command; the emulator allocates nothing once the
 * guest runs.  A size that comes from outside is bounded by the caller first.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

#define must_check __attribute__((warn_unused_result))

/* All of these return memory that free() takes back: zeroed or copied, but
 * for xmalloc() and xaligned(). */
void *xcalloc(size_t n, size_t size) must_check;
void *xmalloc(size_t size) must_check;
/* At a multiple of alignment, a power of two, which size is one of, too. */
void *xaligned(size_t alignment, size_t size) must_check;
void *xrealloc(void *p, size_t size) must_check;
char *xstrdup(const char *s) must_check;
char *xstrndup(const char *s, size_t n) must_check;
char *xasprintf(const char *fmt, ...) must_check
	__attribute__((format(printf, 1, 2)));

/* One zeroed object of the type that p points to. */
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

#endif
