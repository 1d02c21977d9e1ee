/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fat.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../fuzz/fat_image.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "test.h"

enum {
	OFFSET = 4096
}; /* of the file system in its image */

static struct err err;

static int to_file(const struct fat_image *f)
{
	int fd = memfd_create("fat", MFD_CLOEXEC);

	if (fd < 0 || io_pwrite(fd, f->bytes, f->size, OFFSET) < 0)
		exit(1);
	return fd;
}

static void check_text(const struct tree *t, const char *path, const char *want)
{
	autofree char *text = tree_text(t, path);

	if (!text || strcmp(text, want)) {
		fprintf(stderr, "%s: '%s'\n", path, text ? text : "(none)");
		test_failed();
	}
}

static void check_config(const struct tree *t)
{
	autofree char *bytes = NULL;
	char part[20] = "";
	size_t len;

	check(!tree_read(t, "config.txt", 700, &bytes, &len) && len == 700);
	for (size_t i = 0; bytes && i < len; i++)
		check_eq((unsigned char)bytes[i], '0' + i % 10);
	check(tree_read(t, "config.txt", 699, &bytes, &len) == -EFBIG);
	check_eq(tree_read_at(t, "config.txt", part, 9, 507), 9);
	check(!strcmp(part, "789012345"));
	check_eq(tree_read_at(t, "config.txt", part, 9, 695), 5);
	check_eq(tree_read_at(t, "config.txt", part, 9, 700), 0);
}

static void test_read(unsigned int bits)
{
	struct fat_image f = fat_image(bits);
	autoclose int fd = to_file(&f);
	autofat struct fat *fs = NULL;
	autonames struct tree_names names = { 0 };
	struct tree_stat st;
	struct tree t;

	check(!fat_open(fd, OFFSET, f.size, "test", &fs, &err));
	if (!fs)
		return;
	t = fat_tree(fs);
	check_config(&t);
	check_text(&t, "/cmdline.txt", "root=");
	check_text(&t, "OverLays/../overlays/./vc4.dtb", "overlay");
	check_text(&t, "EIN L\xc3\xa4NGERER NAME \xf0\x9f\x98\x80.dtb", "");
	check_text(&t, "einlng~1.dtb", "");
	check(tree_stat(&t, "old.txt", &st) == -ENOENT);
	check(tree_stat(&t, "config.txt/x", &st) == -ENOTDIR);
	check(!tree_stat(&t, "config.txt", &st) && st.mtime == 1696854896);
	check(tree_is_dir(&t, "/") && tree_is_dir(&t, "overlays"));
	check(!tree_readlink(&t, "config.txt"));
	check(!tree_list(&t, "", &names));
	check_eq(names.all.n, 4);
	if (names.all.n == 4) {
		check(!strcmp(names.all.at[0], "CONFIG.TXT"));
		check(!strcmp(names.all.at[2], "cmdline.txt"));
		check(!strcmp(names.all.at[3],
			      "ein l\xc3\xa4ngerer Name \xf0\x9f\x98\x80.dtb"));
	}
	free(f.bytes);
}

/* A change to the image, and what reading it must give then. */
static int list_after(struct fat_image *f, struct tree_names *names)
{
	autoclose int fd = to_file(f);
	autofat struct fat *fs = NULL;
	struct tree t;
	int rc = fat_open(fd, OFFSET, f->size, "test", &fs, &err);

	if (rc < 0)
		return rc;
	t = fat_tree(fs);
	return tree_list(&t, "/overlays", names);
}

static void test_loops(void)
{
	autonames struct tree_names names = { 0 };
	struct fat_image f = fat_image(32);
	autofree char *bytes = NULL;
	autofat struct fat *fs = NULL;
	autoclose int fd = -1;
	struct tree t;
	size_t len;

	/* a folder's chain that leads to itself, with no end mark in it */
	memset(fat_cluster(&f, 5), 0xe5, 512);
	fat_link(&f, 5, 5);
	check(list_after(&f, &names) == 0 || !names.all.n);
	fat_link(&f, 5, 100000);
	check(list_after(&f, &names) == -EIO);
	fat_link(&f, 5, 1);
	check(list_after(&f, &names) == -EIO);

	/* a file longer than its chain; one whose chain is a loop */
	fat_entry(fat_cluster(&f, 2) + 32, "CONFIG  TXT", 0x20, 0, 9, 5000);
	fat_entry(fat_cluster(&f, 2) + 96, "CMDLINE TXT", 0x20, 0, 4,
		  0xffffffff);
	fat_link(&f, 4, 4);
	fd = to_file(&f);
	check(!fat_open(fd, OFFSET, f.size, "test", &fs, &err));
	t = fat_tree(fs);
	check(tree_read(&t, "config.txt", 9999, &bytes, &len) == -EIO);
	check(tree_read(&t, "cmdline.txt", 1 << 20, &bytes, &len) == -EFBIG);
	free(f.bytes);
}

static void bad_boot(size_t at, unsigned int n, uint32_t value)
{
	struct fat_image f = fat_image(16);
	autoclose int fd = -1;
	autofat struct fat *fs = NULL;

	fat_put(f.bytes + at, n, value);
	fd = to_file(&f);
	if (fat_open(fd, OFFSET, f.size, "test", &fs, &err) != -EIO) {
		fprintf(stderr, "%zu = %u was taken\n", at, value);
		test_failed();
	}
	free(f.bytes);
}

static void test_boot_sector(void)
{
	bad_boot(11, 2, 0);
	bad_boot(11, 2, 513);
	bad_boot(11, 2, 8192);
	bad_boot(13, 1, 0);
	bad_boot(13, 1, 3);
	bad_boot(14, 2, 0);
	bad_boot(14, 2, 0xffff);
	bad_boot(16, 1, 0);
	bad_boot(17, 2, 0);
	bad_boot(19, 2, 0xffff);
	bad_boot(22, 2, 1);
	bad_boot(22, 2, 0xffff);
	bad_boot(510, 2, 0);
}

/* A long name whose parts do not belong together is not used. */
static void test_long_names(void)
{
	struct fat_image f = fat_image(12);
	autoclose int fd = -1;
	autofat struct fat *fs = NULL;
	struct tree t;

	f.bytes[f.root + 160 + 13] ^= 1;
	fd = to_file(&f);
	check(!fat_open(fd, OFFSET, f.size, "test", &fs, &err));
	t = fat_tree(fs);
	check(tree_exists(&t, "EINLNG~1.DTB"));
	check(!tree_exists(&t,
			   "ein l\xc3\xa4ngerer Name \xf0\x9f\x98\x80.dtb"));
	free(f.bytes);
}

int main(void)
{
	test_read(12);
	test_read(16);
	test_read(32);
	test_loops();
	test_boot_sector();
	test_long_names();
	return test_done();
}
