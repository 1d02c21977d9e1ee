/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock of the host, stepped for one program: it is linked with
 * --wrap=time and the like, and what the calendar says is moved by the number
 * of seconds in the file CLOCK_STEP, as it is at that moment.  CLOCK_MONOTONIC
 * is what it is, and so is what the kernel thinks of CLOCK_REALTIME: who waits
 * until a time of the calendar waits for days, or not at all.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_gettimeofday(struct timeval *tv, void *tz);
time_t __wrap_time(time_t *ret);

static volatile const int64_t *step;

__attribute__((constructor)) static void map_step(void)
{
	const char *path = getenv("CLOCK_STEP");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	step = mmap(NULL, sizeof(*step), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (step == MAP_FAILED)
		abort();
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = __real_clock_gettime(clock, t);

	if (!r && step &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += *step;
	return r;
}

int __wrap_gettimeofday(struct timeval *tv, void *tz)
{
	struct timespec t;

	(void)tz;
	__wrap_clock_gettime(CLOCK_REALTIME, &t);
	*tv = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}

time_t __wrap_time(time_t *ret)
{
	struct timespec t;

	__wrap_clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}
