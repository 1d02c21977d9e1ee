/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of eight slots, chosen by a hash of the place: tables lie at regular
 * distances, which would all fall into a few sets.  In a set the one that was
 * not used for the longest time goes, a clean one if there is any.
 */
#include "block/qcow2_cache.h"

#include <stdlib.h>

#include "common/mem.h"

enum {
	WAYS = 8,
	SET_BITS_MIN = 2,
	SET_BITS_MAX = 11, /* 64 MiB of 4 KiB */
};

static unsigned int slots(const struct qcow2_cache *c)
{
	return WAYS << c->set_bits;
}

void qcow2_cache_init(struct qcow2_cache *c, uint32_t slice, uint64_t wanted)
{
	unsigned int n;

	c->slice = slice;
	c->set_bits = SET_BITS_MIN;
	while (c->set_bits < SET_BITS_MAX &&
	       UINT64_C(WAYS / 2) << c->set_bits < wanted)
		c->set_bits++;
	n = slots(c);
	c->at = xcalloc(n, sizeof(*c->at));
	c->used = xcalloc(n, sizeof(*c->used));
	c->dirty = xcalloc(n, sizeof(*c->dirty));
	c->data = xcalloc(n, slice);
}

void qcow2_cache_fini(struct qcow2_cache *c)
{
	free(c->at);
	free(c->used);
	free(c->dirty);
	free(c->data);
}

static unsigned int first_slot(const struct qcow2_cache *c, uint64_t at)
{
	uint64_t hash = at / c->slice * UINT64_C(0x9e3779b97f4a7c15);

	return WAYS * (unsigned int)(hash >> (64 - c->set_bits));
}

static int find(struct qcow2_cache *c, uint64_t at)
{
	unsigned int first = first_slot(c, at);

	at -= at % c->slice;
	for (unsigned int i = first; i < first + WAYS; i++) {
		if (c->at[i] == at) {
			c->used[i] = ++c->clock;
			return (int)i;
		}
	}
	return -1;
}

static uint8_t *slot_data(const struct qcow2_cache *c, unsigned int i)
{
	return c->data + (size_t)i * c->slice;
}

void *qcow2_cache_peek(struct qcow2_cache *c, uint64_t at)
{
	int i = find(c, at);

	return i < 0 ? NULL : slot_data(c, (unsigned int)i);
}

static unsigned int victim(const struct qcow2_cache *c, uint64_t at)
{
	unsigned int first = first_slot(c, at), best = first;

	for (unsigned int i = first; i < first + WAYS; i++) {
		if (!c->at[i])
			return i;
		if (c->dirty[best] > c->dirty[i] ||
		    (c->dirty[best] == c->dirty[i] &&
		     c->used[i] < c->used[best]))
			best = i;
	}
	return best;
}

static void lock(struct qcow2_cache *c)
{
	if (c->guard)
		pthread_mutex_lock(c->guard);
}

static void unlock(struct qcow2_cache *c)
{
	if (c->guard)
		pthread_mutex_unlock(c->guard);
}

static void place(struct qcow2_cache *c, unsigned int i, uint64_t at)
{
	lock(c);
	c->at[i] = at;
	c->used[i] = ++c->clock;
	unlock(c);
}

static int find_guarded(struct qcow2_cache *c, uint64_t at)
{
	int i;

	lock(c);
	i = find(c, at);
	unlock(c);
	return i;
}

/* A slot that is empty now. */
static int make_room(struct qcow2_cache *c, uint64_t at, unsigned int *ret_slot)
{
	int code = 0;
	unsigned int v;

	lock(c);
	v = victim(c, at);
	unlock(c);
	if (c->dirty[v])
		code = c->clean(c->arg);
	if (code < 0)
		return code;
	place(c, v, 0);
	*ret_slot = v;
	return 0;
}

int qcow2_cache_get(struct qcow2_cache *c, struct block *file, uint64_t at,
		    void **ret_slice)
{
	int code, i = find_guarded(c, at);
	unsigned int v = (unsigned int)i;

	if (i < 0) {
		at -= at % c->slice;
		code = make_room(c, at, &v);
		if (!code)
			code = node_read(file, slot_data(c, v), c->slice, at);
		if (code < 0)
			return code;
		place(c, v, at);
	}
	*ret_slice = slot_data(c, v);
	return 0;
}

void qcow2_cache_mark(struct qcow2_cache *c, uint64_t at)
{
	int i = find_guarded(c, at);

	if (i >= 0 && !c->dirty[i]) {
		c->dirty[i] = true;
		c->dirty_slots++;
	}
}

int qcow2_cache_write(struct qcow2_cache *c, struct block *file)
{
	for (unsigned int i = 0; c->dirty_slots && i < slots(c); i++) {
		int code;

		if (!c->dirty[i])
			continue;
		code = node_write(file, slot_data(c, i), c->slice, c->at[i]);
		if (code < 0)
			return code;
		c->dirty[i] = false;
		c->dirty_slots--;
	}
	return 0;
}
