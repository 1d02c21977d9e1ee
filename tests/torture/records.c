/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the guest: writes numbered records to a disk, each followed by a flush,
 * and says each number once the flush has returned.  For kills.py, static.
 *
 *	records DEVICE SLOTS
 *
 * Record n lies in slot n % SLOTS of 4096 bytes, and every word of it is made
 * from n.  At its start it says the highest number that it finds whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SLOT = 4096,
	WORDS = SLOT / 8
};

static void fail(const char *what)
{
	printf("RECORDS failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t word(uint64_t n, uint64_t i)
{
	return i ? (n + i) * UINT64_C(0x9e3779b97f4a7c15) : n;
}

static int whole(const uint64_t *record, uint64_t slot, uint64_t slots)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (record[i] != word(record[0], i))
			return 0;
	return record[0] && record[0] % slots == slot;
}

int main(int argc, char **argv)
{
	uint64_t slots, n = 0, *record;
	void *page;
	int fd;

	if (argc != 3)
		return 2;
	slots = strtoull(argv[2], NULL, 10);
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0)
		fail(argv[1]);
	if (posix_memalign(&page, SLOT, SLOT))
		fail("memory");
	record = page;
	for (uint64_t slot = 0; slot < slots; slot++) {
		if (pread(fd, record, SLOT, (off_t)(slot * SLOT)) != SLOT)
			fail("read");
		if (whole(record, slot, slots) && record[0] > n)
			n = record[0];
	}
	printf("RECORDS found %llu\n", (unsigned long long)n);
	for (;;) {
		n++;
		for (uint64_t i = 0; i < WORDS; i++)
			record[i] = word(n, i);
		if (pwrite(fd, record, SLOT, (off_t)(n % slots * SLOT)) != SLOT)
			fail("write");
		if (fdatasync(fd) < 0)
			fail("flush");
		printf("RECORDS wrote %llu\n", (unsigned long long)n);
		fflush(stdout);
	}
}
