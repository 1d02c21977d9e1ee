/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What onhost.c and onhost_files.c share. */
#ifndef TESTS_CLI_ONHOST_H
#define TESTS_CLI_ONHOST_H

#include <guestfs.h>
#include <stdbool.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))
#define DISK   "/dev/sda"

struct guestfs_h {
	char *disk, *temp; /* the image; the folder that it is mounted on */
	bool copied;       /* disk is a copy that nobody keeps */
	int root;          /* of the mounted file system; -1: none */
	int error_number;
	char error[512];
};

/* Remember errno as the error of that call; -1 and NULL. */
int bad(guestfs_h *g, const char *call);
void *no(guestfs_h *g, const char *call);

/* A program's exit code; in: what it reads, or -1; what it prints comes into
 * text, or is the error's text. */
int run_with(guestfs_h *g, int in, char *text, size_t size,
	     const char *const *argv);
#define RUN(g, in, text, size, ...) \
	run_with(g, in, text, size, (const char *const[]){ __VA_ARGS__, NULL })

#endif
