/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces ("slices") of L2 tables or refcount blocks in memory, as they are in
 * the file.  Changed ones are written when the caller says so: in which order
 * is what keeps an image whole (qcow2.h).
 */
#ifndef BLOCK_QCOW2_CACHE_H
#define BLOCK_QCOW2_CACHE_H

#include <pthread.h>

#include "block/node.h"

struct qcow2_cache {
	uint32_t slice; /* bytes */
	unsigned int set_bits;
	uint64_t *at;   /* of each slot: place in the file; 0: empty */
	uint64_t *used; /* when */
	bool *dirty;
	uint8_t *data;
	unsigned int dirty_slots;
	uint64_t clock;
	/* Taken around each change of at, for those that only look; may be
	 * NULL. */
	pthread_mutex_t *guard;
	/* Makes all slices clean. */
	int (*clean)(void *arg);
	void *arg;
};

/* wanted: slices; it may become more. */
void qcow2_cache_init(struct qcow2_cache *c, uint32_t slice, uint64_t wanted);
void qcow2_cache_fini(struct qcow2_cache *c);

/* The slice that holds this place of the file, or NULL; guard held. */
void *qcow2_cache_peek(struct qcow2_cache *c, uint64_t at);

/*
 * The same, read from the file if it is not there.  One thread at a time; it
 * is valid until the next call.  -EIO if the file ends before.
 */
int qcow2_cache_get(struct qcow2_cache *c, struct block *file, uint64_t at,
		    void **ret_slice);

/* The slice was changed. */
void qcow2_cache_mark(struct qcow2_cache *c, uint64_t at);

/* Write what was changed; no flush. */
int qcow2_cache_write(struct qcow2_cache *c, struct block *file);

#endif
