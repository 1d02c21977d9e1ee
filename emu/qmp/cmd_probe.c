/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this emulator is able to do, asked by libvirt before it starts a guest
 * (docs/qmp.md).  No answer here depends on the machine that runs; each is one
 * that libvirt 9 to 12 make the right command line from.
 */
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

/* There is nothing of the kind, which is an answer. */
struct json_object *cmd_nothing(const struct qmp_call *call)
{
	(void)call;
	return json_object_new_array();
}

/* With a default CPU libvirt writes it into the guest's definition, so that it
 * stays the same for good. */
struct json_object *cmd_query_machines(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();
	struct json_object *row = json_object_new_object();

	(void)call;
	member_text(row, "name", "virt");
	member_number(row, "cpu-max", MAX_CPUS);
	member_bool(row, "hotpluggable-cpus", false);
	member_bool(row, "numa-mem-supported", false);
	member_bool(row, "deprecated", false);
	member_bool(row, "acpi", false);
	member_text(row, "default-cpu-type", "cortex-a15-arm-cpu");
	member_text(row, "default-ram-id", "mach-virt.ram");
	json_object_array_add(list, row);
	return list;
}

struct json_object *cmd_query_models(const struct qmp_call *call)
{
	static const struct {
		const char *name, *type;
	} models[] = { { "cortex-a7", "cortex-a7-arm-cpu" },
		       { "cortex-a15", "cortex-a15-arm-cpu" },
		       { "max", "max-arm-cpu" } };
	struct json_object *list = json_object_new_array();

	(void)call;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		struct json_object *row = json_object_new_object();

		member_text(row, "name", models[i].name);
		member_text(row, "typename", models[i].type);
		member_bool(row, "static", false);
		member_bool(row, "deprecated", false);
		json_object_array_add(list, row);
	}
	return list;
}

struct json_object *cmd_query_gic(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();
	struct json_object *row = json_object_new_object();

	(void)call;
	member_number(row, "version", 2);
	member_bool(row, "emulated", true);
	member_bool(row, "kernel", false);
	json_object_array_add(list, row);
	return list;
}

/* libvirt turns "events" on, which every QEMU since 2.4 takes and none has
 * listed since. */
struct json_object *cmd_migrate_set(const struct qmp_call *call)
{
	(void)call;
	return json_object_new_object();
}

/*
 * virtio-mmio and no pcie-root-port: by that libvirt puts every device on
 * virtio-mmio.
 */
struct json_object *cmd_qom_list_types(const struct qmp_call *call)
{
	static const char *const types[] = {
		"tcg-accel",
		"virtio-mmio",
		"pl011",
		"virtio-balloon-device",
		"virtio-blk-device",
		"virtio-net-device",
		"virtio-rng-device",
		"virtio-scsi-device",
		"virtio-serial-device",
		"scsi-hd",
		"scsi-cd",
		"virtconsole",
		"virtserialport",
		"rng-random",
		"rng-builtin",
		"secret",
		"memory-backend-ram",
	};
	struct json_object *list = json_object_new_array();

	(void)call;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct json_object *row = json_object_new_object();

		member_text(row, "name", types[i]);
		json_object_array_add(list, row);
	}
	return list;
}

/* Abilities that libvirt asks for before it passes them on. */
static const struct {
	const char *type, *property;
} abilities[] = {
	{ QMP_BALLOON, "deflate-on-oom" },
	{ QMP_BALLOON, "free-page-reporting" },
};

/* Without any it is this class of error that libvirt understands. */
struct json_object *cmd_device_properties(const struct qmp_call *call)
{
	const char *type = json_object_get_string(
		member_get(call->args, "typename"));
	struct json_object *list = NULL;

	for (size_t i = 0; i < sizeof(abilities) / sizeof(*abilities); i++) {
		if (strcmp(abilities[i].type, type) != 0)
			continue;
		if (!list)
			list = json_object_new_array();
		qmp_add_property(list, abilities[i].property, "bool");
	}
	return list ? list
		    : qmp_fail(call, DEVICE_NOT_FOUND,
			       "Device '%.80s' has no properties to be asked "
			       "for",
			       type);
}

struct json_object *cmd_no_hotplug(const struct qmp_call *call)
{
	return qmp_fail(call, GENERIC_ERROR,
			"this board takes devices only while it is made: put "
			"them on the command line, and start the guest anew");
}
