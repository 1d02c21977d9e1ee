/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "test.h"

static char *dir;
static struct err err;

/* A path in the test's own folder; a few live at a time. */
static const char *in_dir(const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static bool exists(const char *name)
{
	struct stat st;

	return !lstat(in_dir(name), &st);
}

static void replace(void)
{
	autofree char *text = NULL;
	struct stat st;
	size_t len;

	check(!files_replace(in_dir("f"), "old", 3, 0600, &err));
	check(!files_replace(in_dir("f"), "newer", 5, 0640, &err));
	check(!files_read(in_dir("f"), 5, &text, &len, &err));
	check_eq(len, 5);
	check(!strcmp(text, "newer"));
	check(!stat(in_dir("f"), &st));
	check_eq(st.st_mode & 07777, 0640);
	check(files_replace(in_dir("no/f"), "x", 1, 0600, &err) == -ENOENT);
}

static void read_bounds(void)
{
	autofree char *text = NULL;
	char big[9000];
	size_t len;

	memset(big, 'x', sizeof(big));
	check(!files_replace(in_dir("big"), big, sizeof(big), 0600, &err));
	check(files_read(in_dir("big"), sizeof(big) - 1, &text, &len, &err) ==
	      -EFBIG);
	check(!text);
	check(!files_read(in_dir("big"), sizeof(big), &text, &len, &err));
	check_eq(len, sizeof(big));
	check(files_read(in_dir("none"), 10, &text, &len, &err) == -ENOENT);
	check(strstr(err.text, "none"));
	check(files_read(dir, 10, &text, &len, &err) == -EISDIR);
}

/* Without the commit the old file stands and the new one is gone. */
static void dropped(void)
{
	struct files_new new = { .fd = -1 };
	autofree char *text = NULL, *temp = NULL;

	check(!files_replace(in_dir("d"), "kept", 4, 0600, &err));
	check(!files_new_open(&new, in_dir("d"), 0600, &err));
	check(write(new.fd, "half", 4) == 4);
	temp = xstrdup(new.temp);
	check(!access(temp, F_OK));
	files_new_drop(&new);
	check(access(temp, F_OK));
	check(!files_read(in_dir("d"), 100, &text, NULL, &err));
	check(!strcmp(text, "kept"));
	files_new_drop(&new); /* twice is harmless */
}

static void folders(void)
{
	check(!files_mkdir_p(in_dir("a/b/c"), 0755, &err));
	check(!files_mkdir_p(in_dir("a/b/c/"), 0755, &err));
	check(exists("a/b/c"));
	check(!files_replace(in_dir("a/file"), "", 0, 0600, &err));
	check(files_mkdir_p(in_dir("a/file"), 0755, &err) == -ENOTDIR);
	check(files_mkdir_p(in_dir("a/file/x"), 0755, &err) == -ENOTDIR);
}

/* What a link points to survives the link's removal. */
static void remove_tree(void)
{
	check(!files_mkdir_p(in_dir("keep"), 0755, &err));
	check(!files_replace(in_dir("keep/x"), "x", 1, 0600, &err));
	check(!files_mkdir_p(in_dir("t/u/v"), 0755, &err));
	check(!files_replace(in_dir("t/u/f"), "x", 1, 0400, &err));
	check(!symlink("../../keep", in_dir("t/u/link")));
	check(!symlink("nowhere", in_dir("t/dangling")));
	check(!files_remove_tree(in_dir("t"), &err));
	check(!exists("t"));
	check(exists("keep/x"));

	check(!symlink("keep", in_dir("l")));
	check(!files_remove_tree(in_dir("l"), &err));
	check(!exists("l"));
	check(exists("keep/x"));
	check(!files_remove_tree(in_dir("l"), &err)); /* nothing there */
}

static void locks(void)
{
	autoclose int one = -1;
	int two;

	one = files_lock(in_dir("lock"), false, &err);
	check(one >= 0);
	check(files_lock(in_dir("lock"), false, &err) == -EAGAIN);
	check(strstr(err.text, "locked"));
	close(steal_fd(&one));
	two = files_lock(in_dir("lock"), true, &err);
	check(two >= 0);
	check_eq(files_locked(in_dir("lock"), &err), 1);
	check_eq(files_locked(in_dir("none"), &err), 0);
	close(two);
	check_eq(files_locked(in_dir("lock"), &err), 0);
	check(files_lock(in_dir("no/lock"), false, &err) == -ENOENT);
}

/* What somebody put where our own file is to be is neither made nor emptied. */
static void links(void)
{
	autofree char *text = NULL;
	int fd;

	check(!files_replace(in_dir("mine"), "kept", 4, 0600, &err));
	check(!symlink("mine", in_dir("link")));
	check(!symlink("unmade", in_dir("dangling")));
	check(files_lock(in_dir("link"), false, &err) == -ELOOP);
	check(strstr(err.text, "symbolic link"));
	check(files_lock(in_dir("dangling"), false, &err) == -ELOOP);
	check(files_locked(in_dir("link"), &err) == -ELOOP);
	check(files_open_log(in_dir("link"), &err) == -ELOOP);
	check(strstr(err.text, "symbolic link"));
	check(files_open_log(in_dir("dangling"), &err) == -ELOOP);
	check(!exists("unmade"));
	check(!files_read(in_dir("mine"), 10, &text, NULL, &err));
	check(!strcmp(text, "kept"));
	fd = files_open_log(in_dir("mine"), &err);
	check(fd >= 0);
	check_eq(lseek(fd, 0, SEEK_END), 0);
	close(fd);
}

int main(void)
{
	check(!files_temp_dir(NULL, &dir, &err));
	replace();
	read_bounds();
	dropped();
	folders();
	remove_tree();
	locks();
	links();
	check(!files_remove_tree(dir, &err));
	check(access(dir, F_OK));
	free(dir);
	return test_done();
}
