/* SPDX-License-Identifier: GPL-2.0-or-later */
/* convert -o libvirt: what is done beside the guest's folder. */
#ifndef CMD_CONVERT_LIBVIRT_H
#define CMD_CONVERT_LIBVIRT_H

#include "cmd/convert.h"

/* Before anything is written: would libvirt take it?  The name is known. */
int convert_libvirt_check(struct conversion *c, struct err *err);

/*
 * Before guest.yaml is written: choose ports; move the disk into a volume of
 * the pool, if one was named.  What a killed conversion of this name left in a
 * pool is removed.
 */
int convert_libvirt_disk(struct conversion *c, struct err *err);

/* After the guest appeared.  Failed: it is gone again, with its volume. */
int convert_libvirt_define(struct conversion *c, struct err *err);

/* At the end of a conversion that failed: no volume is left. */
void convert_libvirt_drop(struct conversion *c);

#endif
