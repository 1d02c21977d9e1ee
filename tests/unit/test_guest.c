/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of an inspection, each over a file system in memory. */
#include "guest/inspect.h"
#include "guest/parts.h"
#include "guest/text.h"

#include "common/cleanup.h"
#include "fake_guest.h"
#include "test.h"
#include "texts.h"

static void test_text(void)
{
	autofree char *quoted = text_value("A=1\nNAME=\"a \\\"b\\\" c\"\n",
					   "NAME");
	autofree char *none = text_value("NAMES=1\n# NAME=2\n", "NAME");
	autofree char *word = text_word("a root=1 xroot=2 root=3\n", "root=");
	autofree char *ini = text_ini("[a]\nkey=1\n[b]\nkey = 2 \nkey=3\n", "b",
				      "key");
	char lines[] = "one\n\nthree";
	char *rest = lines;

	check_text(quoted, "a \"b\" c");
	check_text(none, NULL);
	check_text(word, "3");
	check_text(ini, "2");
	check_text(text_line(&rest), "one");
	check_text(text_line(&rest), "");
	check_text(text_line(&rest), "three");
	check_text(text_line(&rest), NULL);
	rest = NULL;
	check_text(text_line(&rest), NULL);
}

static void test_os_release(void)
{
	begin();
	fake_file(&f, "/usr/lib/os-release",
		  "PRETTY_NAME=\"Raspbian GNU/Linux 7 (wheezy)\"\n"
		  "VERSION=\"7 (wheezy)\"\nID=raspbian\n");
	fake_file(&f, "/etc/hostname", "\n");
	fake_file(&f, "/etc/machine-id", "abc\n");
	fake_link(&f, "/sbin/init", "../lib/systemd/systemd");
	fake_file(&f, "/usr/lib/systemd/systemd", "x");
	fake_link(&f, "/lib", "usr/lib");
	fake_file(&f, "/etc/rpi-issue", "");
	os_release_inspect(&g, &t);
	check_text(g.os_id, "raspbian");
	check_text(g.suite, "wheezy");
	check_text(g.os_version, NULL);
	check_text(g.hostname, NULL);
	check_text(g.machine_id, "abc");
	check(g.merged_usr && g.systemd && g.raspberry);

	begin();
	os_release_inspect(&g, &t);
	check(!g.os_id && !g.systemd && !g.merged_usr && !g.raspberry);
}

static const unsigned char arm_elf[20] = { 0x7f, 'E', 'L',      'F',      1,
					   1,    1,   [16] = 3, [18] = 40 };
static const unsigned char x86_elf[20] = { 0x7f, 'E', 'L',      'F',      2,
					   1,    1,   [16] = 3, [18] = 62 };

#define STANZA(name, state, version, arch)                                   \
	"Package: " name "\nStatus: install ok " state "\nVersion: " version \
	"\nArchitecture: " arch "\nDescription: x\n Package: fake\n\n"

static void test_packages(void)
{
	begin();
	fake_bytes(&f, "/lib/ld-linux-armhf.so.3", arm_elf, 20);
	fake_bytes(&f, "/lib64/ld-linux-x86-64.so.2", x86_elf, 20);
	fake_file(&f, "/var/lib/dpkg/status",
		  STANZA("dpkg", "installed", "1.20", "armhf") STANZA(
			  "linux-image-6.1.0-9-armmp-lpae", "config-files", "1",
			  "armhf") STANZA("linux-image-6.1.0-8-armmp-lpae",
					  "installed", "1", "armhf")
			  STANZA("linux-image-armmp-lpae", "installed", "1",
				 "armhf") STANZA("linux-image-6.6-rpi-v8",
						 "installed", "1", "arm64")
				  STANZA("openssl", "installed", "3.0+rpt1",
					 "armhf"));
	packages_inspect(&g, &t);
	check_eq(g.arch, ARCH_ARMHF);
	check_text(g.arch_name, "armhf");
	check_text(g.kernel_package, "linux-image-6.1.0-8-armmp-lpae");
	check(g.raspberry);
	check(!g.findings.n);
}

static void test_other_packages(void)
{
	begin();
	fake_bytes(&f, "/lib64/ld-linux-x86-64.so.2", x86_elf, 20);
	packages_inspect(&g, &t);
	check_eq(g.arch, ARCH_OTHER);
	check_text(g.arch_name, "amd64");
	check(guest_finding(&g, "no-dpkg") && guest_stop(&g));

	/* the linker of another machine under ARM's name */
	begin();
	fake_bytes(&f, "/lib/ld-linux-armhf.so.3", x86_elf, 20);
	fake_file(&f, "/var/lib/dpkg/status",
		  STANZA("dpkg", "installed", "1.20", "armhf")
			  STANZA("skype", "installed", "1", "arm64"));
	packages_inspect(&g, &t);
	check_eq(g.arch, ARCH_ARMHF);
	check(guest_finding(&g, "no-linker") != NULL);
	check(guest_finding(&g, "programs-64bit") != NULL);
}

static void two_partitions(void)
{
	*vec_add(&g.partitions) = (struct guest_partition){
		.number = 1,
		.fs = FS_FAT,
		.uuid = xstrdup("1234-ABCD"),
		.partuuid = xstrdup("5e3da3da-01"),
		.label = xstrdup("bootfs"),
	};
	*vec_add(&g.partitions) = (struct guest_partition){
		.number = 2,
		.fs = FS_EXT,
		.label = xstrdup("my root"),
		.partuuid = xstrdup("5e3da3da-02"),
	};
}

static void test_fstab(void)
{
	begin();
	two_partitions();
	fake_file(&f, "/etc/fstab",
		  "# /dev/mmcblk0p1 /x vfat\n"
		  "proc /proc proc defaults 0 0\n"
		  "PARTUUID=5E3DA3DA-01 /boot/firmware vfat defaults 0 2\n"
		  "LABEL=my\\040root / ext4 noatime\n"
		  "/dev/mmcblk0p2 /again ext4 x 0 1\n"
		  "/dev/sda1 /mnt/a\\040b ext4 defaults 0 2\n"
		  "UUID=1234-abcd /c vfat defaults\n"
		  "/dev/mmcblk0p9 /d vfat defaults\n"
		  "short /e\n");
	fstab_inspect(&g, &t);
	check_eq(g.mounts.n, 7);
	check_eq(g.mounts.at[1].partition, 1);
	check_eq(g.mounts.at[1].passno, 2);
	check_eq(g.mounts.at[2].partition, 2);
	check_text(g.mounts.at[2].spec, "LABEL=my root");
	check_eq(g.mounts.at[3].partition, 2);
	check_eq(g.mounts.at[4].partition, 0);
	check_text(g.mounts.at[4].dir, "/mnt/a b");
	check_eq(g.mounts.at[5].partition, 1);
	check_eq(g.mounts.at[6].partition, 0);

	/* a Pi that starts from a USB disk */
	begin();
	two_partitions();
	fake_file(&f, "/etc/fstab",
		  "/dev/sda1 /boot vfat defaults\n"
		  "/dev/sda2 / ext4 defaults\n"
		  "/dev/sdb1 /data ext4 defaults\n");
	fstab_inspect(&g, &t);
	check_eq(g.mounts.at[0].partition, 1);
	check_eq(g.mounts.at[1].partition, 2);
	check_eq(g.mounts.at[2].partition, 0);
}

/* Is what such a line mounts on a disk that is not here? */
static bool missing_by(const char *line, const char *crypttab, const char *fs)
{
	begin();
	two_partitions();
	g.partitions.at[1].fs_name = xstrdup(fs);
	g.partitions.at[1].uuid = xstrdup("4711-0815");
	fake_file(&f, "/etc/fstab", line);
	fake_file(&f, "/etc/crypttab", crypttab);
	fstab_inspect(&g, &t);
	return g.mounts.at[0].missing;
}

static bool missing(const char *line)
{
	return missing_by(line, "", "ext4");
}

static void test_missing(void)
{
	static const char data[] = "/dev/mapper/data /x ext4 defaults";
	static const char vg[] = "/dev/vg0/data /x ext4 defaults";

	check(missing("UUID=1 /x ext4 defaults"));
	check(missing("PARTLABEL=x /x ext4 defaults"));
	check(missing("/dev/sda1 /x fuseblk defaults"));
	check(missing("/dev/sda1 none swap sw"));
	check(!missing("PARTUUID=5e3da3da-01 /x vfat defaults"));
	check(!missing("/dev/zram0 none swap defaults"));
	check(!missing("/dev/loop3 /x ext4 defaults"));
	check(!missing("/dev/ram0 /x ext2 defaults"));
	check(!missing("/dev/shm /x none bind"));
	check(!missing("/home/x /x none rbind"));
	check(!missing("ramfs /x ramfs defaults"));
	check(!missing("https://nas/x /x davfs _netdev"));
	check(!missing("cgroup /x cgroup defaults"));
	check(!missing("nas:/x /x glusterfs defaults"));
	check(!missing("hostshare /x 9p trans=virtio"));
	check(!missing("sshfs#pi@nas:/x /x fuse defaults"));
	check(!missing("pi@nas:/x /x fuse.sshfs defaults"));

	check(missing(data) && missing(vg));
	check(!missing_by(data, "data UUID=4711-0815 none luks\n", "x"));
	check(!missing_by(data, "#\ndata PARTUUID=5e3da3da-02", "x"));
	check(missing_by(data, "data UUID=4711-0816 none luks\n", "x"));
	check(missing_by(data, "#data UUID=4711-0815 none luks\n", "x"));
	check(missing_by(data, "data2 UUID=4711-0815 none luks\n", "x"));
	/* nobody changes the name there */
	check(missing_by(data, "data /dev/mmcblk0p2 none luks\n", "x"));
	check(!missing_by(data, "", "LVM2_member"));
	check(!missing_by(vg, "", "LVM2_member"));
	check(!missing_by(data, "data /dev/vg0/x none", "LVM2_member"));
	check(missing_by("/dev/disk/by-uuid/1 /x ext4 defaults", "",
			 "LVM2_member"));
	check(missing_by("/dev/sda1 /x ext4 defaults", "", "LVM2_member"));
}

static void test_boot_config(void)
{
	static struct fake_tree fat;
	struct tree boot = fake_tree(&fat);

	begin();
	g.boot = 1;
	fake_file(&f, "/boot/cmdline.txt", "DO NOT EDIT THIS FILE\n");
	fake_file(&f, "/boot/firmware/x", "");
	boot_config_inspect(&g, &t, NULL);
	check_text(g.cmdline, NULL);
	check_text(g.boot_dir, NULL);

	fake_file(&fat, "/cmdline.txt",
		  "\r\n root=/dev/mmcblk0p2 init=/usr/lib/raspi-config/"
		  "init_resize.sh \r\nsecond\n");
	fake_file(&fat, "/config.txt", "start_x=1\n");
	boot_config_inspect(&g, &t, &boot);
	check_text(g.cmdline, "root=/dev/mmcblk0p2 init=/usr/lib/raspi-config/"
			      "init_resize.sh");
	check_text(g.boot_dir, "/boot/firmware");
	check(g.fresh);

	begin();
	fake_file(&f, "/boot/cmdline.txt", "root=/dev/mmcblk0p2\n");
	boot_config_inspect(&g, &t, NULL);
	check_text(g.cmdline, "root=/dev/mmcblk0p2");
	check(!g.fresh);
}

static void test_services(void)
{
	begin();
	g.systemd = true;
	fake_link(&f, "/etc/systemd/system/multi-user.target.wants/ssh.service",
		  "/lib/systemd/system/ssh.service");
	fake_link(&f, "/etc/systemd/system/multi-user.target.wants/a.service",
		  "/lib/systemd/system/a.service");
	fake_link(&f, "/etc/systemd/system/a.service", "/dev/null");
	fake_link(&f, "/etc/systemd/system/alias.service",
		  "/lib/systemd/system/ssh.service");
	fake_file(&f, "/lib/systemd/system/ssh.service", "[Unit]");
	fake_link(&f, "/lib/systemd/system/sysinit.target.wants/v.service",
		  "../v.service");
	fake_link(&f, "/etc/systemd/system/display-manager.service",
		  "/lib/systemd/system/lightdm.service");
	fake_link(&f, "/etc/rc2.d/S01raspi-config", "../init.d/raspi-config");
	fake_link(&f, "/etc/rc2.d/S02ssh", "../init.d/ssh");
	fake_link(&f, "/etc/rc2.d/K01off", "../init.d/off");
	fake_link(&f, "/etc/rc2.d/README", "x");
	services_inspect(&g, &t, NULL);
	check(guest_enabled(&g, "ssh.service") && g.ssh);
	check(guest_enabled(&g, "v"));
	check(guest_enabled(&g, "raspi-config.service"));
	check(!guest_enabled(&g, "a.service"));
	check(!guest_enabled(&g, "off"));
	check(!guest_enabled(&g, "alias"));
	check(guest_enabled(&g, "lightdm.service"));
	check_eq(g.services.n, 5);

	/* turned off by its owner */
	begin();
	fake_link(&f, "/etc/systemd/system/display-manager.service",
		  "/dev/null");
	services_inspect(&g, &t, NULL);
	check_eq(g.services.n, 1);
	check(g.services.at[0].masked && !g.services.at[0].enabled);
}

static void test_findings(void)
{
	begin();
	two_partitions();
	g.root = 2;
	g.arch = ARCH_ARMHF;
	g.partitions.at[1].needs_recovery = true;
	*vec_add(&g.mounts) = (struct guest_mount){
		.spec = xstrdup("UUID=x"),
		.dir = xstrdup("/mnt"),
		.type = xstrdup("ext4"),
		.options = xstrdup("defaults"),
		.missing = true,
	};
	*vec_add(&g.mounts) = (struct guest_mount){
		.spec = xstrdup("//nas/x"),
		.dir = xstrdup("/nas"),
		.type = xstrdup("cifs"),
		.options = xstrdup("defaults"),
	};
	*vec_add(&g.mounts) = (struct guest_mount){
		.spec = xstrdup("/var/swap"),
		.dir = xstrdup("none"),
		.type = xstrdup("swap"),
		.options = xstrdup("sw"),
	};
	findings_inspect(&g, &t);
	check(said("needs-recovery") && said("no-mac") && said("no-ssh"));
	check(said("no-boot-partition") && said("other-disk"));
	check(!guest_stop(&g));
	check_eq(guest_losses(&g), 1);

	begin();
	g.arch = ARCH_ARMHF;
	g.cmdline = xstrdup("overlayroot=tmpfs");
	fake_file(&f, "/etc/systemd/system/display-manager.service", "x");
	findings_inspect(&g, &t);
	check(said("overlay") && said("desktop"));
}

static const struct guest_thing *thing(const char *name)
{
	for (size_t i = 0; i < g.things.n; i++)
		if (!strcmp(g.things.at[i].name, name))
			return &g.things.at[i];
	return NULL;
}

static bool has_line(const char *text, const char *section, bool applies)
{
	for (size_t i = 0; i < g.config_lines.n; i++) {
		const struct guest_config *c = &g.config_lines.at[i];

		if (!strcmp(c->text, text) && !strcmp(c->section, section) &&
		    c->applies == applies)
			return true;
	}
	return false;
}

static void test_config_txt(void)
{
	static struct fake_tree fat;
	struct tree boot = fake_tree(&fat);

	begin();
	fake_file(&fat, "/user.txt",
		  "dtoverlay=w1-gpio\n[pi4]\ninclude "
		  "user.txt\n");
	g.config = xstrdup("#start_x=1\r\n dtparam=audio=on,spi=on \r\n[cm4]\n"
			   "otg_mode=1\n[all]\ninclude user.txt\n"
			   "arm_boost=1\n[none]\nx=1");
	config_txt_inspect(&g, &t, &boot);
	check(has_line("dtparam=audio=on", "all", true));
	check(has_line("dtparam=spi=on", "all", true));
	check(has_line("otg_mode=1", "cm4", false));
	check(has_line("dtoverlay=w1-gpio", "all", true));
	check(has_line("dtoverlay=w1-gpio", "pi4", true));
	check(has_line("arm_boost=1", "pi4", true)); /* a filter goes on */
	check(has_line("x=1", "none", false));
	check(!has_line("start_x=1", "all", true));
	check(g.config_lines.n < 20);
}

static const unsigned char arm64_elf[20] = { 0x7f, 'E', 'L',      'F', 2,
					     1,    1,   [16] = 2, 0,   183 };

static void test_containers(void)
{
	begin();
	g.arch = ARCH_ARMHF;
	fake_file(&f, "/var/lib/docker/image/overlay2/imagedb/content/sha256/1",
		  "{\"architecture\":\"arm64\",\"rootfs\":{}}");
	fake_file(&f, "/var/lib/docker/image/overlay2/imagedb/content/sha256/2",
		  "{\"architecture\":\"arm\"}");
	fake_file(&f, "/var/lib/docker/image/overlay2/imagedb/content/sha256/3",
		  "{\"architecture\":[\"arm64\"}");
	fake_file(&f, "/var/lib/docker/image/overlay2/imagedb/content/sha256/4",
		  "{\"architecture\":\"arm64\"}");
	fake_file(&f, "/var/lib/docker/image/overlay2/repositories.json",
		  "{\"Repositories\":{\"x/y\":{\"x/y:1\":\"sha256:4\","
		  "\"x/y:2\":7}}}");
	fake_file(&f, "/var/lib/docker/containers/a/config.v2.json",
		  "{\"Name\":\"/zigbee2mqtt\",\"Image\":\"sha256:1\","
		  "\"Config\":{\"Image\":\"koenkk/zigbee2mqtt\"}}");
	fake_file(&f, "/var/lib/docker/containers/b/config.v2.json",
		  "{\"Name\":\"/mosquitto\",\"Image\":\"sha256:2\"}");
	fake_file(&f, "/var/lib/docker/containers/c/config.v2.json",
		  "{\"Name\":\"/new\",\"ImageManifest\":{\"platform\":"
		  "{\"architecture\":\"arm64\"}}}");
	fake_file(&f, "/var/lib/docker/containers/d/config.v2.json", "[1]");
	fake_file(&f,
		  "/var/lib/containerd/io.containerd.content.v1.content/blobs/"
		  "sha256/0123456789abcdef",
		  "{\"architecture\":\"arm64\",\"rootfs\":{},\"config\":"
		  "{\"Labels\":{\"org.opencontainers.image.title\":\"ctr\"}}}");
	containers_inspect(&g, &t);
	check(said("containers-64bit"));
	check(thing("zigbee2mqtt") && thing("zigbee2mqtt")->fate == FATE_LOST);
	check(thing("mosquitto") && thing("mosquitto")->fate == FATE_WORKS);
	check(thing("new") && thing("new")->fate == FATE_LOST);
	check(thing("x/y:1") && thing("x/y:1")->fate == FATE_LOST);
	check(thing("ctr") && thing("ctr")->fate == FATE_LOST);
	check_eq(g.things.n, 5);

	/* the same on a system for 64 bits */
	for (size_t i = 0; i < g.things.n; i++)
		check(g.things.at[i].kind == THING_CONTAINER);
	guest_free(&g);
	g.arch = ARCH_ARM64;
	containers_inspect(&g, &t);
	check(!said("containers-64bit"));
}

static void test_programs(void)
{
	begin();
	g.arch = ARCH_ARMHF;
	*vec_add(&g.services) = (struct guest_service){
		.name = xstrdup("x@1.service"), .enabled = true
	};
	*vec_add(&g.services) =
		(struct guest_service){ .name = xstrdup("off.service") };
	fake_file(&f, "/lib/systemd/system/x@.service",
		  "[Service]\nExecStart=-/opt/x/bin --port 1\n");
	fake_file(&f, "/lib/systemd/system/off.service",
		  "[Service]\nExecStart=/opt/off\n");
	fake_bytes(&f, "/opt/x/bin", arm64_elf, 20);
	fake_bytes(&f, "/opt/off", arm64_elf, 20);
	programs_inspect(&g, &t);
	check(said("units-64bit") && thing("/opt/x/bin") && !thing("/opt/off"));
}

static void test_devices(void)
{
	static char homes[] = "/home/?*/z/conf.yaml", etc[] = "/etc/?*.conf";
	char *patterns[] = { homes, etc };

	begin();
	fake_file(&f, "/home/pi/z/conf.yaml",
		  "port: /dev/serial/by-id/usb-ITead_Sonoff-if00\n"
		  "x: /dev/null, '/dev/ttyACM0'; /mnt/dev/ttyUSB7\n");
	fake_file(&f, "/home/.hidden/z/conf.yaml", "/dev/ttyUSB9");
	fake_file(&f, "/etc/a.conf", "device=/dev/i2c-1:/dev/ttyAMA0");
	inspect_devices(&g, &t, patterns, 2);
	check(thing("/dev/serial/by-id/usb-ITead_Sonoff-if00") != NULL);
	check(thing("/dev/ttyACM0") && !thing("/dev/ttyUSB7"));
	check(!thing("/dev/null") && !thing("/dev/ttyUSB9"));
	check(said("devices"));
}

static void devices_of(const char *file, const char *text)
{
	static char etc[] = "/etc/?*.conf";
	char *patterns[] = { etc };

	begin();
	fake_file(&f, file, text);
	inspect_devices(&g, &t, patterns, 1);
}

static void test_device_comments(void)
{
	devices_of("/etc/a.conf", "# /dev/ttyS0\n  ;port=/dev/ttyUSB1\n"
				  "port=/dev/ttyUSB2 # /dev/x\n"
				  "\t#\t/dev/ttyUSB3");
	check(thing("/dev/ttyUSB2") && g.things.n == 1);
	devices_of("/etc/a.conf", "- /dev/ttyUSB0:/dev/ttyACM0\n"
				  "- /dev/i2c-1:/dev/i2c-1\n");
	check(thing("/dev/ttyUSB0") && thing("/dev/i2c-1"));
	check_eq(g.things.n, 2);
}

/* Larger than what is read at a time, with a name on each border. */
static void test_device_database(void)
{
	static const size_t places[] = { 8, (1 << 20) - 4, 3 << 20, 9 << 20 };
	static char db[(9 << 20) + 100];
	static char etc[] = "/etc/?*";
	char *patterns[] = { etc };

	for (size_t shift = 0; shift < 5000; shift += 499) {
		begin();
		memset(db, 0, sizeof(db));
		for (size_t i = 0; i < 4; i++) {
			char name[40];

			snprintf(name, sizeof(name), "x/dev/ttyUSB%zuadmin", i);
			memcpy(db + places[i] - (i == 1 ? shift : 0), name,
			       strlen(name));
		}
		fake_bytes(&f, "/etc/db", db, sizeof(db));
		inspect_devices(&g, &t, patterns, 1);
		check(thing("/dev/ttyUSB0") && thing("/dev/ttyUSB1"));
		check(thing("/dev/ttyUSB2") && thing("/dev/ttyUSB3"));
		check_eq(g.things.n, 4);
	}
}

/* In a long text, comments are seen behind each border too. */
static void test_device_long_text(void)
{
	static char text[(2 << 20) + 1];
	static const char line[] = "# /dev/ttyUSB0 and more words\n";
	size_t n = 0;

	while (n + strlen(line) < sizeof(text) - 20) {
		memcpy(text + n, line, strlen(line));
		n += strlen(line);
	}
	strcpy(text + n, "p=/dev/ttyACM3");
	devices_of("/etc/a.conf", text);
	check(thing("/dev/ttyACM3") && g.things.n == 1);
}

static void test_device_names(void)
{
	static char etc[] = "/etc/?*.conf";
	char *patterns[] = { etc };
	const struct guest_thing *pins;

	begin();
	fake_file(&f, "/etc/udev/rules.d/9.rules",
		  "#SUBSYSTEM==\"tty\", SYMLINK+=\"off\"\n"
		  "SUBSYSTEM==\"tty\", SYMLINK+=\"a b/c n%n $x\"\n"
		  "KERNEL==\"ttyAMA0\", \\\n  SYMLINK=\"gps\"\n"
		  "SUBSYSTEM==\"tty\", SYMLINK==\"asked\"\n"
		  "SUBSYSTEM==\"input\", SYMLINK+=\"mouse\"\n");
	fake_file(&f, "/etc/udev/rules.d/8.rules",
		  "SUBSYSTEM!=\"tty\", GOTO=\"end\"\n"
		  "ATTRS{serial}==\"1\", SYMLINK+=\"late\"\n");
	fake_file(&f, "/etc/udev/rules.d/README", "\"tty SYMLINK+=\"no\"");
	fake_file(&f, "/etc/x.conf",
		  "/dev/off /dev/a /dev/b/c /dev/gps /dev/asked /dev/mouse "
		  "/dev/late /dev/no /dev/b /dev/ac\n");
	inspect_devices(&g, &t, patterns, 1);
	check(thing("/dev/a") && thing("/dev/b/c") && thing("/dev/late"));
	pins = thing("/dev/gps");
	check(pins && strstr(pins->text, "the Pi's own serial port"));
	check_eq(g.things.n, 4);
}

static void test_ups(void)
{
	devices_of("/etc/nut/ups.conf",
		   "[a]\ndriver = nutdrv_qx\nport = /dev/ttyUSB0\n"
		   "[b]\n\tdriver=\"blazer_usb\"\nport=auto\n"
		   "[c]\nport = auto\ndriver = usbhid-ups\n"
		   "#[d]\n#driver = riello_usb\n");
	check(thing("blazer_usb") && thing("usbhid-ups"));
	check(said("devices"));
	check_eq(g.things.n, 2);
	devices_of("/etc/nut/ups.conf", "[a]\ndriver = nutdrv_qx\n");
	check(thing("nutdrv_qx") && thing("nutdrv_qx")->fate == FATE_LOST);
	devices_of("/etc/apcupsd/apcupsd.conf", "UPSTYPE usb\n");
	check(thing("UPSTYPE usb") != NULL);
	devices_of("/etc/apcupsd/apcupsd.conf", "#UPSTYPE usb\n");
	check(!g.things.n);
}

/* What is said of an rc.local, or NULL. */
static const char *rc_local(unsigned int mode, const char *text)
{
	static char tv[] = "tvservice *", gpio[] = "*/sys/class/gpio/*";
	char *patterns[] = { tv, gpio };
	const struct finding *finding;

	begin();
	fake_file(&f, "/etc/rc.local", text);
	fake_find(&f, "/etc/rc.local")->mode = mode;
	inspect_rc_local(&g, &t, patterns, 2);
	finding = guest_finding(&g, "rc-local");
	return finding ? finding->text : NULL;
}

static bool rc_local_ends(const char *text)
{
	return rc_local(0755, text) != NULL;
}

static void test_rc_local(void)
{
	static const char stock[] = "#!/bin/sh -e\n#\n# /x\n\n"
				    "/usr/bin/tvservice -o\n/srv/run &\n";
	const char *text = rc_local(0755, stock);

	check(text && strstr(text, "line 5 does (/usr/bin/tvservice -o)"));
	check(!rc_local(0644, stock));
	check(!rc_local_ends("#!/bin/sh\ntvservice -o\n/srv/run\n"));
	check(rc_local_ends("#!/bin/sh\nset -ex\ntvservice -o\n/srv/run\n"));
	check(rc_local_ends("#!/bin/bash -xe\nsudo tvservice -o; /srv/run"));
	check(rc_local_ends("#!/bin/sh -e\nsleep 9 && tvservice -o\nx\n"));
	check(rc_local_ends("#!/bin/sh -e\n"
			    "echo 17 | sudo tee /sys/class/gpio/export\nx\n"));
	check(rc_local_ends("#!/bin/sh -e\nfor i in 4 17; do\n"
			    "echo $i > /sys/class/gpio/export; done\nx\n"));

	/* nothing behind it, or it does not end there */
	check(!rc_local_ends("#!/bin/sh -e\ntvservice -o\nexit 0\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\nset +e\ntvservice -o\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\ntvservice -o || true\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\ntvservice -o &\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\n(sleep 9; tvservice -o) &\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\nsh -c 'cd /x; tvservice -o' &\n"
			     "x\n"));
	check(!rc_local_ends("#!/bin/sh -e\ntvservice -s && x\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\nif [ -e /dev/vchiq ]; then\n"
			     "\ttvservice -o\nfi\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\n[ -d /sys/class/gpio ] && "
			     "echo 1 > /sys/class/gpio/export\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\n/srv/my-tvservice -o\nx\n"));
	check(!rc_local_ends("#!/bin/sh -e\n#tvservice -o\nx\n"));
}

/* fstab: the spec of /, or NULL: it does not say. */
static bool elsewhere_by(const char *root, const char *fstab)
{
	bool is;

	begin();
	two_partitions();
	g.root = 2;
	g.cmdline = xasprintf("console=tty1 root=%s rootwait", root);
	if (fstab)
		*vec_add(&g.mounts) = (struct guest_mount){
			.spec = xstrdup(fstab),
			.dir = xstrdup("/"),
			.type = xstrdup("ext4"),
			.options = xstrdup("defaults"),
		};
	rootdev_inspect(&g, false);
	is = guest_stop(&g) != NULL;
	check(!is || !strcmp(guest_stop(&g)->code, "root-elsewhere"));
	return is;
}

static bool elsewhere(const char *root)
{
	return elsewhere_by(root, NULL);
}

static void test_rootdev(void)
{
	check(!elsewhere("PARTUUID=5e3da3da-02"));
	check(!elsewhere("LABEL=my\\040root"));
	check(!elsewhere("/dev/mmcblk0p2"));
	check(!elsewhere("/dev/sda2"));
	check(!elsewhere_by("/dev/sda2", "/dev/sda2"));
	check(!elsewhere_by("/dev/sda2", "PARTUUID=5e3da3da-02"));
	check(elsewhere_by("/dev/sda2", "/dev/mmcblk0p2"));
	check(elsewhere("/dev/nfs"));
	check(!strstr(guest_stop(&g)->text, "--disk"));
	check(elsewhere("/dev/sda1"));
	check(elsewhere("PARTUUID=11111111-02"));
	check(elsewhere("UUID=4711"));
	begin();
	two_partitions();
	g.root = 2;
	g.cmdline = xstrdup("root=/dev/sda1");
	rootdev_inspect(&g, true);
	check(!guest_stop(&g));
}

static void stops(enum guest_arch arch, const char *id, const char *code)
{
	begin();
	g.arch = arch;
	g.os_id = xstrdup(id);
	findings_inspect(&g, &t);
	check(guest_stop(&g) && !strcmp(guest_stop(&g)->code, code));
}

int main(void)
{
	test_text();
	test_os_release();
	test_packages();
	test_other_packages();
	test_fstab();
	test_missing();
	test_boot_config();
	test_services();
	test_findings();
	test_config_txt();
	test_containers();
	test_programs();
	test_devices();
	test_device_comments();
	test_device_database();
	test_device_long_text();
	test_device_names();
	test_ups();
	test_rc_local();
	test_rootdev();
	begin();
	g.arch = ARCH_ARM64;
	findings_inspect(&g, &t);
	check(said("arm64") && !guest_stop(&g));
	stops(ARCH_ARMEL, "debian", "armel");
	stops(ARCH_OTHER, "debian", "not-arm");
	stops(ARCH_UNKNOWN, "alpine", "not-arm");
	guest_free(&g);
	return test_done();
}
