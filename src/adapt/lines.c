/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/lines.h"

#include <ctype.h>
#include <string.h>

#include "common/mem.h"

char *lines_next(const char **at)
{
	size_t len = strcspn(*at, "\n"), n = len;
	const char *line = *at;

	if (!*line)
		return NULL;
	*at += len + (line[len] == '\n');
	while (n && isspace((unsigned char)*line)) {
		line++;
		n--;
	}
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	return xstrndup(line, n);
}

const char *lines_after(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || !line[n] || !strchr(" \t=", line[n]))
		return NULL;
	return line + n + strspn(line + n, " \t=");
}
