/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order is QEMU's: first take one's own locks, then look for others'.  Of
 * two that start at the same time at least one sees the other; perhaps both
 * give up, never do both go on.
 */
#include "block/lock.h"
#include "block/lock_holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "common/log.h"

enum {
	BYTE_USED = 100,
	BYTE_DENIED = 200,
	PERMISSIONS = 4,
};

/* 0, or -errno. */
static int take(int fd, int base, unsigned int bits)
{
	for (int n = 0; n < PERMISSIONS; n++) {
		struct flock fl = {
			.l_type = F_RDLCK,
			.l_whence = SEEK_SET,
			.l_start = base + n,
			.l_len = 1,
		};

		if (bits >> n & 1 && fcntl(fd, F_OFD_SETLK, &fl) < 0)
			return -errno;
	}
	return 0;
}

/* Does anybody else hold one of these?  The first as a number, or -1. */
static int held(int fd, int base, unsigned int bits)
{
	for (int n = 0; n < PERMISSIONS; n++) {
		struct flock fl = {
			.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = base + n,
			.l_len = 1,
		};

		if (bits >> n & 1 && fcntl(fd, F_OFD_GETLK, &fl) == 0 &&
		    fl.l_type != F_UNLCK)
			return n;
	}
	return -1;
}

static void give_back(int fd)
{
	struct flock fl = {
		.l_type = F_UNLCK,
		.l_whence = SEEK_SET,
		.l_start = BYTE_USED,
		.l_len = BYTE_DENIED + PERMISSIONS - BYTE_USED,
	};

	(void)fcntl(fd, F_OFD_SETLK, &fl);
}

static int busy(int fd, const char *filename, bool they_write, struct err *err)
{
	char holder[120];

	give_back(fd);
	lock_holder(fd, holder, sizeof(holder));
	return err_set(err, EBUSY,
		       "cannot lock \"%s\": %s %s; is a guest running on it?",
		       filename, holder,
		       they_write ? "writes to it"
				  : "does not want it to be written");
}

int image_lock(int fd, const char *filename, unsigned int used,
	       unsigned int denied, struct err *err)
{
	int code = take(fd, BYTE_USED, used);

	if (!code)
		code = take(fd, BYTE_DENIED, denied);
	if (code == -EAGAIN || code == -EACCES)
		return busy(fd, filename, true, err);
	if (code) {
		log_warn("\"%s\" cannot be locked (its file system has no "
			 "locks): take care that nobody else writes to it",
			 filename);
		return 0;
	}
	if (held(fd, BYTE_USED, denied) >= 0)
		return busy(fd, filename, true, err);
	if (held(fd, BYTE_DENIED, used) >= 0)
		return busy(fd, filename, false, err);
	return 0;
}
