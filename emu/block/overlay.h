/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot=on: an unlinked sparse file over an image that is only read.  It
 * vanishes with the process, so a flush does nothing to it.
 */
#ifndef BLOCK_OVERLAY_H
#define BLOCK_OVERLAY_H

#include "block/range.h"
#include "common/err.h"

struct overlay;

/* Over the first size bytes of base, which stays the caller's. */
int overlay_new(struct overlay **ret_ov, int base, uint64_t size,
		struct err *err);
void overlay_free(struct overlay *ov); /* NULL is allowed */

/* Any thread.  0 or -errno. */
int overlay_read(struct overlay *ov, const struct range_bufs *bufs,
		 uint64_t len, uint64_t at);
int overlay_write(struct overlay *ov, const struct range_bufs *bufs,
		  uint64_t len, uint64_t at);
int overlay_zero(struct overlay *ov, uint64_t len, uint64_t at);

#endif
