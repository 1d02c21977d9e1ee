/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small .deb files for tests, well formed or not. */
#ifndef MAKE_DEB_H
#define MAKE_DEB_H

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

struct member {
	const char *name; /* as it is in the archive */
	mode_t mode;      /* with its type */
	const char *data; /* content, or where a link leads */
	int uid;
	const char *hardlink;
};

enum {
	TAR_SIZE = 1 << 18
};

static inline size_t make_tar(char *buf, const struct member *members)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_xz(a);
	check(!archive_write_open_memory(a, buf, TAR_SIZE, &used));
	for (const struct member *m = members; m->name; m++) {
		struct archive_entry *e = archive_entry_new();
		bool file = S_ISREG(m->mode) && !m->hardlink;

		archive_entry_set_pathname(e, m->name);
		archive_entry_set_mode(e, m->mode);
		archive_entry_set_uid(e, m->uid);
		archive_entry_set_mtime(e, 1000000000, 0);
		archive_entry_set_size(e,
				       file ? (la_int64_t)strlen(m->data) : 0);
		if (S_ISLNK(m->mode))
			archive_entry_set_symlink(e, m->data);
		if (m->hardlink)
			archive_entry_set_hardlink(e, m->hardlink);
		check(!archive_write_header(a, e));
		if (file)
			archive_write_data(a, m->data, strlen(m->data));
		archive_entry_free(e);
	}
	check(!archive_write_close(a));
	archive_write_free(a);
	return used;
}

static inline void add_part(struct archive *a, const char *name,
			    const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, S_IFREG | 0644);
	archive_entry_set_size(e, (la_int64_t)len);
	check(!archive_write_header(a, e));
	check(archive_write_data(a, data, len) == (la_ssize_t)len);
	archive_entry_free(e);
}

/* control or data NULL: the package lacks that part. */
static inline void make_deb(const char *path, const struct member *control,
			    const struct member *data)
{
	static char buf[TAR_SIZE];
	struct archive *a = archive_write_new();

	archive_write_set_format_ar_svr4(a);
	check(!archive_write_open_filename(a, path));
	add_part(a, "debian-binary", "2.0\n", 4);
	if (control)
		add_part(a, "control.tar.xz", buf, make_tar(buf, control));
	if (data)
		add_part(a, "data.tar.xz", buf, make_tar(buf, data));
	check(!archive_write_close(a));
	archive_write_free(a);
}

#endif
