/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine is and how it does.  The fields are those that QEMU's
 * schema calls mandatory, and those that libvirt reads.
 */
#include <stdio.h>
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

struct json_object *cmd_capabilities(const struct qmp_call *call)
{
	struct json_object *list = member_get(call->args, "enable");

	if (list && json_object_array_length(list))
		return qmp_fail(call, GENERIC_ERROR,
				"there are no capabilities to enable");
	if (!qmp_negotiated(call->session))
		return qmp_fail(call, COMMAND_NOT_FOUND,
				"Capabilities negotiation is already "
				"complete, command ignored");
	return json_object_new_object();
}

struct json_object *cmd_query_version(const struct qmp_call *call)
{
	(void)call;
	return qmp_version();
}

struct json_object *cmd_query_commands(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	(void)call;
	for (unsigned int i = 0; i < qmp_command_count; i++) {
		struct json_object *row = json_object_new_object();

		member_text(row, "name", qmp_commands[i].name);
		json_object_array_add(list, row);
	}
	return list;
}

struct json_object *cmd_query_status(const struct qmp_call *call)
{
	enum run_state state = machine_state(call->machine);
	struct json_object *ret = json_object_new_object();

	member_text(ret, "status", run_state_name(state));
	member_bool(ret, "singlestep", false);
	member_bool(ret, "running", state == RUN_RUNNING);
	return ret;
}

struct json_object *cmd_query_name(const struct qmp_call *call)
{
	struct json_object *ret = json_object_new_object();

	if (call->info->name)
		member_text(ret, "name", call->info->name);
	return ret;
}

struct json_object *cmd_query_uuid(const struct qmp_call *call)
{
	struct json_object *ret = json_object_new_object();

	member_text(ret, "UUID",
		    *call->info->uuid ? call->info->uuid
				      : "00000000-0000-0000-0000-000000000000");
	return ret;
}

struct json_object *cmd_query_target(const struct qmp_call *call)
{
	struct json_object *ret = json_object_new_object();

	(void)call;
	member_text(ret, "arch", "arm");
	return ret;
}

struct json_object *cmd_query_kvm(const struct qmp_call *call)
{
	struct json_object *ret = json_object_new_object();

	(void)call;
	member_bool(ret, "enabled", false);
	member_bool(ret, "present", false);
	return ret;
}

struct json_object *cmd_query_cpus(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < machine_cpus(call->machine); i++) {
		struct json_object *cpu = json_object_new_object();
		struct json_object *props = json_object_new_object();
		struct machine_cpu_stats stats;
		char path[48];

		machine_cpu_stats(call->machine, i, &stats);
		snprintf(path, sizeof(path), "/machine/unattached/device[%u]",
			 i);
		member_number(cpu, "cpu-index", i);
		member_number(cpu, "thread-id", (uint64_t)stats.thread_id);
		member_text(cpu, "qom-path", path);
		member_text(cpu, "target", "arm");
		member_number(props, "core-id", i);
		json_object_object_add(cpu, "props", props);
		json_object_array_add(list, cpu);
	}
	return list;
}

struct json_object *cmd_query_chardev(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < call->info->n_chardevs; i++) {
		const struct chardev *chr = call->info->chardevs[i];
		struct json_object *row = json_object_new_object();

		member_text(row, "label", chr->label);
		member_text(row, "filename", chr->filename);
		member_bool(row, "frontend-open", chr->front_open);
		json_object_array_add(list, row);
	}
	return list;
}
