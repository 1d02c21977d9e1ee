/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is looked for beside the names of devices; see devices.c. */
#ifndef GUEST_DEVICES_H
#define GUEST_DEVICES_H

#include <stdbool.h>

#include "common/vec.h"
#include "fs/tree.h"
#include "model/guest.h"

/* A name that the card's own udev rules give to a serial port. */
struct udev_name {
	char *name;   /* below /dev: "zigbee" */
	bool on_pins; /* of the Pi's own port, not of a stick */
};

struct udev_names {
	struct vec_of(struct udev_name) all;
};

void udev_names_read(const struct tree *root, struct udev_names *ret);
void udev_names_free(struct udev_names *names);

/* Uninterruptible power supplies on USB, whose drivers name no device. */
void inspect_ups(struct guest *g, const struct tree *root);

#endif
