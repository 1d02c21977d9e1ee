/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lan/join.h"

#include <errno.h>
#include <net/if.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "lan/arp.h"
#include "lan/filter.h"
#include "lan/tap.h"

int join_lan(const struct machine *m, uid_t owner, gid_t group, struct err *err)
{
	autofree char *conflict = NULL;
	int r = tap_make_all(m, owner, group, err);

	if (r < 0)
		return r;
	conflict = arp_conflict(m);
	if (conflict)
		log_warn("%s", conflict);
	filter_allow_guest(m);
	return 0;
}

int join_check(const struct machine *m, struct err *err)
{
	for (unsigned int i = 0; i < m->nics.n; i++) {
		const struct machine_nic *nic = &m->nics.at[i];
		autofree char *name = tap_is_ours(nic) ? tap_name(m, i) : NULL;

		if (name && !if_nametoindex(name))
			return err_set(
				err, EPERM,
				"guest '%s' is on the bridge '%s', and "
				"only root can make its interface '%s': "
				"let its service do that (sudo pimigrate "
				"enable --now %s), or start it as root",
				m->name, nic->bridge, name, m->name);
	}
	return 0;
}
