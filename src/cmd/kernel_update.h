/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A newer kernel for a guest that does not fetch one by itself. */
#ifndef CMD_KERNEL_UPDATE_H
#define CMD_KERNEL_UPDATE_H

#include "cmd/cmd.h"
#include "kernel/select.h"

/*
 * Fetch the newest kernel of the guest's suite, or what wish says, put it on
 * the guest's disk as convert does, and make it the next start's.  The guest is
 * off, and its lock is held.  *ret_release: which one it is, to be freed; NULL
 * if the guest has it already.
 */
int kernel_update(struct cmd_ctx *ctx, const char *name,
		  const struct kernel_wish *wish, char **ret_release,
		  struct err *err);

#endif
