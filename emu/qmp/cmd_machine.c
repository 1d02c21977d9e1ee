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
	if (machine_is_idle(call->machine))
		return qmp_fail(call, GENERIC_ERROR,
				"there is nothing to run on the machine "
				"'none'");
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

/* Is the argument that word?  *ret as it was if it is not there. */
static void choose(const struct qmp_call *call, const char *key,
		   const char *yes, bool *ret)
{
	struct json_object *value = member_get(call->args, key);

	if (value)
		*ret = !strcmp(json_object_get_string(value), yes);
}

/* panic and watchdog are taken: the board has neither. */
struct json_object *cmd_set_action(const struct qmp_call *call)
{
	bool no_reboot, no_shutdown;

	machine_actions(call->machine, &no_reboot, &no_shutdown);
	choose(call, "reboot", "shutdown", &no_reboot);
	choose(call, "shutdown", "pause", &no_shutdown);
	machine_set_actions(call->machine, no_reboot, no_shutdown);
	return json_object_new_object();
}
