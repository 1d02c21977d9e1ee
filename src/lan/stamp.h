/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What time is it on another machine of the LAN?  Asked by ICMP's timestamp
 * request (RFC 792), which Linux answers by itself: nothing is installed in
 * the guest for it.
 */
#ifndef LAN_STAMP_H
#define LAN_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/machine.h"

/*
 * By how many milliseconds that machine's clock is ahead of this one's, at
 * most half a day either way: the day is not told.  False: nobody answered
 * within a second, or this process may not ask (CAP_NET_RAW).
 */
bool stamp_ask(const char *address, int32_t *ret_ahead_ms);

/* The same of a guest on a bridge, at its fixed address or at the one that
 * this host has met its MAC at. */
bool stamp_guest(const struct machine *m, int32_t *ret_ahead_ms);

#endif
