/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of either engine, word for word. */
#include "model/serial.h"
#include "run/engine.h"
#include "test.h"
#include "texts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

/* The words, one a line. */
static char *words(const struct machine *m, const uint16_t *ports)
{
	static const char *const prefix[] = { "before", "--", NULL };
	struct engine_run run = { "/g/pi", 3, 4, prefix, ports };
	struct engine_argv argv;
	struct str s = { 0 };
	size_t i;

	engine_args(m, &run, "emu", &argv);
	for (i = 0; argv.words.at[i]; i++)
		str_addf(&s, "%s\n", argv.words.at[i]);
	check_eq(i + 1, argv.words.n);
	engine_argv_free(&argv);
	return str_steal(&s);
}

static struct machine sample(void)
{
	struct machine m = {
		.name = xstrdup("pi"),
		.uuid = xstrdup("0110c455-1111-4222-8333-444455556666"),
		.cpus = 2,
		.memory = UINT64_C(1) << 30,
		.cpu = xstrdup("cortex-a7"),
		.kernel = xstrdup("boot/vmlinuz"),
		.initrd = xstrdup("boot/initrd.img"),
		.cmdline = xstrdup("root=PARTUUID=5e3da3da-02 ro"),
	};
	struct machine_nic *nic;

	*vec_add(&m.disks) = (struct machine_disk){ xstrdup("disk.raw"),
						    xstrdup("raw"), false };
	nic = vec_add(&m.nics);
	nic->mac = xstrdup("b8:27:eb:12:34:56");
	*vec_add(&nic->forwards) = (struct machine_forward){ 0, 22 };
	*vec_add(&nic->forwards) = (struct machine_forward){ 8080, 80 };
	return m;
}

static const char golden[] =
	"before\n--\nemu\n"
	"-name\npi\n"
	"-uuid\n0110c455-1111-4222-8333-444455556666\n"
	"-M\n%s\n"
	"-cpu\ncortex-a7\n"
	"-smp\n2\n"
	"-m\n1024\n"
	"-nodefaults\n-no-user-config\n"
	"-display\nnone\n"
	"-monitor\nnone\n"
	"-no-reboot\n"
	"-chardev\nsocket,id=monitor0,fd=4\n"
	"-mon\nchardev=monitor0,mode=control\n"
	"-chardev\nsocket,id=serial0,fd=3\n"
	"-serial\nchardev:serial0\n"
	"-kernel\n/g/pi/boot/vmlinuz\n"
	"-initrd\n/g/pi/boot/initrd.img\n"
	"-append\nroot=PARTUUID=5e3da3da-02 ro\n"
	"-drive\nif=none,id=disk0,file=/g/pi/disk.raw,format=raw,"
	"discard=unmap\n"
	"-device\nvirtio-blk-device,drive=disk0\n"
	"-netdev\nuser,id=net0,hostfwd=tcp:127.0.0.1:2222-:22,"
	"hostfwd=tcp:127.0.0.1:8080-:80\n"
	"-device\nvirtio-net-device,netdev=net0,mac=b8:27:eb:12:34:56\n"
	"-device\nvirtio-rng-device\n";

static void both_engines(void)
{
	static const uint16_t ports[] = { 2222, 8080 };
	struct machine m = sample();
	autofree char *ours = words(&m, ports), *qemu = NULL;
	autofree char *want_ours = xasprintf(golden, "virt");
	autofree char *want_qemu = xasprintf(
		golden, "virt,gic-version=2\n-accel\ntcg,tb-size=128");

	check_text(ours, want_ours);
	m.engine = ENGINE_QEMU;
	qemu = words(&m, ports);
	check_text(qemu, want_qemu);
	machine_free(&m);
}

/* A HAT's serial line stays free. */
static void console_on_hvc0(void)
{
	static const uint16_t ports[] = { 2222, 8080 };
	struct machine m = sample();
	autofree char *line = NULL;

	m.console_hvc0 = true;
	line = words(&m, ports);
	check_has(
		line,
		"-chardev\nnull,id=uart0\n-serial\nchardev:uart0\n-device\nvirtio-serial-device\n"
		"-device\nvirtconsole,chardev=serial0\n");
	check(!strstr(line, "chardev:serial0"));
	machine_free(&m);
}

static void other_networks(void)
{
	static const uint16_t ports[] = { 2222, 8080, 2223 };
	struct machine m = sample();
	struct machine_nic *nic = &m.nics.at[0];
	autofree char *fixed = NULL, *tap = NULL, *made = NULL, *none = NULL,
		      *two = NULL;

	nic->net = xstrdup("192.168.1.77/24");
	nic->address = xstrdup("192.168.1.77");
	nic->gateway = xstrdup("192.168.1.1");
	fixed = words(&m, ports);
	check_has(fixed, "\nuser,id=net0,net=192.168.1.0/24,host=192.168.1.254,"
			 "dns=192.168.1.1,dhcpstart=192.168.1.253,"
			 "hostfwd=tcp:127.0.0.1:2222-192.168.1.77:22,"
			 "hostfwd=tcp:127.0.0.1:8080-192.168.1.77:80\n");

	/* a second card's ports follow the first's */
	nic = vec_add(&m.nics);
	*vec_add(&nic->forwards) = (struct machine_forward){ 0, 22 };
	two = words(&m, ports);
	check_has(two, "\nuser,id=net1,hostfwd=tcp:127.0.0.1:2223-:22\n"
		       "-device\nvirtio-net-device,netdev=net1\n");

	nic = &m.nics.at[0];
	nic->kind = NIC_TAP;
	nic->tap = xstrdup("tap0");
	tap = words(&m, ports + 2);
	check_has(tap, "\ntap,id=net0,script=no,downscript=no,ifname=tap0\n");
	check_has(tap, "127.0.0.1:2223-:22");
	/* one that the service makes has a name of its own */
	free(nic->tap);
	nic->tap = NULL;
	nic->bridge = xstrdup("br0");
	made = words(&m, ports + 2);
	check_has(made, ",ifname=pm0110c455-0\n");
	nic->kind = NIC_NONE;
	none = words(&m, ports + 2);
	check_lacks(none, "net0");
	machine_free(&m);
}

/* A comma ends a value: in a path it is written twice. */
static void awkward_names(void)
{
	struct machine m = sample();
	static const uint16_t ports[] = { 1, 2 };
	autofree char *text = NULL;

	free(m.disks.at[0].file);
	m.disks.at[0].file = xstrdup("/cards/a,b.raw");
	m.disks.at[0].readonly = true;
	free(m.initrd);
	m.initrd = NULL;
	free(m.cpu);
	m.cpu = NULL;
	free(m.cmdline);
	m.cmdline = NULL;
	text = words(&m, ports);
	check_has(text, "file=/cards/a,,b.raw,format=raw,discard=unmap,"
			"readonly=on\n");
	check_lacks(text, "-initrd");
	check_has(text, "-cpu\ncortex-a7\n");
	check_has(text, "-append\n\n");
	machine_free(&m);
}

/* For a try: nothing is kept, and nobody outside is reached. */
static void isolated(void)
{
	struct machine m = sample();
	static const uint16_t ports[] = { 2222, 8080 };
	autofree char *text = NULL;

	m.disks.at[0].snapshot = true;
	m.nics.at[0].isolated = true;
	text = words(&m, ports);
	check_has(text, "discard=unmap,snapshot=on\n");
	check_has(text, "user,id=net0,restrict=on,hostfwd=");
	machine_free(&m);
}

static void finding_it(void)
{
	autofree char *path = NULL, *saved = xstrdup(getenv("PATH"));
	char dir[] = "/tmp/test-engine-XXXXXX";
	autofree char *qemu = NULL;
	struct err err;

	if (!mkdtemp(dir))
		abort();
	qemu = xasprintf("%s/qemu-system-arm", dir);
	setenv("PATH", dir, 1);
	check_eq(engine_find(ENGINE_QEMU, false, &path, &err), -ENOENT);
	check_has(err.text, "apt install qemu-system-arm");
	check(!path);
	check(!symlink("/bin/true", qemu));
	check_eq(engine_find(ENGINE_QEMU, false, &path, &err), 0);
	check_text(path, "qemu-system-arm");
	check_eq(engine_find(ENGINE_QEMU, true, &path, &err), -ENOENT);
	check_has(err.text, "qemu-system-aarch64 is not installed");
	check_eq(engine_find(ENGINE_PIMIGRATE, true, &path, &err), -ENOTSUP);
	check_has(err.text, "engine: qemu");
	setenv("PATH", saved, 1);
	unlink(qemu);
	rmdir(dir);
}

static void free_ports(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(addr);
	uint16_t used;

	check(!bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	check(!listen(fd, 1));
	check(!getsockname(fd, (struct sockaddr *)&addr, &len));
	used = ntohs(addr.sin_port);
	check(engine_free_port(used) != used);
}

/* Where two guests start at once, neither's engine listens yet. */
static void claimed_ports(void)
{
	int first = engine_claim_port(2222), other = engine_claim_port(2223);

	check(first >= 0 || first == -EADDRINUSE); /* by a guest that runs */
	check(engine_claim_port(2222) == -EADDRINUSE);
	if (other >= 0)
		close(other);
	if (first < 0)
		return;
	close(first);
	first = engine_claim_port(2222);
	check(first >= 0);
	close(first);
}

/* Ports of the host: one on the UART, others behind the console that systemd
 * puts its login prompt on; their names are words for the guest's udev. */
static void serial_ports(void)
{
	static const uint16_t ports[] = { 2222, 8080 };
	struct machine m = sample();
	struct machine_serial *port;
	autofree char *uart = NULL, *all = NULL;

	port = vec_add(&m.serial);
	port->device = xstrdup("/dev/serial/by-id/usb-a,b");
	*vec_add(&port->names) = xstrdup("ttyACM0");
	*vec_add(&port->names) = xstrdup("serial/by-id/usb-a.b");
	uart = words(&m, ports);
	check_has(uart, "\n-append\nroot=PARTUUID=5e3da3da-02 ro "
			"pimigrate_ttyAMA1_0=ttyACM0 "
			"pimigrate_ttyAMA1_1=serial/by-id/usb-a.b\n");
	check_has(uart, "\n-device\nvirtio-rng-device\n"
			"-chardev\nserial,id=port0,"
			"path=/dev/serial/by-id/usb-a,,b\n"
			"-serial\nchardev:port0\n");
	check(!strstr(uart, "virtconsole"));
	for (int i = 1; i <= 2; i++) {
		port = vec_add(&m.serial);
		port->device = xasprintf("/dev/ttyUSB%d", i);
		port->port = SERIAL_VIRTIO;
		*vec_add(&port->names) = xasprintf("stick%d", i);
	}
	all = words(&m, ports);
	check_has(all, " pimigrate_hvc1_0=stick1 pimigrate_hvc2_0=stick2\n");
	check_has(all, "-device\nvirtio-serial-device\n"
		       "-chardev\nnull,id=console1\n"
		       "-device\nvirtconsole,chardev=console1\n"
		       "-chardev\nserial,id=port0,"
		       "path=/dev/serial/by-id/usb-a,,b\n"
		       "-serial\nchardev:port0\n"
		       "-chardev\nserial,id=port1,path=/dev/ttyUSB1\n"
		       "-device\nvirtconsole,chardev=port1\n"
		       "-chardev\nserial,id=port2,path=/dev/ttyUSB2\n"
		       "-device\nvirtconsole,chardev=port2\n");
	machine_remove_serial(&m, 1);
	check_eq(m.serial.n, 2);
	check(!strcmp(serial_terminal(&m, 1), "hvc1"));
	machine_free(&m);
}

int main(void)
{
	both_engines();
	console_on_hvc0();
	other_networks();
	awkward_names();
	isolated();
	finding_it();
	free_ports();
	claimed_ports();
	serial_ports();
	return test_done();
}
