/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The newest backup of Home Assistant that is on a card. */
#ifndef CMD_BACKUP_H
#define CMD_BACKUP_H

#include "cmd/card.h"
#include "cmd/cmd.h"

/* Say in the card's findings that there is one, and how to get it. */
void backup_say(struct card *card);

/*
 * Write it to a new file, and print how to restore it.  -EMEDIUMTYPE: the card
 * is none of Home Assistant's; -ENOENT: there is no backup; -EEXIST: there is
 * a file of that name.
 */
int backup_extract(struct cmd_ctx *ctx, const struct card *card,
		   const char *file, struct err *err);

#endif
