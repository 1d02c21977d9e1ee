/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of a card's: not trusted, so bounded in size and depth, and what has
 * another shape is passed over.
 */
#ifndef GUEST_JSON_H
#define GUEST_JSON_H

#include <json-c/json.h>
#include <stddef.h>

#include "fs/tree.h"

/* NULL if it is none; json_free() takes it back. */
struct json_object *json_parse(const char *text, size_t len);
struct json_object *json_read(const struct tree *t, const char *path,
			      size_t max);
void json_free(struct json_object **o);

/* A member of an object of an object …: "Config.Image"; or NULL.  Owned by o,
 * which may be NULL. */
struct json_object *json_member(struct json_object *o, const char *path);

/* The same, if it is a text. */
const char *json_text(struct json_object *o, const char *path);

#endif
