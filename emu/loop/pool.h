/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few threads for system calls that block: disk reads, writes, flushes.
 * Jobs are embedded in their users; nothing is allocated.
 */
#ifndef LOOP_POOL_H
#define LOOP_POOL_H

#include "common/err.h"

struct pool;

struct pool_job {
	void (*work)(struct pool_job *job); /* in a thread of the pool */
	struct pool_job *next;
};

struct pool *pool_new(unsigned int threads, struct err *err);
/* Waits for all jobs. */
void pool_free(struct pool *pool);
void pool_submit(struct pool *pool, struct pool_job *job); /* any thread */

#endif
