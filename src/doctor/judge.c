/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks, one row each; every one of them says something. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "doctor/doctor.h"

#define MIB (UINT64_C(1) << 20)

enum {
	CLOCK_MS = 5000,
	/* The emulator beside the guest's memory. */
	EXTRA_MIB = 128,
	LOW_MIB = 1024,   /* free for guests' disks */
	FULL_PERCENT = 5, /* free in a guest */
	FULL_MIB = 200,
	LOOP_STARTS = 4, /* within LOOP_SECONDS each */
	LOOP_SECONDS = 180,
};

/* printf's result, which the row owns. */
static char *words(const char *fmt, ...) printf_like(1, 2);
static char *words(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

/* finding and remedy are owned by the row from now on. */
static struct doctor_row *add(struct doctor *d, const char *check,
			      const char *about, enum doctor_level level,
			      char *finding, char *remedy)
{
	struct doctor_row *row = vec_add(&d->rows);

	*row = (struct doctor_row){
		.check = check,
		.about = about ? xstrdup(about) : NULL,
		.level = level,
		.finding = finding,
		.remedy = remedy,
	};
	return row;
}

static unsigned long long mib(uint64_t bytes)
{
	return bytes / MIB;
}

static void tun(const struct doctor_facts *f, struct doctor *d)
{
	if (f->host.tun) {
		add(d, "host/tun", NULL, DOCTOR_OK,
		    words("/dev/net/tun is there"), NULL);
		return;
	}
	add(d, "host/tun", NULL, DOCTOR_BAD,
	    words("there is no /dev/net/tun, so no guest can be on a bridge"),
	    words("modprobe tun"))
		->fix = FIX_TUN;
}

static void kvm(const struct doctor_facts *f, struct doctor *d)
{
	switch (f->host.kvm) {
	case KVM_WORKS:
		add(d, "host/kvm", NULL, DOCTOR_OK,
		    words("KVM works; it makes convert faster"), NULL);
		break;
	case KVM_NONE:
		add(d, "host/kvm", NULL, DOCTOR_NOTE,
		    words("there is no KVM: convert takes some seconds longer; "
			  "guests do not need it"),
		    NULL);
		break;
	case KVM_UNUSABLE:
		add(d, "host/kvm", NULL, DOCTOR_NOTE,
		    words("/dev/kvm is there but runs nothing within its time; "
			  "convert does without it, guests do not need it"),
		    words("in a virtual machine: switch nested virtualization "
			  "on in the outer host, or rmmod kvm_intel"));
		break;
	}
}

static void memory(const struct doctor_facts *f, struct doctor *d)
{
	uint64_t wanted = 0, all = 0;

	for (size_t i = 0; i < f->guests.n; i++) {
		const struct doctor_guest *g = &f->guests.at[i];

		if (!g->m)
			continue;
		if (!g->running && (g->service || f->guests.n == 1))
			wanted += g->m->memory + EXTRA_MIB * MIB;
		if (g->service || g->running)
			all += g->m->memory + EXTRA_MIB * MIB;
	}
	if (!f->host.memory)
		add(d, "host/memory", NULL, DOCTOR_NOTE,
		    words("/proc/meminfo cannot be read"), NULL);
	else if (all > f->host.memory)
		add(d, "host/memory", NULL, DOCTOR_BAD,
		    words("the guests that start with this machine want %llu "
			  "MiB, it has %llu MiB",
			  mib(all), mib(f->host.memory)),
		    words("give them less (memory: in guest.yaml)"));
	else if (wanted > f->host.memory_available)
		add(d, "host/memory", NULL, DOCTOR_WARN,
		    words("%llu MiB are wanted, %llu MiB are available",
			  mib(wanted), mib(f->host.memory_available)),
		    words("end something else, or give guests less (memory: in "
			  "guest.yaml)"));
	else
		add(d, "host/memory", NULL, DOCTOR_OK,
		    words("%llu MiB of %llu MiB are available",
			  mib(f->host.memory_available), mib(f->host.memory)),
		    NULL);
}

static void disk(const struct doctor_facts *f, struct doctor *d)
{
	const struct doctor_host *h = &f->host;
	uint64_t growth = 0;

	for (size_t i = 0; i < f->guests.n; i++)
		growth += f->guests.at[i].disk_missing;
	if (!h->disk_size)
		add(d, "host/disk", NULL, DOCTOR_NOTE,
		    words("'%s' cannot be looked at", h->guests), NULL);
	else if (h->disk_free < LOW_MIB * MIB)
		add(d, "host/disk", NULL, DOCTOR_BAD,
		    words("%llu MiB are free in '%s': guests are stopped when "
			  "it is full",
			  mib(h->disk_free), h->guests),
		    words("make room there"));
	else if (growth > h->disk_free)
		add(d, "host/disk", NULL, DOCTOR_WARN,
		    words("the guests' disks may grow by %llu MiB, %llu MiB "
			  "are free in '%s'",
			  mib(growth), mib(h->disk_free), h->guests),
		    words("make room there before they do"));
	else
		add(d, "host/disk", NULL, DOCTOR_OK,
		    words("%llu MiB are free in '%s'", mib(h->disk_free),
			  h->guests),
		    NULL);
	if (h->fs_errors)
		add(d, "host/disk-health", NULL, DOCTOR_BAD,
		    words("the file system on %s has met errors", h->fs_errors),
		    words("make a backup of the guests now; then look at dmesg "
			  "and run e2fsck"));
	else
		add(d, "host/disk-health", NULL, DOCTOR_OK,
		    words("no file system has noted an error"), NULL);
}

static void time_sync(const struct doctor_facts *f, struct doctor *d)
{
	const char *source = f->host.clocksource;

	if (f->host.clock_synced)
		add(d, "host/time", NULL, DOCTOR_OK,
		    words("the clock is synchronized"), NULL);
	else
		add(d, "host/time", NULL, DOCTOR_WARN,
		    words("this machine's clock is not synchronized, and "
			  "guests start with its time"),
		    words("systemctl enable --now systemd-timesyncd"));
	if (source && (!strcmp(source, "hpet") || !strcmp(source, "acpi_pm") ||
		       !strcmp(source, "jiffies")))
		add(d, "host/clocksource", NULL, DOCTOR_WARN,
		    words("time is read from %s, which is slow: guests read "
			  "the time often",
			  source),
		    words("boot this machine with tsc=reliable, if its "
			  "processor's TSC is"));
	else
		add(d, "host/clocksource", NULL, DOCTOR_OK,
		    words("time is read from %s", source ? source : "?"), NULL);
}

static void emulator(const struct doctor_facts *f, struct doctor *d)
{
	const struct doctor_emulator *e = &f->emulator;

	if (!e->path || !e->version)
		add(d, "emulator/runs", NULL, DOCTOR_BAD,
		    words("%s", e->problem ? e->problem
					   : "pimigrate-emu does not run"),
		    words("install pimigrate-emu beside pimigrate"));
	else if (strcmp(e->version, e->expected) != 0)
		add(d, "emulator/runs", NULL, DOCTOR_WARN,
		    words("%s is version %s, pimigrate is %s", e->path,
			  e->version, e->expected),
		    words("install both in one version"));
	else
		add(d, "emulator/runs", NULL, DOCTOR_OK,
		    words("%s, version %s", e->path, e->version), NULL);
}

/* Is there a guest that the system's libvirt runs? */
static bool has_system_domain(const struct doctor_facts *f)
{
	for (size_t i = 0; i < f->guests.n; i++) {
		const struct machine *m = f->guests.at[i].m;

		if (m && m->libvirt && strstr(m->libvirt, "/system"))
			return true;
	}
	return false;
}

/* What the packages bring for libvirt's guests. */
static void libvirt_guests(const struct doctor_facts *f, struct doctor *d)
{
	const struct doctor_libvirt *l = &f->libvirt;

	if (!has_system_domain(f))
		return;
	if (!l->hook)
		add(d, "libvirt/hook", NULL, DOCTOR_WARN,
		    words("kernel updates in libvirt's guests are not "
			  "followed: /etc/libvirt/hooks/qemu.d/pimigrate is "
			  "not there"),
		    words("install the hook again, and systemctl reload "
			  "libvirtd"));
	if (l->confines && !l->rule)
		add(d, "libvirt/apparmor", NULL, DOCTOR_BAD,
		    words("libvirt's AppArmor rules do not let a guest run "
			  "pimigrate-emu"),
		    words("echo '/usr/bin/pimigrate-emu rmix,' >> "
			  "/etc/apparmor.d/local/abstractions/libvirt-qemu"));
}

/* Is a disk of a guest in that folder? */
static bool pool_used(const struct doctor_facts *f, const char *path)
{
	autofree char *folder = xasprintf("%s/", path);

	for (size_t i = 0; i < f->guests.n; i++) {
		const struct machine *m = f->guests.at[i].m;

		for (size_t n = 0; m && n < m->disks.n; n++)
			if (str_starts(m->disks.at[n].file, folder))
				return true;
	}
	return false;
}

static void pools(const struct doctor_facts *f, struct doctor *d)
{
	for (size_t i = 0; i < f->libvirt.pools.n; i++) {
		const struct doctor_pool *p = &f->libvirt.pools.at[i];

		if (!pool_used(f, p->path))
			continue;
		if (!p->size)
			add(d, "libvirt/pool", p->name, DOCTOR_BAD,
			    words("the folder '%s' of libvirt's pool '%s' is "
				  "not there, and guests' disks are in it",
				  p->path, p->name),
			    words("mount the file system that it is on; then: "
				  "virsh pool-start %s",
				  p->name));
		else if (p->free < LOW_MIB * MIB)
			add(d, "libvirt/pool", p->name, DOCTOR_BAD,
			    words("%llu MiB are free in libvirt's pool '%s': "
				  "guests are stopped when it is full",
				  mib(p->free), p->name),
			    words("make room in '%s'", p->path));
		else
			add(d, "libvirt/pool", p->name, DOCTOR_OK,
			    words("%llu MiB are free in libvirt's pool '%s'",
				  mib(p->free), p->name),
			    NULL);
	}
}

/* The first guest that libvirt runs, or NULL. */
static const char *guest_of_libvirt(const struct doctor_facts *f)
{
	for (size_t i = 0; i < f->guests.n; i++)
		if (f->guests.at[i].m && f->guests.at[i].m->libvirt)
			return f->guests.at[i].name;
	return NULL;
}

static void libvirt(const struct doctor_facts *f, struct doctor *d)
{
	const struct doctor_libvirt *l = &f->libvirt;
	const char *of_libvirt = guest_of_libvirt(f);

	if (!l->installed && of_libvirt)
		add(d, "libvirt/daemon", NULL, DOCTOR_BAD,
		    words("libvirt is not installed, and is to run %s",
			  of_libvirt),
		    words("apt install libvirt-daemon-system"));
	else if (!l->installed)
		add(d, "libvirt/daemon", NULL, DOCTOR_OK,
		    words("libvirt is not installed, and not needed"), NULL);
	else if (!l->answers)
		add(d, "libvirt/daemon", NULL, DOCTOR_WARN,
		    words("libvirt is installed, but its daemon does not "
			  "listen"),
		    words("systemctl start libvirtd"));
	else
		add(d, "libvirt/daemon", NULL, DOCTOR_OK,
		    words("libvirt's daemon listens"), NULL);
	for (size_t i = 0; i < l->lost_emulators.n; i++)
		add(d, "libvirt/emulator", NULL, DOCTOR_BAD,
		    words("a domain's emulator is not there: %s",
			  l->lost_emulators.at[i]),
		    words("virsh edit, and name the emulator that is "
			  "installed"));
	libvirt_guests(f, d);
	pools(f, d);
}

static void bridges(const struct doctor_facts *f, struct doctor *d)
{
	if (f->net.uplink_wireless)
		add(d, "net/uplink", NULL, DOCTOR_NOTE,
		    words("this machine is on Wi-Fi (%s), which cannot be "
			  "bridged: guests can have user networking only",
			  f->net.uplink),
		    words("a network cable, then pimigrate net setup"));
	else
		add(d, "net/uplink", NULL, DOCTOR_OK,
		    words(f->net.uplink ? "the LAN is reached by %s"
					: "there is no default route%s",
			  f->net.uplink ? f->net.uplink : ""),
		    NULL);
	for (size_t i = 0; i < f->net.bridges.n; i++) {
		const struct doctor_bridge *b = &f->net.bridges.at[i];

		if (!b->exists)
			add(d, "net/bridge", b->name, DOCTOR_BAD,
			    words("there is no bridge '%s'", b->name),
			    words("pimigrate net setup --bridge %s --uplink "
				  "INTERFACE",
				  b->name));
		else if (!b->has_uplink)
			add(d, "net/bridge", b->name, DOCTOR_WARN,
			    words("nothing but guests is on the bridge '%s': "
				  "they do not reach the LAN",
				  b->name),
			    words("ip link set INTERFACE master %s", b->name));
		else
			add(d, "net/bridge", b->name, DOCTOR_OK,
			    words("on the bridge '%s' are: %s", b->name,
				  b->ports),
			    NULL);
		if (!b->confirmed)
			add(d, "net/confirm", b->name, DOCTOR_WARN,
			    words("nobody has confirmed the bridge '%s'",
				  b->name),
			    words("pimigrate net confirm --bridge %s",
				  b->name));
	}
}

static void filters(const struct doctor_facts *f, struct doctor *d)
{
	for (size_t i = 0; i < f->net.bridges.n; i++) {
		const struct doctor_bridge *b = &f->net.bridges.at[i];

		if (!b->exists)
			continue;
		if (!b->filter)
			add(d, "net/filter", b->name, DOCTOR_OK,
			    words(f->root ? "no filter stops what crosses '%s'"
					  : "whether a filter stops what "
					    "crosses '%s', only root can see",
				  b->name),
			    NULL);
		else
			add(d, "net/filter", b->name, DOCTOR_BAD,
			    words("%s", b->filter),
			    words("%s", b->filter_remedy))
				->fix = b->filter_fixable ? FIX_FILTER
							  : FIX_NONE;
	}
}

static bool on_lan(const struct machine_nic *nic)
{
	return nic->kind == NIC_TAP || nic->kind == NIC_NETWORK;
}

static bool same_mac(const struct machine *a, const struct machine *b)
{
	for (size_t i = 0; i < a->nics.n; i++)
		for (size_t j = 0; j < b->nics.n; j++)
			if (a->nics.at[i].mac && b->nics.at[j].mac &&
			    on_lan(&a->nics.at[i]) && on_lan(&b->nics.at[j]) &&
			    !strcasecmp(a->nics.at[i].mac, b->nics.at[j].mac))
				return true;
	return false;
}

static void guest_tap(const struct doctor_guest *g, struct doctor *d)
{
	if (g->unplugged)
		add(d, "net/tap", g->name, DOCTOR_BAD,
		    words("%s", g->unplugged),
		    words("pimigrate doctor --fix %s", g->name))
			->fix = FIX_TAP;
}

static void addresses(const struct doctor_facts *f, struct doctor *d)
{
	for (size_t i = 0; i < f->guests.n; i++) {
		const struct doctor_guest *g = &f->guests.at[i];

		if (!g->m)
			continue;
		for (size_t j = 0; j < i; j++)
			if (f->guests.at[j].m &&
			    same_mac(g->m, f->guests.at[j].m))
				add(d, "net/mac", g->name, DOCTOR_BAD,
				    words("guests %s and %s have one MAC",
					  f->guests.at[j].name, g->name),
				    words("give one of them another (mac: in "
					  "guest.yaml)"));
		guest_tap(g, d);
		if (g->conflict)
			add(d, "net/address", g->name, DOCTOR_BAD,
			    words("%s", g->conflict), NULL);
		for (size_t n = 0; n < g->m->nics.n; n++)
			if (f->net.resolver && g->m->nics.at[n].address &&
			    !strcmp(f->net.resolver, g->m->nics.at[n].address))
				add(d, "net/resolver", g->name, DOCTOR_WARN,
				    words("this machine resolves names by its "
					  "guest %s (%s): not while the guest "
					  "is off",
					  g->name, f->net.resolver),
				    words("add a second nameserver to "
					  "/etc/resolv.conf"));
	}
}

/* guest.yaml asks for a service that is not enabled.  A unit looks for guests
 * in one folder only, so elsewhere it is not enabled by itself. */
static void no_service(const struct doctor_facts *f,
		       const struct doctor_guest *g, struct doctor *d)
{
	bool here = !strcmp(f->host.guests, f->service_guests);

	add(d, "guest/service", g->name, DOCTOR_WARN,
	    words("guest.yaml says that %s starts with this machine, but its "
		  "service is not enabled",
		  g->name),
	    here ? words("pimigrate enable %s", g->name)
		 : words("move it to '%s', where services look for guests; "
			 "then: pimigrate enable %s",
			 f->service_guests, g->name))
		->fix = here ? FIX_SERVICE : FIX_NONE;
}

/* libvirt's guests have no service: there its own autostart is what counts. */
static void guest_service(const struct doctor_facts *f,
			  const struct doctor_guest *g, struct doctor *d)
{
	if (g->m->libvirt && g->unknown)
		return;
	if (g->failed)
		add(d, "guest/service", g->name, DOCTOR_BAD,
		    words("the service of %s has failed", g->name),
		    words("journalctl -u pimigrate@%s tells why; then: "
			  "systemctl reset-failed pimigrate@%s",
			  g->name, g->name));
	else if (!g->m->libvirt && g->m->autostart && !g->service)
		no_service(f, g, d);
	else
		add(d, "guest/service", g->name, DOCTOR_OK,
		    words(g->service ? "%s starts with this machine"
				     : "%s is started by hand",
			  g->name),
		    NULL);
}

static void guest_unknown(const struct doctor_facts *f,
			  const struct doctor_guest *g, struct doctor *d)
{
	if (g->m->libvirt)
		add(d, "guest/state", g->name, DOCTOR_BAD,
		    words("whether %s runs cannot be told: %s", g->name,
			  g->unknown),
		    words("virsh -c %s list --all shows whether libvirt "
			  "answers; systemctl start libvirtd",
			  g->m->libvirt));
	else
		add(d, "guest/state", g->name, DOCTOR_BAD,
		    words("whether %s runs cannot be told: %s", g->name,
			  g->unknown),
		    words(f->root ? "pimigrate status %s"
				  : "ask as root: sudo pimigrate status %s",
			  g->name));
}

static void guest_starts(const struct doctor_facts *f,
			 const struct doctor_guest *g, struct doctor *d)
{
	if (g->unknown) {
		guest_unknown(f, g, d);
		return;
	}
	if (g->starts >= LOOP_STARTS && g->seconds / g->starts < LOOP_SECONDS)
		add(d, "guest/restarts", g->name, DOCTOR_BAD,
		    words("%s has started %u times in %u seconds", g->name,
			  g->starts, g->seconds),
		    words("pimigrate console %s, or journalctl -t %s, shows "
			  "how far it comes",
			  g->name, g->name));
	else
		add(d, "guest/restarts", g->name, DOCTOR_OK,
		    g->running ? words("%s runs", g->name)
			       : words("%s is off", g->name),
		    NULL);
}

static void guest_stalled(const struct doctor_facts *f,
			  const struct doctor_guest *g, struct doctor *d)
{
	struct doctor_row *row;

	if (!g->stalled)
		return;
	row = add(d, "guest/stalled", g->name, DOCTOR_BAD,
		  words("%s stands still, because its disk cannot be "
			"written: %s",
			g->name, g->stalled),
		  g->m->libvirt ? words("make room where its disk is; then: "
					"virsh resume %s",
					g->name)
				: words("make room in '%s': it goes on by "
					"itself",
					f->host.guests));
	/* Nobody but us says "cont" to it. */
	if (g->m->libvirt)
		row->fix = FIX_RESUME;
}

/* What the guest itself shows, as far as it does. */
static void guest_inside(const struct doctor_guest *g, struct doctor *d)
{
	long ahead = g->clock_ahead;

	if (g->clock_known && labs(ahead) > CLOCK_MS)
		add(d, "guest/time", g->name, DOCTOR_WARN,
		    words("the clock of %s is %ld seconds %s this machine's",
			  g->name, labs(ahead) / 1000,
			  ahead > 0 ? "ahead of" : "behind"),
		    words("in the guest: timedatectl set-ntp true; apt install "
			  "systemd-timesyncd, if it is not there"));
	else if (g->clock_known)
		add(d, "guest/time", g->name, DOCTOR_OK,
		    words("the clock of %s is right", g->name), NULL);
	if (g->failed_units)
		add(d, "guest/units", g->name, DOCTOR_WARN,
		    words("when %s started, these failed: %s", g->name,
			  g->failed_units),
		    words("in the guest: systemctl --failed; journalctl -b "
			  "-u UNIT tells why"));
	else if (g->booted)
		add(d, "guest/units", g->name, DOCTOR_OK,
		    words("the console of %s tells of no failed unit", g->name),
		    NULL);
}

static void guest_kernel(const struct doctor_guest *g, struct doctor *d)
{
	const char *release = g->release ? g->release : "another";

	switch (g->kernel) {
	case KERNEL_UNKNOWN:
		break;
	case KERNEL_IN_STEP:
		add(d, "guest/kernel", g->name, DOCTOR_OK,
		    words("%s boots the newest kernel of its disk", g->name),
		    NULL);
		break;
	case KERNEL_WAITS:
		add(d, "guest/kernel", g->name, DOCTOR_NOTE,
		    words("the next start of %s takes kernel %s", g->name,
			  release),
		    words("pimigrate sync %s", g->name))
			->fix = FIX_KERNEL;
		break;
	case KERNEL_REFUSED:
		add(d, "guest/kernel", g->name, DOCTOR_WARN,
		    words("kernel %s of %s did not come up twice: the previous "
			  "one is used",
			  release, g->name),
		    words("install another kernel in the guest; what it said "
			  "is in journalctl -t %s",
			  g->name));
		break;
	case KERNEL_DIRTY:
		add(d, "guest/kernel", g->name, DOCTOR_NOTE,
		    words("%s was not shut down; its next start repairs the "
			  "disk",
			  g->name),
		    NULL);
		break;
	}
}

static void guest_disk(const struct doctor_guest *g, struct doctor *d)
{
	if (g->missing)
		add(d, "guest/files", g->name, DOCTOR_BAD,
		    words("%s has lost its file '%s'", g->name, g->missing),
		    words("put it back, or convert the card again"));
	if (!g->fs_size)
		return;
	if (g->fs_free < FULL_MIB * MIB ||
	    g->fs_free < g->fs_size / 100 * FULL_PERCENT)
		add(d, "guest/disk", g->name, DOCTOR_WARN,
		    words("%llu MiB of %llu MiB are free on the disk of %s",
			  mib(g->fs_free), mib(g->fs_size), g->name),
		    words("in the guest: apt clean, journalctl "
			  "--vacuum-size=50M"));
	else
		add(d, "guest/disk", g->name, DOCTOR_OK,
		    words("%llu MiB of %llu MiB are free on the disk of %s",
			  mib(g->fs_free), mib(g->fs_size), g->name),
		    NULL);
}

static void guests(const struct doctor_facts *f, struct doctor *d)
{
	for (size_t i = 0; i < f->guests.n; i++) {
		const struct doctor_guest *g = &f->guests.at[i];

		if (!g->m) {
			add(d, "guest/files", g->name, DOCTOR_BAD,
			    words("%s", g->problem ? g->problem : "?"),
			    words("mend guest.yaml"));
			continue;
		}
		guest_service(f, g, d);
		guest_starts(f, g, d);
		guest_stalled(f, g, d);
		guest_inside(g, d);
		guest_kernel(g, d);
		guest_disk(g, d);
	}
}

/* clang-format off */
static const struct {
	const char *part;
	void (*check)(const struct doctor_facts *f, struct doctor *d);
} checks[] = {
	{ "host", tun },
	{ "host", kvm },
	{ "host", memory },
	{ "host", disk },
	{ "host", time_sync },
	{ "emulator", emulator },
	{ "libvirt", libvirt },
	{ "net", bridges },
	{ "net", filters },
	{ "net", addresses },
	{ "guest", guests },
};
/* clang-format on */

void doctor_judge(const struct doctor_facts *f, const char *part,
		  struct doctor *ret_doctor)
{
	*ret_doctor = (struct doctor){ 0 };
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!*part || !strcmp(part, checks[i].part))
			checks[i].check(f, ret_doctor);
}

enum doctor_level doctor_worst(const struct doctor *d)
{
	enum doctor_level worst = DOCTOR_OK;

	for (size_t i = 0; i < d->rows.n; i++)
		if (d->rows.at[i].level > worst)
			worst = d->rows.at[i].level;
	return worst;
}

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = { "ok", "note", "warn", "bad" };

	return names[level];
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->rows.n; i++) {
		free(d->rows.at[i].about);
		free(d->rows.at[i].finding);
		free(d->rows.at[i].remedy);
	}
	vec_free(&d->rows);
}

void doctor_facts_free(struct doctor_facts *f)
{
	free(f->host.guests);
	free(f->host.fs_errors);
	free(f->host.clocksource);
	free(f->net.uplink);
	free(f->net.resolver);
	for (size_t i = 0; i < f->net.bridges.n; i++) {
		free(f->net.bridges.at[i].name);
		free(f->net.bridges.at[i].ports);
		free(f->net.bridges.at[i].filter);
		free(f->net.bridges.at[i].filter_remedy);
	}
	vec_free(&f->net.bridges);
	for (size_t i = 0; i < f->libvirt.lost_emulators.n; i++)
		free(f->libvirt.lost_emulators.at[i]);
	vec_free(&f->libvirt.lost_emulators);
	for (size_t i = 0; i < f->libvirt.pools.n; i++) {
		free(f->libvirt.pools.at[i].name);
		free(f->libvirt.pools.at[i].path);
	}
	vec_free(&f->libvirt.pools);
	free(f->emulator.path);
	free(f->emulator.version);
	free(f->emulator.problem);
	for (size_t i = 0; i < f->guests.n; i++) {
		free(f->guests.at[i].problem);
		free(f->guests.at[i].unknown);
		free(f->guests.at[i].stalled);
		free(f->guests.at[i].missing);
		free(f->guests.at[i].release);
		free(f->guests.at[i].conflict);
		free(f->guests.at[i].unplugged);
		free(f->guests.at[i].failed_units);
	}
	vec_free(&f->guests);
}
