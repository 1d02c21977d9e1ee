/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot/ of a guest: what its next start boots, and what it booted before.
 *
 * As convert makes it there are two files, vmlinuz and initrd.img.  From the
 * first update on they are links into one of two folders, a and b, and the
 * link "current" says which; so kernel and initrd change together, by one
 * rename, or not at all.  The link "previous" is the other one.
 *
 * A kernel that is new has to prove itself: a start that reaches the login
 * prompt, or a clean power-off.  After two starts that did neither the previous
 * one is used again, and the new one is refused until its package changes or
 * its owner chooses it.
 */
#ifndef STORE_BOOT_H
#define STORE_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* A kernel as it lies in the guest: the file /boot/vmlinuz-RELEASE. */
struct boot_kernel {
	char *release; /* NULL: not known, convert made it */
	uint64_t size; /* bytes */
	int64_t mtime; /* seconds since 1970 */
};

struct boot_state {
	bool slots; /* links, not plain files */
	struct boot_kernel current, previous, refused;
	bool has_previous;
	bool proven;
	unsigned int tries; /* starts of the current one, until proven */
};

/* dir is the guest's folder. */
int boot_read(const char *dir, struct boot_state *ret_state, struct err *err);
void boot_state_free(struct boot_state *state);
#define autoboot __attribute__((__cleanup__(boot_state_free)))

bool boot_same(const struct boot_kernel *a, const struct boot_kernel *b);

/*
 * An empty folder to fill with vmlinuz and initrd.img; then boot_commit().
 * What was current stays so until then.  The caller frees *ret_path.
 */
int boot_begin(const char *dir, char **ret_path, struct err *err);
int boot_commit(const char *dir, const char *path,
		const struct boot_kernel *kernel, struct err *err);

/* The previous one becomes the current one, and that the previous. */
int boot_swap(const char *dir, struct err *err);

/*
 * Before a start: counts it, or goes back to the previous kernel if the
 * current one was tried in vain (*ret_back).
 */
int boot_start(const char *dir, bool *ret_back, struct err *err);

/* It was chosen, and so was never tried: what is noted of that is forgotten. */
int boot_retry(const char *dir, const char *release, struct err *err);

/* The start has come as far as it should. */
int boot_prove(const char *dir, struct err *err);

#endif
