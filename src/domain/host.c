/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/str.h"
#include "domain/internal.h"

const char *domain_default_uri(void)
{
	return geteuid() ? DOMAIN_SESSION : DOMAIN_SYSTEM;
}

bool domain_is_system(const char *uri)
{
	const char *path = strstr(uri, "://");
	size_t n;

	path = path ? strchr(path + 3, '/') : NULL;
	n = path ? strcspn(path, "?") : 0;
	return n == strlen("/system") && !strncmp(path, "/system", n);
}

/* No transport to elsewhere, no other hypervisor. */
static bool is_here(const char *uri)
{
	return str_starts(uri, "qemu:///") || str_starts(uri, "qemu+unix:///");
}

/* The library would print each error by itself. */
static void say_nothing(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

int host_error_code(void)
{
	virErrorPtr e = virGetLastError();

	return e ? e->code : VIR_ERR_OK;
}

static bool daemon_gone(int code)
{
	return code == VIR_ERR_NO_CONNECT || code == VIR_ERR_RPC ||
	       code == VIR_ERR_AUTH_FAILED || code == VIR_ERR_AUTH_CANCELLED;
}

int host_failed(struct err *err, int code, const char *fmt, ...)
{
	virErrorPtr e = virGetLastError();
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (e && daemon_gone(e->code))
		code = ENODEV;
	return err_set(err, code, "%s: libvirt says: %s", what,
		       e && e->message ? e->message : "nothing");
}

int domain_host_open(const char *uri, struct domain_host **ret_host,
		     struct err *err)
{
	struct domain_host *host;
	virConnectPtr conn;

	if (!is_here(uri))
		return err_set(err, EINVAL,
			       "a guest's files are on this machine, so its "
			       "libvirt is " DOMAIN_SYSTEM " or " DOMAIN_SESSION
			       ", not '%s'",
			       uri);
	virSetErrorFunc(NULL, say_nothing);
	conn = virConnectOpen(uri);
	if (!conn) {
		host_failed(err, ENODEV, "no libvirt answers at %s", uri);
		return -ENODEV;
	}
	host = xnew(struct domain_host);
	host->conn = conn;
	host->uri = xstrdup(uri);
	*ret_host = host;
	return 0;
}

void domain_host_close(struct domain_host *host)
{
	if (!host)
		return;
	virConnectClose(host->conn);
	free(host->uri);
	free(host);
}

int domain_host_check(struct domain_host *host, const char *emulator,
		      bool arm64, struct err *err)
{
	char *caps = virConnectGetDomainCapabilities(
		host->conn, emulator, arm64 ? "aarch64" : "armv7l", "virt",
		"qemu", 0);

	if (!caps)
		return host_failed(err, ENODEV,
				   "libvirt (%s) cannot use the emulator '%s'",
				   host->uri, emulator);
	free(caps);
	return 0;
}

int domain_host_network(struct domain_host *host, const char *name,
			struct err *err)
{
	virNetworkPtr net = virNetworkLookupByName(host->conn, name);
	int active;

	if (!net)
		return host_failed(err, ENOENT,
				   "there is no network '%s' (virsh net-list "
				   "--all shows them)",
				   name);
	active = virNetworkIsActive(net);
	virNetworkFree(net);
	if (active == 1)
		return 0;
	return err_set(err, ENOENT,
		       "the network '%s' is not active; start it with: virsh "
		       "net-start %s",
		       name, name);
}

virDomainPtr host_domain(struct domain_host *host, const char *uuid)
{
	return virDomainLookupByUUIDString(host->conn, uuid);
}
