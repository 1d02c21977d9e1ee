/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing texts in tests: what differs is shown. */
#ifndef TEXTS_H
#define TEXTS_H

#include <stdbool.h>
#include <string.h>

#include "test.h"

/* Both may be NULL. */
#define check_text(got, want) check_text_at(__FILE__, __LINE__, got, want)
#define check_has(text, part) check_has_at(__FILE__, __LINE__, text, part, true)
#define check_lacks(text, part) \
	check_has_at(__FILE__, __LINE__, text, part, false)

static inline void check_text_at(const char *file, int line, const char *got,
				 const char *want)
{
	if (got == want || (got && want && !strcmp(got, want)))
		return;
	fprintf(stderr, "%s:%d: got\n%s\nwant\n%s\n", file, line,
		got ? got : "(null)", want ? want : "(null)");
	test_failed();
}

static inline void check_has_at(const char *file, int line, const char *text,
				const char *part, bool wanted)
{
	if (text && (strstr(text, part) != NULL) == wanted)
		return;
	fprintf(stderr, "%s:%d: '%s' is %sin\n%s\n", file, line, part,
		wanted ? "not " : "", text ? text : "(null)");
	test_failed();
}

#endif
