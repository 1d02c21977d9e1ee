/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing string, and numbers out of text with bounds. */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as { 0 }; text is NULL until something was added, then ends in 0. */
struct str {
	char *text;
	size_t len, cap;
};

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t n);
void str_addf(struct str *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void str_free(struct str *s);
#define autostr __attribute__((__cleanup__(str_free)))

/* The text, which the caller now owns and frees ("" if nothing was added). */
char *str_steal(struct str *s);

/*
 * A copy that may be shown on a terminal: valid UTF-8 without control
 * characters; what is none is "?", a newline or tab a space unless lines are
 * to stay.  The caller frees it.
 */
char *str_printable(const char *text, bool lines);

bool str_starts(const char *text, const char *with);
bool str_ends(const char *text, const char *with);

/*
 * A whole unsigned number (decimal, or hexadecimal after 0x) between lo and
 * hi; false, and *ret_n as it was, if text is anything else.
 */
bool str_number(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret_n);

/* The same with a suffix k, M, G or T (powers of 1024; any case; B after). */
bool str_size(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret_n);

#endif
