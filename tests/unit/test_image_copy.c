/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "test.h"

enum {
	MB = 1 << 20,
	SIZE = 8 * MB
};

static struct err err;
static uint64_t last_done, last_total;
static int cancel_after = -1;

static int temporary(void)
{
	char name[] = "/tmp/test_copy.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0)
		exit(1);
	unlink(name);
	return fd;
}

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	check(done >= last_done && done <= total);
	last_done = done;
	last_total = total;
}

static bool on_cancel(void *arg)
{
	(void)arg;
	return cancel_after >= 0 && cancel_after-- == 0;
}

static int copy(int from, int to, const struct copy_range *ranges, size_t n)
{
	struct copy_job job = { .from = from,
				.to = to,
				.from_name = "card",
				.to_name = "disk",
				.size = SIZE,
				.ranges = ranges,
				.n_ranges = n,
				.progress = on_progress,
				.cancelled = on_cancel };

	last_done = 0;
	return copy_run(&job, &err);
}

static uint64_t allocated(int fd)
{
	struct stat st;

	fsync(fd);
	return fstat(fd, &st) ? UINT64_MAX : (uint64_t)st.st_blocks * 512;
}

static void byte_at(int fd, unsigned int at, char want)
{
	char got = 1;

	check(io_pread(fd, &got, 1, at) == 1);
	check_eq(got, want);
}

/* One byte here and there; the rest holes, and one MiB of written zeros. */
static int make_source(void)
{
	static const char zeros[MB];
	int fd = temporary();

	check(!ftruncate(fd, SIZE));
	check(!io_pwrite(fd, "a", 1, 0));
	check(!io_pwrite(fd, zeros, sizeof(zeros), 2 * MB));
	check(!io_pwrite(fd, "b", 1, 3 * MB - 1));
	check(!io_pwrite(fd, "c", 1, 5 * MB + 7));
	check(!io_pwrite(fd, "d", 1, SIZE - 1));
	return fd;
}

static void test_whole(int from)
{
	static const struct copy_range all = { 0, SIZE };
	int to = temporary();
	struct stat st;

	check(!copy(from, to, &all, 1));
	check_eq(last_done, SIZE);
	check_eq(last_total, SIZE);
	check(!fstat(to, &st) && st.st_size == SIZE);
	byte_at(to, 0, 'a');
	byte_at(to, 3 * MB - 1, 'b');
	byte_at(to, 5 * MB + 7, 'c');
	byte_at(to, SIZE - 1, 'd');
	byte_at(to, 4 * MB, 0);
	check(allocated(to) <= MB);
	close(to);
}

static void test_ranges(int from)
{
	static const struct copy_range some[] = { { 0, 1 }, { 5 * MB, MB } };
	int to = temporary();

	check(!copy(from, to, some, 2));
	check_eq(last_done, MB + 1);
	byte_at(to, 0, 'a');
	byte_at(to, 3 * MB - 1, 0);
	byte_at(to, 5 * MB + 7, 'c');
	byte_at(to, SIZE - 1, 0);
	close(to);
}

static void test_errors(int from)
{
	static const struct copy_range all = { 0, SIZE };
	static const struct copy_range beyond = { SIZE - MB, 2 * MB };
	struct rlimit old, small;
	int to = temporary();

	cancel_after = 1;
	check(copy(from, to, &all, 1) == -ECANCELED);
	cancel_after = -1;
	check(copy(from, to, &beyond, 1) == -ENODATA);
	check(strstr(err.text, "became shorter") != NULL);

	/* a file size limit stands for the full disk: the same path */
	signal(SIGXFSZ, SIG_IGN);
	check(!getrlimit(RLIMIT_FSIZE, &old));
	small = old;
	small.rlim_cur = 4 * MB;
	check(!setrlimit(RLIMIT_FSIZE, &small));
	check(copy(from, to, &all, 1) < 0);
	check(strstr(err.text, "disk") != NULL);
	check(!setrlimit(RLIMIT_FSIZE, &old));
	close(to);
}

/* A file system of 4 MiB in our own name space; needs root or user spaces. */
static void test_full(int from)
{
	static const struct copy_range all = { 0, SIZE };
	static char noise[6 * MB];
	char place[] = "/tmp/test_copy_full.XXXXXX", name[64];
	int to;

	if (!mkdtemp(place))
		exit(1);
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", place, "tmpfs", 0, "size=4m")) {
		fprintf(stderr, "no small file system here: not tested\n");
		rmdir(place);
		return;
	}
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i % 251);
	check(!io_pwrite(from, noise, sizeof(noise), 0));
	snprintf(name, sizeof(name), "%s/disk", place);
	to = open(name, O_RDWR | O_CREAT, 0600);
	check(copy(from, to, &all, 1) == -ENOSPC);
	check(strstr(err.text, "writing 'disk' after 3 MB") ||
	      strstr(err.text, "writing 'disk' after 4 MB"));
	check(strstr(err.text, "make room there") != NULL);
	close(to);
	umount(place);
	rmdir(place);
}

int main(void)
{
	int from = make_source();

	test_whole(from);
	test_ranges(from);
	test_errors(from);
	test_full(from);
	close(from);
	return test_done();
}
