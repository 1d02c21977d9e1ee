/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static const char *name = "pimigrate";
static enum log_level shown = LOG_WARN;

void log_init(const char *program, enum log_level level)
{
	name = program;
	shown = level;
}

enum log_level log_level(void)
{
	return shown;
}

/* One fprintf a line, so that lines of several threads do not mix. */
static void line(enum log_level level, const char *fmt, va_list ap)
{
	char text[1024];

	if (level > shown)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s: %s%s\n", name,
		level == LOG_WARN ? "warning: " : "", text);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(LOG_WARN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

static bool power_of_ten(unsigned long n)
{
	while (n % 10 == 0)
		n /= 10;
	return n == 1;
}

void log_limited(struct log_limit *limit, const char *fmt, ...)
{
	unsigned long n = atomic_fetch_add(&limit->count, 1) + 1;
	char text[900];
	va_list ap;

	if (!power_of_ten(n))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n == 1)
		log_warn("%s", text);
	else
		log_warn("%s (%lu times)", text, n);
}
