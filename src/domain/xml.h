/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual machine as libvirt's domain XML (formatdomain), and a volume of
 * a pool (formatstorage).  Pure: the same machine gives the same text.
 *
 * What comes from a card (title, kernel command line) or from a user's paths is
 * escaped; what XML 1.0 cannot hold at all (control characters, text that is
 * no UTF-8) is refused, because a command line or a path must not be changed.
 */
#ifndef DOMAIN_XML_H
#define DOMAIN_XML_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "model/machine.h"

/* libvirt's name of the console of a guest whose console is hvc0. */
#define XML_HVC0 "ua-hvc0"

/* What of a domain is not in guest.yaml. */
struct domain_parts {
	const char *dir;      /* the guest's folder, absolute */
	const char *emulator; /* absolute */
	/* For each NIC_USER in order the value of -netdev, whose id is "userN";
	 * libvirt's own <interface type='user'> knows neither forwarded ports
	 * nor a subnet's gateway. */
	const char *const *netdevs;
	const char *console_log; /* absolute */
};

/* The caller frees *ret_xml.  -EINVAL: something XML cannot hold. */
int xml_domain(const struct machine *m, const struct domain_parts *parts,
	       char **ret_xml, struct err *err);

/* A raw volume of that many bytes; sparse if the pool holds files. */
int xml_volume(const char *name, uint64_t size, bool sparse, char **ret_xml,
	       struct err *err);

/* Add text with the five special characters as entities. */
void xml_escape(struct str *s, const char *text);

#endif
