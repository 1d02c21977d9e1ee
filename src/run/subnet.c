/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libslirp answers at two addresses of the subnet: "host" leads to the host's
 * loopback, "dns" to the host's resolver; both are answered by ARP, so either
 * will do as the guest's gateway.  They must differ, lie in the subnet, and be
 * neither the guest's nor where DHCP starts.
 *
 * A home router is gateway and resolver in one.  Then "dns" is what it must
 * be: as "host" it would send questions to port 53 of the host's loopback,
 * where systemd-resolved does not listen.  The same where the card does not
 * tell its resolver.  A resolver outside of the subnet is reached as any
 * other address.
 */
#include "run/subnet.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	LONGEST = 29, /* of a prefix: 8 addresses */
	SHORTEST = 8
};

struct subnet {
	uint32_t net, mask;
	uint32_t taken[5]; /* 0: none */
	unsigned int n;
};

/* In host order; 0: none, or no address. */
static uint32_t address(const char *text)
{
	struct in_addr a;

	return text && inet_pton(AF_INET, text, &a) == 1 ? ntohl(a.s_addr) : 0;
}

static bool read_net(const char *text, struct subnet *ret)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	autofree char *bare = NULL;
	uint64_t length;

	if (!slash || !str_number(slash + 1, SHORTEST, LONGEST, &length))
		return false;
	bare = xstrndup(text, (size_t)(slash - text));
	*ret = (struct subnet){ .mask = UINT32_MAX << (32 - length) };
	ret->net = address(bare) & ret->mask;
	return ret->net != 0;
}

static bool is_taken(const struct subnet *s, uint32_t a)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->taken[i] == a)
			return true;
	return false;
}

static uint32_t take(struct subnet *s, uint32_t a)
{
	s->taken[s->n++] = a;
	return a;
}

/* From the top, where routers have the fewest addresses in use. */
static uint32_t take_free(struct subnet *s)
{
	uint32_t a = (s->net | ~s->mask) - 1;

	while (is_taken(s, a))
		a--;
	return take(s, a);
}

/* The address if the engine can answer there, else 0. */
static uint32_t usable(const struct subnet *s, uint32_t a)
{
	bool edge = a == s->net || a == (s->net | ~s->mask);

	return a && (a & s->mask) == s->net && !edge && !is_taken(s, a) ? a : 0;
}

static void add_address(struct str *options, const char *key, uint32_t a)
{
	struct in_addr in = { htonl(a) };
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in, text, sizeof(text));
	str_addf(options, ",%s=%s", key, text);
}

bool subnet_options(const struct machine_nic *nic, struct str *options)
{
	uint32_t gateway, host = 0, dns;
	struct subnet s;

	if (!read_net(nic->net, &s) || !address(nic->address))
		return false;
	take(&s, address(nic->address));
	gateway = usable(&s, address(nic->gateway));
	dns = nic->dns ? usable(&s, address(nic->dns)) : gateway;
	if (dns)
		take(&s, dns);
	if (gateway && gateway != dns)
		host = take(&s, gateway);
	if (!host)
		host = take_free(&s);
	if (!dns)
		dns = take_free(&s);
	add_address(options, "net", s.net);
	str_addf(options, "/%d", __builtin_popcount(s.mask));
	add_address(options, "host", host);
	add_address(options, "dns", dns);
	add_address(options, "dhcpstart", take_free(&s));
	return true;
}
