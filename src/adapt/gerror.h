/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libguestfs's last error as ours. */
#ifndef ADAPT_GERROR_H
#define ADAPT_GERROR_H

#include <guestfs.h>

#include "common/err.h"

/* "cannot WHAT ON: " and what libguestfs said; its errno, or -EIO. */
int gerror(guestfs_h *g, struct err *err, const char *what, const char *on);

#endif
