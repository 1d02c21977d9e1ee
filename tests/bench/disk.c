/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk's speed from within the guest, static, for tests/bench/io:
 *
 *	disk write|read|random-read|random-write DEVICE MIB
 *
 * One line: MiB a second, or for the random ones operations of 4 KiB a second,
 * by the guest's clock.  Writes count until fsync has returned; reads go
 * around the guest's cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	MIB = 1 << 20,
	SMALL = 4096,
};

static void fail(const char *what)
{
	printf("disk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void move(int fd, int writes, void *bytes, size_t n, off_t at)
{
	ssize_t done = writes ? pwrite(fd, bytes, n, at)
			      : pread(fd, bytes, n, at);

	if (done != (ssize_t)n)
		fail(writes ? "write" : "read");
}

static void one_after_the_other(int fd, int writes, char *bytes, long mib)
{
	double start = now();

	for (long i = 0; i < mib; i++)
		move(fd, writes, bytes, MIB, (off_t)i * MIB);
	if (writes && fsync(fd) < 0)
		fail("fsync");
	printf("%.1f\n", (double)mib / (now() - start));
}

/* For three seconds, each when the one before has ended. */
static void anywhere(int fd, int writes, char *bytes, long mib)
{
	uint64_t seed = 88172645463325252u,
		 places = (uint64_t)mib * (MIB / SMALL);
	double start = now();
	long done = 0;

	do {
		for (int i = 0; i < 16; i++, done++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			move(fd, writes, bytes, SMALL,
			     (off_t)(seed % places) * SMALL);
		}
	} while (now() - start < 3);
	if (writes && fsync(fd) < 0)
		fail("fsync");
	printf("%.0f\n", (double)done / (now() - start));
}

int main(int argc, char **argv)
{
	int writes, random, fd;
	void *bytes;

	if (argc != 4)
		return 2;
	writes = strstr(argv[1], "write") != NULL;
	random = strstr(argv[1], "random") != NULL;
	fd = open(argv[2], (writes ? O_RDWR : O_RDONLY) |
				   (writes && !random ? 0 : O_DIRECT));
	if (fd < 0)
		fail(argv[2]);
	if (posix_memalign(&bytes, SMALL, MIB))
		fail("memory");
	memset(bytes, 0xa5, MIB);
	(random ? anywhere : one_after_the_other)(fd, writes, bytes,
						  atol(argv[3]));
	return 0;
}
