/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/text.h"

#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

char *text_trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = 0;
	return text;
}

char *text_line(char **text)
{
	char *line = *text;
	char *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end) {
		*end = 0;
		*text = end + 1;
	} else {
		*text = line + strlen(line);
	}
	return line;
}

/* "a b" or 'a b' without its quotes; a backslash keeps the next character. */
static char *unquote(const char *value)
{
	char quote = *value == '"' || *value == '\'' ? *value : 0;
	char *out = xstrdup(value + (quote != 0));
	char *to = out;

	for (const char *from = out; *from && *from != quote; from++) {
		if (*from == '\\' && quote == '"' && from[1])
			from++;
		*to++ = *from;
	}
	*to = 0;
	return out;
}

char *text_value(const char *text, const char *key)
{
	autofree char *copy = xstrdup(text);
	size_t n = strlen(key);
	char *rest = copy;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (!strncmp(line, key, n) && line[n] == '=')
			return unquote(line + n + 1);
	}
	return NULL;
}

char *text_word(const char *words, const char *prefix)
{
	size_t n = strlen(prefix);
	char *found = NULL;

	for (const char *at = words; *at;) {
		size_t len;

		at += strspn(at, " \t\r\n");
		len = strcspn(at, " \t\r\n");
		if (len >= n && !strncmp(at, prefix, n)) {
			free(found);
			found = xstrndup(at + n, len - n);
		}
		at += len;
	}
	return found;
}

const char *text_after(const char *line, const char *keyword)
{
	size_t n = strlen(keyword);

	if (strncmp(line, keyword, n) != 0 || !strchr(" \t=", line[n]))
		return NULL;
	line += n;
	return line + strspn(line, " \t=");
}

char *text_item(const char *text)
{
	return xstrndup(text, strcspn(text, " \t,;"));
}

bool text_has_word(const char *words, const char *word)
{
	static const char blanks[] = " \t\r\n";
	size_t n = strlen(word);

	for (const char *at = words + strspn(words, blanks); *at;
	     at += strspn(at, blanks)) {
		size_t len = strcspn(at, blanks);

		if (len == n && !strncmp(at, word, n))
			return true;
		at += len;
	}
	return false;
}

static bool is_section(const char *line, const char *section)
{
	size_t n = strlen(section);

	return !strncmp(line + 1, section, n) && line[n + 1] == ']';
}

char *text_ini(const char *text, const char *section, const char *key)
{
	autofree char *copy = xstrdup(text);
	size_t n = strlen(key);
	bool inside = false;
	char *rest = copy;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (*line == '[') {
			inside = is_section(line, section);
		} else if (inside && !strncmp(line, key, n)) {
			char *at = line + n;

			at += strspn(at, " \t");
			if (*at == '=')
				return xstrdup(text_trim(at + 1));
		}
	}
	return NULL;
}
