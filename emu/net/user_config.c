/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of -netdev user, as QEMU reads them.  The resolver's address may
 * be the gateway's, which QEMU refuses: in a home both are the router, and a
 * card that was set up statically for it must find both there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "net/user.h"

/* What is being read; names of addresses are kept until net is known. */
struct parse {
	struct user_config *cfg;
	bool host, dns, dhcpstart; /* were said */
	struct err *err;
};

static int wrong(struct parse *p, const char *key, const char *val,
		 const char *want)
{
	return err_set(p->err, EINVAL, "user network: \"%s=%s\" cannot be: %s",
		       key, val, want);
}

static int address(struct parse *p, const char *key, const char *val,
		   struct in_addr *ret)
{
	if (inet_pton(AF_INET, val, ret) != 1)
		return wrong(p, key, val, "an IPv4 address like 10.0.2.2");
	return 0;
}

static int on_off(struct parse *p, const char *key, const char *val, bool *ret)
{
	if (!strcmp(val, "on") || !strcmp(val, "yes") || !strcmp(val, "y"))
		*ret = true;
	else if (!strcmp(val, "off") || !strcmp(val, "no") || !strcmp(val, "n"))
		*ret = false;
	else
		return wrong(p, key, val, "on or off");
	return 0;
}

static int text(struct parse *p, const char *key, const char *val, char *to,
		size_t size)
{
	if (strlen(val) >= size)
		return wrong(p, key, val, "too long");
	strcpy(to, val);
	return 0;
}

/* Without a mask: by the address, as it was before masks. */
static uint32_t default_mask(uint32_t net)
{
	if (net >> 24 == 10)
		return 0xff000000;
	if (net >> 20 == 0xac1)
		return 0xfff00000;
	if (net >> 16 == 0xc0a8)
		return 0xffff0000;
	return 0xffffff00;
}

static int network(struct parse *p, const char *val)
{
	static const char want[] =
		"a network like 192.168.178.0/24, of at least 32 addresses";
	autofree char *copy = xstrdup(val);
	char *slash = strchr(copy, '/');
	struct in_addr net, mask;
	uint64_t bits;
	uint32_t m;

	if (slash)
		*slash++ = 0;
	if (inet_pton(AF_INET, copy, &net) != 1)
		return wrong(p, "net", val, want);
	if (!slash)
		m = default_mask(ntohl(net.s_addr));
	else if (str_number(slash, 4, 27, &bits))
		m = UINT32_MAX << (32 - bits);
	else if (inet_pton(AF_INET, slash, &mask) == 1)
		m = ntohl(mask.s_addr);
	else
		return wrong(p, "net", val, want);
	if (~m & (~m + 1) || ~m < 31)
		return wrong(p, "net", val, want);
	p->cfg->mask.s_addr = htonl(m);
	p->cfg->net.s_addr = net.s_addr & htonl(m);
	return 0;
}

static bool port(const char *text_, uint64_t lo, uint16_t *ret)
{
	uint64_t n;

	if (!str_number(text_, lo, 65535, &n))
		return false;
	*ret = (uint16_t)n;
	return true;
}

/* "tcp:[address]:port", cut at its colons; false: it is not like that. */
static bool cut(char *s, char **ret_addr, char **ret_port)
{
	char *colon = strrchr(s, ':');

	if (!colon)
		return false;
	*colon = 0;
	*ret_addr = s;
	*ret_port = colon + 1;
	return true;
}

static bool forward(struct user_forward *f, char *rule)
{
	char *guest = strchr(rule, '-'), *host, *addr, *number;

	host = strchr(rule, ':');
	if (!guest || !host || host > guest)
		return false;
	*guest++ = 0;
	*host++ = 0;
	if (*rule && strcmp(rule, "tcp") != 0 && strcmp(rule, "udp") != 0)
		return false;
	f->udp = !strcmp(rule, "udp");
	if (!cut(host, &addr, &number) || !port(number, 0, &f->host_port) ||
	    (*addr && inet_pton(AF_INET, addr, &f->host) != 1))
		return false;
	return cut(guest, &addr, &number) && port(number, 1, &f->guest_port) &&
	       (!*addr || inet_pton(AF_INET, addr, &f->guest) == 1);
}

static int hostfwd(struct parse *p, const char *val)
{
	struct user_config *cfg = p->cfg;
	autofree char *rule = xstrdup(val);

	if (cfg->forwards == USER_FORWARDS)
		return wrong(p, "hostfwd", val, "there are too many of them");
	if (!forward(&cfg->forward[cfg->forwards], rule))
		return wrong(p, "hostfwd", val,
			     "a rule like tcp:127.0.0.1:2222-:22");
	cfg->forwards++;
	return 0;
}

static int option(struct parse *p, const char *key, const char *val)
{
	struct user_config *cfg = p->cfg;

	if (!strcmp(key, "net"))
		return network(p, val);
	if (!strcmp(key, "host")) {
		p->host = true;
		return address(p, key, val, &cfg->host);
	}
	if (!strcmp(key, "dns")) {
		p->dns = true;
		return address(p, key, val, &cfg->dns);
	}
	if (!strcmp(key, "dhcpstart")) {
		p->dhcpstart = true;
		return address(p, key, val, &cfg->dhcpstart);
	}
	if (!strcmp(key, "restrict"))
		return on_off(p, key, val, &cfg->restricted);
	if (!strcmp(key, "ipv4"))
		return on_off(p, key, val, &cfg->ipv4);
	if (!strcmp(key, "ipv6"))
		return on_off(p, key, val, &cfg->ipv6);
	if (!strcmp(key, "hostname"))
		return text(p, key, val, cfg->hostname, sizeof(cfg->hostname));
	if (!strcmp(key, "domainname"))
		return text(p, key, val, cfg->domainname,
			    sizeof(cfg->domainname));
	if (!strcmp(key, "hostfwd"))
		return hostfwd(p, val);
	return err_set(p->err, EINVAL,
		       "user network: there is no option \"%s\"", key);
}

static int inside(struct parse *p, const char *key, struct in_addr addr)
{
	char name[INET_ADDRSTRLEN];

	if ((addr.s_addr & p->cfg->mask.s_addr) == p->cfg->net.s_addr)
		return 0;
	inet_ntop(AF_INET, &addr, name, sizeof(name));
	return wrong(p, key, name, "an address inside of net");
}

/* Addresses that were not said are .2.2, .2.3 and .2.15, as far as the mask
 * leaves room. */
static int finish(struct parse *p)
{
	struct user_config *cfg = p->cfg;
	uint32_t net = ntohl(cfg->net.s_addr), room = ~ntohl(cfg->mask.s_addr);
	int code;

	if (!p->host)
		cfg->host.s_addr = htonl(net | (0x0202 & room));
	if (!p->dns)
		cfg->dns.s_addr = htonl(net | (0x0203 & room));
	if (!p->dhcpstart)
		cfg->dhcpstart.s_addr = htonl(net | (0x020f & room));
	code = inside(p, "host", cfg->host);
	if (!code)
		code = inside(p, "dns", cfg->dns);
	if (!code)
		code = inside(p, "dhcpstart", cfg->dhcpstart);
	if (!code && !cfg->ipv4 && !cfg->ipv6)
		code = err_set(p->err, EINVAL,
			       "user network: with ipv4=off and ipv6=off there "
			       "is nothing left");
	return code;
}

int user_config_parse(struct user_config *ret_cfg, const char *const *options,
		      struct err *err)
{
	struct user_config cfg = {
		.ipv4 = true,
		.ipv6 = true,
		.net.s_addr = htonl(0x0a000200),
		.mask.s_addr = htonl(0xffffff00),
	};
	struct parse p = { .cfg = &cfg, .err = err };
	int code;

	for (; *options; options++) {
		autofree char *key = xstrdup(*options);
		char *val = strchr(key, '=');

		if (!val)
			return err_set(err, EINVAL,
				       "user network: option \"%s\" has no "
				       "value",
				       key);
		*val++ = 0;
		code = option(&p, key, val);
		if (code < 0)
			return code;
	}
	code = finish(&p);
	if (code < 0)
		return code;
	*ret_cfg = cfg;
	return 0;
}
