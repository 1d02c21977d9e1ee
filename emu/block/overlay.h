/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot=on: an unlinked sparse file over an image that is only read.  It
 * vanishes with the process, so a flush does nothing to it.
 */
#ifndef BLOCK_OVERLAY_H
#define BLOCK_OVERLAY_H

#include "block/block.h"

/* A node over base, of which it takes a share of its own.  Of opt: the names
 * and detect_zeroes. */
int overlay_open(struct block **ret_block, const struct block_options *opt,
		 struct block *base, struct err *err);

#endif
