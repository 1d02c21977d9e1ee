/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nobody: a serial line that is not connected. */
#include <stdlib.h>

#include "chardev/chardev.h"
#include "common/mem.h"

static void swallow(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	(void)chr;
	(void)bytes;
	(void)n;
}

static void null_free(struct chardev *chr)
{
	free(chr->label);
	free(chr->filename);
	free(chr);
}

static const struct chardev_ops null_ops = {
	.write = swallow,
	.free = null_free,
};

struct chardev *chardev_null_new(const char *label)
{
	struct chardev *chr = xnew(struct chardev);

	chr->ops = &null_ops;
	chr->label = xstrdup(label);
	chr->filename = xstrdup("null");
	return chr;
}
