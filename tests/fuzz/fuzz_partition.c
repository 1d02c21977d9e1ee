/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/image/partition.c over any table: MBR with logical partitions, GPT. */
#include "image/partition.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "fuzz.h"

enum {
	SECTOR = 512,
	SECTORS = 256,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclose int fd = memfd_create("card", MFD_CLOEXEC);
	static char name[] = "fuzz";
	struct image img = { .fd = fd,
			     .source = { .path = name, .size = size } };
	struct guest g = { 0 };
	struct err err;

	if (fd < 0 || io_write(fd, data, size) < 0)
		return 0;
	if (partition_read(&img, &g, &err) == 0) {
		for (size_t i = 0; i < g.partitions.n; i++)
			if (g.partitions.at[i].start + g.partitions.at[i].size >
			    size)
				abort();
	}
	guest_free(&g);
	return 0;
}

static void put32(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

static void put_row(uint8_t *table, int row, uint8_t type, uint32_t start,
		    uint32_t sectors)
{
	uint8_t *p = table + 446 + 16 * row;

	p[4] = type;
	put32(p + 8, start);
	put32(p + 12, sectors);
	table[510] = 0x55;
	table[511] = 0xaa;
}

static void make_mbr(uint8_t *disk)
{
	put32(disk + 440, 0x5e3da3da);
	put_row(disk, 0, 0x0c, 8, 40);
	put_row(disk, 1, 0x83, 48, 50);
	put_row(disk, 2, 0x05, 100, 100);
	put_row(disk + 100 * SECTOR, 0, 0x83, 2, 30);
	put_row(disk + 100 * SECTOR, 1, 0x05, 40, 40);
	put_row(disk + 140 * SECTOR, 0, 0x82, 2, 30);
	put_row(disk + 140 * SECTOR, 1, 0x05, 80, 20);
	put_row(disk + 180 * SECTOR, 0, 0x83, 2, 10);
}

/* As in UEFI 2.10, appendix A. */
static uint32_t crc32_of(const uint8_t *data, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void make_gpt(uint8_t *disk)
{
	uint8_t *header = disk + SECTOR, *rows = disk + 2 * SECTOR;

	put_row(disk, 0, 0xee, 1, SECTORS - 1);
	for (uint32_t i = 0; i < 2; i++) {
		memset(rows + i * 128, (int)(0x41 + i), 32);
		put32(rows + i * 128 + 32, 64 + i * 32);
		put32(rows + i * 128 + 40, 64 + i * 32 + 31);
	}
	memcpy(header, "EFI PART", 8);
	put32(header + 8, 0x10000);
	put32(header + 12, 92);
	put32(header + 24, 1);
	put32(header + 32, SECTORS - 1);
	put32(header + 40, 34);
	put32(header + 48, SECTORS - 34);
	put32(header + 72, 2);
	put32(header + 80, 128);
	put32(header + 84, 128);
	put32(header + 88, crc32_of(rows, (size_t)128 * 128));
	put32(header + 16, crc32_of(header, 92));
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	if (n > 1 || size < (size_t)SECTORS * SECTOR)
		return 0;
	memset(buf, 0, (size_t)SECTORS * SECTOR);
	if (n)
		make_gpt(buf);
	else
		make_mbr(buf);
	return (size_t)SECTORS * SECTOR;
}
