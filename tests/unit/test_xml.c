/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest as libvirt's XML, word for word; nothing gets out of its place. */
#include "domain/xml.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

static const char *const netdevs[] = { "user,id=user0,hostfwd=tcp:127.0.0.1:"
				       "2222-:22" };

static const struct domain_parts parts = {
	.dir = "/g/pi",
	.emulator = "/usr/bin/pimigrate-emu",
	.netdevs = netdevs,
	.console_log = "/g/pi/console.log",
};

static struct machine sample(void)
{
	struct machine m = {
		.name = xstrdup("pi"),
		.uuid = xstrdup("0110c455-1111-4222-8333-444455556666"),
		.title = xstrdup("Raspbian of pi"),
		.cpus = 2,
		.memory = UINT64_C(1) << 30,
		.kernel = xstrdup("boot/vmlinuz"),
		.initrd = xstrdup("boot/initrd.img"),
		.cmdline = xstrdup("root=PARTUUID=5e3da3da-02 ro"),
	};
	struct machine_nic *nic;

	*vec_add(&m.disks) = (struct machine_disk){ .file = xstrdup("disk.raw"),
						    .format = xstrdup("raw") };
	nic = vec_add(&m.nics);
	nic->mac = xstrdup("b8:27:eb:12:34:56");
	*vec_add(&nic->forwards) = (struct machine_forward){ 2222, 22 };
	return m;
}

static const char golden[] =
	"<domain type='qemu' "
	"xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	"  <name>pi</name>\n"
	"  <uuid>0110c455-1111-4222-8333-444455556666</uuid>\n"
	"  <title>Raspbian of pi</title>\n"
	"  <memory unit='KiB'>1048576</memory>\n"
	"  <vcpu>2</vcpu>\n"
	"  <os>\n"
	"    <type arch='armv7l' machine='virt'>hvm</type>\n"
	"    <kernel>/g/pi/boot/vmlinuz</kernel>\n"
	"    <initrd>/g/pi/boot/initrd.img</initrd>\n"
	"    <cmdline>root=PARTUUID=5e3da3da-02 ro</cmdline>\n"
	"  </os>\n"
	"  <cpu mode='custom' match='exact' check='none'>\n"
	"    <model>cortex-a7</model>\n"
	"  </cpu>\n"
	"  <clock offset='utc'/>\n"
	"  <on_poweroff>destroy</on_poweroff>\n"
	"  <on_reboot>restart</on_reboot>\n"
	"  <on_crash>restart</on_crash>\n"
	"  <devices>\n"
	"    <emulator>/usr/bin/pimigrate-emu</emulator>\n"
	"    <disk type='file' device='disk'>\n"
	"      <driver name='qemu' type='raw' discard='unmap'/>\n"
	"      <source file='/g/pi/disk.raw'/>\n"
	"      <target dev='vda' bus='virtio'/>\n"
	"      <address type='virtio-mmio'/>\n"
	"    </disk>\n"
	"    <controller type='usb' model='none'/>\n"
	"    <serial type='pty'>\n"
	"      <log file='/g/pi/console.log' append='off'/>\n"
	"    </serial>\n"
	"    <console type='pty'/>\n"
	"    <rng model='virtio'>\n"
	"      <backend model='random'>/dev/urandom</backend>\n"
	"      <address type='virtio-mmio'/>\n"
	"    </rng>\n"
	"    <memballoon model='virtio' autodeflate='on'>\n"
	"      <address type='virtio-mmio'/>\n"
	"    </memballoon>\n"
	"  </devices>\n"
	"  <qemu:commandline>\n"
	"    <qemu:arg value='-netdev'/>\n"
	"    <qemu:arg "
	"value='user,id=user0,hostfwd=tcp:127.0.0.1:2222-:22'/>\n"
	"    <qemu:arg value='-device'/>\n"
	"    <qemu:arg "
	"value='virtio-net-device,netdev=user0,mac=b8:27:eb:12:34:56'/>\n"
	"  </qemu:commandline>\n"
	"</domain>\n";

static void the_whole(void)
{
	struct machine m = sample();
	autofree char *xml = NULL;
	struct err err;

	check(!xml_domain(&m, &parts, &xml, &err));
	check_text(xml, golden);
	machine_free(&m);
}

/* Has the document of a machine that text, and nothing of it unescaped? */
static void has(const struct machine *m, const char *text)
{
	autofree char *xml = NULL;
	struct err err = { 0 };

	check(!xml_domain(m, &parts, &xml, &err));
	check(xml && strstr(xml, text));
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = xstrdup(by);
}

static void escapes(void)
{
	struct machine m = sample();

	replace(&m.title, "</title><devices a='b' c=\"d\"/>&\x01\xff");
	has(&m, "<title>&lt;/title&gt;&lt;devices a=&apos;b&apos; "
		"c=&quot;d&quot;/&gt;&amp;?" /* no trigraph */ "?</title>\n");
	replace(&m.cmdline, "root=LABEL=a&b <x> 'y'");
	has(&m, "<cmdline>root=LABEL=a&amp;b &lt;x&gt; &apos;y&apos;"
		"</cmdline>");
	replace(&m.disks.at[0].file, "/srv/o'ne.raw");
	has(&m, "<source file='/srv/o&apos;ne.raw'/>");
	machine_free(&m);
}

/* What cannot be told without changing it is not told. */
static void refuses(void)
{
	struct machine m = sample();
	struct err err = { 0 };
	char *xml = NULL;

	replace(&m.cmdline, "root=/dev/vda2\n</cmdline>");
	check(xml_domain(&m, &parts, &xml, &err) == -EINVAL);
	check(!xml && strstr(err.text, "kernel command line of 'pi'"));
	replace(&m.cmdline, "root=/dev/vda2");
	replace(&m.disks.at[0].file, "/srv/\xff");
	check(xml_domain(&m, &parts, &xml, &err) == -EINVAL);
	check(!xml && strstr(err.text, "path of 'pi'"));
	machine_free(&m);
}

static void devices(void)
{
	struct machine m = sample();
	struct machine_nic *nic = &m.nics.at[0];

	m.disks.at[0].block = m.disks.at[0].readonly = true;
	has(&m, "<disk type='block' device='disk'>");
	has(&m, "<source dev='/g/pi/disk.raw'/>");
	has(&m, "<readonly/>");
	m.arch = xstrdup("arm64");
	has(&m, "<type arch='aarch64' machine='virt'>");
	has(&m, "<model>cortex-a72</model>");
	nic->kind = NIC_TAP;
	nic->bridge = xstrdup("br0");
	has(&m, "<interface type='bridge'>\n"
		"      <mac address='b8:27:eb:12:34:56'/>\n"
		"      <source bridge='br0'/>\n"
		"      <model type='virtio'/>\n");
	free(nic->bridge);
	nic->bridge = NULL;
	nic->tap = xstrdup("tap7");
	has(&m, "<interface type='ethernet'>\n"
		"      <mac address='b8:27:eb:12:34:56'/>\n"
		"      <target dev='tap7' managed='no'/>\n");
	free(nic->tap);
	nic->tap = NULL;
	nic->kind = NIC_NETWORK;
	nic->network = xstrdup("de<fault");
	has(&m, "<interface type='network'>\n"
		"      <mac address='b8:27:eb:12:34:56'/>\n"
		"      <source network='de&lt;fault'/>\n"
		"      <model type='virtio'/>\n");
	machine_free(&m);
}

/* Ports of the host; the words are for the guest's udev. */
static void serial_ports(void)
{
	static const char *const paths[] = { "/dev/a", "/dev/b&", "/dev/c" };
	struct machine m = sample();

	for (unsigned int i = 0; i < 3; i++) {
		struct machine_serial *port = vec_add(&m.serial);

		port->device = xstrdup(paths[i]);
		port->port = i == 1 ? SERIAL_UART : SERIAL_VIRTIO;
		*vec_add(&port->names) = xasprintf("stick%u", i);
	}
	has(&m, " pimigrate_hvc1_0=stick0 pimigrate_ttyAMA1_0=stick1 "
		"pimigrate_hvc2_0=stick2</cmdline>");
	has(&m, "    </serial>\n"
		"    <serial type='dev'>\n"
		"      <source path='/dev/b&amp;'/>\n"
		"    </serial>\n"
		"    <console type='pty'/>\n"
		"    <console type='null'>\n"
		"      <target type='virtio'/>\n"
		"    </console>\n"
		"    <console type='dev'>\n"
		"      <source path='/dev/a'/>\n"
		"      <target type='virtio'/>\n"
		"    </console>\n"
		"    <console type='dev'>\n"
		"      <source path='/dev/c'/>\n"
		"      <target type='virtio'/>\n"
		"    </console>\n"
		"    <controller type='virtio-serial'>\n"
		"      <address type='virtio-mmio'/>\n"
		"    </controller>\n");
	machine_free(&m);
}

/* The first console is what libvirt opens; the log follows it. */
static void hvc0(void)
{
	struct machine m = sample();
	struct machine_serial *port = vec_add(&m.serial);

	m.console_hvc0 = true;
	port->device = xstrdup("/dev/a");
	port->port = SERIAL_VIRTIO;
	has(&m, "    <serial type='null'/>\n"
		"    <console type='pty'>\n"
		"      <log file='/g/pi/console.log' append='off'/>\n"
		"      <target type='virtio'/>\n"
		"      <alias name='ua-hvc0'/>\n"
		"    </console>\n"
		"    <console type='dev'>\n"
		"      <source path='/dev/a'/>\n"
		"      <target type='virtio'/>\n"
		"    </console>\n"
		"    <controller type='virtio-serial'>\n");
	machine_free(&m);
}

static void volumes(void)
{
	autofree char *sparse = NULL, *full = NULL;
	struct err err;

	check(!xml_volume("pi.raw", 4096, true, &sparse, &err));
	check_text(sparse, "<volume>\n  <name>pi.raw</name>\n"
			   "  <capacity unit='bytes'>4096</capacity>\n"
			   "  <allocation>0</allocation>\n"
			   "  <target><format type='raw'/></target>\n"
			   "</volume>\n");
	check(!xml_volume("a<b", 4096, false, &full, &err));
	check_text(full, "<volume>\n  <name>a&lt;b</name>\n"
			 "  <capacity unit='bytes'>4096</capacity>\n"
			 "</volume>\n");
}

int main(void)
{
	the_whole();
	escapes();
	refuses();
	devices();
	serial_ports();
	hvc0();
	volumes();
	return test_done();
}
