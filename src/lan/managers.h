/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may be in charge of an interface, and what the three have in common. */
#ifndef LAN_MANAGERS_H
#define LAN_MANAGERS_H

#include "common/err.h"
#include "lan/setup.h"

extern const struct manager manager_nm, manager_networkd, manager_ifupdown;

/* Run a program with these words, up to NULL, within a minute. */
#define manager_run(err, ...) \
	manager_run_words(err, (const char *const[]){ __VA_ARGS__, NULL })
int manager_run_words(struct err *err, const char *const *words);

/* The same, for what it prints, without the last newline; NULL: it failed.
 * The caller frees it. */
#define manager_ask(...) \
	manager_ask_words((const char *const[]){ __VA_ARGS__, NULL })
char *manager_ask_words(const char *const *words);

/* A file that setup shall write; path and text are owned by it now, like (see
 * setup.h) is copied. */
void manager_file(struct setup *s, char *path, char *text, const char *like);

#endif
