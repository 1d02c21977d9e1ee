/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What files of this machine tell; /proc, /sys, /run, /etc below root. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "doctor/doctor.h"
#include "host/files.h"
#include "lan/filter.h"
#include "lan/links.h"
#include "lan/setup.h"

enum {
	FILE_MAX = 4 << 20
};

static char *text(const char *root, const char *path)
{
	autofree char *file = xasprintf("%s%s", root, path);
	struct err ignored;
	char *ret;

	return files_read(file, FILE_MAX, &ret, NULL, &ignored) < 0 ? NULL
								    : ret;
}

static bool exists(const char *root, const char *path)
{
	autofree char *file = xasprintf("%s%s", root, path);

	return !access(file, F_OK);
}

/* "MemTotal:  1024 kB" → bytes */
static uint64_t meminfo(const char *all, const char *key)
{
	const char *at = all ? strstr(all, key) : NULL;
	unsigned long long kib;

	return at && sscanf(at + strlen(key), ": %llu", &kib) == 1 ? kib << 10
								   : 0;
}

/* The first ext4 file system that has counted errors. */
static char *fs_errors(const char *root)
{
	autofree char *top = xasprintf("%s/sys/fs/ext4", root);
	DIR *dir = opendir(top);
	const struct dirent *entry;
	char *found = NULL;

	while (dir && !found && (entry = readdir(dir))) {
		autofree char *path = xasprintf("/sys/fs/ext4/%s/errors_count",
						entry->d_name);
		autofree char *count = text(root, path);

		if (count && *count != '0' && *count != '\n')
			found = xstrdup(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool clock_synced(const char *root)
{
	struct timex t = { .modes = 0 };

	if (exists(root, "/run/systemd/timesync/synchronized"))
		return true;
	return !*root && adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
}

/* The file system where that folder is, or will be. */
static bool look_up(const char *path, struct statvfs *ret)
{
	autofree char *at = xstrdup(path);

	while (statvfs(at, ret) < 0) {
		char *slash = strrchr(at, '/');

		if (!slash || slash == at)
			return false;
		*slash = 0;
	}
	return true;
}

/* /dev/kvm is tried by whoever may start a child for it. */
void doctor_probe_host(const char *root, const char *guests,
		       struct doctor_host *ret_host)
{
	autofree char *memory = text(root, "/proc/meminfo");
	autofree char *tun = xasprintf("%s/dev/net/tun", root);
	struct statvfs fs;
	struct stat st;

	*ret_host = (struct doctor_host){
		.tun = !stat(tun, &st) && S_ISCHR(st.st_mode),
		.kvm = exists(root, "/dev/kvm") ? KVM_UNUSABLE : KVM_NONE,
		.memory = meminfo(memory, "MemTotal"),
		.memory_available = meminfo(memory, "MemAvailable"),
		.guests = xstrdup(guests),
		.fs_errors = fs_errors(root),
		.clock_synced = clock_synced(root),
		.clocksource = text(root, "/sys/devices/system/clocksource/"
					  "clocksource0/current_clocksource"),
	};
	if (ret_host->clocksource)
		ret_host->clocksource[strcspn(ret_host->clocksource, "\n")] = 0;
	if (!look_up(guests, &fs))
		return;
	ret_host->disk_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	ret_host->disk_size = (uint64_t)fs.f_blocks * fs.f_frsize;
}

static void probe_filter(struct doctor_bridge *b)
{
	autodrops struct filter_drops drops = { 0 };
	const struct filter_drop *d;

	if (geteuid())
		return;
	filter_find(b->name, &drops);
	if (!drops.all.n)
		return;
	d = &drops.all.at[0];
	b->filter = d->kind == FILTER_NFT
			    ? xasprintf("the firewall's chain '%s' drops what "
					"crosses '%s': guests reach this "
					"machine, and nothing else",
					d->program, b->name)
			    : xasprintf("%s drops what crosses '%s', as Docker "
					"has it: guests reach this machine, "
					"and nothing else",
					d->program, b->name);
	b->filter_remedy = filter_remedy(d, b->name);
	b->filter_fixable = d->kind == FILTER_IPTABLES;
}

static void probe_bridge(struct doctor_bridge *b, const struct links *links)
{
	const struct link *l = links_find(links, b->name);
	struct str ports = { 0 };
	autosetup struct setup s = { 0 };
	struct err ignored;

	b->exists = l && l->bridge;
	b->confirmed = setup_load(b->name, &s, &ignored) < 0 || s.confirmed;
	for (size_t i = 0; i < links->all.n; i++) {
		const struct link *port = &links->all.at[i];

		if (!port->master || strcmp(port->master, b->name) != 0)
			continue;
		b->has_uplink |= !port->tap;
		str_addf(&ports, "%s%s", ports.len ? " " : "", port->name);
	}
	b->ports = str_steal(&ports);
	if (b->exists)
		probe_filter(b);
}

static char *first_resolver(const char *root)
{
	autofree char *conf = text(root, "/etc/resolv.conf");
	char *save = NULL;

	for (char *line = conf ? strtok_r(conf, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char address[64];

		if (sscanf(line, " nameserver %63s", address) == 1)
			return xstrdup(address);
	}
	return NULL;
}

void doctor_probe_net(const char *root, struct doctor_net *net)
{
	autolinks struct links links = { 0 };
	const struct link *uplink;
	struct err ignored;

	links_read(root, &links, &ignored);
	net->uplink = links_default_route(root);
	uplink = net->uplink ? links_find(&links, net->uplink) : NULL;
	net->uplink_wireless = uplink && uplink->wireless;
	net->resolver = first_resolver(root);
	for (size_t i = 0; i < net->bridges.n; i++)
		probe_bridge(&net->bridges.at[i], &links);
}

/* The text from one to the other, "<path>", "</path>"; the caller frees it. */
static char *between(const char *xml, const char *begin, const char *end)
{
	const char *at = strstr(xml, begin);
	const char *to = at ? strstr(at, end) : NULL;

	if (!to)
		return NULL;
	at += strlen(begin);
	return xstrndup(at, (size_t)(to - at));
}

#define ABSTRACTION "/etc/apparmor.d/abstractions/libvirt-qemu"

/* Do these rules name it? */
static bool says(const char *root, const char *file, const char *what)
{
	autofree char *rules = text(root, file);

	return rules && strstr(rules, what);
}

/* In a file of its own, if that is included (by libvirt itself, or by the
 * site's file), or in the site's file. */
static bool has_rule(const char *root)
{
	static const char site[] =
		"/etc/apparmor.d/local/abstractions/libvirt-qemu";

	if (says(root, site, "pimigrate-emu rmix"))
		return true;
	return exists(root, ABSTRACTION ".d/pimigrate-emu") &&
	       (says(root, ABSTRACTION, "abstractions/libvirt-qemu.d>") ||
		says(root, site, "abstractions/libvirt-qemu.d>"));
}

/* Pools as libvirt keeps them. */
static void probe_pools(const char *root, struct doctor_libvirt *ret)
{
	autofree char *top = xasprintf("%s/etc/libvirt/storage", root);
	const struct dirent *entry;
	DIR *dir = opendir(top);

	while (dir && (entry = readdir(dir))) {
		autofree char *file = xasprintf("/etc/libvirt/storage/%s",
						entry->d_name);
		autofree char *xml = str_ends(entry->d_name, ".xml")
					     ? text(root, file)
					     : NULL;
		struct doctor_pool pool = { 0 };
		struct statvfs fs;

		pool.path = xml ? between(xml, "<path>", "</path>") : NULL;
		if (!pool.path)
			continue;
		pool.name = xstrndup(entry->d_name, strlen(entry->d_name) - 4);
		if (!statvfs(pool.path, &fs)) {
			pool.size = (uint64_t)fs.f_blocks * fs.f_frsize;
			pool.free = (uint64_t)fs.f_bavail * fs.f_frsize;
		}
		*vec_add(&ret->pools) = pool;
	}
	if (dir)
		closedir(dir);
}

/* Domains as libvirt keeps them; a domain's name is the file's. */
void doctor_probe_libvirt(const char *root, struct doctor_libvirt *ret)
{
	autofree char *top = xasprintf("%s/etc/libvirt/qemu", root);
	const struct dirent *entry;
	DIR *dir;

	*ret = (struct doctor_libvirt){
		.hook = exists(root, "/etc/libvirt/hooks/qemu.d/pimigrate"),
		.confines = exists(root, "/sys/kernel/security/apparmor") &&
			    exists(root, ABSTRACTION),
		.rule = has_rule(root),
		.installed = exists(root, "/usr/sbin/libvirtd") ||
			     exists(root, "/usr/sbin/virtqemud"),
		.answers = exists(root, "/run/libvirt/libvirt-sock") ||
			   exists(root, "/run/libvirt/virtqemud-sock"),
	};
	probe_pools(root, ret);
	dir = opendir(top);
	while (dir && (entry = readdir(dir))) {
		autofree char *path = xasprintf("/etc/libvirt/qemu/%s",
						entry->d_name);
		autofree char *xml = NULL, *emulator = NULL;

		if (!str_ends(entry->d_name, ".xml"))
			continue;
		xml = text(root, path);
		emulator = xml ? between(xml, "<emulator>", "</emulator>")
			       : NULL;
		if (emulator && str_ends(emulator, "/pimigrate-emu") &&
		    !exists(root, emulator))
			*vec_add(&ret->lost_emulators) = xasprintf(
				"%.*s: %s", (int)strlen(entry->d_name) - 4,
				entry->d_name, emulator);
	}
	if (dir)
		closedir(dir);
}
