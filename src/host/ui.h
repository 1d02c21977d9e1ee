/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user sees while a command works: steps, messages, progress.
 *
 * All of it goes to standard error, so that standard output holds the result
 * alone.  On a terminal progress is a bar that is drawn again in its line;
 * elsewhere a plain line appears now and then.  With --json or -q nothing is
 * shown but warnings.  NO_COLOR is honoured.  One thread only.
 */
#ifndef HOST_UI_H
#define HOST_UI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ui {
	FILE *out;
	bool silent;   /* --json, -q */
	bool terminal; /* lines may be drawn again */
	bool colour;
	bool numbers;          /* progress is "40/100", for programs */
	unsigned int step, of; /* "[2/7]"; of is 0 where nobody counts */
	uint64_t (*now)(void); /* milliseconds, monotonic */

	/* the progress in work */
	bool bar_drawn;        /* the cursor stands in a bar's line */
	uint64_t began, shown; /* ms; 0: none in work */
	unsigned int percent;  /* of numbers: what was said last */
};

void ui_init(struct ui *ui, FILE *out, bool silent);

/* Leave the terminal's line clean, whatever was interrupted. */
void ui_fini(struct ui *ui);

/* How many steps follow; then each announces itself: "[2/7] copy the disk". */
void ui_steps(struct ui *ui, unsigned int n);
void ui_step(struct ui *ui, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A line below the step. */
void ui_say(struct ui *ui, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A line that is shown always. */
void ui_warn(struct ui *ui, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * done of total bytes are through; call it as often as you like.  total 0: not
 * known.  ui_progress_end() ends it and says how much it was and how long it
 * took; it says nothing if that was nothing, or none was begun.
 */
void ui_progress(struct ui *ui, uint64_t done, uint64_t total);
void ui_progress_end(struct ui *ui, uint64_t done);

/* "3.7 GB", "12 MB", "900 bytes" (powers of 1000, as on the card's label). */
const char *ui_bytes(uint64_t bytes, char buf[static 16]);

/* "12 s", "3 min 05 s", "2 h 10 min". */
const char *ui_time(uint64_t ms, char buf[static 24]);

#endif
