/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "cmd/backup.h"
#include "cmd/commands.h"
#include "cmd/report.h"
#include "common/cleanup.h"

static bool arg_strict, arg_explain;
static const char *arg_root = "first";
static const char *arg_backup;
static struct opt_list arg_disks;

static const struct opt options[] = {
	{ "--root", OPT_STRING, &arg_root, "ask|first|N|DEVICE",
	  "the partition of the system, if there are several" },
	{ "--disk", OPT_LIST, &arg_disks, "FILE|DEVICE",
	  "a disk that the Pi had besides its card; its system may be there" },
	{ "--strict", OPT_FLAG, &arg_strict,
	  .help = "exit code 6 if something would be lost" },
	{ "--explain", OPT_FLAG, &arg_explain,
	  .help = "say the reason of everything" },
	{ "--extract-backup", OPT_STRING, &arg_backup, "FILE",
	  "write Home Assistant's newest backup to a new file, and say how to "
	  "restore it" },
	OPT_END,
};

static int run(struct cmd_ctx *ctx, struct err *err)
{
	autocard struct card card = { .img = { .fd = -1 } };
	autofree char *report = NULL;
	const struct finding *stop;
	struct card_wish wish = { .ui = ctx->ui,
				  .disks = arg_disks.words.at,
				  .n_disks = arg_disks.words.n };
	int rc;

	if (card_root(arg_root, &wish, err) < 0)
		return CMD_USAGE;
	rc = card_open_as(ctx->args[0], &wish, &card, err);
	if (rc < 0)
		return rc;
	if (arg_backup)
		return backup_extract(ctx, &card, arg_backup, err);
	report = ctx->json ? report_json(&card)
			   : report_text(&card, arg_explain);
	if (!ctx->quiet || ctx->json)
		fputs(report, stdout);
	stop = guest_stop(&card.guest);
	if (stop)
		return err_set(err, EMEDIUMTYPE, "'%s' cannot be converted: %s",
			       ctx->args[0], stop->text);
	return arg_strict && guest_losses(&card.guest) ? CMD_LOSS : CMD_OK;
}

const struct cmd cmd_inspect = {
	.name = "inspect",
	.help = "what is on a card, and what will work in a VM",
	.args = "CARD",
	.about = "CARD is an image file, or a card reader's device such as "
		 "/dev/sdb. It is only read.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
