/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that a card gets, and wishes that make no sense. */
#include "cmd/convert_machine.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

static const struct source card = { .path = (char *)(uintptr_t) "/c.img",
				    .size = 3000,
				    .mtime = 1795250000 };

static struct machine_wish defaults(void)
{
	return (struct machine_wish){ .network = "user",
				      .memory = UINT64_C(1) << 30 };
}

static void a_plain_card(void)
{
	struct machine_wish wish = defaults();
	struct guest g = { .hostname = (char *)(uintptr_t) "Home_Pi",
			   .os_name = (char *)(uintptr_t) "Raspbian 12",
			   .profile = (char *)(uintptr_t) "raspios",
			   .mac = (char *)(uintptr_t) "b8:27:eb:12:34:56" };
	autofree char *name = machine_wish_name(&wish, &g);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct machine m, other;

	check_text(name, "home-pi");
	machine_make(&wish, name, &card, &g, &m);
	check_text(m.name, "home-pi");
	check_text(m.title, "Raspbian 12");
	check_text(m.profile, "raspios");
	check_text(m.cpu, "cortex-a7");
	check(!m.arch && m.engine == ENGINE_PIMIGRATE);
	check_text(m.kernel, "boot/vmlinuz");
	check_text(m.initrd, "boot/initrd.img");
	check_text(m.source_path, "/c.img");
	check_eq(m.source_size, 3000);
	check_eq(m.source_mtime, 1795250000);
	check_eq(m.cpus, online > 1 ? 2 : 1);
	check_eq(m.memory, 1 << 30);
	check_eq(m.disks.n, 1);
	check_text(m.disks.at[0].file, "disk.raw");
	check_eq(m.nics.n, 1);
	check_eq(m.nics.at[0].kind, NIC_USER);
	check_text(m.nics.at[0].mac, "b8:27:eb:12:34:56");
	check(!m.nics.at[0].net);
	check_eq(m.nics.at[0].forwards.n, 1);
	check_eq(m.nics.at[0].forwards.at[0].host, 0);
	check_eq(m.nics.at[0].forwards.at[0].guest, 22);
	check_eq(strlen(m.uuid), 36);
	check_eq(m.uuid[14], '4');
	check_eq(strlen(m.created), strlen("2026-11-21T09:00:00Z"));
	machine_make(&wish, name, &card, &g, &other);
	check(strcmp(m.uuid, other.uuid) != 0);
	machine_free(&m);
	machine_free(&other);
}

static void wishes_are_granted(void)
{
	struct machine_wish wish = defaults();
	struct guest g = { .static_address = true,
			   .address = (char *)(uintptr_t) "192.168.1.77/24",
			   .gateway = (char *)(uintptr_t) "192.168.1.1",
			   .mac = (char *)(uintptr_t) "b8:27:eb:12:34:56" };
	autofree char *name = machine_wish_name(&wish, &g);
	struct machine m;
	struct err err;

	check_text(name, "pi"); /* no host name at all */
	wish.name = "mine";
	wish.mac = "52:54:00:00:00:01";
	wish.cpus = 8;
	wish.engine = ENGINE_QEMU;
	*vec_add(&wish.forwards) = "8123:8123";
	*vec_add(&wish.forwards) = "0:80";
	check_eq(machine_wish_check(&wish, &err), 0);
	machine_make(&wish, "mine", &card, &g, &m);
	check_eq(m.cpus, 8);
	check_eq(m.engine, ENGINE_QEMU);
	check_text(m.nics.at[0].mac, "52:54:00:00:00:01");
	check_text(m.nics.at[0].net, "192.168.1.77/24");
	check_text(m.nics.at[0].address, "192.168.1.77");
	check_text(m.nics.at[0].gateway, "192.168.1.1");
	check(!m.nics.at[0].dns);
	check_eq(m.nics.at[0].forwards.n, 3);
	check_eq(m.nics.at[0].forwards.at[1].host, 8123);
	check_eq(m.nics.at[0].forwards.at[2].guest, 80);
	machine_free(&m);
	vec_free(&wish.forwards);
}

static void other_networks(void)
{
	struct machine_wish wish = defaults();
	struct guest g = { 0 };
	struct machine m;
	struct err err;

	wish.network = "tap=tap0";
	check_eq(machine_wish_check(&wish, &err), 0);
	machine_make(&wish, "x", &card, &g, &m);
	check_eq(m.nics.at[0].kind, NIC_TAP);
	check_text(m.nics.at[0].tap, "tap0");
	check(!strncmp(m.nics.at[0].mac, "52:54:00:", 9));
	machine_free(&m);
	wish.network = "bridge=br0";
	g.static_address = true;
	g.address = xstrdup("192.168.1.5/24");
	check_eq(machine_wish_check(&wish, &err), 0);
	machine_make(&wish, "x", &card, &g, &m);
	check_eq(m.nics.at[0].kind, NIC_TAP);
	check_text(m.nics.at[0].bridge, "br0");
	check_text(m.nics.at[0].tap, NULL);
	check_text(m.nics.at[0].address, "192.168.1.5"); /* to look for */
	machine_free(&m);
	guest_free(&g);
	wish.network = "network=default";
	wish.libvirt = "qemu:///session";
	wish.autostart = true;
	check_eq(machine_wish_check(&wish, &err), 0);
	machine_make(&wish, "x", &card, &g, &m);
	check_text(m.libvirt, "qemu:///session");
	check(m.autostart);
	check_eq(m.nics.at[0].kind, NIC_NETWORK);
	check_text(m.nics.at[0].network, "default");
	machine_free(&m);
	wish.network = "none";
	check_eq(machine_wish_check(&wish, &err), 0);
	machine_make(&wish, "x", &card, &g, &m);
	check_eq(m.nics.at[0].kind, NIC_NONE);
	machine_free(&m);
}

/* A clone beside its original, which libvirt was given with a fixed port. */
static void a_clone(void)
{
	struct machine_wish wish = defaults();
	struct guest g = { .mac = (char *)(uintptr_t) "b8:27:eb:12:34:56" };
	struct machine_forward *forwards;
	autofree char *uuid = NULL;
	struct machine m;

	wish.libvirt = "qemu:///system";
	wish.autostart = true;
	*vec_add(&wish.forwards) = "8123:8123";
	machine_make(&wish, "first", &card, &g, &m);
	uuid = xstrdup(m.uuid);
	forwards = m.nics.at[0].forwards.at;
	forwards[0].host = 2222;
	machine_renew(&m, "second");
	check_text(m.name, "second");
	check(strcmp(m.uuid, uuid) != 0);
	check_text(m.libvirt, NULL);
	check(!m.autostart);
	check(strcmp(m.nics.at[0].mac, "b8:27:eb:12:34:56") != 0);
	check_eq(forwards[0].host, 0);
	check_eq(forwards[1].host, 8123);
	machine_free(&m);
	vec_free(&wish.forwards);
}

static void wrong(struct machine_wish wish, const char *says)
{
	struct err err;

	check_eq(machine_wish_check(&wish, &err), -EINVAL);
	check_has(err.text, says);
}

static void bad_wishes(void)
{
	static const char *const macs[] = {
		"",
		"b8:27:eb:12:34",
		"b8:27:eb:12:34:5",
		"b8:27:eb:12:34:567",
		"b8-27-eb-12-34-56",
		"01:00:5e:00:00:01", /* a group */
		"b8:27:eb:12:34:5g",
	};
	static const char *const forwards[] = { "22",      ":22",  "22:",
						"1:0",     "1:-1", "1:65536",
						"65536:1", "a:b",  "1:2:3" };
	static const char *const networks[] = {
		"",        "tap",      "tap=",           "bridge",
		"bridge=", "network=", "network=default"
	};
	struct machine_wish w;

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		w = defaults();
		w.mac = macs[i];
		wrong(w, "--mac");
	}
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		w = defaults();
		w.network = networks[i];
		wrong(w, "--network");
	}
	for (size_t i = 0; i < sizeof(forwards) / sizeof(forwards[0]); i++) {
		w = defaults();
		*vec_add(&w.forwards) = forwards[i];
		wrong(w, "--forward");
		w.forwards.at[0] = "1:1";
		w.network = "none";
		wrong(w, "--forward is for user networking");
		vec_free(&w.forwards);
	}
	w = defaults();
	w.name = "../etc";
	wrong(w, "'../etc'");
}

static void of_64_bits(void)
{
	struct machine_wish wish = { .network = "user" };
	struct guest g = { .arch = ARCH_ARM64 };
	struct machine m;

	machine_make(&wish, "pi", &card, &g, &m);
	check(machine_is_arm64(&m));
	check_text(m.cpu, "cortex-a72");
	check_eq(m.engine, ENGINE_QEMU);
	machine_free(&m);
}

int main(void)
{
	of_64_bits();
	a_plain_card();
	wishes_are_granted();
	other_networks();
	a_clone();
	bad_wishes();
	return test_done();
}
