/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command of pimigrate: its name, its options, and what it does.
 *
 * Each file of cmd/ exports one or more struct cmd; main.c lists them.  What a
 * command was told lives in statics of its file named arg_…, which its option
 * rows point to.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <errno.h>
#include <stdbool.h>

#include "cmd/options.h"
#include "common/err.h"
#include "host/ui.h"

/* What the program's exit code means to a script. */
enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_SOURCE = 3, /* this source is not supported */
	CMD_BOOT = 4,   /* converted, but the boot check failed */
	CMD_HOST = 5,   /* this host is not ready */
	CMD_LOSS = 6,   /* --strict: convertible, but something is lost */
};

struct cmd_ctx {
	const struct cmd *cmd;
	char **args; /* what is left once the options are read */
	int nargs;
	bool json;  /* print one JSON document instead of text */
	bool quiet; /* errors only */
	struct ui *ui;
	const struct opt *global_options; /* those of every command */
};

struct cmd {
	const char *name;
	const char *help;  /* one line, for the list of commands */
	const char *args;  /* "CARD", "[NAME]": for the usage line; or NULL */
	const char *about; /* a paragraph or more for --help; or NULL */
	int min_args, max_args;
	const struct opt *options; /* ended by OPT_END; or NULL */

	/* Of a command that virt-v2v has too, --machine-readable is as there:
	 * alone, it prints these lines; else messages go to standard output,
	 * and progress as "40/100".  NULL: it is --json. */
	const char *features;

	/*
	 * Returns one of enum cmd_exit, or a negative errno with *err set.
	 * main() prints err->text whenever something was written to it; so a
	 * command that fails with a particular code writes
	 *	err_set(err, EBUSY, "…"); return CMD_HOST;
	 * and one that hands on a stage's failure returns it as it is.
	 */
	int (*run)(struct cmd_ctx *ctx, struct err *err);
};

/*
 * The exit code for what run() returned.  -EMEDIUMTYPE is what image/ and
 * guest/ say of a source that is not supported: 3.  All other errors are 1.
 */
enum cmd_exit cmd_exit_code(int rc);

/* For commands whose -ENODEV is this host's: libvirt does not answer,
 * libguestfs cannot be used. */
static inline int cmd_host(int r)
{
	return r == -ENODEV ? (int)CMD_HOST : r;
}

#endif
