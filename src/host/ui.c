/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bar is drawn at most ten times a second and wiped before any other line
 * is written, so that messages and progress never share a line.  The rate is
 * the mean since the beginning: it is what the time left is computed from,
 * and it does not flicker.
 */
#include "host/ui.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/str.h"

enum {
	REDRAW_MS = 100,  /* on a terminal */
	PLAIN_MS = 10000, /* elsewhere */
	BAR = 30,         /* columns */
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void ui_init(struct ui *ui, FILE *out, bool silent)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	*ui = (struct ui){ .out = out, .silent = silent, .now = monotonic_ms };
	ui->terminal = isatty(fileno(out)) && term && strcmp(term, "dumb");
	ui->colour = ui->terminal && !(no_color && *no_color);
}

static const char *bold(const struct ui *ui)
{
	return ui->colour ? "\033[1m" : "";
}

static const char *yellow(const struct ui *ui)
{
	return ui->colour ? "\033[33m" : "";
}

static const char *plain(const struct ui *ui)
{
	return ui->colour ? "\033[0m" : "";
}

/* Names and texts from a card are in it: they cannot send codes to the
 * terminal. */
__attribute__((format(printf, 2, 0))) static void put(struct ui *ui,
						      const char *fmt,
						      va_list ap)
{
	autofree char *text = NULL, *clean = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	clean = str_printable(text, true);
	fputs(clean, ui->out);
}

static void wipe(struct ui *ui)
{
	if (ui->bar_drawn)
		fputs("\r\033[K", ui->out);
	ui->bar_drawn = false;
}

void ui_fini(struct ui *ui)
{
	wipe(ui);
	fflush(ui->out);
}

void ui_steps(struct ui *ui, unsigned int n)
{
	ui->step = 0;
	ui->of = n;
}

void ui_step(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	ui->step++;
	if (ui->silent)
		return;
	wipe(ui);
	fputs(bold(ui), ui->out);
	if (ui->of)
		fprintf(ui->out, "[%u/%u] ", ui->step, ui->of);
	va_start(ap, fmt);
	put(ui, fmt, ap);
	va_end(ap);
	fprintf(ui->out, "%s\n", plain(ui));
	fflush(ui->out);
}

void ui_say(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	if (ui->silent)
		return;
	wipe(ui);
	fputs(ui->of ? "      " : "", ui->out);
	va_start(ap, fmt);
	put(ui, fmt, ap);
	va_end(ap);
	fputc('\n', ui->out);
	fflush(ui->out);
}

void ui_warn(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	wipe(ui);
	fprintf(ui->out, "%swarning:%s ", yellow(ui), plain(ui));
	va_start(ap, fmt);
	put(ui, fmt, ap);
	va_end(ap);
	fputc('\n', ui->out);
	fflush(ui->out);
}

const char *ui_bytes(uint64_t bytes, char buf[static 16])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double n = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(buf, 16, "%u bytes", (unsigned int)bytes);
		return buf;
	}
	while (n >= 999.5 && unit < 3) {
		n /= 1000;
		unit++;
	}
	snprintf(buf, 16, n < 9.95 ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return buf;
}

const char *ui_time(uint64_t ms, char buf[static 24])
{
	uint64_t s = (ms + 500) / 1000;

	if (ms < 9950)
		snprintf(buf, 24, "%.1f s", (double)ms / 1000);
	else if (s < 60)
		snprintf(buf, 24, "%u s", (unsigned int)s);
	else if (s < 3600)
		snprintf(buf, 24, "%u min %02u s", (unsigned int)(s / 60),
			 (unsigned int)(s % 60));
	else
		snprintf(buf, 24, "%u h %02u min", (unsigned int)(s / 3600),
			 (unsigned int)(s / 60 % 60));
	return buf;
}

/* "1.2 GB of 3.7 GB, 210 MB/s, 12 s left". */
static void numbers(struct ui *ui, uint64_t done, uint64_t total)
{
	uint64_t ms = ui->now() - ui->began;
	char a[16], b[16], c[16], t[24];

	fputs(ui_bytes(done, a), ui->out);
	if (total)
		fprintf(ui->out, " of %s", ui_bytes(total, b));
	if (ms < 500 || !done)
		return;
	fprintf(ui->out, ", %s/s",
		ui_bytes((uint64_t)((double)done * 1000 / (double)ms), c));
	if (total > done)
		fprintf(ui->out, ", %s left",
			ui_time((uint64_t)((double)(total - done) * (double)ms /
					   (double)done),
				t));
}

static void draw_bar(struct ui *ui, uint64_t done, uint64_t total)
{
	unsigned int full =
		total ? (unsigned int)((double)done * BAR / (double)total) : 0;

	wipe(ui);
	fputs("      [", ui->out);
	for (unsigned int i = 0; i < BAR; i++)
		fputc(i < full ? '#' : '.', ui->out);
	fputs("] ", ui->out);
	numbers(ui, done, total);
	ui->bar_drawn = true;
	fflush(ui->out);
}

/* As virt-v2v's: ^[0-9]+/[0-9]+$, and only what is new. */
static void put_percent(struct ui *ui, uint64_t done, uint64_t total)
{
	unsigned int percent = total && done < total
				       ? (unsigned int)((double)done * 100 /
							(double)total)
				       : 100;

	if (!total || percent == ui->percent)
		return;
	ui->percent = percent;
	fprintf(ui->out, "%u/100\n", percent);
	fflush(ui->out);
}

void ui_progress(struct ui *ui, uint64_t done, uint64_t total)
{
	uint64_t now = ui->now();

	if (!ui->began) {
		ui->began = now ? now : 1;
		ui->shown = ui->terminal ? 0 : now;
	}
	if (ui->numbers) {
		put_percent(ui, done, total);
		return;
	}
	if (ui->silent ||
	    now - ui->shown < (ui->terminal ? REDRAW_MS : PLAIN_MS))
		return;
	ui->shown = now;
	if (total && done > total)
		done = total;
	if (ui->terminal) {
		draw_bar(ui, done, total);
		return;
	}
	fputs("      ", ui->out);
	numbers(ui, done, total);
	fputc('\n', ui->out);
	fflush(ui->out);
}

void ui_progress_end(struct ui *ui, uint64_t done)
{
	char size[16], time[24];

	wipe(ui);
	if (ui->began && done)
		ui_say(ui, "%s in %s", ui_bytes(done, size),
		       ui_time(ui->now() - ui->began, time));
	ui->began = 0;
	ui->percent = 0;
}
