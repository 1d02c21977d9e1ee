/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card that does not lie on the disk as it is (compressed, from a pipe, in a
 * virtual disk) is written to a file that has no name: sparse, below $TMPDIR or
 * /var/tmp, gone with its descriptor however the program ends.
 *
 * What is spooled is not trusted: no card has more than 2 TiB (SDXC), and the
 * file system keeps a reserve.
 */
#ifndef IMAGE_SPOOL_H
#define IMAGE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "image/image.h"

#define SPOOL_LARGEST (UINT64_C(2) << 40)

struct spool {
	int fd;           /* -1: not open */
	const char *name; /* of the source, for messages */
	const char *dir;  /* where it lies */
	const struct image_watch *watch;
	uint64_t size;    /* bytes, holes too */
	uint64_t data;    /* bytes that were written */
	uint64_t checked; /* data when room was looked for last */
};

int spool_open(struct spool *s, const char *name,
	       const struct image_watch *watch, struct err *err);

/*
 * n bytes at a place; zeros become holes.  -EFBIG beyond the largest card,
 * -ENOSPC with what to do, -ECANCELED if the watch said so.
 */
int spool_write(struct spool *s, const void *buf, size_t n, uint64_t at,
		struct err *err);

/* That long it is, whatever was written. */
int spool_set_size(struct spool *s, uint64_t size, struct err *err);

/* Told to the watch: so much of the source was read; total 0: not known. */
int spool_tell(struct spool *s, uint64_t done, uint64_t total, struct err *err);

/* Its end: the image reads from the spool now. */
void spool_hand_over(struct spool *s, struct image *img);
void spool_close(struct spool *s);
#define autospool __attribute__((__cleanup__(spool_close)))

#endif
