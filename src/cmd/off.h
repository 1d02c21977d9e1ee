/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For commands that work on a guest's disk while it is off. */
#ifndef CMD_OFF_H
#define CMD_OFF_H

#include "common/err.h"

/*
 * Keep the guest from being started as long as the descriptor that is returned
 * is open.  -ENOENT: there is no such guest; -EAGAIN: it is running.
 */
int off_lock(const char *name, struct err *err);

/* The same, if its disk is a file in its folder; else -ENOTSUP, and what is
 * the name of what cannot be done. */
int off_lock_disk(const char *name, const char *what, struct err *err);

#endif
