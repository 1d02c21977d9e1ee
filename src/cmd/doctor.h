/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "doctor" and "net doctor" have in common. */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include "cmd/cmd.h"

/*
 * Print what is found; name: of one guest and the host, NULL: of all; part:
 * "net", or "" for all checks.  Returns the exit code, or a negative errno.
 */
int doctor_report(struct cmd_ctx *ctx, const char *name, const char *part,
		  struct err *err);

#endif
