/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's own kernel, out of its disk: before each start the newest that
 * is installed there is copied to boot/, with an initrd composed for it, so
 * that an update in the guest is what runs next (DESIGN.md §3).
 */
#ifndef CMD_SYNC_H
#define CMD_SYNC_H

#include "common/err.h"
#include "fs/tree.h"
#include "model/machine.h"
#include "store/boot.h"

enum sync_result {
	SYNC_SAME,   /* boot/ has it already */
	SYNC_NEW,    /* boot/ has another now */
	SYNC_NONE,   /* the guest has no kernel of its own for this machine */
	SYNC_OWN,    /* guest.yaml names other files: its owner's business */
	SYNC_UNSAFE, /* the disk was not shut down: it is not read */
	SYNC_BAD,    /* it was tried and did not come up */
};

/*
 * dir is the guest's folder; the guest is off.  look: change nothing, only
 * say what would be.  *ret_release, if it is not NULL, becomes the release of
 * the kernel that boot/ has or with SYNC_NEW gets, with SYNC_BAD of the one
 * that did not come up, or NULL; the caller frees it.
 */
int sync_kernel(const struct machine *m, const char *dir, bool look,
		enum sync_result *ret_result, char **ret_release,
		struct err *err);

/*
 * Before m->release is saved: have it in boot/, as one that was never tried, or
 * if that is NULL the newest.  -ENOENT: the guest has no such kernel for its
 * machine; -EBUSY: it was not shut down, and boot/ does not have it either.
 */
int sync_choose(const struct machine *m, const char *dir, struct err *err);

/*
 * For a process without rights: fd is the guest's first disk, and a new kernel
 * and its initrd are put into the folder to.  boot/ is only read.  With
 * SYNC_NEW *ret_kernel becomes that kernel, whose release the caller frees.
 */
int sync_kernel_into(const struct machine *m, const char *dir, int fd,
		     const char *to, enum sync_result *ret_result,
		     struct boot_kernel *ret_kernel, struct err *err);

/*
 * How large the guest's root file system is and how much of it is free, both in
 * bytes; 0 if that cannot be read.  The guest is off.
 */
void sync_space(const struct machine *m, const char *dir, uint64_t *ret_size,
		uint64_t *ret_free);

/*
 * Shows a function the guest's root file system, read-only; false if it cannot
 * be read, or was not shut down.  The guest is off, or runs on a copy.
 */
bool sync_look(const struct machine *m, const char *dir,
	       void (*look)(void *arg, const struct tree *t), void *arg);

/*
 * What the supervisor calls before each start, and when the guest is up or
 * powered off: brings boot/ up to date, goes back if a new kernel did not come
 * up, and remembers that it did.
 */
int sync_before_start(void *arg, const struct machine *m, struct err *err);
void sync_reached(void *arg, const struct machine *m);

#endif
