/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal is not taken apart: its data objects hold a message as the text
 * "MESSAGE=Failed to start NAME.", ended by what is no text (journal-file
 * format, "Data Objects": up to 512 bytes are not compressed).
 */
#include "cmd/failed.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	MAX_LOG = 64 << 20,
	CHUNK = 1 << 20,
	MAX_MESSAGE = 512,
	MAX_NAMES = 100,
	ESCAPE = 0x1b
};

#define WORDS "Failed to start "
#define DOTS  "…"

void failed_free(struct failed *f)
{
	for (size_t i = 0; i < f->names.n; i++)
		free(f->names.at[i]);
	vec_free(&f->names);
}

static bool is_one(const char *there, const char *name)
{
	const char *dots = strstr(name, DOTS);
	size_t before, after;

	if (!dots)
		return !strcmp(there, name);
	before = (size_t)(dots - name);
	after = strlen(dots + strlen(DOTS));
	return strlen(there) >= before + after &&
	       !strncmp(there, name, before) &&
	       str_ends(there, dots + strlen(DOTS));
}

bool failed_has(const struct failed *f, const char *name)
{
	for (size_t i = 0; i < f->names.n; i++)
		if (is_one(f->names.at[i], name))
			return true;
	return false;
}

/* n bytes behind the words; the full stop is not the name's. */
static void add(struct failed *f, const char *bytes, size_t n)
{
	autofree char *name = NULL;

	if (n && bytes[n - 1] == '.')
		n--;
	name = xstrndup(bytes, n);
	if (n && f->names.n < MAX_NAMES && !failed_has(f, name))
		*vec_add(&f->names) = steal_ptr(name);
}

/* Without colours: ESC [ numbers m (ECMA-48 8.3.117). */
static char *plain(const char *text)
{
	struct str s = { 0 };

	while (*text) {
		size_t n = strcspn(text, "\x1b");

		str_addn(&s, text, n);
		text += n;
		if (*text == ESCAPE && text[1] == '[') {
			text += 2;
			text += strspn(text, "0123456789;");
		}
		text += *text != 0;
	}
	return str_steal(&s);
}

static const char boot[] = "Booting Linux on physical CPU";

static const char *last_boot(const char *console)
{
	const char *found = console;

	for (const char *at = console; (at = strstr(at, boot)); at++)
		found = at;
	return found;
}

bool failed_has_boot(const char *text)
{
	return strstr(text, boot);
}

void failed_on_console(const char *text, struct failed *f)
{
	static const char mark[] = "[FAILED] " WORDS;
	autofree char *words = plain(last_boot(text));

	for (char *at = words; (at = strstr(at, mark)); at++) {
		const char *name = at + strlen(mark);

		add(f, name, strcspn(name, "\r\n"));
	}
	f->known = true;
}

/* In a journal, or in a line of rsyslog's: "pi systemd[1]: Failed to start". */
static bool is_message(const char *begin, const char *at)
{
	static const char *const leads[] = { "MESSAGE=", "systemd[1]: " };

	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		size_t n = strlen(leads[i]);

		if ((size_t)(at - begin) >= n && !memcmp(at - n, leads[i], n))
			return true;
	}
	return false;
}

static void scan(const char *bytes, size_t n, struct failed *f)
{
	const char *end = bytes + n, *at = bytes;

	while ((at = memmem(at, (size_t)(end - at), WORDS, strlen(WORDS)))) {
		const char *name = at + strlen(WORDS), *stop = name;

		while (stop < end && (unsigned char)*stop >= ' ')
			stop++;
		/* What the chunk cuts off is whole in the next one. */
		if (is_message(bytes, at) && stop < end)
			add(f, name, (size_t)(stop - name));
		at = name;
	}
}

static void scan_file(const struct tree *t, const char *path, struct failed *f)
{
	autofree char *buf = xmalloc(CHUNK);
	uint64_t at = 0;
	ssize_t n;

	while (at < MAX_LOG &&
	       (n = tree_read_at(t, path, buf, CHUNK, at)) > 0) {
		f->known = true;
		scan(buf, (size_t)n, f);
		if (n < CHUNK)
			break;
		at += CHUNK - MAX_MESSAGE;
	}
}

void failed_in_logs(const struct tree *t, struct failed *f)
{
	static const char dir[] = "/var/log/journal";
	autonames struct tree_names ids = { 0 };

	if (tree_list(t, dir, &ids) < 0)
		ids.all.n = 0;
	for (size_t i = 0; i < ids.all.n; i++) {
		autofree char *path = xasprintf("%s/%s/system.journal", dir,
						ids.all.at[i]);

		scan_file(t, path, f);
	}
	scan_file(t, "/var/log/syslog", f);
}

char *failed_text(const struct failed *f)
{
	struct str out = { 0 };

	for (size_t i = 0; i < f->names.n; i++) {
		const char *name = f->names.at[i], *dash = strstr(name, " - ");

		if (i)
			str_add(&out, ", ");
		str_addn(&out, name,
			 dash ? (size_t)(dash - name) : strlen(name));
	}
	return out.len ? str_steal(&out) : NULL;
}
