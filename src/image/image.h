/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card: a raw image file or a block device, opened for reading only.
 *
 * Nothing here, and nothing that is given img->fd, ever writes to it.  A block
 * device is opened O_EXCL: it is refused while mounted, and nobody can mount
 * it meanwhile.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "common/err.h"
#include "model/source.h"

/* Smaller than this, there is no system on it. */
#define IMAGE_SMALLEST (1u << 20)

struct image {
	int fd; /* O_RDONLY; -1: not open */
	struct source source;
};

/*
 * Open what the user named.  -EMEDIUMTYPE for what is no raw image of a disk
 * (compressed, qcow2, a folder, too short …), with how to make one of it;
 * otherwise -errno.  *ret_img need not be initialised, and is then good for
 * image_fini() in any case.
 */
int image_open(const char *path, struct image *ret_img, struct err *err);
void image_fini(struct image *img);
#define autoimage __attribute__((__cleanup__(image_fini)))

/*
 * The kinds, called by image_open() once the kind is known.  They fill in size,
 * mtime and serial.
 */
int image_raw_identify(struct image *img, struct err *err);
int image_device_open(const char *path, struct image *img, struct err *err);

#endif
