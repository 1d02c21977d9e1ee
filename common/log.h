/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line per event on standard error.
 *
 * Errors that end a command are not logged: they go up as struct err.  This is
 * for what happens beside: a warning, a device that a guest drives wrongly.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdatomic.h>

enum log_level {
	LOG_QUIET, /* nothing at all */
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

/* The program's name before each line, and how much is shown. */
void log_init(const char *program, enum log_level level);
enum log_level log_level(void);

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What a guest can cause at will is counted always and said seldom: at the
 * first, the 10th, the 100th … time.  Any thread.
 */
struct log_limit {
	atomic_ulong count;
};

void log_limited(struct log_limit *limit, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
