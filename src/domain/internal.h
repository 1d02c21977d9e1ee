/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For this folder only. */
#ifndef DOMAIN_INTERNAL_H
#define DOMAIN_INTERNAL_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "common/err.h"
#include "domain/host.h"

struct domain_host {
	virConnectPtr conn;
	char *uri;
};

/* err_set() with what libvirt said last; -code, but -ENODEV if the daemon went
 * away. */
int host_failed(struct err *err, int code, const char *fmt, ...)
	printf_like(3, 4);

/* The number of libvirt's last error. */
int host_error_code(void);

static inline void cleanup_domain(virDomainPtr *dom)
{
	if (*dom)
		virDomainFree(*dom);
}
#define autodomain __attribute__((__cleanup__(cleanup_domain)))

/* NULL if there is no such domain, or no answer: see host_error_code(). */
virDomainPtr host_domain(struct domain_host *host, const char *uuid);

#endif
