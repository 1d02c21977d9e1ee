/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of JSON objects: short words for what json-c calls at length. */
#ifndef QMP_MEMBER_H
#define QMP_MEMBER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void member_text(struct json_object *object, const char *key,
		 const char *value);
void member_bool(struct json_object *object, const char *key, bool value);
void member_number(struct json_object *object, const char *key, uint64_t value);

/* NULL if object is none, or has no such member. */
struct json_object *member_get(struct json_object *object, const char *key);

#endif
