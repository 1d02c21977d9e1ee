/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules' closure, and the archive read back through libarchive. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "initrd/initrd.h"
#include "initrd/modules.h"
#include "test.h"

static char *dir;
static struct err err;

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	autofree char *path = in_dir(name);

	check(!files_replace(path, text, strlen(text), 0644, &err));
}

/* The names in the order of loading, or "" if it fails. */
static bool order_is(const struct module_wish *wishes, const char *want)
{
	automodules struct modules got = { 0 };
	autostr struct str names = { 0 };

	if (modules_closure(dir, wishes, &got, &err) < 0)
		return !*want;
	for (size_t i = 0; i < got.n; i++)
		str_addf(&names, "%s ", got.at[i].name);
	if (!strcmp(names.text ? names.text : "", want))
		return true;
	fprintf(stderr, "%s\n", names.text);
	return false;
}

#define WISH(...) ((const struct module_wish[]){ __VA_ARGS__, { NULL, 0 } })

static void closure(void)
{
	put("modules.dep", "k/fs/ext4.ko.xz: k/crc16.ko k/jbd2.ko k/mb-c.ko\n"
			   "k/crc16.ko:\n"
			   "k/jbd2.ko:\n"
			   "k/mb-c.ko:\n"
			   "k/crc32c_generic.ko:\n"
			   "k/crc32-arm-ce.ko:\n"
			   "k/virtio_blk.ko:\n"
			   "k/virtio_mmio.ko:\n"
			   "k/late.ko:\n"
			   "k/a.ko: k/b.ko\n"
			   "k/b.ko: k/a.ko k/gone.ko\n");
	put("modules.softdep", "# comment\n"
			       "softdep ext4 pre: crypto-crc32c post: late\n"
			       "softdep jbd2 pre: crypto-crc32c nothing\n"
			       "softdep\nsoftdep late\n");
	put("modules.alias", "alias crypto-crc32c crc32c_generic\n"
			     "alias crypto-crc32* crc32_arm_ce\n"
			     "alias x\nalias y gone\n");
	put("modules.builtin", "kernel/drivers/virtio/virtio-ring.ko\n");

	check(order_is(WISH({ "ext4", true }),
		       "crc32c_generic crc32_arm_ce crc16 jbd2 mb_c ext4 "
		       "late "));
	check(order_is(WISH({ "jbd2", true }, { "ext4", true }),
		       "crc32c_generic crc32_arm_ce jbd2 crc16 mb_c ext4 "
		       "late "));
	check(order_is(WISH({ "mb-c", true }), "mb_c "));
	check(order_is(WISH({ "mb_c", true }, { "mb-c", true }), "mb_c "));
	check(order_is(WISH({ "virtio_ring", true }), "")); /* built in */
	check(order_is(WISH({ "none", false }, { "crc16", true }), "crc16 "));
	check(order_is(WISH({ "a", true }), "b a ")); /* a loop ends */
	check(order_is(WISH({ "none", true }), ""));
	check(strstr(err.text, "'none'"));

	put("modules.dep", "../../etc/x.ko:\n");
	check(order_is(WISH({ "x", true }), ""));
	put("modules.dep", "/etc/x.ko:\n");
	check(order_is(WISH({ "x", true }), ""));
	put("modules.dep", "no colon\n");
	check(order_is(WISH({ "x", true }), ""));
}

/* The folder of a kernel that has just what is needed. */
static void make_kernel(void)
{
	autofree char *k = in_dir("k");
	autofree char *fs = in_dir("k/ext4.ko");
	const char *const xz[] = { "xz", fs, NULL };
	struct run_child child = { .argv = xz };

	check(!files_mkdir_p(k, 0755, &err));
	put("modules.dep", "k/ext4.ko.xz: k/jbd2.ko\nk/jbd2.ko:\n"
			   "k/virtio_blk.ko:\nk/virtio-mmio.ko:\n");
	put("modules.softdep", "");
	put("modules.alias", "");
	put("k/jbd2.ko", "the journal");
	put("k/virtio_blk.ko", "the disk");
	put("k/virtio-mmio.ko", "the bus");
	put("k/ext4.ko", "the file system");
	check(!run_check(&child, NULL, &err));
}

static void make_busybox(const char *name, char machine)
{
	autofree char *path = in_dir(name);
	char elf[64] = "\177ELF\1\1\1";

	elf[18] = machine;
	check(!files_replace(path, elf, sizeof(elf), 0755, &err));
}

/* A member's content, or NULL; the caller frees it. */
static char *member(const char *file, const char *name, int *ret_filter)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	static char buf[16384];
	char *found = NULL;

	archive_read_support_filter_all(a);
	archive_read_support_format_cpio(a);
	check(!archive_read_open_filename(a, file, 10240));
	while (!archive_read_next_header(a, &e)) {
		la_ssize_t n;

		if (strcmp(archive_entry_pathname(e), name) != 0)
			continue;
		if (archive_entry_symlink(e)) {
			found = xstrdup(archive_entry_symlink(e));
			break;
		}
		n = archive_read_data(a, buf, sizeof(buf) - 1);
		check(n >= 0);
		found = xstrndup(buf, (size_t)n);
		break;
	}
	check(archive_format(a) == ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
	*ret_filter = archive_filter_code(a, 0);
	archive_read_free(a);
	return found;
}

static bool member_is(const char *file, const char *name, const char *want,
		      int want_filter)
{
	int filter;
	autofree char *got = member(file, name, &filter);

	return got && !strcmp(got, want) && filter == want_filter;
}

/* No file may become larger than nothing: as on a disk that is full. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	check(!getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	check(!setrlimit(RLIMIT_FSIZE, &limit));
}

static void no_room(void)
{
	signal(SIGXFSZ, SIG_IGN);
	limit_files(0);
}

static void room(void)
{
	limit_files(RLIM_INFINITY);
}

static void compose(void)
{
	autofree char *busybox = in_dir("busybox"), *bad = in_dir("bad");
	autofree char *config = in_dir("config"), *out = in_dir("initrd.img");
	autofree char *again = in_dir("again"), *init = NULL;
	autofree char *one = NULL, *two = NULL;
	struct initrd_parts parts = { dir, busybox, NULL };
	const int gzip = ARCHIVE_FILTER_GZIP, zstd = ARCHIVE_FILTER_ZSTD;
	size_t len, len_again;
	int filter;

	make_kernel();
	make_busybox("busybox", 40);
	check(!initrd_make(&parts, out, &err));
	check(member_is(out, "etc/modules",
			"virtio_mmio\nvirtio_blk\njbd2\next4\n", gzip));
	check(member_is(out, "lib/modules/ext4.ko", "the file system", gzip));
	check(member_is(out, "lib/modules/virtio_mmio.ko", "the bus", gzip));
	check(member_is(out, "bin/sh", "busybox", gzip));
	init = member(out, "init", &filter);
	check(init && str_starts(init, "#!/bin/sh\n"));
	check(init && str_ends(init, "exec switch_root /root \"$init\" "
				     "\"$@\"\n"));

	/* The same parts, the same bytes. */
	check(!initrd_make(&parts, again, &err));
	check(!files_read(out, 1 << 20, &one, &len, &err));
	check(!files_read(again, 1 << 20, &two, &len_again, &err));
	check(len == len_again && !memcmp(one, two, len));

	parts.config = config;
	put("config", "CONFIG_A=y\n# CONFIG_RD_ZSTD is not set\n");
	check(!initrd_make(&parts, out, &err));
	check(member_is(out, "bin/sh", "busybox", gzip));
	put("config", "CONFIG_A=y\nCONFIG_RD_ZSTD=y\nCONFIG_B=y\n");
	check(!initrd_make(&parts, out, &err));
	check(member_is(out, "lib/modules/jbd2.ko", "the journal", zstd));

	/* What fails leaves the old file, and says why. */
	no_room();
	check(initrd_make(&parts, out, &err) == -EFBIG);
	check(strstr(err.text, "initrd.img") &&
	      strstr(err.text, "File too large"));
	room();
	check(member_is(out, "bin/sh", "busybox", zstd));
	make_busybox("bad", 62); /* x86-64 */
	parts.busybox = bad;
	check(initrd_make(&parts, out, &err) == -EBADMSG);
	check(member_is(out, "bin/sh", "busybox", zstd));
	parts.busybox = busybox;
	put("modules.dep", "k/virtio_blk.ko:\n");
	check(initrd_make(&parts, out, &err) == -ENOENT);
	check(strstr(err.text, "virtio_mmio"));
	parts.busybox = "/no/such/file";
	check(initrd_make(&parts, out, &err) == -ENOENT);
	parts.busybox = busybox;
	parts.modules = "/no/such/folder";
	check(initrd_make(&parts, out, &err) == -ENOENT);
}

int main(void)
{
	check(!files_temp_dir(NULL, &dir, &err));
	closure();
	compose();
	check(!files_remove_tree(dir, &err));
	free(dir);
	return test_done();
}
