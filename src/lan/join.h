/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest joins its LAN: what its start needs of root, whether the service's
 * prepare does it or the supervisor itself.
 */
#ifndef LAN_JOIN_H
#define LAN_JOIN_H

#include <sys/types.h>

#include "common/err.h"
#include "model/machine.h"

/*
 * As root, before the guest starts: make its TAPs for that user, and let its
 * frames pass the filter.  Who else has its address, and what else may keep it
 * from its LAN, is a warning: that is no reason not to start it.
 */
int join_lan(const struct machine *m, uid_t owner, gid_t group,
	     struct err *err);

/*
 * For who is not root: are its TAPs there?  -EPERM, with what helps: the
 * emulator could not make them, and would make them without the bridge.
 */
int join_check(const struct machine *m, struct err *err);

#endif
