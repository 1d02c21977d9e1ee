/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/json.h"

#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	MAX_DEPTH = 24
};

void json_free(struct json_object **o)
{
	json_object_put(*o);
}

struct json_object *json_parse(const char *text, size_t len)
{
	struct json_tokener *tokener;
	struct json_object *o;

	if (len > INT32_MAX)
		return NULL;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	o = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

struct json_object *json_read(const struct tree *t, const char *path,
			      size_t max)
{
	autofree char *text = NULL;
	size_t len;

	return tree_read(t, path, max, &text, &len) < 0 ? NULL
							: json_parse(text, len);
}

struct json_object *json_member(struct json_object *o, const char *path)
{
	autofree char *keys = xstrdup(path);
	char *rest = keys;

	for (char *key = strtok_r(keys, ".", &rest); key && o;
	     key = strtok_r(NULL, ".", &rest)) {
		struct json_object *next = NULL;

		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, key, &next))
			return NULL;
		o = next;
	}
	return o;
}

const char *json_text(struct json_object *o, const char *path)
{
	struct json_object *value = json_member(o, path);

	return json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : NULL;
}
