/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opts/keyval.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "opts/near.h"

static int wrong(const struct keyvals *kv, const char *key, const char *value,
		 const char *want, struct err *err)
{
	return err_set(err, EINVAL, "%s: '%s=%s' cannot be: %s", kv->option,
		       key, value, want);
}

/* Both are owned from now on. */
static int add(struct keyvals *kv, char *key, char *value, struct err *err)
{
	if (kv->pairs.n == KEYVAL_PAIRS_MAX || !*key) {
		int ret = err_set(err, EINVAL,
				  *key ? "%s has more than %d values"
				       : "%s has a value without a name before "
					 "it",
				  kv->option, KEYVAL_PAIRS_MAX);

		free(key);
		free(value);
		return ret;
	}
	*vec_add(&kv->pairs) = (struct keyval){ .key = key, .value = value };
	return 0;
}

/* The value at *p up to a single comma; *p is left behind that. */
static char *value_at(const char **p)
{
	struct str s = { 0 };

	while (**p) {
		size_t n = strcspn(*p, ",");

		str_addn(&s, *p, n);
		*p += n;
		if (!**p)
			break;
		(*p)++;
		if (**p != ',')
			break;
		str_add(&s, ",");
		(*p)++;
	}
	return str_steal(&s);
}

/* A word alone: "server" is server=on, "nowait" is wait=off. */
static int flag(struct keyvals *kv, const char *word, size_t n, struct err *err)
{
	bool off = n > 2 && !strncmp(word, "no", 2);

	return add(kv, off ? xstrndup(word + 2, n - 2) : xstrndup(word, n),
		   xstrdup(off ? "off" : "on"), err);
}

static int parse_commas(struct keyvals *kv, const char *p, const char *first,
			struct err *err)
{
	int ret = 0;

	for (bool begin = true; *p && ret >= 0; begin = false) {
		size_t n = strcspn(p, "=,");

		if (p[n] == '=') {
			char *key = xstrndup(p, n);

			p += n + 1;
			ret = add(kv, key, value_at(&p), err);
		} else if (begin && first) {
			ret = add(kv, xstrdup(first), value_at(&p), err);
		} else {
			ret = flag(kv, p, n, err);
			p += n + (p[n] == ',');
		}
	}
	return ret;
}

static int flatten(struct keyvals *kv, const char *key,
		   struct json_object *value, struct err *err);

static int flatten_members(struct keyvals *kv, const char *key,
			   struct json_object *object, struct err *err)
{
	int ret = 0;

	json_object_object_foreach(object, name, member)
	{
		autofree char *full = xasprintf("%s%s%s", key, *key ? "." : "",
						name);

		ret = flatten(kv, full, member, err);
		if (ret < 0)
			break;
	}
	return ret;
}

static int flatten_list(struct keyvals *kv, const char *key,
			struct json_object *list, struct err *err)
{
	size_t n = json_object_array_length(list);
	int ret = 0;

	for (size_t i = 0; i < n && ret >= 0; i++) {
		autofree char *full = xasprintf("%s.%zu", key, i);

		ret = flatten(kv, full, json_object_array_get_idx(list, i),
			      err);
	}
	return ret;
}

/* Names and texts with a 0 byte in them would be cut short. */
static bool whole(struct json_object *text)
{
	return strlen(json_object_get_string(text)) ==
	       (size_t)json_object_get_string_len(text);
}

static int flatten(struct keyvals *kv, const char *key,
		   struct json_object *value, struct err *err)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return add(kv, xstrdup(key), NULL, err);
	case json_type_object:
		return flatten_members(kv, key, value, err);
	case json_type_array:
		return flatten_list(kv, key, value, err);
	case json_type_boolean:
		return add(
			kv, xstrdup(key),
			xstrdup(json_object_get_boolean(value) ? "on" : "off"),
			err);
	case json_type_string:
		if (!whole(value))
			return err_set(
				err, EINVAL,
				"%s: the text of '%s' has a 0 byte in it",
				kv->option, key);
		break;
	case json_type_int:
	case json_type_double:
		break;
	}
	return add(kv, xstrdup(key), xstrdup(json_object_get_string(value)),
		   err);
}

static int parse_json(struct keyvals *kv, const char *text, struct err *err)
{
	struct json_tokener *tok = json_tokener_new_ex(KEYVAL_DEPTH_MAX);
	struct json_object *object;
	int ret;

	if (!tok)
		return err_set(err, ENOMEM, "%s: no memory", kv->option);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tok, text, -1);
	if (!object)
		ret = err_set(
			err, EINVAL, "%s: this is not JSON (%s): '%s'",
			kv->option,
			json_tokener_error_desc(json_tokener_get_error(tok)),
			text);
	else
		ret = flatten_members(kv, "", object, err);
	json_object_put(object);
	json_tokener_free(tok);
	return ret;
}

int keyval_parse(struct keyvals *ret_kv, const char *option, const char *text,
		 const char *first, struct err *err)
{
	struct keyvals kv = { .option = option };
	int ret;

	if (strlen(text) > KEYVAL_TEXT_MAX)
		return err_set(err, E2BIG, "%s is longer than %d bytes", option,
			       KEYVAL_TEXT_MAX);
	ret = *text == '{' ? parse_json(&kv, text, err)
			   : parse_commas(&kv, text, first, err);
	if (ret < 0)
		keyval_free(&kv);
	else
		*ret_kv = kv;
	return ret;
}

void keyval_free(struct keyvals *kv)
{
	for (size_t i = 0; i < kv->pairs.n; i++) {
		free(kv->pairs.at[i].key);
		free(kv->pairs.at[i].value);
	}
	vec_free(&kv->pairs);
	vec_free(&kv->asked);
}

void keyval_add(struct keyvals *kv, const char *key, const char *value)
{
	*vec_add(&kv->pairs) = (struct keyval){ .key = xstrdup(key),
						.value = xstrdup(value) };
}

const char *keyval_text(struct keyvals *kv, const char *key)
{
	const char *value = NULL;

	*vec_add(&kv->asked) = key;
	for (size_t i = 0; i < kv->pairs.n; i++) {
		if (strcmp(kv->pairs.at[i].key, key) != 0)
			continue;
		kv->pairs.at[i].taken = true;
		value = kv->pairs.at[i].value;
	}
	return value;
}

bool keyval_is_null(const struct keyvals *kv, const char *key)
{
	for (size_t i = 0; i < kv->pairs.n; i++) {
		if (!strcmp(kv->pairs.at[i].key, key) && !kv->pairs.at[i].value)
			return true;
	}
	return false;
}

int keyval_need(struct keyvals *kv, const char *key, const char **ret_value,
		struct err *err)
{
	const char *value = keyval_text(kv, key);

	if (!value || !*value)
		return err_set(err, EINVAL, "%s needs %s=", kv->option, key);
	*ret_value = value;
	return 0;
}

/* "key", or "key.N", or "key.N.str" as QEMU's lists of strings are. */
static bool element_of(const char *full, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(full, key, n) != 0)
		return false;
	full += n;
	if (!*full)
		return true;
	if (*full++ != '.')
		return false;
	n = strspn(full, "0123456789");
	return n && (!full[n] || !strcmp(full + n, ".str"));
}

const char *keyval_next(struct keyvals *kv, const char *key, size_t *at)
{
	if (!*at)
		*vec_add(&kv->asked) = key;
	while (*at < kv->pairs.n) {
		struct keyval *pair = &kv->pairs.at[(*at)++];

		if (!pair->value || !element_of(pair->key, key))
			continue;
		pair->taken = true;
		return pair->value;
	}
	return NULL;
}

int keyval_bool(struct keyvals *kv, const char *key, bool *ret, struct err *err)
{
	static const char *const words[] = { "off", "on",    "no",   "yes", "n",
					     "y",   "false", "true", NULL };
	const char *value = keyval_text(kv, key);

	if (!value)
		return 0;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], value)) {
			*ret = i & 1;
			return 0;
		}
	}
	return wrong(kv, key, value, "on or off", err);
}

int keyval_number(struct keyvals *kv, const char *key, uint64_t lo, uint64_t hi,
		  uint64_t *ret, struct err *err)
{
	const char *value = keyval_text(kv, key);
	char want[80];

	if (!value || str_number(value, lo, hi, ret))
		return 0;
	snprintf(want, sizeof(want), "a number from %llu to %llu",
		 (unsigned long long)lo, (unsigned long long)hi);
	return wrong(kv, key, value, want, err);
}

int keyval_choice(struct keyvals *kv, const char *key, const char *const *words,
		  int *ret, struct err *err)
{
	const char *value = keyval_text(kv, key);
	autostr struct str all = { 0 };

	if (!value)
		return 0;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], value)) {
			*ret = i;
			return 0;
		}
		str_addf(&all, "%s%s",
			 !i             ? ""
			 : words[i + 1] ? ", "
					: " or ",
			 words[i]);
	}
	return wrong(kv, key, value, all.text, err);
}

void keyval_accept(struct keyvals *kv, const char *const *keys)
{
	for (; *keys; keys++)
		keyval_text(kv, *keys);
}

int keyval_done(const struct keyvals *kv, struct err *err)
{
	for (size_t i = 0; i < kv->pairs.n; i++) {
		struct near near = { .word = kv->pairs.at[i].key };
		char hint[80];

		if (kv->pairs.at[i].taken || !kv->pairs.at[i].value)
			continue;
		for (size_t k = 0; k < kv->asked.n; k++)
			near_try(&near, kv->asked.at[k]);
		return err_set(err, EINVAL, "%s has no '%s' here%s", kv->option,
			       near.word, near_hint(&near, hint, sizeof(hint)));
	}
	return 0;
}
