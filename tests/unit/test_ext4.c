/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Over file systems that mke2fs makes, at an offset as on a card. */
#include "fs/ext4.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "fs/ext4_features.h"
#include "test.h"

enum {
	OFFSET = 1 << 20,
	SIZE = 8 << 20,
	BIG = 9 << 20
};

static struct err err;
static char dir[] = "/tmp/test_ext4.XXXXXX";

static void shell(const char *fmt, const char *a, const char *b)
{
	autofree char *script = xasprintf("cd %s && %s%s%s >/dev/null 2>&1",
					  dir, fmt, a, b);

	if (system(script))
		fprintf(stderr, "failed: %s\n", script);
}

/* root/ as a file system with these options; its image, opened. */
static int make(const char *options)
{
	autofree char *path = xasprintf("%s/img", dir);

	unlink(path);
	shell("PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 ", options,
	      " -E offset=1048576 -d root img 8192k");
	return open(path, O_RDWR | O_CLOEXEC);
}

static void check_text(const struct tree *t, const char *path, const char *want)
{
	autofree char *text = tree_text(t, path);

	if (!text || strcmp(text, want)) {
		fprintf(stderr, "%s: '%s'\n", path, text ? text : "(none)");
		test_failed();
	}
}

static void test_read(const char *options)
{
	autoclose int fd = make(options);
	autoext4 struct ext4 *fs = NULL;
	autonames struct tree_names names = { 0 };
	struct tree_stat st;
	struct tree t;
	char last;

	if (ext4_open(fd, OFFSET, SIZE, "test", &fs, &err) < 0) {
		fprintf(stderr, "%s: %s\n", options, err.text);
		test_failed();
		return;
	}
	t = ext4_tree(fs);
	check(!ext4_info(fs)->needs_recovery && ext4_info(fs)->clean);
	check_eq(ext4_info(fs)->size, SIZE);
	check(ext4_info(fs)->free > SIZE / 4);
	check_text(&t, "/etc/hostname", "pi\n");
	check_text(&t, "/link", "pi\n");
	check_text(&t, "/long", "pi\n");
	check_text(&t, "/lib/big", "");
	check(!tree_stat(&t, "/etc/secret", &st));
	check_eq(st.mode, 0600);
	check_eq(st.mtime, 1700000000);
	if (!strstr(options, "inline")) { /* mke2fs 1.47 cuts it off */
		check(!tree_stat(&t, "/sparse", &st) && st.size == 3000000);
		check_eq(tree_read_at(&t, "/sparse", &last, 1, 2999999), 1);
	}
	check(tree_stat(&t, "/etc/hostname/x", &st) == -ENOTDIR);
	check(!tree_list(&t, "/", &names));
	check_eq(names.all.n, 6); /* with lost+found */
	check(!tree_list(&t, "/lib", &names) && names.all.n == 301);
}

/* What is used holds everything: a copy of it alone reads the same. */
static void test_used(const char *options)
{
	autoclose int fd = make(options);
	autoclose int copy = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	autoext4 struct ext4 *fs = NULL, *copied = NULL;
	autofree char *buf = xmalloc(SIZE);
	struct ext4_ranges used = { 0 };
	uint64_t sum = 0, end = 0;
	struct tree t;

	check(!ext4_open(fd, OFFSET, SIZE, "test", &fs, &err));
	check(!ext4_used(fs, &used, &err));
	check(!ftruncate(copy, SIZE));
	for (size_t i = 0; i < used.all.n; i++) {
		struct ext4_range r = used.all.at[i];

		check(i == 0 || r.at > end);
		end = r.at + r.len;
		sum += r.len;
		check(end <= SIZE);
		check(io_pread(fd, buf, r.len, OFFSET + r.at) ==
		      (ssize_t)r.len);
		check(!io_pwrite(copy, buf, r.len, r.at));
	}
	check_eq(used.all.at[0].at, 0);
	check_eq(sum, SIZE - ext4_info(fs)->free);
	check(!ext4_open(copy, 0, SIZE, "copy", &copied, &err));
	if (copied) {
		t = ext4_tree(copied);
		check_text(&t, "/link", "pi\n");
	}
	vec_free(&used.all);
}

static void set16(int fd, uint64_t at, uint16_t value)
{
	check(!io_pwrite(fd, &value, 2, OFFSET + 1024 + at));
}

static void test_dirty(void)
{
	autoclose int fd = make("-O ^metadata_csum");
	struct ext4_ranges used = { 0 };
	autoext4 struct ext4 *fs = NULL;
	struct tree t;
	uint16_t incompat;

	check(io_pread(fd, &incompat, 2, OFFSET + 1024 + 96) == 2);
	set16(fd, 96, incompat | 4); /* needs_recovery */
	check(!ext4_open(fd, OFFSET, SIZE, "test", &fs, &err));
	if (!fs)
		return;
	check(ext4_info(fs)->needs_recovery);
	check(ext4_used(fs, &used, &err) == -EUCLEAN);
	t = ext4_tree(fs);
	check_text(&t, "/etc/hostname", "pi\n");
}

static void refused(uint64_t size, const char *says)
{
	autoclose int fd = make("-O ^metadata_csum");
	struct ext4 *fs = NULL;

	if (size == SIZE)
		set16(fd, 98, 0x4000); /* a bit nobody knows */
	check(ext4_open(fd, OFFSET, size, "partition 2", &fs, &err) < 0);
	if (!strstr(err.text, says)) {
		fprintf(stderr, "'%s', not '%s'\n", err.text, says);
		test_failed();
	}
}

/* Groups that do not fit each other are refused; a copy of the superblock in
 * group 1 is found, and nothing else is taken for one. */
static void test_damaged(void)
{
	autoclose int fd = make("-b 1024 -O ^metadata_csum,^64bit");
	unsigned int block = 0, size = 0;
	struct ext4 *fs = NULL;
	uint32_t per_group = 256;
	unsigned char sb[1024];

	check(!ext4_has_copy(fd, OFFSET, BIG, &block, &size));
	check(io_pread(fd, sb, sizeof(sb), OFFSET + 1024) == sizeof(sb));
	check(!io_pwrite(fd, sb, sizeof(sb), OFFSET + 8193 * 1024));
	check(!ext4_has_copy(fd, OFFSET, BIG, &block, &size));
	sb[90] = 1; /* s_block_group_nr */
	check(!io_pwrite(fd, sb, sizeof(sb), OFFSET + 8193 * 1024));
	check(ext4_has_copy(fd, OFFSET, BIG, &block, &size));
	check_eq(block, 8193);
	check_eq(size, 1024);
	check(!ext4_has_copy(fd, OFFSET, SIZE, &block, &size));
	/* s_clusters_per_group */
	check(!io_pwrite(fd, &per_group, sizeof(per_group),
			 OFFSET + 1024 + 36));
	err.text[0] = 0;
	check(ext4_open(fd, OFFSET, SIZE, "it", &fs, &err) == -EIO);
	check(strstr(err.text, "is damaged") != NULL);
}

static char *unknown_to(uint32_t compat, uint32_t incompat, uint32_t ro)
{
	struct ext4_features known = ext4_features_known;

	known.compat &= ~UINT32_C(0x1000); /* as 1.46 has them */
	known.ro_compat &= ~UINT32_C(0x10000);
	return ext4_features_unknown(
		(struct ext4_features){ compat, incompat, ro }, known);
}

/* Each is named with the release that knows it. */
static void test_features(void)
{
	autofree char *old = unknown_to(0x3c, 0x2c2, 0x46b);
	autofree char *orphan = unknown_to(0x103c, 0x22c2, 0x1046b);
	autofree char *none = unknown_to(0, UINT32_C(1) << 31, 0);

	check(!old);
	check(orphan && !strcmp(orphan, "orphan_file (from e2fsprogs 1.47.0 "
					"on), orphan_file's list in use (from "
					"e2fsprogs 1.47.0 on)"));
	check(none && !strcmp(none, "the incompatible feature of bit 31 (a "
				    "newer release may)"));
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	shell("mkdir -p root/etc root/lib; echo pi > root/etc/hostname; "
	      "echo x > root/etc/secret; chmod 600 root/etc/secret; "
	      "touch -d @1700000000 root/etc/secret; "
	      "ln -s /etc/hostname root/link; "
	      "ln -s ././././././././././././././././././././././././././"
	      "././././././././././././etc/hostname root/long; "
	      "seq 2000 > root/sparse; truncate -s 3000000 root/sparse; : > root/lib/big; "
	      "for i in $(seq 300); do : > root/lib/f$i; done",
	      "", "");
	test_read("");
	test_read("-b 1024 -O ^metadata_csum,^64bit");
	test_read("-O inline_data");
	test_used("");
	test_used("-b 1024 -O uninit_bg,^metadata_csum");
	test_dirty();
	test_damaged();
	test_features();
	refused(SIZE, "features that this host's e2fsprogs do not know");
	refused(SIZE - 4096, "larger than its partition");
	shell("rm -rf root img; cd / && rmdir ", dir, "");
	return test_done();
}
