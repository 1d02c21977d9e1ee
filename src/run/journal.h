/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a supervisor tells: on standard error, which under systemd is the
 * journal, with its priority; and there the guest's console under the guest's
 * name (journalctl -t NAME).
 */
#ifndef RUN_JOURNAL_H
#define RUN_JOURNAL_H

enum journal_level {
	JOURNAL_WARNING = 4, /* as in syslog.h */
	JOURNAL_NOTICE = 5,
};

/* A word about what is done to the guest. */
void journal_say(enum journal_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Where lines under this name go; -1: nobody keeps a journal of us. */
int journal_lines(const char *name);

#endif
