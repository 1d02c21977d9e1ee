/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qmp/args.h"

#include <string.h>

#include "qmp/command.h"

static bool is(const struct qmp_word *w, const char *text)
{
	return w->n == strlen(text) && !strncmp(w->at, text, w->n);
}

bool qmp_arg_next(const char **text, struct qmp_arg *ret_arg)
{
	const char *at = *text + strspn(*text, " ");
	size_t n = strcspn(at, " "), name = strcspn(at, ":? ");
	struct qmp_arg arg = { .name = { at, name } };

	if (!n)
		return false;
	*text = at + n;
	arg.others = is(&arg.name, "*");
	arg.optional = at[name] == '?';
	if (!arg.others)
		arg.type.at = at + name + arg.optional + 1;
	arg.type.n = arg.others ? 0 : (size_t)(at + n - arg.type.at);
	*ret_arg = arg;
	return true;
}

bool qmp_choice_next(const struct qmp_arg *arg, struct qmp_word *choice)
{
	const char *end = arg->type.at + arg->type.n, *at, *bar;

	if (!arg->type.n || !memchr(arg->type.at, '|', arg->type.n))
		return false;
	at = choice->at ? choice->at + choice->n + 1 : arg->type.at;
	if (at >= end)
		return false;
	bar = memchr(at, '|', (size_t)(end - at));
	*choice = (struct qmp_word){ at, (size_t)((bar ? bar : end) - at) };
	return true;
}

static bool is_text_list(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		if (!json_object_is_type(json_object_array_get_idx(value, i),
					 json_type_string))
			return false;
	}
	return true;
}

static bool type_fits(const struct qmp_arg *arg, struct json_object *value)
{
	if (is(&arg->type, "any"))
		return true;
	if (is(&arg->type, "int"))
		return json_object_is_type(value, json_type_int);
	if (is(&arg->type, "bool"))
		return json_object_is_type(value, json_type_boolean);
	if (is(&arg->type, "[str]"))
		return is_text_list(value);
	return json_object_is_type(value, json_type_string);
}

static bool choice_fits(const struct qmp_arg *arg, struct json_object *value)
{
	struct qmp_word choice = { 0 };
	bool any = false;

	while (qmp_choice_next(arg, &choice)) {
		any = true;
		if (is(&choice, json_object_get_string(value)))
			return true;
	}
	return !any;
}

static bool check_one(const struct qmp_call *call, const struct qmp_arg *arg,
		      struct json_object *object)
{
	struct json_object *value = NULL;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)arg->name.n, arg->name.at);
	if (!object || !json_object_object_get_ex(object, name, &value)) {
		if (!arg->optional)
			qmp_fail(call, GENERIC_ERROR,
				 "Parameter '%s' is missing", name);
		return arg->optional;
	}
	if (!type_fits(arg, value)) {
		qmp_fail(call, GENERIC_ERROR,
			 "Invalid parameter type for '%s', expected: %.*s",
			 name, (int)arg->type.n, arg->type.at);
		return false;
	}
	if (!choice_fits(arg, value)) {
		qmp_fail(call, GENERIC_ERROR,
			 "Parameter '%s' does not accept value '%.40s'", name,
			 json_object_get_string(value));
		return false;
	}
	return true;
}

static bool is_known(const char *args, const char *name)
{
	struct qmp_arg arg;

	while (qmp_arg_next(&args, &arg)) {
		if (arg.others || is(&arg.name, name))
			return true;
	}
	return false;
}

bool qmp_args_check(const struct qmp_call *call, const char *args,
		    struct json_object *object)
{
	const char *rest = args;
	struct qmp_arg arg;

	while (qmp_arg_next(&rest, &arg)) {
		if (!arg.others && !check_one(call, &arg, object))
			return false;
	}
	if (!object)
		return true;
	json_object_object_foreach(object, name, value)
	{
		(void)value;
		if (is_known(args, name))
			continue;
		qmp_fail(call, GENERIC_ERROR, "Parameter '%.80s' is unexpected",
			 name);
		return false;
	}
	return true;
}
