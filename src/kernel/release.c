/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An InRelease file carries several signatures, of the archive's old and new
 * keys.  As apt does, we want one that is good and none that is bad; one by a
 * key that we do not have says nothing.  gpgv's exit status says less than its
 * status lines, so those are read.  sqv asks for one good signature by itself.
 */
#include "kernel/release.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "kernel/control.h"

enum {
	MAX_TEXT = 4 << 20,
	VERIFY_MS = 60000,
	DAY = 86400, /* how far the signer's clock may be before ours */
};

static int refused(const char *path, const char *keyring, const char *why,
		   struct err *err)
{
	return err_set(err, EKEYREJECTED,
		       "'%s' is not signed by a key of '%s'%s%s; if the "
		       "system is newer than this keyring, update the package "
		       "debian-archive-keyring",
		       path, keyring, *why ? ": " : "", why);
}

/* How many of gpgv's status lines have that keyword. */
static unsigned int count_status(const char *lines, const char *keyword)
{
	autofree char *want = xasprintf("[GNUPG:] %s ", keyword);
	unsigned int n = 0;

	for (const char *p = lines; p && *p;) {
		n += str_starts(p, want);
		p = strchr(p, '\n');
		if (p)
			p++;
	}
	return n;
}

static int verify_gpgv(const char *path, const char *keyring, char **ret_text,
		       struct err *err)
{
	const char *const argv[] = { "gpgv",  "--status-fd", "2", "--keyring",
				     keyring, "--output",    "-", "--",
				     path,    NULL };
	struct run_child child = { .argv = argv,
				   .limit = MAX_TEXT,
				   .timeout_ms = VERIFY_MS };
	autorun struct run_result res = { 0 };
	const char *lines;
	int r;

	r = run_child(&child, &res, err);
	if (r < 0)
		return r;
	lines = res.errors.text ? res.errors.text : "";
	if (count_status(lines, "BADSIG"))
		return refused(path, keyring, "its content was changed", err);
	/* Not VALIDSIG: that one is said of expired and revoked keys, too. */
	if (!count_status(lines, "GOODSIG") || res.truncated || !res.out.len)
		return refused(path, keyring, "", err);
	*ret_text = str_steal(&res.out);
	return 0;
}

static int verify_sqv(const char *path, const char *keyring, char **ret_text,
		      struct err *err)
{
	autofree char *dir = NULL, *out = NULL;
	struct err ignored;
	int r;

	r = files_temp_dir(NULL, &dir, err);
	if (r < 0)
		return r;
	out = xasprintf("%s/Release", dir);

	const char *const argv[] = { "sqv", "--keyring",   keyring, "--output",
				     out,   "--cleartext", path,    NULL };
	struct run_child child = { .argv = argv, .timeout_ms = VERIFY_MS };

	r = run_check(&child, NULL, err);
	if (r < 0) {
		autofree char *why = xstrdup(err->text);

		refused(path, keyring, why, err);
		r = -EKEYREJECTED;
	}
	if (!r)
		r = files_read(out, MAX_TEXT, ret_text, NULL, err);
	files_remove_tree(dir, &ignored);
	return r;
}

int release_verify(const char *path, const char *keyring, char **ret_text,
		   struct err *err)
{
	if (access(keyring, R_OK) < 0)
		return err_set(err, ENOKEY,
			       "cannot read the keyring '%s' (package "
			       "debian-archive-keyring)",
			       keyring);
	if (run_have("gpgv"))
		return verify_gpgv(path, keyring, ret_text, err);
	if (run_have("sqv"))
		return verify_sqv(path, keyring, ret_text, err);
	return err_set(err, ENOKEY,
		       "neither gpgv nor sqv is installed: without one of "
		       "them the repository's signature cannot be verified");
}

/* "Sat, 11 Jul 2026 10:16:37 UTC"; not strptime, which knows locales. */
static bool read_date(const char *text, int64_t *ret_time)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4] = "", zone[6] = "";
	struct tm tm = { 0 };
	const char *at;

	if (sscanf(text, "%*3s, %d %3s %d %d:%d:%d %5s", &tm.tm_mday, month,
		   &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7)
		return false;
	at = strstr(months, month);
	if (!at || (at - months) % 3 || strlen(month) != 3 ||
	    (strcmp(zone, "UTC") && strcmp(zone, "GMT") &&
	     strcmp(zone, "+0000")) ||
	    tm.tm_year < 1990 || tm.tm_year > 9999)
		return false;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	*ret_time = timegm(&tm);
	return true;
}

static int bad(const char *what, struct err *err)
{
	return err_set(err, EBADMSG, "the Release file has no usable %s", what);
}

/* Lines " HASH SIZE PATH"; one that is not so ends it. */
static int read_files(const char *list, struct release *rel, struct err *err)
{
	autofree char *copy = xstrdup(list);
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char hash[65], size[21], path[256];
		uint64_t bytes;

		if (sscanf(line, " %64s %20s %255s", hash, size, path) != 3 ||
		    strspn(hash, "0123456789abcdef") != 64 ||
		    !str_number(size, 0, UINT64_MAX, &bytes))
			return bad("list of SHA256", err);
		*vec_add(&rel->files) =
			(struct release_file){ .path = xstrdup(path),
					       .sha256 = xstrdup(hash),
					       .size = bytes };
	}
	return 0;
}

static int parse(const struct control *par, struct release *rel,
		 struct err *err)
{
	autofree char *date = control_field(par, "Date");
	autofree char *until = control_field(par, "Valid-Until");
	autofree char *list = control_field(par, "SHA256");

	rel->suite = control_field(par, "Suite");
	rel->codename = control_field(par, "Codename");
	rel->by_hash = control_is(par, "Acquire-By-Hash", "yes");
	if (!date || !read_date(date, &rel->date))
		return bad("date", err);
	if (until && !read_date(until, &rel->valid_until))
		return bad("Valid-Until", err);
	if (!list)
		return bad("list of SHA256", err);
	return read_files(list, rel, err);
}

int release_parse(const char *text, struct release *ret_rel, struct err *err)
{
	const char *end = text + strlen(text);
	autorelease struct release rel = { 0 };
	struct control par;
	int r;

	if (!control_next(&text, end, &par))
		return bad("content", err);
	r = parse(&par, &rel, err);
	if (r < 0)
		return r;
	*ret_rel = rel;
	rel = (struct release){ 0 };
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static void day_of(int64_t when, char *ret_text, size_t size)
{
	time_t t = (time_t)when;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(ret_text, size, "%F", &tm);
}

int release_check(const struct release *rel, const char *suite, int64_t now,
		  struct err *err)
{
	char day[32];

	if (!same(rel->suite, suite) && !same(rel->codename, suite))
		return err_set(err, ESTALE,
			       "the mirror gives the Release file of '%s' "
			       "where '%s' was asked for",
			       rel->codename ? rel->codename : "?", suite);
	if (rel->valid_until && now > rel->valid_until) {
		day_of(rel->valid_until, day, sizeof(day));
		return err_set(err, ESTALE,
			       "the mirror's Release file of '%s' was valid "
			       "until %s: the mirror is out of date, or the "
			       "clock of this machine is wrong",
			       suite, day);
	}
	if (rel->date > now + DAY) {
		day_of(rel->date, day, sizeof(day));
		return err_set(err, ESTALE,
			       "the Release file of '%s' is of %s, which is "
			       "in the future: is the clock of this machine "
			       "right?",
			       suite, day);
	}
	return 0;
}

const struct release_file *release_find(const struct release *rel,
					const char *path)
{
	for (size_t i = 0; i < rel->files.n; i++)
		if (!strcmp(rel->files.at[i].path, path))
			return &rel->files.at[i];
	return NULL;
}

void release_free(struct release *rel)
{
	for (size_t i = 0; i < rel->files.n; i++) {
		free(rel->files.at[i].path);
		free(rel->files.at[i].sha256);
	}
	vec_free(&rel->files);
	free(rel->suite);
	free(rel->codename);
	*rel = (struct release){ 0 };
}
