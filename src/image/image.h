/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card: an image file or a block device, opened for reading only.
 *
 * Nothing here, and nothing that is given img->fd, ever writes to it.  A block
 * device is opened O_EXCL: it is refused while mounted, and nobody can mount
 * it meanwhile.  A card that is compressed, in a qcow2 disk or comes from a
 * pipe is unpacked into a file without a name first (image/spool.h), and fd is
 * that file's.
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

/* Who wants to know how far unpacking is; false ends it with -ECANCELED. */
struct image_watch {
	/* bytes of the source; total 0: not known */
	bool (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

/*
 * Open what the user named; "-" is standard input, a pipe or a file.
 * -EMEDIUMTYPE for what is no image of a disk (a folder, too short, cut off
 * …), with how to make one of it; otherwise -errno.  watch may be NULL.
 * *ret_img need not be initialised, and is good for image_fini() in any case.
 */
int image_open(const char *path, const struct image_watch *watch,
	       struct image *ret_img, struct err *err);
void image_fini(struct image *img);
#define autoimage __attribute__((__cleanup__(image_fini)))

/*
 * The kinds, called by image_open() once the kind is known.  They fill in size,
 * mtime and serial.
 */
enum image_kind {
	IMAGE_RAW,
	IMAGE_PACKED, /* xz, gzip, zstd, bzip2, zip */
	IMAGE_QCOW2,
};

/* What the first bytes say; -EMEDIUMTYPE if that is nothing we can read. */
int image_raw_kind(const struct image *img, enum image_kind *ret_kind,
		   struct err *err);
/* Size, and that it is large enough; of a block device, too, which is a guest's
 * disk then. */
int image_raw_identify(struct image *img, struct err *err);
/* Bytes of a file or block device that is open. */
int image_size(int fd, const char *path, uint64_t *ret_size, struct err *err);
int image_device_open(const char *path, struct image *img, struct err *err);
/* img->fd, which is read from its beginning, is replaced by the spool's. */
int image_unpack(struct image *img, const struct image_watch *watch,
		 struct err *err);
int image_qcow2_read(struct image *img, const struct image_watch *watch,
		     struct err *err);

#endif
