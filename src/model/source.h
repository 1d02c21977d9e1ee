/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the system comes from: what the user named on the command line.
 *
 * Plain data.  The bytes are reached through image/; this is what the other
 * stages may know of them, and what guest.yaml keeps as the guest's origin.
 */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct source {
	char *path;    /* as named, made absolute; owned */
	bool device;   /* a block device, opened O_EXCL while it is read */
	uint64_t size; /* bytes */
	int64_t mtime; /* seconds since 1970; 0 for a device */
	char *serial;  /* of the device, or NULL; owned */
};

#endif
