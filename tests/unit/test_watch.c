/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a CPU stands still. */
#include "run/watch.h"
#include "test.h"

#include <json-c/json.h>

static void look(struct watch *w, const char *answer)
{
	struct json_object *stats = json_tokener_parse(answer);

	watch_stats(w, stats);
	json_object_put(stats);
}

#define CPUS(a, b)                                              \
	"{\"cpus\": [{\"blocks\": " #a ", \"halted\": false}, " \
	"{\"blocks\": " #b ", \"halted\": true}], \"disks\": []}"

int main(void)
{
	struct watch w = { 0 };

	check(watch_stuck(&w) < 0);
	look(&w, CPUS(0, 5));
	check(watch_stuck(&w) < 0); /* the first look compares with nothing */
	look(&w, CPUS(1024, 5));
	check(watch_stuck(&w) < 0); /* halted CPUs may stand still */
	look(&w, CPUS(1024, 6));
	check_eq((unsigned int)watch_stuck(&w), 0);
	look(&w, CPUS(2048, 6));
	check(watch_stuck(&w) < 0);
	look(&w, "{\"cpus\": [{\"blocks\": 2049, \"halted\": false}, "
		 "{\"blocks\": 6, \"halted\": false}]}");
	check_eq((unsigned int)watch_stuck(&w), 1);

	/* What makes no sense is passed over. */
	look(&w, "{}");
	look(&w, "[]");
	look(&w, "{\"cpus\": 3}");
	look(&w, "{\"cpus\": [null, 1, {}, {\"blocks\": 1}, {}, {}, {}, {}, "
		 "{\"blocks\": 1, \"halted\": false}]}");
	watch_stats(&w, NULL);
	check_eq((unsigned int)watch_stuck(&w), 1);
	return test_done();
}
