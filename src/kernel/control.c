/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing is copied until a field is asked for: an index has sixty thousand
 * paragraphs of which five are of interest.
 */
#include "kernel/control.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/str.h"

/* Length of the line at p, without its newline. */
static size_t line_len(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((nl ? nl : end) - p);
}

static bool blank(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r", p[i]) || !p[i])
			return false;
	return true;
}

/* Behind the line of that length. */
static const char *after(const char *p, size_t len, const char *end)
{
	return p + len < end ? p + len + 1 : end;
}

bool control_next(const char **at, const char *end, struct control *ret_par)
{
	const char *p = *at, *start;
	size_t len = 0;

	while (p < end && (len = line_len(p, end), blank(p, len)))
		p = after(p, len, end);
	if (p >= end) {
		*at = end;
		return false;
	}
	start = p;
	while (p < end && (len = line_len(p, end), !blank(p, len)))
		p = after(p, len, end);
	*ret_par = (struct control){ start, (size_t)(p - start) };
	*at = p;
	return true;
}

/* Does the line start the field?  Then how long "Name:" is, else 0. */
static size_t starts_field(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) || line[n] != ':')
		return 0;
	return n + 1;
}

static void add_trimmed(struct str *s, const char *p, size_t len)
{
	while (len && strchr(" \t", *p) && *p)
		p++, len--;
	while (len && strchr(" \t\r", p[len - 1]) && p[len - 1])
		len--;
	str_addn(s, p, len);
}

char *control_field(const struct control *par, const char *name)
{
	const char *end = par->at + par->len;
	autostr struct str value = { 0 };
	bool inside = false;
	size_t len, skip;

	for (const char *p = par->at; p < end; p = after(p, len, end)) {
		len = line_len(p, end);
		if (*p == '#')
			continue;
		if (inside && (*p == ' ' || *p == '\t')) {
			str_add(&value, "\n");
			add_trimmed(&value, p + 1, len - 1);
			continue;
		}
		if (inside)
			break;
		skip = starts_field(p, len, name);
		if (!skip)
			continue;
		inside = true;
		add_trimmed(&value, p + skip, len - skip);
	}
	return inside ? str_steal(&value) : NULL;
}

bool control_is(const struct control *par, const char *name, const char *value)
{
	autofree char *field = control_field(par, name);

	return field && !strcmp(field, value);
}
