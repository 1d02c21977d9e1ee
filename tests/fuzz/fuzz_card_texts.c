/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/guest/ where any of a card's files is any text. */
#include "guest/inspect.h"
#include "guest/parts.h"

#include <string.h>

#include "../unit/fake_tree.h"
#include "common/cleanup.h"
#include "fuzz.h"

#define DOCKER "/var/lib/docker"
#define BLOBS \
	"/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = {
		"/etc/fstab",
		"/etc/os-release",
		"/etc/docker/daemon.json",
		DOCKER "/image/overlay2/imagedb/content/sha256/0123",
		DOCKER "/image/overlay2/repositories.json",
		DOCKER "/containers/a/config.v2.json",
		BLOBS "/abcd",
		"/etc/dhcpcd.conf",
		"/etc/network/interfaces",
		"/etc/netplan/a.yaml",
		"/etc/systemd/network/a.network",
		"/etc/NetworkManager/system-connections/a.nmconnection",
		"/var/log/syslog",
		"/var/lib/dpkg/status",
		"/lib/systemd/system/x.service",
		"/boot/config.txt",
		"/boot/cmdline.txt",
		"/etc/crypttab",
		"/etc/rc.local",
		"/etc/nut/ups.conf",
		"/etc/udev/rules.d/x.rules",
	};
	static const char *const services[] = { "x.service", "dhcpcd.service",
						"NetworkManager.service" };
	static char pattern[] = "/etc/?*", command[] = "*/sys/class/gpio/*";
	static struct fake_tree f;
	char *patterns[] = { pattern }, *commands[] = { command };
	struct guest g = { .arch = ARCH_ARMHF };
	struct tree t;

	memset(&f, 0, sizeof(f));
	t = fake_tree(&f);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		fake_bytes(&f, files[i], data, size);
	fake_find(&f, "/etc/rc.local")->mode = 0755;
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		*vec_add(&g.services) = (struct guest_service){
			.name = xstrdup(services[i]), .enabled = true
		};
	os_release_inspect(&g, &t);
	packages_inspect(&g, &t);
	g.arch = ARCH_ARMHF;
	fstab_inspect(&g, &t);
	boot_config_inspect(&g, &t, NULL);
	config_txt_inspect(&g, &t, NULL);
	network_inspect(&g, &t);
	mac_inspect(&g, &t);
	rootdev_inspect(&g, false);
	findings_inspect(&g, &t);
	containers_inspect(&g, &t);
	programs_inspect(&g, &t);
	inspect_devices(&g, &t, patterns, 1);
	inspect_rc_local(&g, &t, commands, 1);
	guest_free(&g);
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static const char *const seeds[] = {
		"{\"architecture\":\"arm64\",\"rootfs\":{},\"Name\":\"/x\","
		"\"Image\":\"sha256:0123\",\"config\":{\"Labels\":{"
		"\"org.opencontainers.image.title\":\"t\"}},\"Repositories\":"
		"{\"x\":{\"x:1\":\"sha256:0123\"}},\"ImageManifest\":"
		"{\"platform\":{\"architecture\":\"arm64\"}}}",
		"[pi4]\ndtparam=a=on,b=on\ninclude config.txt\n[none]\n"
		"dtoverlay=w1-gpio\n[all]\ninclude x\n/dev/ttyUSB0\n",
		"PARTUUID=5e3da3da-02 / ext4 defaults,noatime 0 1\n"
		"LABEL=a\\040b /mnt vfat nofail 0 2\nroot=/dev/sda1\n",
		"interface eth0\nstatic ip_address=192.168.1.5/24\n"
		"ExecStart=-/etc/fstab x\nPackage: dpkg\nStatus: install ok "
		"installed\nArchitecture: armhf\nVersion: 1\n\n",
		"iface br0 inet static\naddress 10.0.0.5\nnetmask 255.0.0.0\n"
		"bridge_ports eth0 eth1\n[connection]\ntype=ethernet\n"
		"master=br0\n[ipv4]\nmethod=manual\naddress1=10.0.0.5/8\n"
		"[Match]\nName=e*\n[Network]\nBridge=br0\n",
		"network:\n  ethernets:\n    eth0: {optional: true}\n"
		"  bridges:\n    br0: {interfaces: [eth0]}\n  wifis:\n"
		"    w: {match: {name: wlan0}, addresses: [10.0.0.5/8]}\n",
		"IN=eth0 OUT= MAC=b8:27:eb:00:00:01:b8:27:eb:00:00:02:08:00\n"
		"DHCPACK(eth0) 10.0.0.5 b8:27:eb:00:00:03 x\n",
		"#!/bin/sh -e\nif [ x ]; then\n\ty\nfi\nset +e; set -e\n"
		"for i in 4; do echo $i >/sys/class/gpio/export; done\nz &\n",
		"[a]\n\tdriver = \"usbhid-ups\"\nport=auto\n#[b]\n"
		"SUBSYSTEM==\"tty\", \\\n SYMLINK+=\"a b/c\"\n/dev/b/c\n",
		NULL,
	};

	return fuzz_text_seed(seeds, n, buf, size);
}
