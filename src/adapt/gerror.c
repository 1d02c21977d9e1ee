/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tool in the appliance wrote, or libguestfs's advice, may be many
 * lines: the first is what a person needs.
 */
#include "adapt/gerror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	TEXT_MAX = 300
};

int gerror(guestfs_h *g, struct err *err, const char *what, const char *on)
{
	const char *why = guestfs_last_error(g);
	int code = guestfs_last_errno(g);
	autofree char *line = xstrndup(why ? why : "libguestfs gave no reason",
				       TEXT_MAX);

	line[strcspn(line, "\r\n")] = 0;
	return err_set(err, code ? code : EIO, "cannot %s %s: %s", what, on,
		       line);
}
