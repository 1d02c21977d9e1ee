/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The balloon: the guest's memory, and what it says of it.
 *
 * libvirt reads that as a property of the device ("guest-stats"), and sets
 * another to have the guest asked.
 */
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

#define STATS    "guest-stats"
#define INTERVAL "guest-stats-polling-interval"

static bool check(const struct qmp_call *call)
{
	if (!machine_has_balloon(call->machine))
		qmp_fail(call, DEVICE_NOT_ACTIVE,
			 "No balloon device has been activated");
	return machine_has_balloon(call->machine);
}

struct json_object *cmd_balloon(const struct qmp_call *call)
{
	int64_t bytes = json_object_get_int64(member_get(call->args, "value"));

	if (!check(call))
		return NULL;
	if (bytes <= 0)
		return qmp_fail(call, GENERIC_ERROR,
				"Parameter 'value' expects a size above 0");
	machine_want_memory(call->machine, (uint64_t)bytes);
	return json_object_new_object();
}

struct json_object *cmd_query_balloon(const struct qmp_call *call)
{
	struct json_object *ret;

	if (!check(call))
		return NULL;
	ret = json_object_new_object();
	member_number(ret, "actual", machine_memory(call->machine));
	return ret;
}

/* As QEMU names them, in the order of the device's tags. */
static const char *const stat_names[MACHINE_MEMORY_STATS] = {
	"stat-swap-in",          "stat-swap-out",    "stat-major-faults",
	"stat-minor-faults",     "stat-free-memory", "stat-total-memory",
	"stat-available-memory", "stat-disk-caches", "stat-htlb-pgalloc",
	"stat-htlb-pgfail"
};

static struct json_object *guest_stats(const struct qmp_call *call)
{
	uint64_t stats[MACHINE_MEMORY_STATS], when;
	struct json_object *ret = json_object_new_object();
	struct json_object *list = json_object_new_object();

	when = machine_memory_stats(call->machine, stats);
	for (size_t i = 0; i < MACHINE_MEMORY_STATS; i++)
		member_number(list, stat_names[i], stats[i]);
	json_object_object_add(ret, "stats", list);
	member_number(ret, "last-update", when);
	return ret;
}

static const char *text_of(const struct qmp_call *call, const char *key)
{
	return json_object_get_string(member_get(call->args, key));
}

static const struct qmp_device *balloon_at(const struct qmp_call *call)
{
	const struct qmp_device *d = qmp_device_at(call, text_of(call, "path"));

	return d && !strcmp(d->type, QMP_BALLOON) ? d : NULL;
}

static void *no_property(const struct qmp_call *call)
{
	return qmp_fail(call, GENERIC_ERROR, "Property '%.80s.%.40s' not found",
			text_of(call, "path"), text_of(call, "property"));
}

struct json_object *cmd_qom_get(const struct qmp_call *call)
{
	const char *property = text_of(call, "property");

	if (!balloon_at(call))
		return no_property(call);
	if (!strcmp(property, STATS))
		return guest_stats(call);
	if (!strcmp(property, INTERVAL))
		return json_object_new_int64(
			machine_memory_polled(call->machine));
	return no_property(call);
}

struct json_object *cmd_qom_set(const struct qmp_call *call)
{
	struct json_object *value = member_get(call->args, "value");
	int64_t seconds = json_object_get_int64(value);

	if (!balloon_at(call) || strcmp(text_of(call, "property"), INTERVAL))
		return no_property(call);
	if (!json_object_is_type(value, json_type_int) || seconds < 0 ||
	    seconds > UINT16_MAX)
		return qmp_fail(call, GENERIC_ERROR,
				INTERVAL " is a number of seconds, up to %d",
				UINT16_MAX);
	machine_poll_memory(call->machine, (unsigned int)seconds);
	return json_object_new_object();
}

void qmp_balloon_properties(struct json_object *list)
{
	qmp_add_property(list, STATS, "guest statistics");
	qmp_add_property(list, INTERVAL, "int");
}
