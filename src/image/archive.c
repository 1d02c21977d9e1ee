/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compressed card, from a file or a pipe, streamed by libarchive into the
 * spool.  An archive's member is only ever read as bytes: its name, kind and
 * links lead nowhere.  A zip holds one file; one with more is the installer of
 * something (NOOBS) or a collection, and is refused before it is unpacked
 * where it can be read twice.
 *
 * A bomb ends early: beyond a first GiB the unpacked image may be 2,000 times
 * its archive.  An almost empty card of 128 GB that compresses to 300 MB is at
 * 430; deflate ends at 1,032; xz and zstd of zeros go beyond 6,000.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "image/image.h"
#include "image/spool.h"

enum {
	READ_BLOCK = 256 << 10,
	RATIO = 2000,
	MEMBERS = 1000, /* of a zip, folders too */
};

#define RATIO_FREE (UINT64_C(1) << 30) /* bytes: below this nobody counts */

struct unpack {
	struct archive *a;
	const char *name;
	uint64_t packed; /* bytes of the source; 0: a pipe, not known */
};

static void drop_archive(struct archive **a)
{
	archive_read_free(*a);
}

static int explain(const struct unpack *u, struct err *err)
{
	const char *what = archive_error_string(u->a);

	return err_set(err, EMEDIUMTYPE,
		       "'%s' cannot be unpacked (%s): is it complete? Fetch or "
		       "copy it again",
		       u->name, what ? what : "no reason given");
}

static int open_archive(struct unpack *u, int fd, struct err *err)
{
	u->a = archive_read_new();
	if (!u->a)
		return err_set(err, ENOMEM, "no memory for libarchive");
	archive_read_support_filter_xz(u->a);
	archive_read_support_filter_gzip(u->a);
	archive_read_support_filter_zstd(u->a);
	archive_read_support_filter_bzip2(u->a);
	archive_read_support_format_raw(u->a);
	archive_read_support_format_zip(u->a);
	if (archive_read_open_fd(u->a, fd, READ_BLOCK) != ARCHIVE_OK)
		return explain(u, err);
	return 0;
}

static int several(const struct unpack *u, struct err *err)
{
	return err_set(err, EMEDIUMTYPE,
		       "'%s' holds several files, not one image of a card: "
		       "unpack it, and name the image in it",
		       u->name);
}

/* The next file that has content.  1, 0 at the end, or an error. */
static int next_file(struct unpack *u, struct archive_entry **ret_entry,
		     struct err *err)
{
	for (unsigned int n = 0; n < MEMBERS; n++) {
		int rc = archive_read_next_header(u->a, ret_entry);

		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc < ARCHIVE_WARN)
			return explain(u, err);
		if (archive_entry_is_encrypted(*ret_entry))
			return err_set(err, EMEDIUMTYPE,
				       "'%s' is protected by a password: "
				       "unpack it first",
				       u->name);
		if (archive_entry_filetype(*ret_entry) == AE_IFREG &&
		    (!archive_entry_size_is_set(*ret_entry) ||
		     archive_entry_size(*ret_entry) > 0))
			return 1;
	}
	return several(u, err);
}

/* Of a file that can be read twice: that it holds one file. */
static int check_members(const char *name, int fd, struct err *err)
{
	cleanup(drop_archive) struct archive *a = NULL;
	struct unpack u = { .name = name };
	struct archive_entry *entry;
	int rc = open_archive(&u, fd, err);

	a = u.a;
	if (rc == 0)
		rc = next_file(&u, &entry, err);
	if (rc <= 0 || archive_format(a) == ARCHIVE_FORMAT_RAW)
		return rc < 0 ? rc : 0;
	rc = next_file(&u, &entry, err);
	return rc > 0 ? several(&u, err) : rc;
}

static int check_ratio(const struct unpack *u, uint64_t size, struct err *err)
{
	int64_t in = archive_filter_bytes(u->a, -1);
	uint64_t packed = u->packed ? u->packed : in > 0 ? (uint64_t)in : 1;

	if (size > RATIO_FREE && size / RATIO > packed)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' unpacks to more than %d times its size: "
			       "that is no image of a card",
			       u->name, RATIO);
	return 0;
}

static int unpack_data(struct unpack *u, struct spool *s, struct err *err)
{
	for (;;) {
		int64_t at, in;
		const void *buf;
		size_t n;
		int rc = archive_read_data_block(u->a, &buf, &n, &at);

		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc != ARCHIVE_OK || at < 0)
			return explain(u, err);
		rc = spool_write(s, buf, n, (uint64_t)at, err);
		if (rc == 0)
			rc = check_ratio(u, s->size, err);
		in = archive_filter_bytes(u->a, -1);
		if (rc == 0)
			rc = spool_tell(s, in > 0 ? (uint64_t)in : 0, u->packed,
					err);
		if (rc < 0)
			return rc;
	}
}

static int unpack_one(struct unpack *u, struct spool *s, struct err *err)
{
	struct archive_entry *entry;
	int rc = next_file(u, &entry, err);

	if (rc == 0)
		return err_set(err, EMEDIUMTYPE, "'%s' is empty", u->name);
	/* one filter is "none" */
	if (rc > 0 && archive_filter_count(u->a) > 2)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is compressed twice: unpack it once first",
			       u->name);
	if (rc > 0)
		rc = unpack_data(u, s, err);
	if (rc == 0 && archive_format(u->a) != ARCHIVE_FORMAT_RAW) {
		rc = next_file(u, &entry, err);
		if (rc > 0)
			rc = several(u, err);
	}
	return rc < 0 ? rc : spool_set_size(s, s->size, err);
}

int image_unpack(struct image *img, const struct image_watch *watch,
		 struct err *err)
{
	cleanup(drop_archive) struct archive *a = NULL;
	autospool struct spool s = { .fd = -1 };
	struct unpack u = { .name = img->source.path };
	struct stat st;
	int rc = 0;

	if (fstat(img->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		u.packed = (uint64_t)st.st_size;
		rc = check_members(u.name, img->fd, err);
		if (rc == 0 && lseek(img->fd, 0, SEEK_SET) < 0)
			rc = err_errno(err, errno, "reading '%s'", u.name);
	}
	if (rc == 0)
		rc = spool_open(&s, u.name, watch, err);
	if (rc < 0)
		return rc;
	rc = open_archive(&u, img->fd, err);
	a = u.a;
	if (rc == 0)
		rc = unpack_one(&u, &s, err);
	if (rc < 0)
		return rc;
	spool_hand_over(&s, img);
	return 0;
}
