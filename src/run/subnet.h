/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networking for a guest whose address is static: the engine's part of
 * the guest's own subnet.
 */
#ifndef RUN_SUBNET_H
#define RUN_SUBNET_H

#include <stdbool.h>

#include "common/str.h"
#include "model/machine.h"

/*
 * Add ",net=…,host=…,dns=…,dhcpstart=…" to options.  False, and nothing added:
 * the guest has no static address, or a subnet of fewer than 8 addresses,
 * which has no room for the engine's.
 */
bool subnet_options(const struct machine_nic *nic, struct str *options);

#endif
