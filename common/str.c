/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static void room(struct str *s, size_t n)
{
	if (s->len + n + 1 <= s->cap)
		return;
	s->cap = (s->len + n + 1) * 2;
	s->text = xrealloc(s->text, s->cap);
}

void str_addn(struct str *s, const char *bytes, size_t n)
{
	room(s, n);
	memcpy(s->text + s->len, bytes, n);
	s->len += n;
	s->text[s->len] = 0;
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	room(s, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(s->text + s->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)n;
}

void str_free(struct str *s)
{
	free(s->text);
	*s = (struct str){ 0 };
}

char *str_steal(struct str *s)
{
	char *text = s->text ? s->text : xstrdup("");

	*s = (struct str){ 0 };
	return text;
}

bool str_starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool str_ends(const char *text, const char *with)
{
	size_t n = strlen(text), w = strlen(with);

	return n >= w && !strcmp(text + n - w, with);
}

/* Digits at the start of text; *ret_end is what follows them. */
static bool digits(const char *text, uint64_t *ret_n, const char **ret_end)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long n;
	char *end;

	if (hex ? !isxdigit((unsigned char)text[2])
		: !isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	n = strtoull(text, &end, hex ? 16 : 10);
	if (errno)
		return false;
	*ret_n = n;
	*ret_end = end;
	return true;
}

bool str_number(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret_n)
{
	const char *end;
	uint64_t n;

	if (!digits(text, &n, &end) || *end || n < lo || n > hi)
		return false;
	*ret_n = n;
	return true;
}

bool str_size(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret_n)
{
	static const char units[] = "kmgt";
	unsigned int shift = 0;
	const char *end, *unit;
	uint64_t n;

	if (!digits(text, &n, &end))
		return false;
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	if (*end || n > UINT64_MAX >> shift)
		return false;
	n <<= shift;
	if (n < lo || n > hi)
		return false;
	*ret_n = n;
	return true;
}

/* Length of the UTF-8 character at s that may be shown; 0: it may not. */
static size_t printable(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1)
		return s[0] >= ' ' && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4 || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

char *str_printable(const char *text, bool lines)
{
	const unsigned char *s = (const unsigned char *)text;
	struct str out = { 0 };

	while (*s) {
		size_t n = printable(s);

		if (n)
			str_addn(&out, (const char *)s, n);
		else if (lines && (*s == '\n' || *s == '\t'))
			str_addn(&out, (const char *)s, 1);
		else
			str_add(&out, *s == '\n' || *s == '\t' ? " " : "?");
		s += n ? n : 1;
	}
	return str_steal(&out);
}
