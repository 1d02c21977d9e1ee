/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-qmp-schema: what can be said here, made from the rows of commands.inc
 * and events.inc, so that it can neither lack a command nor promise one.
 *
 * Types have the names of what they belong to ("set_link-arg").  What a query
 * answers is not described: it is of the built-in type "any".  A choice of
 * back ends ("netdev_add", its "type") is given as QEMU gives it, as the tag of
 * a union, because libvirt looks for its variants.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "qmp/args.h"
#include "qmp/command.h"
#include "qmp/member.h"

/* What libvirt decides by, beside names and arguments. */
static const struct {
	const char *command, *feature;
} features[] = {
	{ "device_add", "json-cli-hotplug" }, /* -device takes JSON */
};

static struct json_object *add_type(struct json_object *list, const char *name,
				    const char *meta)
{
	struct json_object *type = json_object_new_object();

	member_text(type, "name", name);
	member_text(type, "meta-type", meta);
	json_object_array_add(list, type);
	return type;
}

static void add_builtins(struct json_object *list)
{
	static const struct {
		const char *name, *json;
	} types[] = { { "int", "int" },
		      { "str", "string" },
		      { "bool", "boolean" },
		      { "any", "value" } };
	struct json_object *array, *empty;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct json_object *type = add_type(list, types[i].name,
						    "builtin");

		member_text(type, "json-type", types[i].json);
	}
	array = add_type(list, "[str]", "array");
	member_text(array, "element-type", "str");
	empty = add_type(list, "empty", "object");
	json_object_object_add(empty, "members", json_object_new_array());
}

/* True: the type was one of choices, and is now on the list. */
static bool add_enum(struct json_object *list, const char *name,
		     const struct qmp_arg *arg)
{
	struct json_object *values = NULL;
	struct qmp_word choice = { 0 };

	while (qmp_choice_next(arg, &choice)) {
		if (!values) {
			values = json_object_new_array();
			json_object_object_add(add_type(list, name, "enum"),
					       "values", values);
		}
		json_object_array_add(
			values,
			json_object_new_string_len(choice.at, (int)choice.n));
	}
	return values;
}

static void add_variants(struct json_object *object, const struct qmp_arg *tag)
{
	struct json_object *list = json_object_new_array();
	struct qmp_word choice = { 0 };

	while (qmp_choice_next(tag, &choice)) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(
			row, "case",
			json_object_new_string_len(choice.at, (int)choice.n));
		member_text(row, "type", "empty");
		json_object_array_add(list, row);
	}
	json_object_object_add(
		object, "tag",
		json_object_new_string_len(tag->name.at, (int)tag->name.n));
	json_object_object_add(object, "variants", list);
}

/* args is that of owner's row and not empty. */
static void add_object(struct json_object *list, const char *owner,
		       const char *object_name, const char *args)
{
	struct json_object *object = add_type(list, object_name, "object");
	struct json_object *members = json_object_new_array();
	struct qmp_arg arg, tag_arg = { 0 };

	json_object_object_add(object, "members", members);
	while (qmp_arg_next(&args, &arg)) {
		struct json_object *row;
		autofree char *name = NULL, *type = NULL;

		if (arg.others) {
			/* a union: what else there is depends on the tag */
			if (tag_arg.name.n)
				add_variants(object, &tag_arg);
			continue;
		}
		name = xasprintf("%.*s", (int)arg.name.n, arg.name.at);
		type = xasprintf("%s-%s", owner, name);
		row = json_object_new_object();
		if (add_enum(list, type, &arg)) {
			tag_arg = arg;
		} else {
			free(type);
			type = xasprintf("%.*s", (int)arg.type.n, arg.type.at);
		}
		member_text(row, "name", name);
		member_text(row, "type", type);
		if (arg.optional)
			json_object_object_add(row, "default", NULL);
		json_object_array_add(members, row);
	}
}

static void add_features(struct json_object *command, const char *name)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct json_object *list;

		if (strcmp(features[i].command, name) != 0)
			continue;
		list = json_object_new_array();
		json_object_array_add(
			list, json_object_new_string(features[i].feature));
		json_object_object_add(command, "features", list);
	}
}

/* A command or an event. */
static struct json_object *add_row(struct json_object *list, const char *meta,
				   const char *name, const char *args)
{
	struct json_object *row = add_type(list, name, meta);
	autofree char *arg_type = xasprintf("%s-arg", name);

	if (*args)
		add_object(list, name, arg_type, args);
	member_text(row, "arg-type", *args ? arg_type : "empty");
	return row;
}

struct json_object *cmd_query_schema(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	(void)call;
	add_builtins(list);
	for (unsigned int i = 0; i < qmp_command_count; i++) {
		const struct qmp_command *cmd = &qmp_commands[i];
		struct json_object *row = add_row(list, "command", cmd->name,
						  cmd->args);

		member_text(row, "ret-type", "any");
		add_features(row, cmd->name);
	}
	for (unsigned int i = 0; i < qmp_event_count; i++)
		add_row(list, "event", qmp_events[i].name, qmp_events[i].data);
	return list;
}
