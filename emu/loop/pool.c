/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue, first in, first out.  The threads take no signals: those are the
 * main loop's.
 */
#include "loop/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/mem.h"

struct pool {
	pthread_mutex_t lock; /* all below */
	pthread_cond_t more;
	struct pool_job *first, **end;
	bool quit;
	unsigned int threads;
	pthread_t thread[];
};

static struct pool_job *next_job(struct pool *pool)
{
	struct pool_job *job;

	with_lock(&pool->lock);
	while (!pool->first && !pool->quit)
		pthread_cond_wait(&pool->more, &pool->lock);
	job = pool->first;
	if (job) {
		pool->first = job->next;
		if (!pool->first)
			pool->end = &pool->first;
	}
	return job;
}

static void *worker(void *arg)
{
	struct pool *pool = arg;
	struct pool_job *job;

	while ((job = next_job(pool)))
		job->work(job);
	return NULL;
}

struct pool *pool_new(unsigned int threads, struct err *err)
{
	struct pool *pool = xcalloc(1, sizeof(*pool) +
					       threads * sizeof(pthread_t));
	pthread_attr_t attr;
	sigset_t all;
	int code = 0;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	pool->end = &pool->first;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setsigmask_np(&attr, &all);
	while (pool->threads < threads && !code) {
		code = pthread_create(&pool->thread[pool->threads], &attr,
				      worker, pool);
		pool->threads += !code;
	}
	pthread_attr_destroy(&attr);
	if (code) {
		err_errno(err, code, "cannot start a thread for disk I/O");
		pool_free(pool);
		return NULL;
	}
	return pool;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_cond_destroy(&pool->more);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
	with_lock(&pool->lock);
	job->next = NULL;
	*pool->end = job;
	pool->end = &job->next;
	pthread_cond_signal(&pool->more);
}
