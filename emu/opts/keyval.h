/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of one option: "a=b,c=d" or JSON, as pairs of text.
 *
 * Comma form: ",," is a comma in a value; the first word may come without its
 * key; a later word alone is "on", and with "no" before it "off" (nowait).
 *
 * JSON form (the text begins with '{'): a member of a member is "cache.direct",
 * an element of a list "hostfwd.0"; true and false are "on" and "off"; null is
 * as if it had not been written.
 *
 * Who asks for a key takes it, and tells at the same time that it exists;
 * keyval_done() then refuses what nobody asked for.
 */
#ifndef OPTS_KEYVAL_H
#define OPTS_KEYVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"

enum {
	KEYVAL_TEXT_MAX = 65536, /* bytes of one option */
	KEYVAL_PAIRS_MAX = 256,
	KEYVAL_DEPTH_MAX = 32, /* of JSON */
};

struct keyval {
	char *key, *value; /* owned; value NULL: JSON's null */
	bool taken;
};

struct keyvals {
	const char *option; /* "-device", for messages; not owned */
	struct vec_of(struct keyval) pairs;
	struct vec_of(const char *) asked; /* keys that exist; not owned */
};

/* option and first (the key of the first word; NULL: it must have one) must
 * outlive kv.  On failure there is nothing to free. */
int keyval_parse(struct keyvals *ret_kv, const char *option, const char *text,
		 const char *first, struct err *err);
void keyval_free(struct keyvals *kv);
#define autokeyvals __attribute__((__cleanup__(keyval_free)))

/* Add a pair, as if it had been written last. */
void keyval_add(struct keyvals *kv, const char *key, const char *value);

/* Keys are literals.  The last one written counts; NULL: not there. */
const char *keyval_text(struct keyvals *kv, const char *key);

/* The same, but it must be there. */
int keyval_need(struct keyvals *kv, const char *key, const char **ret_value,
		struct err *err);

/* Was null said?  All others take that as if nothing were. */
bool keyval_is_null(const struct keyvals *kv, const char *key);

/* All of a key that may come several times, or as a list ("key.0", "key.0.str"
 * in JSON): the next from *at on, which begins as 0; NULL: no more. */
const char *keyval_next(struct keyvals *kv, const char *key, size_t *at);

/* What is not there leaves *ret as it is. */
int keyval_bool(struct keyvals *kv, const char *key, bool *ret,
		struct err *err);
int keyval_number(struct keyvals *kv, const char *key, uint64_t lo, uint64_t hi,
		  uint64_t *ret, struct err *err);

/* One of the words (NULL ends them): its index. */
int keyval_choice(struct keyvals *kv, const char *key, const char *const *words,
		  int *ret, struct err *err);

/* Keys without meaning here (NULL ends them): any value will do. */
void keyval_accept(struct keyvals *kv, const char *const *keys);

/* -EINVAL for a pair that nobody asked for, with the nearest key there is. */
int keyval_done(const struct keyvals *kv, struct err *err);

#endif
