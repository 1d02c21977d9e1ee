/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A healthy machine, then each thing that may be broken, one at a time. */
#include "doctor/doctor.h"
#include "test.h"
#include "texts.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"

#define GIB (UINT64_C(1) << 30)

static struct machine machine;
static struct doctor_facts facts;

/* The texts are not owned: nothing of it is freed. */
static void healthy(void)
{
	static struct doctor_bridge bridge;
	static struct doctor_guest guest;

	bridge = (struct doctor_bridge){
		.name = (char *)(uintptr_t) "br0",
		.ports = (char *)(uintptr_t) "eth0",
		.exists = true,
		.has_uplink = true,
		.confirmed = true,
	};
	guest = (struct doctor_guest){
		.name = "pi",
		.m = &machine,
		.kernel = KERNEL_IN_STEP,
		.fs_size = 4 * GIB,
		.fs_free = 2 * GIB,
	};
	facts = (struct doctor_facts){
		.root = true,
		.host = {
			.tun = true,
			.kvm = KVM_WORKS,
			.memory = 4 * GIB,
			.memory_available = 3 * GIB,
			.disk_size = 100 * GIB,
			.disk_free = 50 * GIB,
			.guests = (char *)(uintptr_t) "/guests",
			.clock_synced = true,
			.clocksource = (char *)(uintptr_t) "tsc",
		},
		.service_guests = "/guests",
		.net = { .uplink = (char *)(uintptr_t) "br0" },
		.libvirt = { .installed = true, .answers = true },
		.emulator = {
			.path = (char *)(uintptr_t) "/emu",
			.version = (char *)(uintptr_t) "1",
			.expected = "1",
		},
	};
	facts.net.bridges.at = &bridge;
	facts.net.bridges.n = 1;
	facts.guests.at = &guest;
	facts.guests.n = 1;
	machine.autostart = false;
}

/* One row is not well: this one, so bad, and it names these. */
static void finds_at(int line, const char *check_name, enum doctor_level level,
		     const char *finding, const char *remedy,
		     enum doctor_fix fix)
{
	struct doctor d;
	unsigned int found = 0;

	doctor_judge(&facts, "", &d);
	for (size_t i = 0; i < d.rows.n; i++) {
		const struct doctor_row *row = &d.rows.at[i];

		if (row->level == DOCTOR_OK)
			continue;
		if (strcmp(row->check, check_name) != 0 ||
		    row->level != level || row->fix != fix ||
		    !strstr(row->finding, finding) ||
		    (row->remedy ? !strstr(row->remedy, remedy) : *remedy)) {
			fprintf(stderr, "line %d: %s: %s (%s)\n", line,
				row->check, row->finding,
				row->remedy ? row->remedy : "");
			test_failed();
		}
		found++;
	}
	if (found != 1) {
		fprintf(stderr, "line %d: %u rows\n", line, found);
		test_failed();
	}
	check(doctor_worst(&d) == level);
	doctor_free(&d);
	healthy();
}
#define finds(...) finds_at(__LINE__, __VA_ARGS__)

static void sound_as_it_is(void)
{
	struct doctor d;

	doctor_judge(&facts, "", &d);
	check_eq(doctor_worst(&d), DOCTOR_OK);
	doctor_free(&d);
}

static void sound(void)
{
	struct doctor d;

	healthy();
	doctor_judge(&facts, "", &d);
	check_eq(doctor_worst(&d), DOCTOR_OK);
	check(d.rows.n >= 12);
	doctor_free(&d);
	doctor_judge(&facts, "net", &d);
	for (size_t i = 0; i < d.rows.n; i++)
		check(!strncmp(d.rows.at[i].check, "net/", 4));
	check(d.rows.n >= 3);
	doctor_free(&d);
	check_text(doctor_level_name(DOCTOR_BAD), "bad");
}

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void host(void)
{
	facts.host.tun = false;
	finds("host/tun", DOCTOR_BAD, "/dev/net/tun", "modprobe tun", FIX_TUN);
	facts.host.kvm = KVM_NONE;
	finds("host/kvm", DOCTOR_NOTE, "no KVM", "", FIX_NONE);
	facts.host.kvm = KVM_UNUSABLE;
	finds("host/kvm", DOCTOR_NOTE, "runs nothing", "nested", FIX_NONE);
	facts.host.memory_available = GIB;
	finds("host/memory", DOCTOR_WARN, "1152 MiB are wanted", "guest.yaml",
	      FIX_NONE);
	facts.host.memory = facts.host.memory_available = GIB;
	facts.guests.at[0].running = true;
	finds("host/memory", DOCTOR_BAD, "1152 MiB", "guest.yaml", FIX_NONE);
	facts.host.memory = 0;
	finds("host/memory", DOCTOR_NOTE, "meminfo", "", FIX_NONE);
	facts.host.disk_free = GIB / 2;
	finds("host/disk", DOCTOR_BAD, "512 MiB are free in '/guests'",
	      "make room", FIX_NONE);
	facts.guests.at[0].disk_missing = 60 * GIB;
	finds("host/disk", DOCTOR_WARN, "may grow by 61440 MiB", "make room",
	      FIX_NONE);
	facts.host.disk_size = 0;
	finds("host/disk", DOCTOR_NOTE, "/guests", "", FIX_NONE);
	facts.host.fs_errors = text("sda2");
	finds("host/disk-health", DOCTOR_BAD, "sda2", "backup", FIX_NONE);
	facts.host.clock_synced = false;
	finds("host/time", DOCTOR_WARN, "not synchronized", "timesyncd",
	      FIX_NONE);
	facts.host.clocksource = text("hpet");
	finds("host/clocksource", DOCTOR_WARN, "hpet", "tsc", FIX_NONE);
}

static void programs(void)
{
	char *lost = text("pi: /x/pimigrate-emu");
	struct doctor_pool pool = { text("big"), text("/pools/big"), 0, 0 };
	struct machine_disk disk = { .file = text("/pools/big/pi.raw") };

	facts.emulator.path = NULL;
	facts.emulator.problem = text("nowhere to be found");
	finds("emulator/runs", DOCTOR_BAD, "nowhere", "install", FIX_NONE);
	facts.emulator.version = NULL;
	finds("emulator/runs", DOCTOR_BAD, "does not run", "install", FIX_NONE);
	facts.emulator.version = text("2");
	finds("emulator/runs", DOCTOR_WARN, "/emu is version 2", "one version",
	      FIX_NONE);
	facts.libvirt.answers = false;
	finds("libvirt/daemon", DOCTOR_WARN, "does not listen", "libvirtd",
	      FIX_NONE);
	facts.libvirt.pools.at = &pool;
	facts.libvirt.pools.n = 1;
	sound(); /* no guest's disk is in it */
	machine.disks.at = &disk;
	machine.disks.n = 1;
	facts.libvirt.pools.at = &pool;
	facts.libvirt.pools.n = 1;
	finds("libvirt/pool", DOCTOR_BAD,
	      "'/pools/big' of libvirt's pool 'big'", "virsh pool-start big",
	      FIX_NONE);
	pool.size = 100 * GIB;
	pool.free = GIB / 4;
	facts.libvirt.pools.at = &pool;
	facts.libvirt.pools.n = 1;
	finds("libvirt/pool", DOCTOR_BAD, "256 MiB are free", "make room",
	      FIX_NONE);
	machine.disks.at = NULL;
	machine.disks.n = 0;
	facts.libvirt.lost_emulators.at = &lost;
	facts.libvirt.lost_emulators.n = 1;
	finds("libvirt/emulator", DOCTOR_BAD, lost, "virsh edit", FIX_NONE);
}

/* How many rows of that name, whatever they say. */
static unsigned int rows_of(const char *check_name)
{
	unsigned int n = 0;
	struct doctor d;

	doctor_judge(&facts, "", &d);
	for (size_t i = 0; i < d.rows.n; i++)
		n += !strcmp(d.rows.at[i].check, check_name);
	doctor_free(&d);
	return n;
}

/* libvirt's autostart is what counts, and no service is made for them. */
static void libvirt_starts(void)
{
	struct doctor_guest *g = facts.guests.at;

	machine.libvirt = text("qemu:///session");
	machine.autostart = true;
	check_eq(rows_of("guest/service"), 1);
	sound_as_it_is();
	g->service = true;
	machine.autostart = false;
	sound_as_it_is();
	healthy();
	g->running = true;
	g->unknown = text("no libvirt answers");
	machine.autostart = true;
	check_eq(rows_of("guest/service"), 0);
	check_eq(rows_of("guest/restarts"), 0);
	finds("guest/state", DOCTOR_BAD, "no libvirt answers",
	      "virsh -c qemu:///session list", FIX_NONE);
	facts.libvirt.installed = facts.libvirt.answers = false;
	finds("libvirt/daemon", DOCTOR_BAD, "is to run pi",
	      "apt install libvirt", FIX_NONE);
	machine.libvirt = NULL;
	facts.libvirt.installed = facts.libvirt.answers = false;
	sound_as_it_is();
	healthy();
}

/* What only guests of libvirt's need. */
static void libvirt_guests(void)
{
	machine.libvirt = text("qemu:///session");
	sound();
	machine.libvirt = text("qemu:///system");
	facts.libvirt.rule = true;
	finds("libvirt/hook", DOCTOR_WARN, "hooks/qemu.d/pimigrate",
	      "reload libvirtd", FIX_NONE);
	machine.libvirt = text("qemu:///system");
	facts.libvirt.hook = facts.libvirt.confines = true;
	finds("libvirt/apparmor", DOCTOR_BAD, "AppArmor", "pimigrate-emu rmix",
	      FIX_NONE);
	machine.libvirt = NULL;
}

static void network(void)
{
	struct doctor_bridge *b = facts.net.bridges.at;
	struct doctor_guest two[2] = { facts.guests.at[0], facts.guests.at[0] };

	facts.net.uplink_wireless = true;
	finds("net/uplink", DOCTOR_NOTE, "Wi-Fi", "cable", FIX_NONE);
	b->exists = false;
	finds("net/bridge", DOCTOR_BAD, "no bridge 'br0'",
	      "net setup --bridge br0", FIX_NONE);
	b->has_uplink = false;
	finds("net/bridge", DOCTOR_WARN, "nothing but guests", "master br0",
	      FIX_NONE);
	b->confirmed = false;
	finds("net/confirm", DOCTOR_WARN, "br0", "net confirm --bridge br0",
	      FIX_NONE);
	b->filter = text("iptables drops it");
	b->filter_remedy = text("iptables -I it");
	b->filter_fixable = true;
	finds("net/filter", DOCTOR_BAD, "drops it", "-I it", FIX_FILTER);
	b->filter = text("nft drops it");
	b->filter_remedy = text("nft insert it");
	finds("net/filter", DOCTOR_BAD, "nft", "insert", FIX_NONE);
	facts.guests.at[0].conflict = text("the Pi is still there");
	finds("net/address", DOCTOR_BAD, "still there", "", FIX_NONE);
	facts.net.resolver = text("192.168.1.5");
	finds("net/resolver", DOCTOR_WARN, "its guest pi", "second nameserver",
	      FIX_NONE);
	facts.guests.at = two;
	facts.guests.n = 2;
	two[1].name = "pi-2";
	finds("net/mac", DOCTOR_BAD, "pi and pi-2 have one MAC",
	      "mac:", FIX_NONE);
}

static void guest(void)
{
	struct doctor_guest *g = facts.guests.at;

	g->m = NULL;
	g->problem = text("guest.yaml:3: what is this");
	finds("guest/files", DOCTOR_BAD, "what is this", "mend", FIX_NONE);
	g->missing = text("disk.raw");
	finds("guest/files", DOCTOR_BAD, "'disk.raw'", "put it back", FIX_NONE);
	g->failed = true;
	finds("guest/service", DOCTOR_BAD, "failed", "journalctl", FIX_NONE);
	machine.autostart = true;
	finds("guest/service", DOCTOR_WARN, "not enabled",
	      "pimigrate enable pi", FIX_SERVICE);
	machine.autostart = true;
	facts.service_guests = "/var/lib/guests";
	finds("guest/service", DOCTOR_WARN, "not enabled",
	      "move it to '/var/lib/guests'", FIX_NONE);
	g->running = true;
	g->unknown = text("cannot open the lock file");
	facts.root = false;
	finds("guest/state", DOCTOR_BAD, "cannot open the lock",
	      "sudo pimigrate status pi", FIX_NONE);
	g->running = true;
	g->starts = 5;
	g->seconds = 100;
	finds("guest/restarts", DOCTOR_BAD, "5 times in 100 seconds",
	      "pimigrate console pi", FIX_NONE);
	g->unplugged = text("its interface is gone");
	finds("net/tap", DOCTOR_BAD, "is gone", "doctor --fix pi", FIX_TAP);
	g->clock_known = g->booted = true;
	sound();
	g->clock_known = true;
	g->clock_ahead = 7000;
	finds("guest/time", DOCTOR_WARN, "7 seconds ahead of", "set-ntp",
	      FIX_NONE);
	g->clock_known = true;
	g->clock_ahead = -3600 * 1000;
	finds("guest/time", DOCTOR_WARN, "3600 seconds behind", "set-ntp",
	      FIX_NONE);
	g->booted = true;
	g->failed_units = text("ssh.service");
	finds("guest/units", DOCTOR_WARN, "ssh.service", "systemctl --failed",
	      FIX_NONE);
	g->running = true;
	g->stalled = text("No space left on device");
	finds("guest/stalled", DOCTOR_BAD, "No space left", "room in '/guests'",
	      FIX_NONE);
	machine.libvirt = text("qemu:///session");
	g->running = true;
	g->stalled = text("I/O error");
	finds("guest/stalled", DOCTOR_BAD, "I/O error", "virsh resume pi",
	      FIX_RESUME);
	machine.libvirt = NULL;
	g->kernel = KERNEL_WAITS;
	g->release = text("6.1.0-99");
	finds("guest/kernel", DOCTOR_NOTE, "6.1.0-99", "pimigrate sync pi",
	      FIX_KERNEL);
	g->kernel = KERNEL_REFUSED;
	g->release = text("6.1.0-99");
	finds("guest/kernel", DOCTOR_WARN, "did not come up", "install",
	      FIX_NONE);
	g->kernel = KERNEL_DIRTY;
	finds("guest/kernel", DOCTOR_NOTE, "not shut down", "", FIX_NONE);
	g->fs_free = GIB / 10;
	finds("guest/disk", DOCTOR_WARN, "102 MiB of 4096 MiB", "apt clean",
	      FIX_NONE);
}

static char *root;

static void put(const char *path, const char *content)
{
	autofree char *file = xasprintf("%s%s", root, path);
	autofree char *dir = xstrndup(file,
				      (size_t)(strrchr(file, '/') - file));
	struct err err;

	check_eq(files_mkdir_p(dir, 0755, &err), 0);
	check_eq(files_replace(file, content, strlen(content), 0644, &err), 0);
}

static void probes(void)
{
	struct doctor_facts f = { 0 }, g = { 0 };
	struct err err;

	check_eq(files_temp_dir(NULL, &root, &err), 0);
	doctor_probe_host(root, root, &f.host);
	check(!f.host.tun && f.host.kvm == KVM_NONE && !f.host.memory);
	check(!f.host.clock_synced && !f.host.clocksource && !f.host.fs_errors);
	check(f.host.disk_size >= f.host.disk_free && f.host.disk_size);
	doctor_probe_libvirt(root, &f.libvirt);
	check(!f.libvirt.installed && !f.libvirt.answers);
	doctor_probe_net(root, &f.net);
	check(!f.net.uplink && !f.net.resolver);
	doctor_facts_free(&f);

	f = (struct doctor_facts){ 0 };
	put("/proc/meminfo", "MemTotal:  2048 kB\nMemFree: 1 kB\n"
			     "MemAvailable:   1024 kB\n");
	put("/proc/net/route", "Iface\tDestination\tGateway\tFlags\n"
			       "eth1\t0001A8C0\t0\t1\t0\t0\t0\t00FFFFFF\n"
			       "wlan0\t00000000\t0101A8C0\t3\t0\t0\t0\t0\n");
	put("/sys/class/net/wlan0/ifindex", "2\n");
	put("/sys/class/net/wlan0/phy80211/name", "phy0\n");
	put("/sys/fs/ext4/sda1/errors_count", "0\n");
	put("/sys/fs/ext4/sda2/errors_count", "3\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource",
	    "tsc\n");
	put("/run/systemd/timesync/synchronized", "");
	put("/dev/kvm", "");
	put("/dev/net/tun", "no device");
	put("/etc/resolv.conf", "# x\nsearch y\nnameserver 192.168.1.5\n");
	put("/usr/sbin/libvirtd", "");
	put("/run/libvirt/libvirt-sock", "");
	put("/opt/pimigrate-emu", "");
	put("/etc/libvirt/qemu/a.xml", "<emulator>/x/pimigrate-emu</emulator>");
	put("/etc/libvirt/qemu/b.xml",
	    "<emulator>/opt/pimigrate-emu</emulator>");
	put("/etc/libvirt/qemu/c.xml", "<emulator>/x/qemu</emulator>");
	put("/etc/libvirt/qemu/d.xml", "<emulator>");
	doctor_probe_host(root, "/nonexistent/guests", &f.host);
	check_eq(f.host.memory, 2048 << 10);
	check_eq(f.host.memory_available, 1024 << 10);
	check(!f.host.tun); /* a file is no device */
	check_eq(f.host.kvm, KVM_UNUSABLE);
	check(f.host.clock_synced);
	check_text(f.host.fs_errors, "sda2");
	check_text(f.host.clocksource, "tsc");
	doctor_probe_libvirt(root, &f.libvirt);
	check(f.libvirt.installed && f.libvirt.answers);
	check(!f.libvirt.hook && !f.libvirt.confines && !f.libvirt.rule);
	put("/etc/libvirt/hooks/qemu.d/pimigrate", "");
	put("/sys/kernel/security/apparmor/profiles", "");
	put("/etc/apparmor.d/abstractions/libvirt-qemu", "/usr/bin/qemu,\n");
	put("/etc/apparmor.d/abstractions/libvirt-qemu.d/pimigrate-emu", "");
	doctor_probe_libvirt(root, &g.libvirt);
	check(g.libvirt.hook && g.libvirt.confines && !g.libvirt.rule);
	doctor_facts_free(&g);
	g = (struct doctor_facts){ 0 };
	put("/etc/apparmor.d/local/abstractions/libvirt-qemu",
	    "include if exists <abstractions/libvirt-qemu.d>\n");
	doctor_probe_libvirt(root, &g.libvirt);
	check(g.libvirt.rule);
	doctor_facts_free(&g);
	check_eq(f.libvirt.lost_emulators.n, 1);
	check_text(f.libvirt.lost_emulators.at[0], "a: /x/pimigrate-emu");
	doctor_probe_net(root, &f.net);
	check_text(f.net.uplink, "wlan0");
	check(f.net.uplink_wireless);
	check_text(f.net.resolver, "192.168.1.5");
	doctor_facts_free(&f);
	check_eq(files_remove_tree(root, &err), 0);
	free(root);
}

int main(void)
{
	machine.memory = GIB;
	*vec_add(&machine.nics) = (struct machine_nic){
		.kind = NIC_TAP,
		.bridge = xstrdup("br0"),
		.mac = xstrdup("b8:27:eb:12:34:56"),
		.address = xstrdup("192.168.1.5"),
	};
	sound();
	host();
	programs();
	libvirt_starts();
	libvirt_guests();
	network();
	guest();
	probes();
	machine_free(&machine);
	return test_done();
}
