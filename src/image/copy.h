/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying ranges of an image into a new, empty file, sparsely: holes and zero
 * blocks of the source become holes.  Where both lie on one file system that
 * can share blocks (btrfs, XFS), they are shared.
 */
#ifndef IMAGE_COPY_H
#define IMAGE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct copy_range {
	uint64_t at, len; /* bytes, in the source */
	int64_t move;     /* added to at it is the place in the new file */
};

struct copy_job {
	int from;              /* to read from */
	int to;                /* an empty file, to write to */
	const char *from_name; /* for messages */
	const char *to_name;
	uint64_t size; /* that long the new file becomes */
	const struct copy_range *ranges;
	size_t n_ranges;

	/* Both may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	bool (*cancelled)(void *arg);
	void *arg;
};

/*
 * Copy and sync.  -ECANCELED when cancelled() said so; -ENOSPC, -EIO … with
 * where and what to do.  What was written by then stays: the caller removes
 * the file.
 */
int copy_run(const struct copy_job *job, struct err *err);

#endif
