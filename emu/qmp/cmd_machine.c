/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start, stop, reset, power. */
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

struct json_object *cmd_cont(const struct qmp_call *call)
{
	if (machine_state(call->machine) == RUN_SHUTDOWN)
		return qmp_fail(call, GENERIC_ERROR,
				"Resetting the Virtual Machine is required");
	machine_start(call->machine);
	return json_object_new_object();
}

struct json_object *cmd_stop(const struct qmp_call *call)
{
	machine_pause(call->machine);
	return json_object_new_object();
}

struct json_object *cmd_powerdown(const struct qmp_call *call)
{
	machine_powerdown(call->machine);
	return json_object_new_object();
}

struct json_object *cmd_reset(const struct qmp_call *call)
{
	machine_reset(call->machine, CAUSE_HOST_QMP_RESET);
	return json_object_new_object();
}

/* Its end would come before the answer, so it is left to the loop. */
struct json_object *cmd_quit(const struct qmp_call *call)
{
	loop_call_post(call->quit);
	return json_object_new_object();
}

/* One of two words; *ret as it was if it is not there. */
static bool choice(const struct qmp_call *call, const char *key, const char *no,
		   const char *yes, bool *ret)
{
	struct json_object *value = member_get(call->args, key);
	const char *text;

	if (!value)
		return true;
	text = json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : "";
	if (strcmp(text, no) != 0 && strcmp(text, yes) != 0) {
		qmp_fail(call, GENERIC_ERROR,
			 "Parameter '%s' does not accept value '%.40s'", key,
			 text);
		return false;
	}
	*ret = !strcmp(text, yes);
	return true;
}

/* panic and watchdog are taken: the board has neither. */
struct json_object *cmd_set_action(const struct qmp_call *call)
{
	bool no_reboot, no_shutdown;

	machine_actions(call->machine, &no_reboot, &no_shutdown);
	if (!choice(call, "reboot", "reset", "shutdown", &no_reboot) ||
	    !choice(call, "shutdown", "poweroff", "pause", &no_shutdown))
		return NULL;
	machine_set_actions(call->machine, no_reboot, no_shutdown);
	return json_object_new_object();
}
