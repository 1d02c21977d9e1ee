/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop/pool.h"
#include "opts/parts.h"
#include "test.h"

static struct opts opts;
static struct err err;

/* The words of line, which are divided by single spaces ("_" stands for one
 * inside of a word). */
static bool read_line(const char *line)
{
	static char text[4096];
	char *argv[80] = { NULL };
	int argc = 1;

	opts_free(&opts);
	argv[0] = text;
	snprintf(text, sizeof(text), "emu %s", line);
	for (char *p = text; (p = strchr(p, ' '));) {
		*p++ = 0;
		argv[argc++] = p;
	}
	return !opts_read(&opts, argc, argv, &err);
}

/* Fails, and says all these words (between spaces in want). */
static bool fails(const char *line, const char *want)
{
	char text[200], *save, *word;
	bool all = true;

	if (read_line(line))
		return false;
	snprintf(text, sizeof(text), "%s", want);
	for (word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		all &= strstr(err.text, word) != NULL;
	if (!all)
		fprintf(stderr, "%s: %s\n", line, err.text);
	return all;
}

static void supervisor(void)
{
	check(read_line("-name N -uuid 01234567-89ab-cdef-0123-456789abcdef "
			"-M virt -cpu cortex-a7 -smp 2 -m 1024 -nodefaults "
			"-no-user-config -display none -monitor none "
			"-no-reboot -chardev socket,id=monitor0,fd=4 -mon "
			"chardev=monitor0,mode=control -chardev "
			"socket,id=serial0,fd=3 -serial chardev:serial0 "
			"-kernel K -initrd I -append A -drive "
			"if=none,id=disk0,file=F,format=raw,discard=unmap "
			"-device virtio-blk-device,drive=disk0 -netdev "
			"user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22 -device "
			"virtio-net-device,netdev=net0,mac=52:54:00:12:34:56 "
			"-device virtio-rng-device"));
	check(!strcmp(opts.name, "N"));
	check(opts.uuid[35] == 'f');
	check_eq(opts.config.cpu, CORTEX_A7);
	check_eq(opts.config.cpus, 2);
	check_eq(opts.config.ram_size, 1u << 30);
	check(opts.nodefaults && opts.no_display && opts.config.no_reboot);
	check(!opts.stopped && !opts.daemonize && !opts.config.no_shutdown);
	check(!strcmp(opts.config.files.kernel, "K"));
	check(!strcmp(opts.config.files.append, "A"));
	check_eq(opts.items.n, 9);
	check_eq(opts.items.at[0].kind, OPTS_CHARDEV);
	check_eq(opts.items.at[4].kind, OPTS_DRIVE);
	check(!strcmp(keyval_text(&opts.items.at[4].kv, "discard"), "unmap"));
}

/* The command line of libvirt 12.8 (without what it says of paths). */
static void libvirt(void)
{
	check(read_line(
		"-name guest=poc12,debug-threads=on -S -object "
		"{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":"
		"\"raw\",\"file\":\"/f\"} -machine "
		"virt,usb=off,dump-guest-core=off,memory-backend=mach-virt.ram "
		"-accel tcg -cpu cortex-a15 -m size=262144k -object "
		"{\"qom-type\":\"memory-backend-ram\",\"id\":\"mach-virt.ram\","
		"\"size\":268435456} -overcommit mem-lock=off -smp "
		"2,sockets=2,cores=1,threads=1 -display none -no-user-config "
		"-nodefaults -chardev "
		"socket,id=charmonitor,fd=20,server=on,wait=off -mon "
		"chardev=charmonitor,id=monitor,mode=control -rtc base=utc "
		"-no-shutdown -boot strict=on -kernel /k -device "
		"{\"driver\":\"virtio-scsi-device\",\"id\":\"scsi0\"} "
		"-blockdev {\"driver\":\"file\",\"filename\":\"/d\",\"node-"
		"name\":\"s\",\"auto-read-only\":true,\"discard\":\"unmap\"} "
		"-audiodev {\"id\":\"audio1\",\"driver\":\"none\"} "
		"-sandbox on,obsolete=deny -msg timestamp=on"));
	check(opts.stopped && opts.config.no_shutdown);
	check_eq(opts.config.ram_size, 256u << 20);
	check_eq(opts.config.cpus, 2);
	check(!strcmp(opts.name, "poc12"));
	check_eq(opts.items.n, 6);
}

static void machine(void)
{
	check(read_line("-kernel k"));
	check_eq(opts.config.cpu, CORTEX_A15);
	check_eq(opts.config.cpus, 1);
	check_eq(opts.config.ram_size, 128u << 20);

	check(read_line("-kernel k -M virt-8.2,gic-version=2,accel=kvm:tcg"));
	check(fails("-kernel k -M raspi2b", "raspi2b virt"));
	check(fails("-kernel k -M virt-", "virt-"));
	check(fails("-kernel k -M virt,gic-version=3", "gic-version=3"));
	check(fails("-kernel k -M virt,secure=on", "secure=on"));
	check(fails("-kernel k -M virt,gicversion=2", "gic-version"));
	check(fails("-kernel k -accel kvm", "tcg"));
	check(read_line("-kernel k -accel verify,visits=100"));
	check_eq(opts.config.jit.mode, JIT_VERIFY);
	check_eq(opts.config.jit.verify_visits, 100);
	check(fails("-kernel k -enable-kvm", "KVM"));
	check(fails("-kernel k -cpu cortex-a53", "cortex-a15 cortex-a7"));

	check(read_line("-kernel k -smp cpus=8"));
	check_eq(opts.config.cpus, 8);
	check(read_line("-kernel k -smp sockets=2,cores=2"));
	check_eq(opts.config.cpus, 4);
	check(fails("-kernel k -smp 9", "8"));
	check(fails("-kernel k -smp 0", "1"));
	check(fails("-kernel k -smp 4,maxcpus=2", "2"));
	check(fails("-kernel k -smp sockets=4,cores=4", "8"));

	check(read_line("-kernel k -m 8G"));
	check(read_line("-kernel k -m 2G,slots=2,maxmem=4G"));
	check(fails("-kernel k -m 9G", "8G"));
	check(fails("-kernel k -m 8", "16M"));
	check(fails("-kernel k -m lots", "lots"));
	check(fails("-kernel k -m 99999999999999999999", "9999"));
}

static void behaviour(void)
{
	check(read_line("-kernel k -action reboot=shutdown,shutdown=pause"));
	check(opts.config.no_reboot && opts.config.no_shutdown);
	check(read_line("-kernel k -no-reboot -action reboot=reset"));
	check(!opts.config.no_reboot);
	check(fails("-kernel k -action reboot=off", "reset shutdown"));
	check(read_line("-kernel k -d in_asm,int -D f"));
	check_eq(opts.config.trace, TRACE_IN_ASM | TRACE_INT);
	check(fails("-kernel k -d op", "in_asm"));
	check(read_line("-kernel k -rtc base=2030-01-02T03:04:05"));
	check(opts.config.rtc_offset + time(NULL) - 1893553445 <= 1);
	check(read_line("-kernel k -rtc base=localtime,clock=vm"));
	check(fails("-kernel k -rtc base=yesterday", "yesterday utc"));
	check(fails("-kernel k -uuid 1234", "1234"));
	check(fails("-kernel k -uuid 01234567-89ab-cdef-0123-456789abcdeg",
		    "abcdeg"));
	check(fails("-kernel k -display gtk", "gtk none"));
	check(fails("-kernel k -monitor stdio", "-qmp"));
}

static void words(void)
{
	check(fails("-kernel k -nograpihc", "-nograpihc -nographic"));
	check(fails("-kernel k -vnc :0", "-vnc"));
	check(fails("-kernel", "-kernel FILE"));
	check(fails("-smp 2", "-kernel"));
	check(fails("-kernel k -netdev {", "-netdev"));
	check(read_line("--kernel k --nographic")); /* two dashes will do */
	check(opts.nographic);

	/* an image alone, and the old names, are virtio disks */
	check(read_line("-kernel k a,b.img -hdb b.img -cdrom c.iso"));
	check_eq(opts.items.n, 3);
	check(!strcmp(keyval_text(&opts.items.at[0].kv, "file"), "a,b.img"));
	check(!strcmp(keyval_text(&opts.items.at[0].kv, "if"), "virtio"));
	check(!strcmp(keyval_text(&opts.items.at[2].kv, "media"), "cdrom"));
}

static bool writes_through(const struct parts *p)
{
	const struct virtio_scsi *scsi = p->named.at[0].scsi;
	const struct virtio_blk *blk = p->devices.list.at[0].device;

	return scsi ? scsi->units[0].unit.write_through
		    : !(blk->vdev.offered & UINT64_C(1) << 9);
}

/* The first device of this command line, whose file is a kernel, too. */
static bool through(const char *file, const char *words)
{
	struct parts p = { 0 };
	struct machine *m = NULL;
	char line[400];
	bool ret = false;

	snprintf(line, sizeof(line), "-kernel %s -nodefaults %s", file, words);
	for (char *at; (at = strstr(line, "FILE"));) {
		char rest[400];

		snprintf(rest, sizeof(rest), "%s", at + 4);
		snprintf(at, sizeof(line) - (size_t)(at - line), "%s%s", file,
			 rest);
	}
	check(read_line(line));
	p.loop = loop_new(&err);
	p.pool = pool_new(1, &err);
	if (!parts_open(&p, &opts, &err))
		m = virt_new(p.loop, &opts.config, &err);
	if (m && !parts_plug(&p, &opts, m, &err)) {
		ret = writes_through(&p);
	} else {
		fprintf(stderr, "%s: %s\n", line, err.text);
		test_failed();
	}
	virt_free(m);
	parts_close(&p);
	pool_free(p.pool);
	loop_free(p.loop);
	return ret;
}

static void caches(void)
{
	static const struct {
		const char *words;
		bool through;
	} rows[] = {
		{ "-drive file=FILE,format=raw", false },
		{ "-drive file=FILE,format=raw,cache=none", false },
		{ "-drive file=FILE,format=raw,cache=unsafe", false },
		{ "-drive file=FILE,format=raw,cache=writethrough", true },
		{ "-drive file=FILE,format=raw,cache=directsync", true },
		{ "-drive if=none,id=d,file=FILE,format=raw,cache=writethrough "
		  "-device virtio-blk-device,drive=d,write-cache=auto",
		  true },
		{ "-drive if=none,id=d,file=FILE,format=raw,cache=writethrough "
		  "-device virtio-blk-device,drive=d,write-cache=on",
		  false },
		{ "-drive if=none,id=d,file=FILE,format=raw -device "
		  "virtio-blk-device,drive=d,write-cache=off",
		  true },
		{ "-drive if=none,id=d,file=FILE,format=raw,cache=directsync "
		  "-device virtio-scsi-device -device scsi-hd,drive=d",
		  true },
		{ "-drive if=none,id=d,file=FILE,format=raw,cache=directsync "
		  "-device virtio-scsi-device -device "
		  "scsi-hd,drive=d,write-cache=on",
		  false },
		{ "-blockdev driver=file,node-name=f,filename=FILE,"
		  "cache=writethrough -blockdev driver=raw,node-name=d,file=f "
		  "-device virtio-blk-device,drive=d",
		  true },
	};
	char file[] = "/tmp/test_opts.XXXXXX";
	int fd = mkstemp(file);

	check_eq(ftruncate(fd, 1 << 20), 0);
	close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (through(file, rows[i].words) != rows[i].through) {
			fprintf(stderr, "%s\n", rows[i].words);
			test_failed();
		}
	}
	unlink(file);
}

int main(void)
{
	supervisor();
	libvirt();
	machine();
	behaviour();
	words();
	caches();
	opts_free(&opts);
	return test_done();
}
