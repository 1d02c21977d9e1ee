/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a guest come up?  Asked of a run whose writes are thrown away. */
#ifndef CMD_VERIFY_H
#define CMD_VERIFY_H

#include <stdint.h>

#include "common/err.h"
#include "host/ui.h"

/*
 * Boot it, isolated, until its login prompt or its ssh server's banner was
 * seen, and switch it off.  0; -ETIMEDOUT or -EIO: it did not come up, and its
 * last words were shown; -EAGAIN: it is running; -ENOENT: no guest, or no
 * engine.
 */
int verify_guest(const char *name, uint64_t seconds, struct ui *ui,
		 struct err *err);

#endif
