/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -check-image: what is wrong with a qcow2 image, one line each. */
#include <stdio.h>

#include "block/block.h"
#include "opts/parts.h"

enum {
	WHOLE = 0,
	CORRUPT = 2,
	LEAKS = 3
};

static void say(void *arg, const char *line)
{
	(void)arg;
	printf("%s\n", line);
}

int parts_check(const struct opts *opts, struct err *err)
{
	struct block_check sum;
	int ret = block_check(opts->check_image, opts->repair, say, NULL, &sum,
			      err);
	uint64_t leaks, corruptions;

	if (ret < 0)
		return ret;
	leaks = sum.leaks - sum.fixed_leaks;
	corruptions = sum.corruptions - sum.fixed_corruptions;
	if (sum.fixed_leaks || sum.fixed_corruptions)
		printf("repaired: %llu leaks, %llu corruptions\n",
		       (unsigned long long)sum.fixed_leaks,
		       (unsigned long long)sum.fixed_corruptions);
	printf("%llu of %llu clusters in use, %llu leaks, %llu corruptions\n",
	       (unsigned long long)sum.allocated,
	       (unsigned long long)sum.clusters, (unsigned long long)leaks,
	       (unsigned long long)corruptions);
	return corruptions ? CORRUPT : leaks ? LEAKS : WHOLE;
}
