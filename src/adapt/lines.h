/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's files of lines, one by one. */
#ifndef ADAPT_LINES_H
#define ADAPT_LINES_H

/* The next line of a text, trimmed at both ends; NULL at the end.  The caller
 * frees it. */
char *lines_next(const char **at);

/* What follows a word and blanks or "=" in a line, or NULL. */
const char *lines_after(const char *line, const char *word);

#endif
