/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GPT stands at both ends of a disk.  Firmware and libfdisk read the second
 * where the first is damaged; Linux does not unless it is told to (the
 * parameter "gpt"), and then a guest would find no root.
 */
#ifndef IMAGE_GPT_H
#define IMAGE_GPT_H

#include <stdbool.h>

#include "common/err.h"

/* Is there a first header, with the right sums of itself and its rows?
 * UEFI 2.10, 5.3.2. */
bool gpt_first_is_sound(int fd);

/*
 * Writes the first from the second where it is not sound; name is the disk's
 * for a message.  For a copy, never for a card.
 */
int gpt_mend(int fd, const char *name, struct err *err);

#endif
