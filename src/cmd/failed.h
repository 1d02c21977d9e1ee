/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units that failed: what a booting system says of them on its console, and
 * what an earlier boot wrote of them into the logs on its disk.  Both are
 * systemd's own words, "Failed to start NAME.", so they can be compared.
 */
#ifndef CMD_FAILED_H
#define CMD_FAILED_H

#include <stdbool.h>

#include "common/vec.h"
#include "fs/tree.h"

/* What did not start, as systemd calls it; nothing twice. */
struct failed {
	struct vec_of(char *) names;
	bool known; /* of logs: there were some */
};

/* text is a console's log, with the colours that systemd gives it; of several
 * boots the last one counts. */
void failed_on_console(const char *text, struct failed *f);

/* Does a system begin to boot in that text? */
bool failed_has_boot(const char *text);

/* The newest journal of each machine id below /var/log/journal (messages of
 * that length are stored as they are) and the logs that rsyslog writes.  Of
 * each at most 64 MiB. */
void failed_in_logs(const struct tree *t, struct failed *f);

/* systemd shortens names for a console: "a long n…d.service". */
bool failed_has(const struct failed *f, const char *name);

/* For a line of text: units with commas between them, without what systemd
 * says of them behind a dash.  NULL if there are none; the caller frees it. */
char *failed_text(const struct failed *f);

void failed_free(struct failed *f);
#define autofailed __attribute__((__cleanup__(failed_free)))

#endif
