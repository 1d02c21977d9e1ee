/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line has put on the board, and the cables to it. */
#include <string.h>

#include "common/str.h"
#include "net/net.h"
#include "qmp/command.h"
#include "qmp/member.h"

#define PERIPHERAL "/machine/peripheral"

void qmp_add_property(struct json_object *list, const char *name,
		      const char *type)
{
	struct json_object *row = json_object_new_object();

	member_text(row, "name", name);
	member_text(row, "type", type);
	json_object_array_add(list, row);
}

static struct json_object *all_devices(const struct qmp_info *info)
{
	struct json_object *list = json_object_new_array();

	qmp_add_property(list, "type", "string");
	for (size_t i = 0; i < info->n_devices; i++) {
		char type[64];

		snprintf(type, sizeof(type), "child<%s>",
			 info->devices[i].type);
		qmp_add_property(list, info->devices[i].id, type);
	}
	return list;
}

static const struct qmp_device *find_device(const struct qmp_info *info,
					    const char *id)
{
	for (size_t i = 0; i < info->n_devices; i++) {
		if (!strcmp(info->devices[i].id, id))
			return &info->devices[i];
	}
	return NULL;
}

const struct qmp_device *qmp_device_at(const struct qmp_call *call,
				       const char *path)
{
	const char *folder = PERIPHERAL "/";

	return str_starts(path, folder)
		       ? find_device(call->info, path + strlen(folder))
		       : NULL;
}

struct json_object *cmd_qom_list(const struct qmp_call *call)
{
	const char *path = json_object_get_string(
		member_get(call->args, "path"));
	const struct qmp_device *device = qmp_device_at(call, path);
	struct json_object *list;

	if (!strcmp(path, PERIPHERAL))
		return all_devices(call->info);
	if (!device)
		return qmp_fail(call, DEVICE_NOT_FOUND,
				"Device '%.80s' not found", path);
	list = json_object_new_array();
	qmp_add_property(list, "type", "string");
	if (!strcmp(device->type, QMP_BALLOON))
		qmp_balloon_properties(list);
	return list;
}

/* By the name of the card, as libvirt does, or of the network. */
static struct netdev *find_net(const struct qmp_info *info, const char *name)
{
	for (size_t i = 0; i < info->n_devices; i++) {
		const struct qmp_device *d = &info->devices[i];

		if (d->nd && (!strcmp(d->id, name) || !strcmp(d->nd->id, name)))
			return d->nd;
	}
	return NULL;
}

struct json_object *cmd_set_link(const struct qmp_call *call)
{
	const char *name = json_object_get_string(
		member_get(call->args, "name"));
	struct netdev *nd = find_net(call->info, name);

	if (!nd)
		return qmp_fail(call, DEVICE_NOT_FOUND,
				"Device '%.80s' not found", name);
	netdev_cut(nd, !json_object_get_boolean(member_get(call->args, "up")));
	return json_object_new_object();
}
