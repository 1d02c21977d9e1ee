/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small readers of configuration files.  What they return the caller frees. */
#ifndef GUEST_TEXT_H
#define GUEST_TEXT_H

#include <stdbool.h>

/* Blanks at both ends go, in place; returns where the rest begins. */
char *text_trim(char *text);

/*
 * The next line of *text, ended by 0 in place; *text moves on.  NULL at the
 * end.
 */
char *text_line(char **text);

/* The value of KEY=value, unquoted, as in os-release; NULL if not there. */
char *text_value(const char *text, const char *key);

/*
 * What follows prefix in the last of the blank-separated words that begin with
 * it: "b8:27:…" of "smsc95xx.macaddr=".  NULL if none does.
 */
char *text_word(const char *words, const char *prefix);

/* What follows a keyword and blanks or "=" in a line; NULL: another line. */
const char *text_after(const char *line, const char *keyword);

/* The first of the words that blanks, commas or semicolons part. */
char *text_item(const char *text);

/* Is that one of the blank-separated words? */
bool text_has_word(const char *words, const char *word);

/*
 * The value of a key in a section ("[ipv4]" is "ipv4") of an INI file; the
 * first one.  NULL if not there.
 */
char *text_ini(const char *text, const char *section, const char *key);

#endif
