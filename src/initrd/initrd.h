/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's first file system: busybox, the modules for our board's disks
 * and for ext4, and an init of our own (init.sh) that finds the root file
 * system and hands over to it.  Made on the host in a fraction of a second;
 * nothing of the guest's own initramfs-tools is needed.
 */
#ifndef INITRD_INITRD_H
#define INITRD_INITRD_H

#include "common/err.h"
#include "initrd/modules.h"

struct initrd_parts {
	const char *modules; /* /…/lib/modules/RELEASE, after depmod */
	const char *busybox; /* a static ARM binary */
	const char *config;  /* the kernel's config file; NULL: gzip is used */
};

/*
 * Write it to path, whole or not at all.  -ENOENT if a part is missing or the
 * kernel lacks a module without which the guest cannot start; -EBADMSG if
 * busybox is no ARM program.
 */
int initrd_make(const struct initrd_parts *parts, const char *path,
		struct err *err);

/*
 * The modules that initrd_make() would take, from what depmod wrote alone
 * (modules.*): so that only these need to be fetched from elsewhere.
 */
int initrd_modules(const char *modules_dir, struct modules *ret_modules,
		   struct err *err);

/* The busybox of an archive that initrd_make() wrote, as the file to. */
int initrd_busybox(const char *path, const char *to, struct err *err);

#endif
