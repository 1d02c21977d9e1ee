/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all kinds share. */
#include "chardev/chardev.h"

void chardev_connect(struct chardev *chr, const struct chardev_front *front)
{
	chr->front = *front;
	chr->front_open = true;
	if (chr->open && front->event)
		front->event(front->arg, true);
	chardev_accept_input(chr);
}

void chardev_set_front_open(struct chardev *chr, bool open)
{
	if (chr->front_open == open)
		return;
	chr->front_open = open;
	if (chr->watch)
		chr->watch(chr->watch_arg, chr);
}

void chardev_free(struct chardev *chr)
{
	if (!chr)
		return;
	chardev_free(chr->log);
	chr->ops->free(chr);
}
