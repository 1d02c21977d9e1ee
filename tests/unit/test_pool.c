/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdatomic.h>
#include <unistd.h>

#include "loop/pool.h"
#include "test.h"

enum {
	JOBS = 500
};

static atomic_uint done, last;
static struct pool_job job[JOBS];

static void work(struct pool_job *j)
{
	usleep(10);
	atomic_store(&last, (unsigned int)(j - job));
	atomic_fetch_add(&done, 1);
}

static void all_are_done(unsigned int threads)
{
	struct err err;
	struct pool *pool = pool_new(threads, &err);

	check(pool != NULL);
	atomic_store(&done, 0);
	for (int i = 0; i < JOBS; i++) {
		job[i].work = work;
		pool_submit(pool, &job[i]);
	}
	pool_free(pool); /* waits */
	check_eq(atomic_load(&done), JOBS);
	if (threads == 1)
		check_eq(atomic_load(&last), JOBS - 1);
}

int main(void)
{
	all_are_done(1);
	all_are_done(4);
	pool_free(NULL);
	return test_done();
}
