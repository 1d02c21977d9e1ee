/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The partition table of an image, and what libblkid sees in each partition.
 */
#ifndef IMAGE_PARTITION_H
#define IMAGE_PARTITION_H

#include "common/err.h"
#include "image/image.h"
#include "model/guest.h"

/*
 * Fill in table, disk_id, disk_size and partitions (in the order of their
 * numbers; an extended partition is left out, the logical ones in it are
 * there).  -EMEDIUMTYPE if there is no table, no partition, or one that ends
 * behind the end of the image.
 */
int partition_read(const struct image *img, struct guest *g, struct err *err);

#endif
