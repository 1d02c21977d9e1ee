/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index is 45 MB of text for five paragraphs: it is read as a stream, and
 * only whole paragraphs with a wanted name are kept.  What is kept is bounded,
 * so that a repository cannot fill our memory.
 */
#include "kernel/packages.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "common/cleanup.h"
#include "kernel/relation.h"

enum {
	MAX_PARAGRAPH = 1 << 20,
	MAX_KEPT = 8 << 20,
	MAX_INDEX = 512 << 20,
	MAX_DEB = 1 << 30,
};

static const struct {
	const char *glob;
	bool kernel; /* comes into the guest */
} wanted[] = {
	{ "linux-image-armmp-lpae", true },
	{ "linux-image-*-armmp-lpae", true },
	{ "linux-base", true },
	{ "linux-base-*armmp-lpae", true },
	{ "linux-binary-*armmp-lpae", true },
	{ "linux-modules-*armmp-lpae", true },
	{ "linux-image-arm64", true },
	{ "linux-image-*[0-9]-arm64", true }, /* not -cloud-, not -rt- */
	{ "linux-base-*arm64", true },
	{ "linux-binary-*arm64", true },
	{ "linux-modules-*arm64", true },
	{ "busybox-static", false },
};

static bool matches(size_t i, const char *name)
{
	return !fnmatch(wanted[i].glob, name, 0);
}

bool packages_wanted(const char *name)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (matches(i, name))
			return true;
	return false;
}

bool packages_of_kernel(const char *name)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i].kernel && matches(i, name))
			return true;
	return false;
}

static void cleanup_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static void keep_if_wanted(const struct control *par, struct str *text)
{
	autofree char *name = control_field(par, "Package");

	if (!name || !packages_wanted(name))
		return;
	str_addn(text, par->at, par->len);
	str_add(text, "\n");
}

/*
 * Take the whole paragraphs off the buffer; at the end of the index the rest
 * is one too.
 */
static void take_paragraphs(struct str *buf, bool last, struct str *text)
{
	const char *at = buf->text, *end = buf->text + buf->len, *stop;
	struct control par;

	while ((stop = memmem(at, (size_t)(end - at), "\n\n", 2))) {
		const char *p = at;

		if (control_next(&p, stop + 1, &par))
			keep_if_wanted(&par, text);
		at = stop + 2;
	}
	if (last && control_next(&at, end, &par)) {
		keep_if_wanted(&par, text);
		at = end;
	}
	buf->len = (size_t)(end - at);
	memmove(buf->text, at, buf->len);
	buf->text[buf->len] = 0;
}

static int filter_stream(struct archive *a, const char *path, struct str *text,
			 struct err *err)
{
	autostr struct str buf = { 0 };
	size_t before = text->len;
	uint64_t total = 0;
	char chunk[8192];
	la_ssize_t n;

	for (;;) {
		n = archive_read_data(a, chunk, sizeof(chunk));
		if (n < 0)
			return err_set(err, EBADMSG, "cannot read '%s': %s",
				       path, archive_error_string(a));
		str_addn(&buf, chunk, (size_t)n);
		total += (uint64_t)n;
		/* Looked at seldom: each look moves what is left. */
		if (!n || buf.len > MAX_PARAGRAPH / 4)
			take_paragraphs(&buf, !n, text);
		if (buf.len > MAX_PARAGRAPH || total > MAX_INDEX ||
		    text->len - before > MAX_KEPT)
			return err_set(err, EBADMSG,
				       "'%s' is no index of packages", path);
		if (!n)
			return 0;
	}
}

int packages_filter(const char *path, struct str *text, struct err *err)
{
	cleanup(cleanup_archive) struct archive *a = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_filter_xz(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK)
		return err_set(err, EBADMSG, "cannot read '%s': %s", path,
			       archive_error_string(a));
	switch (archive_read_next_header(a, &entry)) {
	case ARCHIVE_OK:
		return filter_stream(a, path, text, err);
	case ARCHIVE_EOF:
		return 0;
	default:
		return err_set(err, EBADMSG, "cannot read '%s': %s", path,
			       archive_error_string(a));
	}
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 &&
	       strspn(text, "0123456789abcdefABCDEF") == 64;
}

/* Names and versions become parts of paths and of dpkg's database. */
static bool is_word(const char *text, const char *more)
{
	if (!isalnum((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	return true;
}

static bool is_relative(const char *path)
{
	return *path && *path != '/' && !strstr(path, "..") &&
	       !strchr(path, '\n') && !strchr(path, '?');
}

/* The fields that name the .deb in the repository. */
static int read_place(const struct control *par, const char *base,
		      struct package *pkg, struct err *err)
{
	autofree char *file = control_field(par, "Filename");
	autofree char *size = control_field(par, "Size");

	pkg->sha256 = control_field(par, "SHA256");
	if (!file || !is_relative(file) || !size ||
	    !str_number(size, 1, MAX_DEB, &pkg->size) || !pkg->sha256 ||
	    !is_sha256(pkg->sha256))
		return err_set(err, EBADMSG,
			       "package '%s' has no usable Filename, Size and "
			       "SHA256 in the index of '%s'",
			       pkg->name, base);
	for (char *p = pkg->sha256; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	pkg->url = xasprintf("%s/%s", base, file);
	return 0;
}

int packages_read(const struct control *par, const char *base,
		  const char *pocket, struct package *ret_pkg, struct err *err)
{
	struct package pkg = {
		.name = control_field(par, "Package"),
		.version = control_field(par, "Version"),
		.arch = control_field(par, "Architecture"),
		.pre_depends = control_field(par, "Pre-Depends"),
		.depends = control_field(par, "Depends"),
		.breaks = control_field(par, "Breaks"),
		.conflicts = control_field(par, "Conflicts"),
		.provides = control_field(par, "Provides"),
		.pocket = xstrdup(pocket),
	};
	int r = 0;

	if (!pkg.name || !is_word(pkg.name, "+-.") || !pkg.version ||
	    !is_word(pkg.version, "+-.:~") || !pkg.arch ||
	    !is_word(pkg.arch, "-"))
		r = err_set(err, EBADMSG,
			    "a package of '%s' has no usable name, version "
			    "and architecture",
			    base ? base : pocket);
	if (!r && base)
		r = read_place(par, base, &pkg, err);
	if (r < 0)
		package_fini(&pkg);
	else
		*ret_pkg = pkg;
	return r;
}

int packages_parse(const char *text, const char *base, const char *pocket,
		   struct packages *list, struct err *err)
{
	const char *end = text + strlen(text);
	struct package pkg;
	struct control par;
	int r;

	while (control_next(&text, end, &par)) {
		r = packages_read(&par, base, pocket, &pkg, err);
		if (r < 0)
			return r;
		*vec_add(list) = pkg;
	}
	return 0;
}

const struct package *packages_find(const struct packages *list,
				    const char *name)
{
	const struct package *best = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct package *p = &list->at[i];

		if (!strcmp(p->name, name) &&
		    (!best || version_compare(p->version, best->version) > 0))
			best = p;
	}
	return best;
}

void package_fini(struct package *pkg)
{
	free(pkg->name);
	free(pkg->version);
	free(pkg->arch);
	free(pkg->pre_depends);
	free(pkg->depends);
	free(pkg->breaks);
	free(pkg->conflicts);
	free(pkg->provides);
	free(pkg->url);
	free(pkg->path);
	free(pkg->sha256);
	free(pkg->pocket);
	*pkg = (struct package){ 0 };
}

void packages_free(struct packages *list)
{
	for (size_t i = 0; i < list->n; i++)
		package_fini(&list->at[i]);
	vec_free(list);
}
