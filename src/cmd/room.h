/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room on the host, before a guest's disk is written to: the file is sparse,
 * and grows with what is written.
 */
#ifndef CMD_ROOM_H
#define CMD_ROOM_H

#include <stdint.h>

#include "common/err.h"

/*
 * Has the file system of that folder so many bytes, and some more for tables,
 * journals, initrd and reports?  -ENOSPC, with what to do; remedy, which
 * follows "make room there", may be "".
 */
int room_check(const char *dir, uint64_t bytes, const char *remedy,
	       struct err *err);

#endif
