/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an archive that initrd.c wrote: its busybox serves the next one. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/files.h"
#include "initrd/initrd.h"

enum {
	MAX_BUSYBOX = 16 << 20
};

static void cleanup_reader(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static int save(struct archive *a, const char *path, const char *to,
		struct err *err)
{
	autostr struct str text = { 0 };
	char buf[8192];
	la_ssize_t n;

	while ((n = archive_read_data(a, buf, sizeof(buf))) > 0) {
		str_addn(&text, buf, (size_t)n);
		if (text.len > MAX_BUSYBOX)
			return err_set(err, EFBIG,
				       "busybox in '%s' is too large", path);
	}
	if (n < 0 || !text.len)
		return err_set(err, EIO, "cannot read busybox in '%s'", path);
	return files_replace(to, text.text, text.len, 0755, err);
}

int initrd_busybox(const char *path, const char *to, struct err *err)
{
	cleanup(cleanup_reader) struct archive *a = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_cpio(a);
	if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK)
		return err_set(err, EIO, "cannot read '%s': %s", path,
			       archive_error_string(a));
	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);

		if (name && !strcmp(name, "bin/busybox"))
			return save(a, path, to, err);
	}
	return err_set(err, ENOENT,
		       "'%s' is not an initrd that pimigrate made: it has no "
		       "bin/busybox",
		       path);
}
