/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of each part of adapt/; the network's: test_adapt_network.c. */
#include "adapt_world.h"

/* ---- fstab ---- */

static void fstab(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/fstab",
		  "# a comment of /dev/mmcblk0p1\n"
		  "proc /proc proc defaults 0 0\n"
		  "\n"
		  "/dev/mmcblk0p1  /boot/firmware  vfat  defaults  0  2\n"
		  "/dev/mmcblk0p2 / ext4 defaults,noatime 0 1 # root\n"
		  "/dev/sda1 /data ext4 noatime 0 2\n"
		  "LABEL=My\\040Disk /my\\040disk ext4 defaults\n"
		  "UUID=dead /other ext4\n"
		  "/dev/sdb1 /usb vfat noauto,user 0 0\n"
		  "/swapfile none swap sw 0 0");
	add_mount(w, "proc", "/proc", "proc", "defaults", 0);
	add_mount(w, "/dev/mmcblk0p1", "/boot/firmware", "vfat", "defaults", 1);
	add_mount(w, "/dev/mmcblk0p2", "/", "ext4", "defaults,noatime", 2);
	add_mount(w, "/dev/sda1", "/data", "ext4", "noatime", 0);
	add_mount(w, "LABEL=My Disk", "/my disk", "ext4", "defaults", 0);
	add_mount(w, "UUID=dead", "/other", "ext4", "defaults", 0);
	add_mount(w, "/dev/sdb1", "/usb", "vfat", "noauto,user", 0);
	add_mount(w, "/swapfile", "none", "swap", "sw", 0);
	adapt_fstab(&w->facts, &w->plan);
	check_rows(w, "write /etc/fstab\n");
	check_text(
		content(w, "/etc/fstab"),
		"# a comment of /dev/mmcblk0p1\n"
		"proc /proc proc defaults 0 0\n"
		"\n"
		"PARTUUID=5e3da3da-01\t/boot/firmware\tvfat\tdefaults,nofail  0"
		"  2\n"
		"PARTUUID=5e3da3da-02\t/\text4\tdefaults,noatime 0 1 # root\n"
		"/dev/sda1\t/data\text4\tnoatime,nofail,"
		"x-systemd.device-timeout=10 0 2\n"
		"LABEL=My\\040Disk\t/my\\040disk\text4\tdefaults,nofail,"
		"x-systemd.device-timeout=10\n"
		"UUID=dead\t/other\text4\tdefaults,nofail,"
		"x-systemd.device-timeout=10\n"
		"/dev/sdb1 /usb vfat noauto,user 0 0\n"
		"/swapfile none swap sw 0 0");
}

static void fstab_that_is_right(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/fstab",
		  "PARTUUID=5e3da3da-01 /boot/firmware vfat nofail 0 2\n"
		  "PARTUUID=5e3da3da-02 / ext4 defaults 0 1");
	add_mount(w, "PARTUUID=5e3da3da-01", "/boot/firmware", "vfat", "nofail",
		  1);
	add_mount(w, "PARTUUID=5e3da3da-02", "/", "ext4", "defaults", 2);
	adapt_fstab(&w->facts, &w->plan);
	check_rows(w, "");
}

/* A disk id of 0 makes no PARTUUID; a card may have no fstab at all. */
static void fstab_without_ids(void)
{
	autoworld struct world *w = world_new();

	adapt_fstab(&w->facts, &w->plan);
	check_rows(w, "");
	free(w->guest.partitions.at[1].partuuid);
	w->guest.partitions.at[1].partuuid = NULL;
	fake_file(&w->root, "/etc/fstab", "/dev/mmcblk0p2 / ext4 rw 0 1\n");
	add_mount(w, "/dev/mmcblk0p2", "/", "ext4", "rw", 2);
	adapt_fstab(&w->facts, &w->plan);
	check_text(content(w, "/etc/fstab"), "UUID=uuid-2\t/\text4\trw 0 1\n");
}

/* ---- boot ---- */

static void boot_moves(void)
{
	autoworld struct world *w = world_new();

	free(w->guest.boot_dir);
	w->guest.boot_dir = xstrdup("/boot");
	check_text(adapt_boot_dir(&w->guest), "/boot/firmware");
	fake_file(&w->root, "/etc/fstab",
		  "PARTUUID=5e3da3da-01 /boot vfat defaults 0 2\n");
	fake_file(&w->root, "/boot/there", "");
	fake_file(&w->boot, "/cmdline.txt", "");
	fake_file(&w->boot, "/overlays/a.dtbo", "");
	fake_file(&w->boot, "/there", "");
	fake_file(&w->boot, "/firmware", "");
	add_mount(w, "PARTUUID=5e3da3da-01", "/boot", "vfat", "defaults", 1);
	adapt_fstab(&w->facts, &w->plan);
	adapt_boot(&w->facts, &w->plan);
	check_rows(w, "write /etc/fstab\n"
		      "mkdir /boot/firmware\n"
		      "symlink /boot/cmdline.txt -> firmware/cmdline.txt\n"
		      "symlink /boot/overlays -> firmware/overlays\n");
	check_text(content(w, "/etc/fstab"),
		   "PARTUUID=5e3da3da-01\t/boot/firmware\tvfat\t"
		   "defaults,nofail,x-systemd.before=local-fs.target 0 2\n");
	/* its owner's nofail had no order before */
	free(w->guest.mounts.at[0].options);
	w->guest.mounts.at[0].options = xstrdup("nofail");
	plan_free(&w->plan);
	fake_file(&w->root, "/etc/fstab",
		  "PARTUUID=5e3da3da-01 /boot vfat nofail 0 2\n");
	adapt_fstab(&w->facts, &w->plan);
	check_text(content(w, "/etc/fstab"),
		   "PARTUUID=5e3da3da-01\t/boot/firmware\tvfat\tnofail 0 2\n");
}

static void hooks_are_disarmed(void)
{
	static const char hook[] = "/etc/kernel/postinst.d/z50-raspi-firmware";
	autoworld struct world *w = world_new();

	fake_file(&w->root, hook, "#!/bin/sh\n");
	adapt_boot(&w->facts, &w->plan);
	check_rows(w, "write /etc/kernel/postinst.d/z50-raspi-firmware\n");
	check_text(content(w, hook), "#!/bin/sh\n");
	check_eq(w->plan.changes.at[0].mode, 0644);
	w->guest.boot = 0;
	check(!adapt_boot_dir(&w->guest));
}

/* ---- the kernel's command line ---- */

static void cmdline_row(const char *line, const char *want)
{
	autoworld struct world *w = world_new();

	w->guest.cmdline = line ? xstrdup(line) : NULL;
	adapt_cmdline(&w->facts, &w->plan);
	check_text(w->plan.kernel_cmdline, want);
}

static void cmdline(void)
{
	autoworld struct world *w = world_new();

	cmdline_row("console=serial0,115200 console=tty1 "
		    "root=/dev/mmcblk0p2 rootfstype=ext4 fsck.repair=yes "
		    "rootwait quiet bcm2708.x=1\n",
		    "root=PARTUUID=5e3da3da-02 rootfstype=ext4 "
		    "fsck.repair=yes quiet rootwait net.ifnames=0 "
		    "panic=10 ro console=ttyAMA0,115200");
	cmdline_row("rw net.ifnames=1 ro console=ttyAMA0,9600 mine=rootwait",
		    "root=PARTUUID=5e3da3da-02 mine=rootwait rootwait "
		    "net.ifnames=0 panic=10 ro console=ttyAMA0,115200");
	cmdline_row(NULL, "root=PARTUUID=5e3da3da-02 rootwait net.ifnames=0 "
			  "panic=10 ro console=ttyAMA0,115200");
	/* what a panic does is the card's to say */
	cmdline_row("panic=0 quiet", "root=PARTUUID=5e3da3da-02 panic=0 quiet "
				     "rootwait net.ifnames=0 ro "
				     "console=ttyAMA0,115200");
	/* nothing else would make it writable */
	cmdline_row("ro rw quiet", "root=PARTUUID=5e3da3da-02 quiet rootwait "
				   "net.ifnames=0 panic=10 rw "
				   "console=ttyAMA0,115200");
	free(w->guest.partitions.at[1].partuuid);
	w->guest.partitions.at[1].partuuid = NULL;
	add_mount(w, "/dev/mmcblk0p2", "/", "ext4", "defaults", 2);
	w->guest.cmdline = xstrdup("rw");
	adapt_cmdline(&w->facts, &w->plan);
	check_text(w->plan.kernel_cmdline,
		   "root=UUID=uuid-2 rootwait net.ifnames=0 panic=10 ro "
		   "console=ttyAMA0,115200");
	free(w->plan.kernel_cmdline);
	free(w->guest.partitions.at[1].uuid);
	w->guest.partitions.at[1].uuid = NULL;
	adapt_cmdline(&w->facts, &w->plan);
	check(str_starts(w->plan.kernel_cmdline, "root=/dev/vda2 "));
}

/* ---- console ---- */

static void console_systemd(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/inittab", "id:2:initdefault:\n");
	fake_link(&w->root, "/etc/systemd/system/serial-getty@ttyAMA0.service",
		  "/dev/null");
	fake_link(&w->root, "/etc/systemd/system/serial-getty@.service",
		  "/lib/systemd/system/other.service");
	adapt_console(&w->facts, &w->plan);
	check_rows(w, "remove /etc/systemd/system/"
		      "serial-getty@ttyAMA0.service\n");
}

static void console_lost_terminals(void)
{
	autoworld struct world *w = world_new();

	add_service(w, "serial-getty@ttyS0.service", true, false);
	add_service(w, "serial-getty@ttyAMA0.service", true, false);
	add_service(w, "serial-getty@ttyUSB0.service", true, false);
	add_service(w, "serial-getty@serial0.service", true, true);
	add_service(w, "getty@tty1.service", true, false);
	adapt_console(&w->facts, &w->plan);
	check_rows(w, "symlink /etc/systemd/system/serial-getty@ttyS0.service "
		      "-> /dev/null\n");
}

static void console_sysv(void)
{
	autoworld struct world *w = world_new();

	w->guest.systemd = false;
	fake_file(&w->root, "/etc/inittab",
		  "id:2:initdefault:\n#T0:23:respawn:getty ttyAMA0");
	adapt_console(&w->facts, &w->plan);
	check_text(content(w, "/etc/inittab"),
		   "id:2:initdefault:\n#T0:23:respawn:getty ttyAMA0\n"
		   "AMA0:2345:respawn:/sbin/getty -L ttyAMA0 115200 vt100\n");
	plan_free(&w->plan);
	fake_file(&w->root, "/etc/inittab",
		  "T0:23:respawn:/sbin/getty -L ttyAMA0 115200 vt100\n");
	adapt_console(&w->facts, &w->plan);
	check_rows(w, "");
}

/* ---- modules ---- */

static void modules(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/modules",
		  "# pi in a comment\n  spi-pi param=1\ni2c-dev\n\n;pi\n");
	fake_file(&w->root, "/etc/modules-load.d/mine.conf", "fuse\n");
	fake_file(&w->root, "/etc/modules-load.d/hat.conf", "snd-pi");
	fake_file(&w->root, "/etc/modules-load.d/README.pi", "snd-pi\n");
	fake_link(&w->root, "/etc/modules-load.d/modules.conf", "../modules");
	adapt_modules(&w->facts, &w->plan);
	check_rows(w, "write /etc/modules\n"
		      "write /etc/modules-load.d/hat.conf\n"
		      "write /etc/modules-load.d/pimigrate.conf\n");
	check_text(content(w, "/etc/modules"),
		   "# pi in a comment\n"
		   "# pimigrate: not on this board:   spi-pi param=1\n"
		   "i2c-dev\n\n;pi\n");
	check_text(content(w, "/etc/modules-load.d/hat.conf"),
		   "# pimigrate: not on this board: snd-pi\n");
	check_has(content(w, "/etc/modules-load.d/pimigrate.conf"), "\nevdev");
}

/* ---- services ---- */

/* The names of the host's serial ports, where there is udev to give them. */
static void serial_names(void)
{
	autoworld struct world *w = world_new();
	const char *rule = "/etc/udev/rules.d/60-pimigrate-serial.rules";

	adapt_sticks(&w->facts, &w->plan);
	check_rows(w, "");
	fake_file(&w->root, "/etc/udev/rules.d/README", "");
	adapt_sticks(&w->facts, &w->plan);
	check_rows(w, "write /etc/udev/rules.d/60-pimigrate-serial.rules\n");
	check_has(content(w, rule), "\nKERNEL==\"ttyAMA1\", "
				    "IMPORT{cmdline}=\"pimigrate_ttyAMA1_0\", "
				    "SYMLINK+=\"$env{pimigrate_ttyAMA1_0}\", ");
	check_has(content(w, rule), "\nKERNEL==\"hvc4\", "
				    "IMPORT{cmdline}=\"pimigrate_hvc4_3\", ");
}

static void services_systemd(void)
{
	autoworld struct world *w = world_new();

	add_service(w, "ssh.service", true, false);
	add_service(w, "pi-led.service", true, false);
	add_service(w, "pi-old", true, false); /* an init script */
	add_service(w, "pi-off.service", false, false);
	add_service(w, "pi-masked.service", true, true);
	adapt_services(&w->facts, &w->plan);
	check_rows(w, "symlink /etc/systemd/system/pi-led.service -> "
		      "/dev/null\n"
		      "symlink /etc/systemd/system/pi-old.service -> "
		      "/dev/null\n");
	check_text(w->plan.changes.at[0].id, "mask-pi-led.service");
	check_text(w->plan.changes.at[0].reason, "only a Pi has it");
}

/* Old systemd takes the unit by its other name though its own is masked. */
static void services_desktop(void)
{
	static const char etc[] = "/etc/systemd/system/display-manager.service";
	autoworld struct world *w = world_new();

	fake_link(&w->root, etc, "/lib/systemd/system/pi-desktop.service");
	add_service(w, "pi-desktop.service", true, false);
	add_service(w, "pi-led.service", true, false);
	adapt_services(&w->facts, &w->plan);
	check_rows(w, "symlink /etc/systemd/system/pi-desktop.service -> "
		      "/dev/null\n"
		      "symlink /etc/systemd/system/display-manager.service -> "
		      "/dev/null\n"
		      "symlink /etc/systemd/system/pi-led.service -> "
		      "/dev/null\n");
	check_text(w->plan.changes.at[1].id, "mask-pi-desktop.service");
}

static void services_sysv(void)
{
	autoworld struct world *w = world_new();

	w->guest.systemd = false;
	fake_link(&w->root, "/etc/rc2.d/S01pi-led", "../init.d/pi-led");
	fake_link(&w->root, "/etc/rc2.d/S03pi-led2", "../init.d/pi-led2");
	fake_link(&w->root, "/etc/rc2.d/S02ssh", "../init.d/ssh");
	fake_link(&w->root, "/etc/rc6.d/K01pi-led", "../init.d/pi-led");
	fake_link(&w->root, "/etc/rcS.d/S17pi-led", "../init.d/pi-led");
	add_service(w, "ssh.service", true, false);
	add_service(w, "pi-led.service", true, false);
	adapt_services(&w->facts, &w->plan);
	check_rows(w, "remove /etc/rcS.d/S17pi-led\n"
		      "symlink /etc/rcS.d/K01pi-led -> ../init.d/pi-led\n"
		      "remove /etc/rc2.d/S01pi-led\n"
		      "symlink /etc/rc2.d/K01pi-led -> ../init.d/pi-led\n");
}

/* The Pi's serial line is a HAT's: the prompt goes elsewhere. */
static void console_of_a_hat(void)
{
	static const char want[] =
		"symlink /etc/systemd/system/getty.target.wants/"
		"serial-getty@hvc0.service -> "
		"/lib/systemd/system/serial-getty@.service\n"
		"symlink /etc/systemd/system/serial-getty@ttyS0.service -> "
		"/dev/null\n";
	autoworld struct world *w = world_new();

	guest_thing(&w->guest, THING_DEVICE, FATE_DECIDE, "/dev/ttyACM0",
		    "/etc/x", "a stick");
	adapt_cmdline(&w->facts, &w->plan);
	check(!w->plan.console_hvc0);
	guest_thing(&w->guest, THING_DEVICE, FATE_DECIDE, "/dev/serial0",
		    "/etc/ser2net.yaml", "a HAT");
	free(w->plan.kernel_cmdline);
	adapt_cmdline(&w->facts, &w->plan);
	check(w->plan.console_hvc0);
	check(strstr(w->plan.kernel_cmdline, " console=hvc0") &&
	      !strstr(w->plan.kernel_cmdline, "ttyAMA0"));
	add_service(w, "serial-getty@ttyS0.service", true, false);
	adapt_console(&w->facts, &w->plan);
	check_rows(w, want);
	check(strstr(w->plan.changes.at[0].reason, "/etc/ser2net.yaml"));

	plan_free(&w->plan);
	w->plan = (struct plan){ 0 };
	w->guest.systemd = false;
	fake_file(&w->root, "/etc/inittab", "id:2:initdefault:\n");
	adapt_console(&w->facts, &w->plan);
	check_rows(w, "write /etc/inittab\n");
	check_text(content(w, "/etc/inittab"),
		   "id:2:initdefault:\n"
		   "h0:2345:respawn:/sbin/getty -L hvc0 115200 vt100\n");
}

/* ---- a copy that lives beside the original ---- */

static void identity(void)
{
	autoworld struct world *w = world_new();

	w->guest.hostname = xstrdup("homepi");
	fake_file(&w->root, "/etc/machine-id", "old\n");
	fake_link(&w->root, "/var/lib/dbus/machine-id", "/etc/machine-id");
	fake_file(&w->root, "/etc/ssh/ssh_host_rsa_key", "");
	fake_file(&w->root, "/etc/ssh/ssh_host_rsa_key.pub", "");
	fake_file(&w->root, "/etc/ssh/sshd_config", "");
	fake_file(&w->root, "/etc/hosts",
		  "127.0.0.1\tlocalhost\n127.0.1.1\thomepi\n"
		  "127.0.1.1 homepi2\n10.0.0.1 homepi");
	adapt_identity(&w->facts, &w->plan); /* a migration keeps all of it */
	check_rows(w, "");
	w->facts.new_machine_id = "0123";
	adapt_identity(&w->facts, &w->plan);
	check_rows(w, "write /etc/machine-id\n"
		      "remove /etc/ssh/ssh_host_rsa_key\n"
		      "remove /etc/ssh/ssh_host_rsa_key.pub\n"
		      "write /etc/systemd/system/pimigrate-host-keys.service\n"
		      "symlink /etc/systemd/system/multi-user.target.wants/"
		      "pimigrate-host-keys.service -> "
		      "/etc/systemd/system/pimigrate-host-keys.service\n");
	check_text(content(w, "/etc/machine-id"), "0123\n");
	plan_free(&w->plan);
	w->facts.new_hostname = "second";
	adapt_identity(&w->facts, &w->plan);
	check_text(content(w, "/etc/hostname"), "second\n");
	check_text(content(w, "/etc/hosts"),
		   "127.0.0.1\tlocalhost\n127.0.1.1\tsecond\n"
		   "127.0.1.1 homepi2\n10.0.0.1 homepi\n");
}

/* ---- growth ---- */

static int grow(struct world *w, uint64_t free_mib, uint64_t kernel_mib,
		struct err *err)
{
	w->guest.partitions.at[1].fs_free = free_mib * MIB;
	w->facts.kernel.size = kernel_mib * MIB;
	plan_free(&w->plan);
	w->plan.disk_size = w->guest.disk_size;
	return adapt_grow(&w->facts, &w->plan, err);
}

static void growth(void)
{
	autoworld struct world *w = world_new();
	struct err err;

	check_eq(grow(w, 1224, 200, &err), 0);
	check_rows(w, "");
	check_eq(grow(w, 1223, 200, &err), 0);
	check_rows(w, "grow /\n");
	check_eq(w->plan.changes.at[0].size, (2048 + 64) * MIB);
	check_eq(w->plan.disk_size, (2048 + 64) * MIB);
	check_eq(grow(w, 0, 200, &err), 0);
	check_eq(w->plan.disk_size, (2048 + 1344) * MIB);
	check_eq(adapt_grown(2048 * MIB, 1224 * MIB), (2048 + 1344) * MIB);

	w->facts.free = 0;
	check_eq(grow(w, 264, 200, &err), 0);
	check_rows(w, "");
	check_eq(grow(w, 263, 200, &err), -ENOSPC);
	check_has(err.text, "--no-grow");
	check_rows(w, "");
}

static void growth_in_the_way(void)
{
	autoworld struct world *w = world_new();
	struct err err;

	/* a partition behind root */
	add_partition(&w->guest, 3, FS_EXT);
	check_eq(grow(w, 300, 200, &err), 0);
	check_rows(w, "");
	check_eq(grow(w, 10, 200, &err), -EMEDIUMTYPE);
	check_has(err.text, "10 MiB free");
	check_has(err.text, "264 MiB");
	/* of a logical one the container grows too */
	w->guest.partitions.at[1].number = w->guest.root = 7;
	w->guest.partitions.at[1].start = 4096 * MIB;
	check_eq(grow(w, 10, 200, &err), 0);
	check_rows(w, "grow /\n");
}

/* Many small files: space is left, but no inode. */
static void growth_of_inodes(void)
{
	autoworld struct world *w = world_new();
	struct err err;

	w->facts.kernel.n_files = 4000;
	w->guest.partitions.at[1].fs_free_inodes = 4512;
	check_eq(grow(w, 4096, 200, &err), 0);
	check_rows(w, "");
	w->guest.partitions.at[1].fs_free_inodes = 4511;
	check_eq(grow(w, 4096, 200, &err), 0);
	check_rows(w, "grow /\n");
	check_eq(w->plan.disk_size, (2048 + 128) * MIB);
	w->facts.free = 0;
	check_eq(grow(w, 4096, 200, &err), -ENOSPC);
	check_has(err.text, "4511 more files");
	/* another size was asked for */
	w->guest.partitions.at[1].fs_free_inodes = 60000;
	w->facts.free = 4096 * MIB;
	check_eq(grow(w, 4096, 200, &err), 0);
	check_rows(w, "grow /\n");
	check_has(w->plan.changes.at[0].reason, "4096 MiB");
}

/* ---- the kernel ---- */

/* A row before made /boot: to remove it is that row's, not the archive's. */
static void kernel_beside_others(void)
{
	static char *const files[] = {
		(char *)(uintptr_t) "/boot",
		(char *)(uintptr_t) "/boot/vmlinuz-6.1"
	};
	autoworld struct world *w = world_new();

	w->facts.kernel = (struct adapt_kernel){ .tree = "/tmp/k",
						 .files = files,
						 .n_files = 2,
						 .release = "6.1",
						 .reason = "because" };
	plan_add(&w->plan, CHANGE_MKDIR, "boot", "/boot/firmware", "x");
	adapt_kernel(&w->facts, &w->plan);
	check_text(content(w, "/"), "/boot/vmlinuz-6.1\n");
}

static void kernel(void)
{
	static char *const files[] = {
		(char *)(uintptr_t) "/boot/vmlinuz-6.1",
		(char *)(uintptr_t) "/usr/lib/modules/6.1/a/x.ko",
		(char *)(uintptr_t) "/usr/lib/modules/6.1/a/y.ko",
		(char *)(uintptr_t) "/usr/lib/modules/6.1/b/z.ko",
		(char *)(uintptr_t) "/usr/share/empty",
		(char *)(uintptr_t) "/vmlinuz",
	};
	autoworld struct world *w = world_new();
	struct adapt_kernel *k = &w->facts.kernel;

	fake_file(&w->root, "/boot/config.txt", "");
	fake_file(&w->root, "/usr/lib/modules/5.15/m", "");
	fake_file(&w->root, "/usr/share/empty/not", "");
	fake_link(&w->root, "/vmlinuz", "boot/vmlinuz-5.15");
	fake_file(&w->root, "/etc/initramfs-tools/conf.d/x", "");
	*k = (struct adapt_kernel){ .tree = "/tmp/k",
				    .files = files,
				    .n_files = 6,
				    .release = "6.1",
				    .reason = "because",
				    .status = "Package: a\n",
				    .extended_states = "Package: b\n" };
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "write /etc/initramfs-tools/conf.d/pimigrate\n"
		      "remove /vmlinuz\n"
		      "tree /\n"
		      "write /var/lib/dpkg/status\n"
		      "write /var/lib/apt/extended_states\n");
	check_text(content(w, "/"), "/boot/vmlinuz-6.1\n"
				    "/usr/lib/modules/6.1\n"
				    "/usr/lib/modules/6.1/a\n"
				    "/usr/lib/modules/6.1/a/x.ko\n"
				    "/usr/lib/modules/6.1/a/y.ko\n"
				    "/usr/lib/modules/6.1/b\n"
				    "/usr/lib/modules/6.1/b/z.ko\n"
				    "/vmlinuz\n");
	check_text(w->plan.changes.at[2].target, "/tmp/k");
	check_text(w->plan.changes.at[2].reason, "kernel 6.1: because");
}

static void kernel_held(void)
{
	autoworld struct world *w = world_new();
	struct adapt_kernel *k = &w->facts.kernel;

	*k = (struct adapt_kernel){ .held_status = "Package: a\n",
				    .held = "raspberrypi-kernel" };
	adapt_kernel(&w->facts, &w->plan); /* keeps its own */
	check_rows(w, "write /var/lib/dpkg/status\n");
	check_text(w->plan.changes.at[0].id, "hold");
	check_has(w->plan.changes.at[0].reason, "(raspberrypi-kernel)");
	plan_free(&w->plan);
	k->tree = "t";
	k->release = k->reason = "r";
	k->status = "Package: b\n";
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "tree /\nwrite /var/lib/dpkg/status\n"
		      "write /var/lib/dpkg/status\n");
	check_text(w->plan.changes.at[2].content, "Package: a\n");
}

static void kernel_sources(void)
{
	autoworld struct world *w = world_new();
	struct adapt_kernel *k = &w->facts.kernel;

	/* the card keeps its kernel */
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "");
	*k = (struct adapt_kernel){ .tree = "t",
				    .release = "r",
				    .reason = "s",
				    .apt_source = "S",
				    .apt_pin = "P",
				    .apt_source_path = "/etc/s",
				    .apt_pin_path = "/etc/p",
				    .keyring_path = "/usr/k" };
	/* no key anywhere: a source that apt cannot verify helps nobody */
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "tree /\n");
	plan_free(&w->plan);
	k->keyring = "/host/k";
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "tree /\nwrite /etc/s\nwrite /etc/p\nwrite /usr/k\n");
	check_text(w->plan.changes.at[3].target, "/host/k");
	plan_free(&w->plan);
	fake_file(&w->root, "/usr/k", "key");
	adapt_kernel(&w->facts, &w->plan);
	check_rows(w, "tree /\nwrite /etc/s\nwrite /etc/p\n");
}

/* ---- all of it ---- */

static void whole_plan(void)
{
	autoworld struct world *w = world_new();
	struct err err;

	w->guest.partitions.at[1].needs_recovery = true;
	w->facts.kernel.release = "6.1";
	w->facts.kernel.reason = "because";
	check_eq(adapt_plan(&w->facts, &w->plan, &err), 0);
	check(w->plan.needs_replay);
	check_eq(w->plan.source_size, 2048 * MIB);
	check_eq(w->plan.disk_size, 2048 * MIB);
	check_text(w->plan.kernel_release, "6.1");
	check_text(w->plan.kernel_reason, "because");
	check_rows(w, "write /etc/modules-load.d/pimigrate.conf\n");
	plan_free(&w->plan);
	w->guest.partitions.at[1].fs_free = 0;
	w->facts.free = 0;
	check_eq(adapt_plan(&w->facts, &w->plan, &err), -ENOSPC);
}

int main(void)
{
	fstab();
	fstab_that_is_right();
	fstab_without_ids();
	boot_moves();
	hooks_are_disarmed();
	cmdline();
	console_systemd();
	console_lost_terminals();
	console_sysv();
	console_of_a_hat();
	modules();
	serial_names();
	services_systemd();
	services_desktop();
	services_sysv();
	identity();
	growth();
	growth_in_the_way();
	growth_of_inodes();
	kernel();
	kernel_beside_others();
	kernel_held();
	kernel_sources();
	whole_plan();
	return test_done();
}
