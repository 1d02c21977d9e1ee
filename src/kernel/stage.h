/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making on the host what has to come into the guest for its kernel: a tree,
 * and the new texts of dpkg's and apt's databases.
 *
 * The caller puts the tree into the guest's root, after the FAT was moved away
 * from /boot (dpkg cannot keep a kernel on a FAT), and writes the two texts.
 * Nothing has to run in the guest: depmod has run, the link /vmlinuz is there.
 * Folders that are in the guest already stay as they are.
 *
 * On a guest with a merged /usr nothing in the tree is below /lib: as an
 * archive it would replace the link /lib by a folder, and the guest would be
 * dead.
 */
#ifndef KERNEL_STAGE_H
#define KERNEL_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "kernel/deb.h"
#include "kernel/obtain.h"

struct kernel_staged {
	char *root;    /* WORK/root: the tree, as it comes into the guest */
	char *modules; /* WORK/root/…/lib/modules/RELEASE, for initrd/ */
	char *vmlinuz; /* WORK/root/boot/vmlinuz-RELEASE */
	char *config;  /* WORK/root/boot/config-RELEASE, or NULL */
	uint64_t size; /* bytes: what the guest needs free */

	/* New content of these files, or NULL: they stay. */
	char *status;          /* /var/lib/dpkg/status */
	char *extended_states; /* /var/lib/apt/extended_states */

	/* All that comes but folders with something in them, as paths in the
	 * guest. */
	struct deb_paths files;
};

/*
 * merged_usr as in struct guest; status and extended_states are the guest's
 * texts ("" where it has none).  work_dir exists, has room for the
 * kernel (200 MB), and is the caller's to remove: what is returned lies in it.
 */
int kernel_stage(const struct kernel_set *set, bool merged_usr,
		 const char *status, const char *extended_states,
		 const char *work_dir, struct kernel_staged *ret_staged,
		 struct err *err);
void kernel_staged_free(struct kernel_staged *staged);
#define autostaged __attribute__((__cleanup__(kernel_staged_free)))

#endif
