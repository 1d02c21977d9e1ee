/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to the libvirt of this machine.  Its errors become struct err;
 * nothing is printed by the library.
 */
#ifndef DOMAIN_HOST_H
#define DOMAIN_HOST_H

#include <stdbool.h>

#include "common/err.h"

#define DOMAIN_SYSTEM  "qemu:///system"
#define DOMAIN_SESSION "qemu:///session"

struct domain_host; /* to others no more than a handle */

/* root's libvirt is the system's, anybody else's his session's. */
const char *domain_default_uri(void);

/* Does the URI mean the system's daemon? */
bool domain_is_system(const char *uri);

/*
 * -EINVAL: not a QEMU driver of this machine: the guest's files are here.
 * -ENODEV: no daemon answers.
 */
int domain_host_open(const char *uri, struct domain_host **ret_host,
		     struct err *err);
void domain_host_close(struct domain_host *host);

static inline void cleanup_domain_host(struct domain_host **host)
{
	domain_host_close(*host);
}
#define autohost __attribute__((__cleanup__(cleanup_domain_host)))

/* Does libvirt take the emulator for this board?  It runs it to find out. */
int domain_host_check(struct domain_host *host, const char *emulator,
		      bool arm64, struct err *err);

/* -ENOENT: libvirt has no such network, or it is not active. */
int domain_host_network(struct domain_host *host, const char *name,
			struct err *err);

#endif
