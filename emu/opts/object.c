/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -object: named things, of which only the random source is used. */
#include <string.h>

#include "opts/make.h"

static const char *const backend_keys[] = {
	"size",
	"share",
	"prealloc",
	"merge",
	"dump",
	"reserve",
	"prealloc-threads",
	"x-use-canonical-path-for-ramblock-id",
	NULL
};
static const char *const secret_keys[] = { "format", "file", "data",
					   "keyid",  "iv",   NULL };
static const char *const iothread_keys[] = { "poll-max-ns", "poll-grow",
					     "poll-shrink", "aio-max-batch",
					     NULL };
static const char *const rng_keys[] = { "filename", NULL };
static const char *const no_keys[] = { NULL };

static const char *const object_types[] = { "rng-random",         "rng-builtin",
					    "memory-backend-ram", "secret",
					    "iothread",           NULL };
static const char *const *const object_keys[] = { rng_keys, no_keys,
						  backend_keys, secret_keys,
						  iothread_keys };
enum {
	RNG_TYPES = 2 /* the first so many of them */
};

static int make_object(struct parts *p, struct keyvals *kv, struct err *err)
{
	static const char *const sources[] = { "/dev/urandom", "/dev/random",
					       "/dev/hwrng", NULL };
	const char *id, *text;
	int type = 0, ignored, ret;

	ret = keyval_need(kv, "qom-type", &text, err);
	if (!ret)
		ret = keyval_choice(kv, "qom-type", object_types, &type, err);
	if (!ret)
		ret = keyval_need(kv, "id", &id, err);
	if (!ret && object_keys[type] == rng_keys)
		ret = keyval_choice(kv, "filename", sources, &ignored, err);
	if (ret < 0)
		return ret;
	keyval_accept(kv, object_keys[type]);
	if (type < RNG_TYPES)
		*vec_add(&p->rngs) = xstrdup(id);
	return keyval_done(kv, err);
}

int make_objects(struct parts *p, struct opts *opts, struct err *err)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		int ret = 0;

		if (opts->items.at[i].kind == OPTS_OBJECT)
			ret = make_object(p, &opts->items.at[i].kv, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
