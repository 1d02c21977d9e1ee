/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/gpt.h"

#include <errno.h>
#include <libfdisk/libfdisk.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"

enum {
	SECTOR = 512,
	HEADER_MIN = 92,
	ARRAY_MAX = 4 << 20, /* bytes of rows */
	AT_CRC = 16
};

static void drop_context(struct fdisk_context **c)
{
	fdisk_unref_context(*c);
}

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

static uint64_t le64(const unsigned char *p)
{
	return (uint64_t)le32(p + 4) << 32 | le32(p);
}

static bool rows_are_sound(int fd, const unsigned char *header)
{
	uint64_t at = le64(header + 72);
	uint64_t n = (uint64_t)le32(header + 80) * le32(header + 84);
	autofree unsigned char *rows = NULL;

	if (!n || n > ARRAY_MAX || at > INT64_MAX / SECTOR)
		return false;
	rows = xmalloc(n);
	return io_pread(fd, rows, n, at * SECTOR) == (ssize_t)n &&
	       crc32_z(0, rows, n) == le32(header + 88);
}

bool gpt_first_is_sound(int fd)
{
	unsigned char h[SECTOR];
	uint32_t size, crc;

	if (io_pread(fd, h, sizeof(h), SECTOR) != sizeof(h) ||
	    memcmp(h, "EFI PART", 8) != 0)
		return false;
	size = le32(h + 12);
	crc = le32(h + AT_CRC);
	if (size < HEADER_MIN || size > SECTOR || le64(h + 24) != 1)
		return false;
	memset(h + AT_CRC, 0, 4);
	return crc32_z(0, h, size) == crc && rows_are_sound(fd, h);
}

int gpt_mend(int fd, const char *name, struct err *err)
{
	cleanup(drop_context) struct fdisk_context *ctx = NULL;
	int rc;

	if (gpt_first_is_sound(fd))
		return 0;
	ctx = fdisk_new_context();
	if (!ctx)
		return err_set(err, ENOMEM, "no memory for libfdisk");
	fdisk_disable_dialogs(ctx, 1);
	rc = fdisk_assign_device_by_fd(ctx, fd, name, 0);
	if (!rc)
		rc = fdisk_write_disklabel(ctx);
	fdisk_deassign_device(ctx, 1); /* the copy is synced later */
	return rc < 0 ? err_errno(err, -rc,
				  "cannot mend the partition table of '%s'",
				  name)
		      : 0;
}
