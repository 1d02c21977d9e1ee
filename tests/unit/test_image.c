/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/image.h"
#include "image/partition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "test.h"

enum {
	SECTOR = 512,
	DISK_SECTORS = 20480
};

static struct err err;
static char path[] = "/tmp/test_image.XXXXXX";

/* A file of that size that begins with these bytes. */
static void make(const char *bytes, size_t n, off_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || io_write(fd, bytes, n) < 0 || ftruncate(fd, size) < 0)
		exit(1);
	close(fd);
}

static void refused(const char *what, const char *says)
{
	struct image img;
	int rc;

	err.text[0] = 0;
	rc = image_open(what, NULL, &img, &err);
	image_fini(&img);
	if (rc != -EMEDIUMTYPE || !strstr(err.text, says)) {
		fprintf(stderr, "%d, '%s', not '%s'\n", rc, err.text, says);
		test_failed();
	}
}

static void test_refused(void)
{
	struct image img;

	refused("/", "is a folder");
	refused("/dev/null", "neither an image file nor a block device");
	make("", 0, 0);
	refused(path, "is empty");
	make("x", 1, 1000);
	refused(path, "only 1000 bytes");
	make("\xfd"
	     "7zXZ\0",
	     6, 4 << 20);
	refused(path, "cannot be unpacked");
	make("\x1f\x8b\x08", 3, 100);
	refused(path, "cannot be unpacked");
	make("PK\x03\x04", 4, 100);
	refused(path, "cannot be unpacked");
	make("\x28\xb5\x2f\xfd", 4, 100);
	refused(path, "cannot be unpacked");
	make("7z\xbc\xaf\x27\x1c", 6, 100);
	refused(path, "7z x '/tmp/test_image");
	make("QFI\xfb\0\0\0\x09", 8, 4 << 20);
	refused(path, "of version 9");
	make("QFI\xfb\0\0\0\2\0\0\0\0\0\0\2\0", 16, 4 << 20);
	refused(path, "needs another file to be complete");
	make("\x7f"
	     "ELF",
	     4, 4 << 20);
	refused(path, "a program; name the image of a card, not '/tmp");
	check(image_open("/nonexistent.img", NULL, &img, &err) == -ENOENT);
	image_fini(&img);
	if (geteuid()) {
		chmod(path, 0);
		check(image_open(path, NULL, &img, &err) == -EACCES);
		image_fini(&img);
		chmod(path, 0600);
	}
}

static void put32(unsigned char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (8 * i));
}

static void put_row(unsigned char *disk, uint32_t table, int row,
		    unsigned char type, uint32_t start, uint32_t sectors)
{
	unsigned char *p = disk + (size_t)table * SECTOR + 446 + 16 * row;

	p[4] = type;
	put32(p + 8, start);
	put32(p + 12, sectors);
	disk[(size_t)table * SECTOR + 510] = 0x55;
	disk[(size_t)table * SECTOR + 511] = 0xaa;
}

/* As NOOBS has it: primary FAT, an extended one with two logical in it. */
static unsigned char *make_disk(void)
{
	unsigned char *disk = calloc(DISK_SECTORS, SECTOR);

	put32(disk + 440, 0x5e3da3da);
	put_row(disk, 0, 0, 0x0c, 2048, 2048);
	put_row(disk, 0, 1, 0x05, 4096, 8192);
	put_row(disk, 4096, 0, 0x83, 2, 2000);
	put_row(disk, 4096, 1, 0x05, 4000, 4000);
	put_row(disk, 8096, 0, 0x82, 2, 2000);
	/* swap: size of the page decides where the mark stands */
	memcpy(disk + (size_t)8098 * SECTOR + 4086, "SWAPSPACE2", 10);
	put32(disk + (size_t)8098 * SECTOR + 1024, 1);
	put32(disk + (size_t)8098 * SECTOR + 1028, 200);
	return disk;
}

static int read_table(struct guest *g)
{
	struct image img;
	int rc = image_open(path, NULL, &img, &err);

	if (rc == 0)
		rc = partition_read(&img, g, &err);
	image_fini(&img);
	return rc;
}

static void refused_table(const unsigned char *disk, const char *says)
{
	struct guest g = { 0 };

	make((const char *)disk, (size_t)DISK_SECTORS * SECTOR,
	     DISK_SECTORS * SECTOR);
	err.text[0] = 0;
	check(read_table(&g) == -EMEDIUMTYPE);
	if (!strstr(err.text, says)) {
		fprintf(stderr, "'%s', not '%s'\n", err.text, says);
		test_failed();
	}
	guest_free(&g);
}

/* Tables that no tool makes. */
static void test_hostile(void)
{
	unsigned char *disk = make_disk();

	put_row(disk, 0, 0, 0x0c, 2048, 4096); /* into the extended one's */
	put_row(disk, 4096, 0, 0x83, 1, 2000);
	put_row(disk, 0, 2, 0x83, 4000, 500);
	refused_table(disk, "partitions 1 and 3 overlap");
	put_row(disk, 0, 2, 0x83, 0, 100);
	refused_table(disk, "damaged");
	put_row(disk, 0, 2, 0x83, 20000, 0xfffffff0);
	refused_table(disk, "is cut off: partition 3");
	/* a chain that comes back to itself ends */
	put_row(disk, 0, 2, 0, 0, 0);
	put_row(disk, 0, 0, 0x0c, 2048, 2048);
	put_row(disk, 4096, 0, 0x83, 2, 2000);
	put_row(disk, 8096, 1, 0x05, 4000, 4000);
	make((const char *)disk, (size_t)DISK_SECTORS * SECTOR,
	     DISK_SECTORS * SECTOR);
	{
		struct guest g = { 0 };

		if (read_table(&g) == 0)
			check(g.partitions.n < 64);
		guest_free(&g);
	}
	/* 4 GiB of rows */
	memset(disk, 0, SECTOR);
	put_row(disk, 0, 0, 0xee, 1, DISK_SECTORS - 1);
	memcpy(disk + SECTOR, "EFI PART", 8);
	put32(disk + SECTOR + 12, 92);
	put32(disk + SECTOR + 80, 0x02000000);
	put32(disk + SECTOR + 84, 128);
	refused_table(disk, "a GPT of 33554432 rows");
	free(disk);
}

static void test_logical(void)
{
	unsigned char *disk = make_disk();
	struct guest g = { 0 };

	make((const char *)disk, (size_t)DISK_SECTORS * SECTOR,
	     DISK_SECTORS * SECTOR);
	check(!read_table(&g));
	check_eq(g.partitions.n, 3);
	check(g.table && !strcmp(g.table, "dos"));
	check(g.disk_id && !strcmp(g.disk_id, "5e3da3da"));
	check_eq(g.disk_size, DISK_SECTORS * SECTOR);
	if (g.partitions.n == 3) {
		check_eq(g.partitions.at[0].start, 2048 * SECTOR);
		check_eq(g.partitions.at[0].type, 0x0c);
		check_eq(g.partitions.at[1].number, 5);
		check_eq(g.partitions.at[1].start, 4098 * SECTOR);
		check(!strcmp(g.partitions.at[1].partuuid, "5e3da3da-05"));
		check_eq(g.partitions.at[2].number, 6);
		check_eq(g.partitions.at[2].start, 8098 * SECTOR);
		check_eq(g.partitions.at[2].size, 2000 * SECTOR);
		check_eq(g.partitions.at[2].fs, FS_SWAP);
		check_eq(g.partitions.at[1].fs, FS_NONE);
	}
	guest_free(&g);
	free(disk);
}

static void no_table(const char *says)
{
	struct guest g = { 0 };

	err.text[0] = 0;
	check(read_table(&g) == -EMEDIUMTYPE);
	if (!strstr(err.text, says)) {
		fprintf(stderr, "'%s', not '%s'\n", err.text, says);
		test_failed();
	}
	guest_free(&g);
}

static void test_bad_tables(void)
{
	unsigned char *disk = make_disk();
	const char *bytes = (const char *)disk;

	make(bytes, SECTOR, 2 << 20);
	no_table("is cut off");
	make("", 0, 4 << 20);
	no_table("no partition table");

	/* the second link of the chain leads back to the first */
	put_row(disk, 8096, 1, 0x05, 0, 4000);
	put_row(disk, 4096, 1, 0x05, 0, 4000);
	make(bytes, (size_t)DISK_SECTORS * SECTOR, DISK_SECTORS * SECTOR);
	{
		struct guest g = { 0 };

		(void)read_table(&g);
		check(g.partitions.n < 128);
		guest_free(&g);
	}

	/* a swap area over the whole: one partition's image */
	make(bytes + (size_t)8098 * SECTOR, 8192, 1000 * 4096);
	no_table("of a whole card is needed");
	free(disk);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_refused();
	test_hostile();
	test_logical();
	test_bad_tables();
	unlink(path);
	return test_done();
}
