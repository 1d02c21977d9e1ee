/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Into file systems of many kinds, which e2fsck then finds in order. */
#include "fs/ext4_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "fs/ext4.h"
#include "host/files.h"
#include "test.h"

enum {
	OFFSET = 1 << 20,
	SIZE = 24 << 20,
	BIG = 3000001,
};

static struct err err;
static char dir[] = "/tmp/test_unpack.XXXXXX";

static int shell(const char *fmt, const char *a, const char *b)
{
	autofree char *script = xasprintf(
		"cd %s && PATH=$PATH:/sbin:/usr/sbin && (%s%s%s) >log 2>&1",
		dir, fmt, a, b);

	return system(script);
}

static void show_log(void)
{
	autofree char *path = xasprintf("%s/log", dir);
	autofree char *text = NULL;
	struct err none;

	if (!files_read(path, 1 << 20, &text, NULL, &none))
		fprintf(stderr, "%.2000s", text);
}

static void must(const char *fmt, const char *a, const char *b)
{
	if (!shell(fmt, a, b))
		return;
	fprintf(stderr, "failed: %s%s%s\n", fmt, a, b);
	test_failed();
	show_log();
}

/* old/ as a file system with these options; its image, opened. */
static int make(const char *options)
{
	autofree char *path = xasprintf("%s/img", dir);

	unlink(path);
	must("mke2fs -q -F -N 8000 ", options,
	     " -E offset=1048576 -d old img $((24 << 10))k");
	return open(path, O_RDWR | O_CLOEXEC);
}

static void in_order(const char *options)
{
	if (!shell("e2fsck -fn 'img?offset=1048576'", "", ""))
		return;
	fprintf(stderr, "%s: not in order\n", options);
	test_failed();
	show_log();
}

static int unpack(int fd, const char *from)
{
	autofree char *path = xasprintf("%s/%s", dir, from);

	return ext4_unpack(fd, OFFSET, SIZE, "test", path, &err);
}

static void check_file(const struct tree *t, const char *path,
		       unsigned int mode, int64_t mtime, const char *want)
{
	autofree char *text = NULL;
	struct tree_stat st = { 0 };
	size_t len = 0;

	if (tree_lstat(t, path, &st) < 0 || st.kind != TREE_FILE ||
	    tree_read(t, path, SIZE, &text, &len) < 0) {
		fprintf(stderr, "%s: none, or no file\n", path);
		test_failed();
		return;
	}
	check_eq(st.mode, mode);
	check_eq(st.mtime, mtime);
	check_eq(st.uid, 0);
	check_eq(st.gid, 0);
	check_eq(len, strlen(want));
	check(!strcmp(text, want));
}

static void check_link(const struct tree *t, const char *path, const char *want)
{
	autofree char *target = tree_readlink(t, path);

	check(target && !strcmp(target, want));
}

static size_t count(const struct tree *t, const char *path)
{
	autonames struct tree_names names = { 0 };

	return tree_list(t, path, &names) < 0 ? 0 : names.all.n;
}

/* What came, and that what was there is as it was. */
static void look(int fd)
{
	autofree char *big = xcalloc(1, BIG + 1);
	autoext4 struct ext4 *fs = NULL;
	struct tree_stat st = { 0 };
	struct tree t;

	if (ext4_open(fd, OFFSET, SIZE, "test", &fs, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		test_failed();
		return;
	}
	t = ext4_tree(fs);
	memset(big, 'b', BIG);
	check_file(&t, "/boot/vmlinuz", 0600, 1600000000, big);
	check_file(&t, "/usr/lib/modules/6/a.ko", 04755, 1700000001, "a\n");
	check_file(&t, "/usr/lib/modules/6/empty", 0644, 1600000000, "");
	check_file(&t, "/usr/lib/old", 0640, 1500000000, "old\n");
	check_link(&t, "/vmlinuz", "boot/vmlinuz");
	check_link(&t, "/usr/lib/modules/6/build",
		   "/usr/src/a-name-of-more-than-sixty-characters/which-does-"
		   "not-fit-into-an-inode");
	check(!tree_lstat(&t, "/lib", &st) && st.kind == TREE_LINK);
	check(!tree_lstat(&t, "/usr/lib/modules/6", &st));
	check_eq(st.mode, 0750);
	check_eq(st.mtime, 1600000002);
	check(!tree_lstat(&t, "/usr/lib/modules/6/none", &st));
	check_eq(st.mode, 0755);
	check(!tree_lstat(&t, "/usr/lib", &st));
	check_eq(st.mode, 0711);
	check_eq(st.mtime, 1500000000);
	check_eq(count(&t, "/usr/lib/modules/6/many"), 900);
	check_eq(count(&t, "/info"), 1500 + 40);
	check_eq(count(&t, "/boot"), 2);
}

static void test_kind(const char *options)
{
	autoclose int fd = make(options);

	if (unpack(fd, "new") < 0) {
		fprintf(stderr, "%s: %s\n", options, err.text);
		test_failed();
		return;
	}
	/* Usage is counted by e2fsck. */
	if (strstr(options, "quota"))
		shell("e2fsck -fp 'img?offset=1048576'", "", "");
	in_order(options);
	look(fd);
}

/* Names come into a folder's index until it has another level. */
static void test_index(const char *options)
{
	autoclose int fd = make(options);

	shell("e2fsck -fyD 'img?offset=1048576'", "", "");
	must("debugfs -R 'htree_dump /info' 'img?offset=1048576' | grep -q "
	     "'Root node dump'",
	     "", "");
	if (unpack(fd, "new") < 0 || unpack(fd, "names") < 0) {
		fprintf(stderr, "%s: %s\n", options, err.text);
		test_failed();
		return;
	}
	in_order(options);
	must("debugfs -R 'htree_dump /info' 'img?offset=1048576' | grep -q "
	     "'Root node dump'",
	     "", "");
}

/* Nanoseconds, years behind 2038, locks: as debugfs tells them. */
static void test_inode(void)
{
	autoclose int fd = make("-t ext4");

	must("for f in / /boot /usr/lib; do debugfs -w -R \"sif $f flags "
	     "0x80010\" 'img?offset=1048576'; done",
	     "", "");
	check(!unpack(fd, "new"));
	in_order("locked");
	must("debugfs -R 'stat /boot/vmlinuz' 'img?offset=1048576' | grep -q "
	     "'mtime: 0x5f5e1000:75bcd150'",
	     "", "");
	must("debugfs -R 'stat /boot/far' 'img?offset=1048576' | grep -q "
	     "'mtime: 0x2a05f200:00000005'",
	     "", "");
	must("debugfs -R 'stat /boot' 'img?offset=1048576' | grep -q 'Flags: "
	     "0x80010'",
	     "", "");
}

static void refused(const char *options, const char *prepare, const char *from,
		    int code, const char *text)
{
	autoclose int fd = make(options);

	if (*prepare)
		must("debugfs -w -R '", prepare, "' 'img?offset=1048576'");
	err.text[0] = 0;
	check_eq(unpack(fd, from), -code);
	if (!strstr(err.text, text)) {
		fprintf(stderr, "%s: not '%s'\n", err.text, text);
		test_failed();
	}
}

/* The host's disk, not the guest's. */
static void test_host_full(void)
{
	struct rlimit was, limit;
	autoclose int fd = make("-t ext4");

	getrlimit(RLIMIT_FSIZE, &was);
	limit = was;
	limit.rlim_cur = 2 << 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	check_eq(unpack(fd, "new"), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &was);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	signal(SIGXFSZ, SIG_IGN);
	must("umask 022; mkdir -p old/usr/lib/modules old/boot old/info; "
	     "ln -s usr/lib old/lib; chmod 711 old/usr/lib; "
	     "echo old > old/usr/lib/old; chmod 640 old/usr/lib/old; "
	     "for i in $(seq 1500); do : > old/info/package-$i.list; done; "
	     "touch -d @1500000000 old/usr/lib/old old/usr/lib; "
	     "chown -R 0:0 old || :",
	     "", "");
	must("umask 022; mkdir -p new/boot new/lib/modules/6/many new/info "
	     "new/lib/modules/6/none; "
	     "head -c 3000001 /dev/zero | tr '\\0' b > new/boot/vmlinuz; "
	     "chmod 600 new/boot/vmlinuz; "
	     "touch -d @1600000000.493827156 new/boot/vmlinuz; "
	     "touch -d @5000000000.000000001 new/boot/far; "
	     "echo a > new/lib/modules/6/a.ko; chmod 4755 "
	     "new/lib/modules/6/a.ko; touch -d @1700000001 "
	     "new/lib/modules/6/a.ko; : > new/lib/modules/6/empty; "
	     "touch -d @1600000000 new/lib/modules/6/empty; "
	     "ln -s boot/vmlinuz new/vmlinuz; ln -s "
	     "/usr/src/a-name-of-more-than-sixty-characters/which-does-"
	     "not-fit-into-an-inode new/lib/modules/6/build; "
	     "for i in $(seq 900); do "
	     "echo $i > new/lib/modules/6/many/a-name-as-long-as-$i.dtb; "
	     "done; "
	     "for i in $(seq 40); do : > new/info/linux-$i.list; done; "
	     "chmod 750 new/lib/modules/6; touch -d @1600000002 "
	     "new/lib/modules/6",
	     "", "");
	must("mkdir -p names/info; for i in $(seq 3000); do "
	     ": > names/info/a-long-name-so-that-the-index-grows-$i; done",
	     "", "");
	must("mkdir -p there/boot full inside/usr link/lib; : > there/boot/x; "
	     ": > there/usr; head -c 30000000 /dev/zero > full/zeros; "
	     "mkfifo inside/usr/pipe",
	     "", "");
	test_kind("-t ext4");
	test_kind("-t ext4 -b 1024 -O ^metadata_csum,^64bit,uninit_bg");
	test_kind("-t ext4 -I 128");
	test_kind("-t ext4 -O inline_data");
	test_kind("-t ext4 -O bigalloc");
	test_kind("-t ext4 -O quota");
	test_kind("-t ext4 -O ^dir_index,^filetype");
	test_kind("-t ext3");
	test_kind("-t ext2 -b 1024");
	test_index("-t ext4 -b 1024");
	test_index("-t ext3");
	test_inode();
	refused("-t ext4", "", "there", EEXIST, "something else");
	refused("-t ext4", "", "full", ENOSPC, "full");
	refused("-t ext4 -N 1600", "", "new", ENOSPC, "full");
	refused("-t ext4", "", "inside", EINVAL, "neither");
	refused("-t ext4", "feature needs_recovery", "new", EUCLEAN,
		"not replayed");
	refused("-t ext4", "sif /boot flags 0x80800", "new", ENOTSUP,
		"encrypted");
	test_host_full();
	must("cd .. && rm -rf ", dir, "");
	return test_done();
}
