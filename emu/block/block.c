/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/block.h"

void block_free(struct block *b)
{
	if (b)
		b->ops->free(b);
}
