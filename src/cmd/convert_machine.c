/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/convert_machine.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "store/store.h"

enum {
	CPUS_DEFAULT = 2,
	MAC_LEN = 17,
	PORT_MAX = 65535,
	PORT_SSH = 22
};

#define TAP     "tap="
#define BRIDGE  "bridge="
#define NETWORK "network="

/* HOST:GUEST of --forward; false if it is anything else. */
static bool read_forward(const char *text, struct machine_forward *ret)
{
	autofree char *host = xstrdup(text);
	char *colon = strchr(host, ':');
	uint64_t h, g;

	if (!colon)
		return false;
	*colon = 0;
	if (!str_number(host, 0, PORT_MAX, &h) ||
	    !str_number(colon + 1, 1, PORT_MAX, &g))
		return false;
	*ret = (struct machine_forward){ (uint16_t)h, (uint16_t)g };
	return true;
}

/* Six bytes, and the address of one card, not of a group. */
static bool is_mac(const char *text)
{
	unsigned int first = 0;

	for (int i = 0; i < MAC_LEN; i++)
		if (i % 3 == 2 ? text[i] != ':'
			       : !isxdigit((unsigned char)text[i]))
			return false;
	sscanf(text, "%2x", &first);
	return !text[MAC_LEN] && !(first & 1);
}

static bool is_network(const char *text)
{
	return !strcmp(text, "user") || !strcmp(text, "none") ||
	       (str_starts(text, TAP) && text[strlen(TAP)]) ||
	       (str_starts(text, BRIDGE) && text[strlen(BRIDGE)]) ||
	       (str_starts(text, NETWORK) && text[strlen(NETWORK)]);
}

int machine_wish_check(const struct machine_wish *wish, struct err *err)
{
	struct machine_forward ignored;

	if (wish->name && !store_name_ok(wish->name))
		return err_set(err, EINVAL,
			       "'%s' cannot be a guest's name: use a-z, 0-9, "
			       "'.' and '-', 63 at most",
			       wish->name);
	if (!is_network(wish->network))
		return err_set(err, EINVAL,
			       "--network is user, none, bridge=NAME, "
			       "tap=NAME or network=NAME, not '%s'",
			       wish->network);
	if (str_starts(wish->network, NETWORK) && !wish->libvirt)
		return err_set(err, EINVAL,
			       "--network %s is for -o libvirt: a network of "
			       "libvirt's is made by its daemon",
			       wish->network);
	if (wish->mac && !is_mac(wish->mac))
		return err_set(err, EINVAL,
			       "--mac wants an address such as "
			       "b8:27:eb:12:34:56, not '%s'",
			       wish->mac);
	if (wish->forwards.n && strcmp(wish->network, "user"))
		return err_set(err, EINVAL,
			       "--forward is for user networking, not for "
			       "--network %s",
			       wish->network);
	for (size_t i = 0; i < wish->forwards.n; i++)
		if (!read_forward(wish->forwards.at[i], &ignored))
			return err_set(err, EINVAL,
				       "--forward wants HOSTPORT:GUESTPORT, "
				       "such as 8123:8123, not '%s'",
				       wish->forwards.at[i]);
	return 0;
}

char *machine_wish_name(const struct machine_wish *wish, const struct guest *g)
{
	if (wish->name)
		return xstrdup(wish->name);
	return store_name_from(g->hostname ? g->hostname : "pi");
}

static unsigned int default_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 && online < CPUS_DEFAULT ? (unsigned int)online
						   : CPUS_DEFAULT;
}

char *machine_new_uuid(void)
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		abort();
	b[6] = (b[6] & 0x0f) | 0x40; /* RFC 4122, version 4 */
	b[8] = (b[8] & 0x3f) | 0x80;
	return xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
			 "%02x%02x%02x%02x%02x%02x",
			 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8],
			 b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

char *machine_new_id(void)
{
	autofree char *uuid = machine_new_uuid();
	struct str id = { 0 };

	for (const char *p = uuid; *p; p++)
		if (*p != '-')
			str_addn(&id, p, 1);
	return str_steal(&id);
}

/* 52:54:00 is what QEMU and libvirt take for their guests. */
char *machine_new_mac(void)
{
	uint8_t b[3];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		abort();
	return xasprintf("52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* User networking answers in the guest's own subnet if its address is
 * static: else it would have no network at all. */
static void static_subnet(struct machine_nic *nic, const struct guest *g)
{
	if (!g->static_address || !g->address)
		return;
	nic->net = xstrdup(g->address);
	nic->address = xstrndup(g->address, strcspn(g->address, "/"));
	nic->gateway = copy(g->gateway);
	nic->dns = copy(g->dns);
}

static void add_nic(const struct machine_wish *wish, const struct guest *g,
		    struct machine *m)
{
	struct machine_nic *nic = vec_add(&m->nics);

	nic->mac = wish->mac                  ? xstrdup(wish->mac)
		   : g->mac && !wish->new_mac ? xstrdup(g->mac)
					      : machine_new_mac();
	if (!strcmp(wish->network, "none")) {
		nic->kind = NIC_NONE;
		return;
	}
	if (str_starts(wish->network, TAP)) {
		nic->kind = NIC_TAP;
		nic->tap = xstrdup(wish->network + strlen(TAP));
		return;
	}
	if (str_starts(wish->network, NETWORK)) {
		nic->kind = NIC_NETWORK;
		nic->network = xstrdup(wish->network + strlen(NETWORK));
		return;
	}
	if (str_starts(wish->network, BRIDGE)) {
		nic->kind = NIC_TAP;
		nic->bridge = xstrdup(wish->network + strlen(BRIDGE));
		/* Nothing is set by it: net doctor looks who answers there. */
		static_subnet(nic, g);
		return;
	}
	nic->kind = NIC_USER;
	static_subnet(nic, g);
	*vec_add(&nic->forwards) = (struct machine_forward){ 0, PORT_SSH };
	for (size_t i = 0; i < wish->forwards.n; i++)
		read_forward(wish->forwards.at[i], vec_add(&nic->forwards));
}

static char *now_text(void)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return xstrdup(text);
}

char *machine_disk_name(unsigned int disk)
{
	return disk ? xasprintf("disk-%u.raw", disk + 1) : xstrdup("disk.raw");
}

void machine_make(const struct machine_wish *wish, const char *name,
		  const struct source *source, const struct guest *g,
		  struct machine *ret_m)
{
	bool arm64 = g->arch == ARCH_ARM64;

	*ret_m = (struct machine){
		.name = xstrdup(name),
		.uuid = machine_new_uuid(),
		.title = copy(g->os_name),
		.cpus = wish->cpus ? wish->cpus : default_cpus(),
		.memory = wish->memory,
		.arch = arm64 ? xstrdup("arm64") : NULL,
		.cpu = xstrdup(arm64 ? "cortex-a72" : "cortex-a7"),
		/* The other one has no such CPU. */
		.engine = arm64 ? ENGINE_QEMU : wish->engine,
		.kernel = xstrdup("boot/vmlinuz"),
		.initrd = xstrdup("boot/initrd.img"),
		.libvirt = copy(wish->libvirt),
		.autostart = wish->autostart,
		.profile = copy(g->profile),
		.source_path = xstrdup(source->path),
		.source_serial = copy(source->serial),
		.source_size = source->size,
		.source_mtime = source->mtime,
		.created = now_text(),
	};
	for (unsigned int i = 0; i <= g->disks.n; i++)
		*vec_add(&ret_m->disks) = (struct machine_disk){
			.file = machine_disk_name(i),
			.format = xstrdup("raw"),
		};
	add_nic(wish, g, ret_m);
}

static void renew_nic(struct machine_nic *nic)
{
	free(nic->mac);
	nic->mac = machine_new_mac();
	for (size_t i = 0; i < nic->forwards.n; i++)
		if (nic->forwards.at[i].guest == PORT_SSH)
			nic->forwards.at[i].host = 0;
}

void machine_renew(struct machine *m, const char *name)
{
	free(m->name);
	free(m->uuid);
	free(m->libvirt);
	m->name = xstrdup(name);
	m->uuid = machine_new_uuid();
	m->libvirt = NULL;
	m->autostart = false;
	for (size_t i = 0; i < m->nics.n; i++)
		renew_nic(&m->nics.at[i]);
}
