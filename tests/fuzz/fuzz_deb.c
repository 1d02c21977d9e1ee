/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/kernel/deb.c over any bytes: the control part, one file, all files. */
#include "kernel/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "host/files.h"

enum {
	PART = 1 << 16
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodeb struct deb_control control = { 0 };
	struct deb_paths paths = { 0 };
	static char *file, *unpacked, *one;
	struct err err;

	if (!file) {
		file = fuzz_path("x.deb");
		unpacked = fuzz_path("unpacked");
		one = fuzz_path("one");
	}
	fuzz_write(file, data, size);
	(void)deb_read_control(file, &control, &err);
	if (mkdir(unpacked, 0755) < 0)
		abort();
	(void)deb_unpack(file, unpacked, "lib", "usr/lib", &paths, &err);
	deb_paths_free(&paths);
	(void)deb_extract(file, "bin/busybox", one, 0755, &err);
	unlink(one);
	if (files_remove_tree(unpacked, &err) < 0)
		abort();
	return 0;
}

static void add(struct archive *a, const char *name, mode_t mode,
		const char *content, size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_mtime(entry, 1700000000, 0);
	if (S_ISLNK(mode))
		archive_entry_set_symlink(entry, content);
	else
		archive_entry_set_size(entry, (la_int64_t)len);
	if (archive_write_header(a, entry) != ARCHIVE_OK ||
	    (S_ISREG(mode) && archive_write_data(a, content, len) < 0))
		abort();
	archive_entry_free(entry);
}

/* How the parts of each seed are packed, by the end of their names. */
static const char *const endings[] = { "", ".gz", ".xz" };

/* A tar archive in part; its length. */
static size_t make_part(char *part, bool is_data, const char *ending)
{
	static const char control[] = "Package: x\nVersion: 1\n"
				      "Architecture: armhf\n";
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_gnutar(a);
	if (!strcmp(ending, ".gz"))
		archive_write_add_filter_gzip(a);
	else if (!strcmp(ending, ".xz"))
		archive_write_add_filter_xz(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open_memory(a, part, PART, &used) != ARCHIVE_OK)
		abort();
	if (is_data) {
		add(a, "./", S_IFDIR | 0755, NULL, 0);
		add(a, "./lib/", S_IFDIR | 0755, NULL, 0);
		add(a, "./lib/x.ko", S_IFREG | 0644, control, 20);
		add(a, "./bin/", S_IFDIR | 0755, NULL, 0);
		add(a, "./bin/busybox", S_IFREG | 0755, control, 30);
		add(a, "./bin/sh", S_IFLNK | 0777, "../bin/busybox", 0);
	} else {
		add(a, "./", S_IFDIR | 0755, NULL, 0);
		add(a, "./control", S_IFREG | 0644, control, strlen(control));
		add(a, "./postinst", S_IFREG | 0755, "#!/bin/sh\n", 10);
	}
	if (archive_write_free(a) != ARCHIVE_OK)
		abort();
	return used;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static char part[PART];
	char control[32], data[32];
	struct archive *a;
	size_t used = 0;

	if (n >= sizeof(endings) / sizeof(*endings))
		return 0;
	snprintf(control, sizeof(control), "control.tar%s", endings[n]);
	snprintf(data, sizeof(data), "data.tar%s", endings[n]);
	a = archive_write_new();
	archive_write_set_format_ar_svr4(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open_memory(a, buf, size, &used) != ARCHIVE_OK)
		abort();
	add(a, "debian-binary", S_IFREG | 0644, "2.0\n", 4);
	add(a, control, S_IFREG | 0644, part,
	    make_part(part, false, endings[n]));
	add(a, data, S_IFREG | 0644, part, make_part(part, true, endings[n]));
	if (archive_write_free(a) != ARCHIVE_OK)
		abort();
	return used;
}
