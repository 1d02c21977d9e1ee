/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/run.h"
#include "lan/tap.h"
#include "model/serial.h"
#include "run/subnet.h"

/*
 * QEMU would take an eighth of the host's memory for its translations, 1 GiB at
 * most; a service has less for all of it (unit/unit.c, EXTRA_MIB).
 */
static const char qemu_accel[] = "tcg,tb-size=128"; /* MiB */

/* Where our emulator may lie, from our own program's folder. */
static const char *const places[] = { "pimigrate-emu", "../emu/pimigrate-emu",
				      "../libexec/pimigrate/pimigrate-emu" };

static char *own_dir(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = 0;
	slash = strrchr(path, '/');
	if (slash)
		*slash = 0;
	return xstrdup(path);
}

static char *our_emulator(void)
{
	autofree char *dir = own_dir();

	for (size_t i = 0; dir && i < sizeof(places) / sizeof(places[0]); i++) {
		autofree char *path = xasprintf("%s/%s", dir, places[i]);

		if (!access(path, X_OK))
			return steal_ptr(path);
	}
	return NULL;
}

int engine_find(enum engine engine, bool arm64, char **ret_path,
		struct err *err)
{
	const char *name = engine == ENGINE_PIMIGRATE ? "pimigrate-emu"
			   : arm64                    ? "qemu-system-aarch64"
						      : "qemu-system-arm";
	char *path = engine == ENGINE_PIMIGRATE ? our_emulator() : NULL;

	if (arm64 && engine == ENGINE_PIMIGRATE) {
		free(path);
		return err_set(err, ENOTSUP,
			       "pimigrate-emu does 32 bits only so far: a "
			       "64-bit guest needs 'engine: qemu' in its "
			       "guest.yaml");
	}
	if (!path && run_have(name))
		path = xstrdup(name);
	if (!path)
		return err_set(
			err, ENOENT,
			engine == ENGINE_QEMU
				? "%s is not installed; install it with: apt "
				  "install qemu-system-arm"
				: "the emulator %s is neither "
				  "beside pimigrate nor in PATH; install "
				  "both, or use --engine qemu",
			name);
	*ret_path = path;
	return 0;
}

static void add(struct engine_argv *argv, char *word)
{
	if (argv->words.n)
		argv->words.n--; /* the NULL */
	*vec_add(&argv->words) = word;
	vec_add(&argv->words);
}

static void add2(struct engine_argv *argv, const char *option, char *value)
{
	add(argv, xstrdup(option));
	add(argv, value);
}

/* A comma in a value is written twice. */
static char *escaped(const char *value)
{
	struct str s = { 0 };

	for (; *value; value++)
		str_addn(&s, *value == ',' ? ",," : value,
			 *value == ',' ? 2 : 1);
	return str_steal(&s);
}

static char *path_in(const char *dir, const char *file)
{
	if (*file == '/')
		return xstrdup(file);
	return xasprintf("%s/%s", dir, file);
}

static void add_disk(struct engine_argv *argv, const struct machine_disk *disk,
		     unsigned int n, const char *dir)
{
	autofree char *path = path_in(dir, disk->file);
	autofree char *file = escaped(path);

	add2(argv, "-drive",
	     xasprintf("if=none,id=disk%u,file=%s,format=%s,discard=unmap%s%s",
		       n, file, disk->format,
		       disk->readonly ? ",readonly=on" : "",
		       disk->snapshot ? ",snapshot=on" : ""));
	add2(argv, "-device", xasprintf("virtio-blk-device,drive=disk%u", n));
}

char *engine_user_netdev(const struct machine_nic *nic, const char *id,
			 const uint16_t *host_ports)
{
	struct str net = { 0 };
	bool fixed;

	str_addf(&net, "user,id=%s", id);
	if (nic->isolated)
		str_add(&net, ",restrict=on");
	fixed = subnet_options(nic, &net);
	for (size_t i = 0; i < nic->forwards.n; i++)
		str_addf(&net, ",hostfwd=tcp:127.0.0.1:%u-%s:%u",
			 (unsigned int)host_ports[i], fixed ? nic->address : "",
			 (unsigned int)nic->forwards.at[i].guest);
	return str_steal(&net);
}

static void add_nic(struct engine_argv *argv, const struct machine *m,
		    unsigned int n, const uint16_t *host_ports)
{
	const struct machine_nic *nic = &m->nics.at[n];
	autofree char *tap = tap_name(m, n);
	autostr struct str net = { 0 };

	if (nic->kind == NIC_NONE)
		return;
	if (nic->kind == NIC_TAP) {
		str_addf(&net, "tap,id=net%u,script=no,downscript=no", n);
		if (tap)
			str_addf(&net, ",ifname=%s", tap);
	} else {
		autofree char *id = xasprintf("net%u", n);

		net.text = engine_user_netdev(nic, id, host_ports);
	}
	add2(argv, "-netdev", str_steal(&net));
	add2(argv, "-device",
	     nic->mac ? xasprintf("virtio-net-device,netdev=net%u,mac=%s", n,
				  nic->mac)
		      : xasprintf("virtio-net-device,netdev=net%u", n));
}

static void add_serial(struct engine_argv *argv, const struct machine *m,
		       size_t n)
{
	const struct machine_serial *port = &m->serial.at[n];
	autofree char *path = escaped(port->device);

	add2(argv, "-chardev", xasprintf("serial,id=port%zu,path=%s", n, path));
	if (port->port == SERIAL_UART)
		add2(argv, "-serial", xasprintf("chardev:port%zu", n));
	else
		add2(argv, "-device",
		     xasprintf("virtconsole,chardev=port%zu", n));
}

/* The first virtio console is no port: systemd puts a login prompt there. */
static void add_serials(struct engine_argv *argv, const struct machine *m)
{
	bool virtio = false;

	for (size_t i = 0; i < m->serial.n; i++)
		virtio |= m->serial.at[i].port == SERIAL_VIRTIO;
	if (virtio && !m->console_hvc0) {
		add2(argv, "-device", xstrdup("virtio-serial-device"));
		add2(argv, "-chardev", xstrdup("null,id=console1"));
		add2(argv, "-device", xstrdup("virtconsole,chardev=console1"));
	}
	for (size_t i = 0; i < m->serial.n; i++)
		add_serial(argv, m, i);
}

static char *command_line(const struct machine *m)
{
	struct str s = { 0 };

	str_add(&s, m->cmdline ? m->cmdline : "");
	serial_words(m, &s);
	return str_steal(&s);
}

static void add_console(struct engine_argv *argv, const struct machine *m)
{
	if (!m->console_hvc0) {
		add2(argv, "-serial", xstrdup("chardev:serial0"));
		return;
	}
	/* Not "-serial null": its chardev would be serial0 too. */
	add2(argv, "-chardev", xstrdup("null,id=uart0"));
	add2(argv, "-serial", xstrdup("chardev:uart0"));
	add2(argv, "-device", xstrdup("virtio-serial-device"));
	add2(argv, "-device", xstrdup("virtconsole,chardev=serial0"));
}

void engine_args(const struct machine *m, const struct engine_run *run,
		 const char *program, struct engine_argv *ret_argv)
{
	const uint16_t *ports = run->host_ports;
	struct engine_argv *argv = ret_argv;

	*argv = (struct engine_argv){ 0 };
	for (const char *const *word = run->prefix; word && *word; word++)
		add(argv, xstrdup(*word));
	add(argv, xstrdup(program));
	add2(argv, "-name", escaped(m->name));
	add2(argv, "-uuid", xstrdup(m->uuid));
	add2(argv, "-M",
	     xstrdup(m->engine == ENGINE_QEMU ? "virt,gic-version=2" : "virt"));
	if (m->engine == ENGINE_QEMU)
		add2(argv, "-accel", xstrdup(qemu_accel));
	add2(argv, "-cpu",
	     xstrdup(m->cpu                ? m->cpu
		     : machine_is_arm64(m) ? "cortex-a72"
					   : "cortex-a7"));
	add2(argv, "-smp", xasprintf("%u", m->cpus));
	add2(argv, "-m",
	     xasprintf("%llu", (unsigned long long)(m->memory >> 20)));
	add(argv, xstrdup("-nodefaults"));
	add(argv, xstrdup("-no-user-config"));
	add2(argv, "-display", xstrdup("none"));
	add2(argv, "-monitor", xstrdup("none"));
	add(argv, xstrdup("-no-reboot"));
	add2(argv, "-chardev",
	     xasprintf("socket,id=monitor0,fd=%d", run->monitor_fd));
	add2(argv, "-mon", xstrdup("chardev=monitor0,mode=control"));
	add2(argv, "-chardev",
	     xasprintf("socket,id=serial0,fd=%d", run->serial_fd));
	add_console(argv, m);
	add2(argv, "-kernel", path_in(run->dir, m->kernel));
	if (m->initrd)
		add2(argv, "-initrd", path_in(run->dir, m->initrd));
	add2(argv, "-append", command_line(m));
	for (unsigned int i = 0; i < m->disks.n; i++)
		add_disk(argv, &m->disks.at[i], i, run->dir);
	for (unsigned int i = 0; i < m->nics.n; i++) {
		add_nic(argv, m, i, ports);
		if (m->nics.at[i].kind == NIC_USER)
			ports += m->nics.at[i].forwards.n;
	}
	add2(argv, "-device", xstrdup("virtio-rng-device"));
	add_serials(argv, m);
}

void engine_argv_free(struct engine_argv *argv)
{
	for (size_t i = 0; i < argv->words.n; i++)
		free(argv->words.at[i]);
	vec_free(&argv->words);
}

static bool port_free(uint16_t port)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd >= 0 &&
	       !bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

uint16_t engine_free_port(uint16_t start)
{
	for (unsigned int port = start; port <= UINT16_MAX; port++)
		if (port_free((uint16_t)port))
			return (uint16_t)port;
	return 0;
}

/* By an abstract address (unix(7)): it is gone with its last descriptor, and
 * belongs to the same network namespace as the port. */
int engine_claim_port(uint16_t port)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int n = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1,
			 "pimigrate/port/%u", (unsigned int)port);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				    (size_t)n);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, len) < 0)
		return -errno;
	return steal_fd(&fd);
}
