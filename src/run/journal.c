/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

/* systemd.exec(5): set when standard error is connected to the journal. */
static bool in_journal(void)
{
	return getenv("JOURNAL_STREAM") != NULL;
}

void journal_say(enum journal_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (in_journal())
		fprintf(stderr, "<%d>%s\n", (int)level, text);
	else
		fprintf(stderr, "pimigrate: %s\n", text);
}

int journal_lines(const char *name)
{
	int fd;

	if (!in_journal())
		return -1;
	fd = sd_journal_stream_fd(name, LOG_INFO, false);
	return fd < 0 ? -1 : fd;
}
