/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/room.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "host/ui.h"

enum {
	WORK_ROOM = 64 << 20 /* bytes */
};

int room_check(const char *dir, uint64_t bytes, const char *remedy,
	       struct err *err)
{
	uint64_t need = bytes + WORK_ROOM, free;
	char have[16], want[16];
	struct statvfs fs;

	if (statvfs(dir, &fs) < 0)
		return err_errno(err, errno, "cannot look at '%s'", dir);
	free = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free >= need)
		return 0;
	return err_set(err, ENOSPC,
		       "'%s' has %s free, and the guest needs %s more: make "
		       "room there%s",
		       dir, ui_bytes(free, have), ui_bytes(need, want), remedy);
}
