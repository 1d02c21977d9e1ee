/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devices: the host's serial ports that a guest has, and those that its
 * programs ask for.  What convert found in the card's configurations is in
 * report.json; what is plugged in has its lasting name in /dev/serial/by-id.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "model/guest.h"
#include "model/serial.h"
#include "store/store.h"

enum {
	PORT_AUTO = SERIAL_VIRTIO + 1
};

static struct opt_list arg_as;
static unsigned int arg_port = PORT_AUTO;
static const char *const ports[] = {
	[SERIAL_UART] = "uart",
	[SERIAL_VIRTIO] = "virtio",
	[PORT_AUTO] = "auto",
	NULL,
};

/* A device that a file of the card names. */
struct wanted {
	char *name; /* "/dev/ttyACM0" */
	char *file; /* "/opt/zigbee2mqtt/data/configuration.yaml" */
};

struct devices {
	struct machine m;
	struct vec_of(struct wanted) wanted;
	struct vec_of(char *) plugged; /* of the host, by their lasting names */
};

static void devices_fini(struct devices *d)
{
	machine_free(&d->m);
	for (size_t i = 0; i < d->wanted.n; i++) {
		free(d->wanted.at[i].name);
		free(d->wanted.at[i].file);
	}
	vec_free(&d->wanted);
	for (size_t i = 0; i < d->plugged.n; i++)
		free(d->plugged.at[i]);
	vec_free(&d->plugged);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value)
		       ? json_object_get_string(value)
		       : NULL;
}

/* Is it a serial port, which can be given to the guest?  By a name of the
 * card's own ("/dev/zigbee") it is one if there is something to decide. */
static bool is_serial(const char *name, const char *fate)
{
	return !fnmatch("/dev/tty[AUS]*", name, 0) ||
	       !fnmatch("/dev/serial*", name, 0) ||
	       (fate && !strcmp(fate, guest_fate_name(FATE_DECIDE)));
}

/* A guest without a report was not converted; it has nothing to want. */
static void read_wanted(struct devices *d, const char *name)
{
	autofree char *file = store_file(name, "report.json");
	struct json_object *report = json_object_from_file(file), *things;
	size_t n = 0;

	if (report && json_object_object_get_ex(report, "things", &things) &&
	    json_object_is_type(things, json_type_array))
		n = json_object_array_length(things);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(things, i);
		const char *kind = text_of(o, "kind");
		const char *device = text_of(o, "name");
		const char *where = text_of(o, "where");

		if (kind && !strcmp(kind, "device") && device &&
		    is_serial(device, text_of(o, "fate")))
			*vec_add(&d->wanted) = (struct wanted){
				xstrdup(device), xstrdup(where ? where : "?")
			};
	}
	json_object_put(report);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_plugged(struct devices *d)
{
	static const char folder[] = "/dev/serial/by-id";
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			*vec_add(&d->plugged) = xasprintf("%s/%s", folder,
							  entry->d_name);
	if (dir)
		closedir(dir);
	if (d->plugged.n)
		qsort(d->plugged.at, d->plugged.n, sizeof(*d->plugged.at),
		      by_name);
}

static bool same_file(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];

	return !strcmp(a, b) || (realpath(a, real_a) && realpath(b, real_b) &&
				 !strcmp(real_a, real_b));
}

static int find_port(const struct machine *m, const char *device)
{
	for (size_t i = 0; i < m->serial.n; i++)
		if (same_file(m->serial.at[i].device, device))
			return (int)i;
	return -1;
}

/* Below /dev, as a name in the guest. */
static const char *without_dev(const char *name)
{
	return str_starts(name, "/dev/") ? name + strlen("/dev/") : name;
}

/* ---- what there is ---- */

static bool is_given(const struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->m.serial.n; i++) {
		const struct machine_serial *port = &d->m.serial.at[i];

		for (size_t j = 0; j < port->names.n; j++)
			if (!strcmp(port->names.at[j], without_dev(name)))
				return true;
	}
	return false;
}

/* A lasting name is the same on the host; another one is a guess, which is
 * made only if there is but one stick. */
static const char *proposal(const struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->plugged.n; i++)
		if (!strcmp(d->plugged.at[i], name))
			return d->plugged.at[i];
	return d->plugged.n == 1 && find_port(&d->m, d->plugged.at[0]) < 0 &&
			       !str_starts(name, "/dev/serial/by-")
		       ? d->plugged.at[0]
		       : NULL;
}

static void print_ports(const struct devices *d)
{
	for (size_t i = 0; i < d->m.serial.n; i++) {
		const struct machine_serial *port = &d->m.serial.at[i];

		printf("given      %s%s\n           as /dev/%s", port->device,
		       access(port->device, F_OK) ? " (not plugged in)" : "",
		       serial_terminal(&d->m, i));
		for (size_t j = 0; j < port->names.n; j++)
			printf(", /dev/%s", port->names.at[j]);
		printf("\n");
	}
}

static void print_wanted(const struct devices *d)
{
	for (size_t i = 0; i < d->wanted.n; i++) {
		const struct wanted *w = &d->wanted.at[i];
		const char *found = proposal(d, w->name);

		if (is_given(d, w->name))
			continue;
		printf("asked for  %s\n           by %s\n", w->name, w->file);
		if (found)
			printf("           to give it: pimigrate devices %s "
			       "attach %s --as %s\n",
			       d->m.name, found, w->name);
	}
}

static void print_text(const struct devices *d)
{
	print_ports(d);
	print_wanted(d);
	for (size_t i = 0; i < d->plugged.n; i++)
		if (find_port(&d->m, d->plugged.at[i]) < 0)
			printf("plugged in %s\n", d->plugged.at[i]);
	if (!d->m.serial.n && !d->wanted.n && !d->plugged.n)
		printf("%s has no serial port of this host and asks for none, "
		       "and none is plugged in\n",
		       d->m.name);
}

static struct json_object *json_ports(const struct devices *d)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < d->m.serial.n; i++) {
		const struct machine_serial *port = &d->m.serial.at[i];
		struct json_object *o = json_object_new_object();
		struct json_object *names = json_object_new_array();

		json_object_object_add(o, "device",
				       json_object_new_string(port->device));
		json_object_object_add(
			o, "present",
			json_object_new_boolean(!access(port->device, F_OK)));
		json_object_object_add(
			o, "port", json_object_new_string(ports[port->port]));
		json_object_object_add(
			o, "terminal",
			json_object_new_string(serial_terminal(&d->m, i)));
		for (size_t j = 0; j < port->names.n; j++)
			json_object_array_add(
				names,
				json_object_new_string(port->names.at[j]));
		json_object_object_add(o, "names", names);
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(const struct devices *d)
{
	struct json_object *o = json_object_new_object();
	struct json_object *wanted = json_object_new_array();
	struct json_object *plugged = json_object_new_array();

	for (size_t i = 0; i < d->wanted.n; i++) {
		const struct wanted *w = &d->wanted.at[i];
		struct json_object *row = json_object_new_object();
		const char *found = proposal(d, w->name);

		json_object_object_add(row, "name",
				       json_object_new_string(w->name));
		json_object_object_add(row, "file",
				       json_object_new_string(w->file));
		json_object_object_add(
			row, "given",
			json_object_new_boolean(is_given(d, w->name)));
		json_object_object_add(row, "proposal",
				       found ? json_object_new_string(found)
					     : NULL);
		json_object_array_add(wanted, row);
	}
	for (size_t i = 0; i < d->plugged.n; i++)
		json_object_array_add(plugged,
				      json_object_new_string(d->plugged.at[i]));
	json_object_object_add(o, "given", json_ports(d));
	json_object_object_add(o, "asked_for", wanted);
	json_object_object_add(o, "plugged_in", plugged);
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* ---- giving and taking ---- */

static int choose_port(const struct machine *m, enum serial_port *ret_port,
		       struct err *err)
{
	bool has_uart = m->engine != ENGINE_QEMU;

	for (size_t i = 0; i < m->serial.n; i++)
		has_uart &= m->serial.at[i].port != SERIAL_UART;
	if (arg_port == SERIAL_UART && !has_uart)
		return err_set(err, EBUSY,
			       m->engine == ENGINE_QEMU
				       ? "QEMU's board has no second UART; "
					 "leave out --port uart"
				       : "the board's second UART has a port "
					 "already; leave out --port uart");
	*ret_port = arg_port == PORT_AUTO
			    ? (has_uart ? SERIAL_UART : SERIAL_VIRTIO)
			    : (enum serial_port)arg_port;
	return 0;
}

static int add_name(const struct devices *d, struct machine_serial *port,
		    const char *name, struct err *err)
{
	const char *below = without_dev(name);

	if (!serial_name_ok(below))
		return err_set(err, EINVAL,
			       "'%s' cannot be a name in the guest; it is one "
			       "below /dev, such as ttyACM0",
			       name);
	for (size_t i = 0; i < port->names.n; i++)
		if (!strcmp(port->names.at[i], below))
			return 0;
	if (is_given(d, below))
		return err_set(err, EEXIST,
			       "another port of %s has the name /dev/%s",
			       d->m.name, below);
	if (port->names.n == SERIAL_NAMES)
		return err_set(err, E2BIG, "a port has up to %d names",
			       SERIAL_NAMES);
	*vec_add(&port->names) = xstrdup(below);
	return 0;
}

/* Its lasting name, and what --as says; else the one name of the guest's
 * programs that it can be. */
static int name_it(const struct devices *d, struct machine_serial *port,
		   struct err *err)
{
	int r = 0;

	if (str_starts(port->device, "/dev/serial/"))
		r = add_name(d, port, port->device, err);
	for (size_t i = 0; !r && i < arg_as.words.n; i++)
		r = add_name(d, port, arg_as.words.at[i], err);
	for (size_t i = 0; !r && !arg_as.words.n && i < d->wanted.n; i++) {
		const char *name = d->wanted.at[i].name;
		const char *found = proposal(d, name);

		if (found && same_file(found, port->device) &&
		    !is_given(d, name))
			r = add_name(d, port, name, err);
	}
	return r;
}

static int attach(struct devices *d, const char *device, struct err *err)
{
	struct machine_serial *port;
	enum serial_port kind = SERIAL_UART;
	int r;

	if (*device != '/')
		return err_set(err, EINVAL,
			       "'%s' is no device; 'pimigrate devices %s' "
			       "shows what is plugged in",
			       device, d->m.name);
	if (find_port(&d->m, device) >= 0)
		return err_set(err, EEXIST, "%s has '%s' already", d->m.name,
			       device);
	if (d->m.serial.n == SERIAL_PORTS)
		return err_set(err, E2BIG, "a guest has up to %d serial ports",
			       SERIAL_PORTS);
	r = choose_port(&d->m, &kind, err);
	if (r < 0)
		return r;
	port = vec_add(&d->m.serial);
	port->device = xstrdup(device);
	port->port = kind;
	r = name_it(d, port, err);
	return r < 0 ? r : store_save(&d->m, err);
}

static int detach(struct devices *d, const char *device, struct err *err)
{
	int n = find_port(&d->m, device);

	if (n < 0)
		return err_set(err, ENOENT,
			       "%s does not have '%s'; 'pimigrate devices %s' "
			       "shows what it has",
			       d->m.name, device, d->m.name);
	machine_remove_serial(&d->m, (size_t)n);
	return store_save(&d->m, err);
}

static int change(struct cmd_ctx *ctx, struct devices *d, struct err *err)
{
	const char *verb = ctx->args[1], *device = ctx->args[2];
	int r;

	if (ctx->nargs != 3 ||
	    (strcmp(verb, "attach") && strcmp(verb, "detach"))) {
		err_set(err, EINVAL,
			"devices wants 'attach DEVICE' or 'detach DEVICE' "
			"behind the guest's name");
		return CMD_USAGE;
	}
	r = !strcmp(verb, "attach") ? attach(d, device, err)
				    : detach(d, device, err);
	if (r < 0 || ctx->quiet)
		return r;
	print_ports(d);
	if (!strcmp(verb, "attach") && access(device, F_OK))
		ui_warn(ctx->ui,
			"'%s' is not plugged in: the guest has it "
			"once it is",
			device);
	if (d->m.libvirt)
		printf("from the next start on, once 'pimigrate define %s' has "
		       "put it into libvirt's definition\n",
		       d->m.name);
	else
		printf("from %s's next start on\n", d->m.name);
	return 0;
}

static int devices_run(struct cmd_ctx *ctx, struct err *err)
{
	cleanup(devices_fini) struct devices d = { 0 };
	int r = store_load(ctx->args[0], &d.m, err);

	if (r < 0)
		return r;
	read_wanted(&d, ctx->args[0]);
	read_plugged(&d);
	if (ctx->nargs > 1)
		return change(ctx, &d, err);
	if (ctx->json)
		print_json(&d);
	else
		print_text(&d);
	return 0;
}

static const struct opt options[] = {
	{ "--as", OPT_LIST, &arg_as, "NAME",
	  "attach: what the guest's programs call it, such as /dev/ttyACM0; "
	  "may be said several times" },
	{ "--port", OPT_CHOICE, &arg_port, "PORT",
	  "attach: uart carries speed and modem lines, virtio is faster; one "
	  "uart is there",
	  .choices = ports },
	OPT_END,
};

const struct cmd cmd_devices = {
	.name = "devices",
	.help = "USB sticks and other serial ports of the host for a guest",
	.args = "NAME [attach|detach DEVICE]",
	.about = "Without more, shows what the guest has, what its programs "
		 "ask for, and what is\nplugged in. DEVICE is best a name in "
		 "/dev/serial/by-id, which stays when the\nstick is plugged in "
		 "elsewhere.",
	.min_args = 1,
	.max_args = 3,
	.options = options,
	.run = devices_run,
};
