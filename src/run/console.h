/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's console, held by the supervisor: several readers at one time,
 * what was printed before they came, and the state of the boot as the text
 * shows it.
 *
 * The engine's serial line is one socket; readers connect to another.  What a
 * reader types goes to the guest.  A reader that does not read is dropped.
 */
#ifndef RUN_CONSOLE_H
#define RUN_CONSOLE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum {
	CONSOLE_READERS = 8,
	CONSOLE_KEPT = 128 << 10, /* bytes that a new reader is shown */
	CONSOLE_LINE = 1024,
	CONSOLE_FDS = CONSOLE_READERS + 2,
};

struct console {
	int engine; /* the serial line; -1: none now */
	int listener;
	int reader[CONSOLE_READERS];
	int log; /* file with what was printed last; -1: none */
	char *log_path, *old_log_path;
	uint64_t logged; /* bytes in it */
	char *kept;      /* ring */
	uint64_t printed;
	char line[CONSOLE_LINE]; /* the line at hand, without controls */
	unsigned int line_len;
	enum {
		ESCAPE_NONE,
		ESCAPE_BEGUN,
		ESCAPE_CONTROL
	} escape;
	bool login; /* the login prompt was seen since the last start */
	/* A line is complete; or, for a prompt, is being waited at. */
	void (*on_line)(void *arg, const char *line);
	void *arg;
};

/* Listens at path; logs to log_path (NULL: nowhere), emptied before.  A full
 * log becomes log_path.0, in place of the one before. */
int console_init(struct console *con, const char *path, const char *log_path,
		 struct err *err);
void console_fini(struct console *con);

/* Take over the connected, non-blocking socket of the engine's serial line; a
 * new start of the guest begins. */
void console_attach(struct console *con, int fd);

/* Fill up to CONSOLE_FDS entries; returns how many. */
unsigned int console_poll(const struct console *con, struct pollfd *fds);
/* What poll() said of them. */
void console_ready(struct console *con, const struct pollfd *fds,
		   unsigned int n);

/* Connect to a supervisor's console as a reader. */
int console_connect(const char *path, struct err *err);

#endif
