/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was found on a card, for its owner to read, and for programs.  What
 * comes from the card is made printable: it cannot send codes to a terminal.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "cmd/card.h"

/*
 * One screen; with explain the reason of everything too.  The caller frees it.
 */
char *report_text(const struct card *card, bool explain);

/* The document that docs/inspect.schema.json describes. */
char *report_json(const struct card *card);

#endif
