/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.yaml: struct machine as text that people may edit.
 *
 * Reading checks what start relies on and says which line is wrong; writing
 * changes the tree that is there, so that unknown keys of a newer pimigrate or
 * of the owner stay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/yaml.h"
#include "model/serial.h"
#include "store/store.h"

enum {
	VERSION_KNOWN = 1,
	CPUS_MAX = 8,
	PORT_MAX = 65535
};

static const char *const engines[] = {
	[ENGINE_PIMIGRATE] = "pimigrate",
	[ENGINE_QEMU] = "qemu",
	NULL,
};

static const char *const consoles[] = { "ttyAMA0", "hvc0", NULL };

static const char *const nic_kinds[] = {
	[NIC_USER] = "user",
	[NIC_TAP] = "tap",
	[NIC_NONE] = "none",
	[NIC_NETWORK] = "network",
	NULL,
};

static const char *const serial_ports[] = {
	[SERIAL_UART] = "uart",
	[SERIAL_VIRTIO] = "virtio",
	NULL,
};

/* Which of the words the text at path is; the first if it is not there. */
static int choice(const struct yaml_node *node, const char *path,
		  const char *const *words, const char *file, struct err *err)
{
	const char *text = yaml_text(node, path);
	const struct yaml_node *at = yaml_get(node, path);

	if (!at)
		return 0;
	for (int i = 0; text && words[i]; i++)
		if (!strcmp(text, words[i]))
			return i;
	return err_set(err, EINVAL, "%s:%u: %s cannot be '%s'", file, at->line,
		       path, text ? text : "a list");
}

static char *text_or_null(const struct yaml_node *node, const char *path)
{
	const char *text = yaml_text(node, path);

	return text ? xstrdup(text) : NULL;
}

static int required(const struct yaml_node *tree, const char *path,
		    const char *file, char **ret_text, struct err *err)
{
	*ret_text = text_or_null(tree, path);
	if (!*ret_text)
		return err_set(err, EINVAL, "%s: '%s' is missing", file, path);
	return 0;
}

static int read_forward(struct machine_nic *nic, const struct yaml_node *node,
			const char *file, struct err *err)
{
	uint64_t host = 0, guest = 0;

	if (!yaml_number(node, "host", &host) ||
	    !yaml_number(node, "guest", &guest) || host > PORT_MAX || !guest ||
	    guest > PORT_MAX)
		return err_set(err, EINVAL,
			       "%s:%u: a forward has 'host' and 'guest', ports "
			       "up to 65535",
			       file, node->line);
	*vec_add(&nic->forwards) = (struct machine_forward){ (uint16_t)host,
							     (uint16_t)guest };
	return 0;
}

static int read_nic(struct machine *m, const struct yaml_node *node,
		    const char *file, struct err *err)
{
	struct machine_nic *nic = vec_add(&m->nics);
	const struct yaml_node *forwards = yaml_get(node, "forwards");
	int r = choice(node, "kind", nic_kinds, file, err);

	if (r < 0)
		return r;
	nic->kind = (enum nic_kind)r;
	nic->mac = text_or_null(node, "mac");
	nic->bridge = text_or_null(node, "bridge");
	nic->tap = text_or_null(node, "tap");
	nic->network = text_or_null(node, "network");
	nic->net = text_or_null(node, "net");
	nic->address = text_or_null(node, "address");
	nic->gateway = text_or_null(node, "gateway");
	nic->dns = text_or_null(node, "dns");
	for (size_t i = 0; forwards && i < forwards->items.n; i++) {
		r = read_forward(nic, forwards->items.at[i].value, file, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_disk(struct machine *m, const struct yaml_node *node,
		     const char *file, struct err *err)
{
	struct machine_disk *disk = vec_add(&m->disks);

	yaml_bool(node, "readonly", &disk->readonly);
	yaml_bool(node, "block", &disk->block);
	disk->pool = text_or_null(node, "pool");
	disk->volume = text_or_null(node, "volume");
	disk->format = text_or_null(node, "format");
	if (!disk->format)
		disk->format = xstrdup("raw");
	return required(node, "file", file, &disk->file, err);
}

static int read_serial(struct machine *m, const struct yaml_node *node,
		       const char *file, struct err *err)
{
	struct machine_serial *port = vec_add(&m->serial);
	const struct yaml_node *names = yaml_get(node, "names");
	int r = choice(node, "port", serial_ports, file, err);

	if (r < 0)
		return r;
	port->port = (enum serial_port)r;
	for (size_t i = 0; names && i < names->items.n; i++) {
		const struct yaml_node *name = names->items.at[i].value;

		if (name->kind != YAML_TEXT || !serial_name_ok(name->text) ||
		    i == SERIAL_NAMES)
			return err_set(err, EINVAL,
				       "%s:%u: a serial port has up to %d "
				       "'names' such as ttyACM0, below /dev",
				       file, node->line, SERIAL_NAMES);
		*vec_add(&port->names) = xstrdup(name->text);
	}
	if (m->serial.n > SERIAL_PORTS)
		return err_set(err, EINVAL,
			       "%s:%u: a guest has up to %d serial ports", file,
			       node->line, SERIAL_PORTS);
	for (size_t i = 0; i + 1 < m->serial.n; i++)
		if (port->port == SERIAL_UART &&
		    m->serial.at[i].port == SERIAL_UART)
			return err_set(err, EINVAL,
				       "%s:%u: the board has one UART for "
				       "this; use 'port: virtio'",
				       file, node->line);
	return required(node, "device", file, &port->device, err);
}

static int read_lists(struct machine *m, const struct yaml_node *tree,
		      const char *file, struct err *err)
{
	const struct yaml_node *disks = yaml_get(tree, "disks");
	const struct yaml_node *nics = yaml_get(tree, "nics");
	const struct yaml_node *serial = yaml_get(tree, "serial");
	int r;

	for (size_t i = 0; disks && i < disks->items.n; i++) {
		r = read_disk(m, disks->items.at[i].value, file, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; nics && i < nics->items.n; i++) {
		r = read_nic(m, nics->items.at[i].value, file, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; serial && i < serial->items.n; i++) {
		r = read_serial(m, serial->items.at[i].value, file, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_numbers(struct machine *m, const struct yaml_node *tree,
			const char *file, struct err *err)
{
	const char *memory = yaml_text(tree, "memory");
	uint64_t version = 0, cpus = 0;

	if (!yaml_number(tree, "version", &version) || !version)
		return err_set(err, EINVAL, "%s: 'version' is missing", file);
	if (version > VERSION_KNOWN)
		return err_set(err, EINVAL,
			       "%s was written by a newer pimigrate (version "
			       "%u): update pimigrate",
			       file, (unsigned int)version);
	if (!yaml_number(tree, "cpus", &cpus) || !cpus || cpus > CPUS_MAX)
		return err_set(err, EINVAL, "%s: 'cpus' must be 1 to %d", file,
			       CPUS_MAX);
	if (!memory || !str_size(memory, UINT64_C(64) << 20, UINT64_C(8) << 30,
				 &m->memory))
		return err_set(err, EINVAL,
			       "%s: 'memory' must be 64M to 8G, such as 1024M",
			       file);
	m->version = (unsigned int)version;
	m->cpus = (unsigned int)cpus;
	return 0;
}

static int read_tree(struct machine *m, const struct yaml_node *tree,
		     const char *file, struct err *err)
{
	uint64_t n;
	int r = read_numbers(m, tree, file, err);

	if (r < 0)
		return r;
	r = choice(tree, "engine", engines, file, err);
	if (r < 0)
		return r;
	m->engine = (enum engine)r;
	yaml_bool(tree, "autostart", &m->autostart);
	m->libvirt = text_or_null(tree, "libvirt");
	r = choice(tree, "console", consoles, file, err);
	if (r < 0)
		return r;
	m->console_hvc0 = r;
	m->title = text_or_null(tree, "title");
	m->arch = text_or_null(tree, "arch");
	m->release = text_or_null(tree, "release");
	m->cpu = text_or_null(tree, "cpu");
	m->initrd = text_or_null(tree, "initrd");
	m->cmdline = text_or_null(tree, "cmdline");
	m->profile = text_or_null(tree, "profile");
	m->source_path = text_or_null(tree, "origin.path");
	m->source_serial = text_or_null(tree, "origin.serial");
	m->source_sha256 = text_or_null(tree, "origin.sha256");
	m->created = text_or_null(tree, "origin.converted");
	if (yaml_number(tree, "origin.size", &n))
		m->source_size = n;
	if (yaml_number(tree, "origin.mtime", &n))
		m->source_mtime = (int64_t)n;
	r = required(tree, "uuid", file, &m->uuid, err);
	if (!r)
		r = required(tree, "kernel", file, &m->kernel, err);
	return r < 0 ? r : read_lists(m, tree, file, err);
}

int store_load(const char *name, struct machine *ret_m, struct err *err)
{
	autofree char *file = store_file(name, "guest.yaml");
	autoyaml struct yaml_node *tree = NULL;
	struct machine m = { 0 };
	int r;

	if (!store_name_ok(name) || access(file, F_OK) < 0)
		return err_set(err, ENOENT,
			       "there is no guest '%s'; pimigrate list shows "
			       "what there is",
			       name);
	r = yaml_load(file, &tree, err);
	if (r < 0)
		return r;
	m.name = xstrdup(name);
	r = read_tree(&m, tree, file, err);
	if (r < 0) {
		machine_free(&m);
		return r;
	}
	*ret_m = m;
	return 0;
}

static void set_text(struct yaml_node *map, const char *key, const char *text)
{
	if (text)
		yaml_set_text(map, key, text);
	else
		yaml_remove(map, key);
}

static struct yaml_node *disk_node(const struct machine_disk *disk)
{
	struct yaml_node *node = yaml_node_new(YAML_MAP);

	set_text(node, "file", disk->file);
	set_text(node, "format", disk->format);
	if (disk->readonly)
		yaml_set_bool(node, "readonly", true);
	if (disk->block)
		yaml_set_bool(node, "block", true);
	set_text(node, "pool", disk->pool);
	set_text(node, "volume", disk->volume);
	return node;
}

static struct yaml_node *nic_node(const struct machine_nic *nic)
{
	struct yaml_node *node = yaml_node_new(YAML_MAP), *list;

	yaml_set_text(node, "kind", nic_kinds[nic->kind]);
	set_text(node, "mac", nic->mac);
	set_text(node, "bridge", nic->bridge);
	set_text(node, "tap", nic->tap);
	set_text(node, "network", nic->network);
	set_text(node, "net", nic->net);
	set_text(node, "address", nic->address);
	set_text(node, "gateway", nic->gateway);
	set_text(node, "dns", nic->dns);
	if (!nic->forwards.n)
		return node;
	list = yaml_set(node, "forwards", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < nic->forwards.n; i++) {
		struct yaml_node *f = yaml_append(list,
						  yaml_node_new(YAML_MAP));

		yaml_set_number(f, "host", nic->forwards.at[i].host);
		yaml_set_number(f, "guest", nic->forwards.at[i].guest);
	}
	return node;
}

static struct yaml_node *serial_node(const struct machine_serial *port)
{
	struct yaml_node *node = yaml_node_new(YAML_MAP), *list;

	set_text(node, "device", port->device);
	yaml_set_text(node, "port", serial_ports[port->port]);
	list = yaml_set(node, "names", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < port->names.n; i++)
		yaml_append_text(list, port->names.at[i]);
	return node;
}

static void write_serial(struct yaml_node *tree, const struct machine *m)
{
	struct yaml_node *list;

	yaml_remove(tree, "serial");
	if (!m->serial.n)
		return;
	list = yaml_set(tree, "serial", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < m->serial.n; i++)
		yaml_append(list, serial_node(&m->serial.at[i]));
}

static void write_origin(struct yaml_node *tree, const struct machine *m)
{
	struct yaml_node *origin = yaml_get(tree, "origin");

	if (!origin)
		origin = yaml_set(tree, "origin", yaml_node_new(YAML_MAP));
	set_text(origin, "path", m->source_path);
	yaml_set_number(origin, "size", m->source_size);
	yaml_set_number(origin, "mtime", (uint64_t)m->source_mtime);
	set_text(origin, "serial", m->source_serial);
	set_text(origin, "sha256", m->source_sha256);
	set_text(origin, "converted", m->created);
}

static void write_tree(struct yaml_node *tree, const struct machine *m)
{
	autofree char *memory = xasprintf(
		"%lluM", (unsigned long long)(m->memory >> 20));
	struct yaml_node *list;

	yaml_set_number(tree, "version", VERSION_KNOWN);
	set_text(tree, "uuid", m->uuid);
	set_text(tree, "title", m->title);
	yaml_set_number(tree, "cpus", m->cpus);
	yaml_set_text(tree, "memory", memory);
	set_text(tree, "arch", m->arch);
	set_text(tree, "cpu", m->cpu);
	yaml_set_text(tree, "engine", engines[m->engine]);
	yaml_set_bool(tree, "autostart", m->autostart);
	set_text(tree, "libvirt", m->libvirt);
	set_text(tree, "console", m->console_hvc0 ? consoles[1] : NULL);
	set_text(tree, "release", m->release);
	set_text(tree, "kernel", m->kernel);
	set_text(tree, "initrd", m->initrd);
	set_text(tree, "cmdline", m->cmdline);
	set_text(tree, "profile", m->profile);
	list = yaml_set(tree, "disks", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < m->disks.n; i++)
		yaml_append(list, disk_node(&m->disks.at[i]));
	list = yaml_set(tree, "nics", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < m->nics.n; i++)
		yaml_append(list, nic_node(&m->nics.at[i]));
	write_serial(tree, m);
	write_origin(tree, m);
}

int store_save_in(const char *dir, const struct machine *m, struct err *err)
{
	autofree char *file = xasprintf("%s/guest.yaml", dir), *text = NULL;
	autoyaml struct yaml_node *tree = NULL;
	int r = 0;

	if (!access(file, F_OK))
		r = yaml_load(file, &tree, err);
	if (r < 0)
		return r;
	if (!tree)
		tree = yaml_node_new(YAML_MAP);
	write_tree(tree, m);
	text = yaml_emit(tree);
	return files_replace(file, text, strlen(text), 0644, err);
}

int store_save(const struct machine *m, struct err *err)
{
	autofree char *dir = store_dir(m->name);

	return store_save_in(dir, m, err);
}
