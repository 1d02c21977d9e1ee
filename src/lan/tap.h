/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's TAP on a bridge of the host: made as root before the guest starts,
 * owned by the user that runs the emulator, which then needs no capability to
 * attach to it (Linux, Documentation/networking/tuntap.rst), removed when the
 * guest is off.
 */
#ifndef LAN_TAP_H
#define LAN_TAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "model/machine.h"

/* Is that NIC's TAP ours to make: does it name a bridge? */
bool tap_is_ours(const struct machine_nic *nic);

/*
 * The interface's name: what guest.yaml says, else one made of the guest's
 * uuid and the NIC's number.  NULL if it has none; the caller frees it.
 */
char *tap_name(const struct machine *m, unsigned int nic);

/*
 * Make it (or take the one that is there), give it to the user, put it on the
 * bridge and switch it on.  -ENODEV: there is no such bridge; -EBUSY: the name
 * belongs to something else.
 */
int tap_make(const struct machine *m, unsigned int nic, uid_t owner,
	     gid_t group, struct err *err);

/* Remove it; that it is gone is success. */
int tap_drop(const char *name, struct err *err);

/* All of a guest's that are ours. */
int tap_make_all(const struct machine *m, uid_t owner, gid_t group,
		 struct err *err);
/* While the guest runs: make those that are gone, and put those on their bridge
 * that are not. */
int tap_mend_all(const struct machine *m, uid_t owner, gid_t group,
		 struct err *err);
int tap_drop_all(const struct machine *m, struct err *err);

#endif
