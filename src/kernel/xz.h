/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An .xz stream, decoded by all processors: liblzma does the blocks of a file
 * side by side where their headers tell their sizes, as dpkg-deb's do, but
 * libarchive does not ask it to.  A kernel's package is 200 MB of them.
 */
#ifndef KERNEL_XZ_H
#define KERNEL_XZ_H

#include <lzma.h>
#include <sys/types.h>

#include "common/err.h"

/* The next bytes: how many, which are valid until it is called again; 0: there
 * are no more; -1: they cannot be read. */
typedef ssize_t xz_source_fn(void *arg, const void **ret_data);

struct xz {
	lzma_stream stream;
	xz_source_fn *source;
	void *arg;
	void *out;
	lzma_ret last; /* LZMA_STREAM_END: all of it was decoded */
};

/* -ENOMEM.  Until xz_close() the struct stays where it is. */
int xz_open(struct xz *ret_xz, xz_source_fn *source, void *arg,
	    struct err *err);

/* As a source: what is decoded.  -1 with the reason in *ret_why, which is a
 * constant; NULL: the source failed. */
ssize_t xz_read(struct xz *xz, const void **ret_data, const char **ret_why);

/* Also of one that is all zero. */
void xz_close(struct xz *xz);

#endif
