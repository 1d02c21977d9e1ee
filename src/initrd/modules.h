/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kernel modules are needed for some others, and in which order they
 * have to be loaded: what modprobe would find out, from the files that depmod
 * wrote (modules.dep(5), and .softdep, .builtin, .alias beside it).
 */
#ifndef INITRD_MODULES_H
#define INITRD_MODULES_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"

struct module {
	char *path; /* relative to the folder: "kernel/fs/ext4/ext4.ko.xz" */
	char *name; /* "ext4"; '-' is written '_' */
};

struct modules vec_of(struct module);

/* A module that is wanted. */
struct module_wish {
	const char *name; /* '-' and '_' are the same */
	bool needed;      /* without it the guest cannot start */
};

/*
 * The wished modules (up to the row without a name) and all they need, each
 * once, in the order of loading; what is built into the kernel is left out.
 * dir is /…/lib/modules/RELEASE, after depmod.  Soft dependencies are
 * followed; one that does not exist, or a wish that is not needed and does
 * not exist, is passed over.
 *
 * -ENOENT: a needed one is neither a module nor built in, or depmod did not
 * run; -EBADMSG: modules.dep makes no sense.
 */
int modules_closure(const char *dir, const struct module_wish *wishes,
		    struct modules *ret_modules, struct err *err);
void modules_free(struct modules *modules);
#define automodules __attribute__((__cleanup__(modules_free)))

#endif
