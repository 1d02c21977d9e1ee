/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card in a reader.  What the kernel knows of it is read from sysfs: whether
 * this is the whole card or one partition, and its serial number.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "image/image.h"

/* The first line of a file of the device in sysfs, or NULL. */
static char *sysfs_line(const struct stat *st, const char *name)
{
	char path[128], line[128];
	autoclose int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s",
		 major(st->st_rdev), minor(st->st_rdev), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : io_read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return NULL;
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	return line[0] ? xstrdup(line) : NULL;
}

/* A card's CID or serial number; a stick's; or none, as most readers have. */
static char *serial_of(const struct stat *st)
{
	static const char *const names[] = { "device/cid", "device/serial",
					     "serial", "device/wwid" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *serial = sysfs_line(st, names[i]);

		if (serial)
			return serial;
	}
	return NULL;
}

static int refuse_partition(const char *path, struct err *err)
{
	size_t n = strlen(path);

	while (n && isdigit((unsigned char)path[n - 1]))
		n--;
	if (n > 1 && path[n - 1] == 'p' && isdigit((unsigned char)path[n - 2]))
		n--;
	return err_set(err, EMEDIUMTYPE,
		       "'%s' is one partition: name the whole card, '%.*s'",
		       path, (int)n, path);
}

static int explain_open(const char *path, int code, struct err *err)
{
	switch (code) {
	case EBUSY:
		return err_set(err, EBUSY,
			       "'%s' is in use: unmount it first (lsblk '%s' "
			       "shows where it is mounted)",
			       path, path);
	case ENOMEDIUM:
		return err_set(err, ENOMEDIUM, "there is no card in '%s'",
			       path);
	case EACCES:
	case EPERM:
		return err_set(err, EACCES,
			       "opening '%s': you may not read it; try with "
			       "sudo",
			       path);
	default:
		return err_errno(err, code, "opening '%s'", path);
	}
}

int image_size(int fd, const char *path, uint64_t *ret_size, struct err *err)
{
	struct stat st;
	uint64_t size;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "looking at '%s'", path);
	size = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, &size) < 0)
		return err_errno(err, errno, "looking at '%s'", path);
	*ret_size = size;
	return 0;
}

int image_device_open(const char *path, struct image *img, struct err *err)
{
	struct stat st;
	uint64_t size;
	char *number;
	int r;

	img->source.device = true;
	img->fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (img->fd < 0)
		return explain_open(path, errno, err);
	if (fstat(img->fd, &st) < 0)
		return err_errno(err, errno, "looking at '%s'", path);
	r = image_size(img->fd, path, &size, err);
	if (r < 0)
		return r;
	number = sysfs_line(&st, "partition");
	if (number) {
		free(number);
		return refuse_partition(path, err);
	}
	if (size < IMAGE_SMALLEST)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' has only %llu bytes: is there a card in "
			       "it?",
			       path, (unsigned long long)size);
	img->source.size = size;
	img->source.serial = serial_of(&st);
	return 0;
}
