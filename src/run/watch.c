/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/watch.h"

#include <json-c/json.h>

void watch_stats(struct watch *w, struct json_object *stats)
{
	struct json_object *cpus, *blocks, *halted;

	if (!json_object_object_get_ex(stats, "cpus", &cpus) ||
	    !json_object_is_type(cpus, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(cpus); i++) {
		struct json_object *cpu = json_object_array_get_idx(cpus, i);
		uint64_t n;

		if (i >= WATCH_CPUS ||
		    !json_object_object_get_ex(cpu, "blocks", &blocks) ||
		    !json_object_object_get_ex(cpu, "halted", &halted))
			continue;
		n = json_object_get_uint64(blocks);
		w->cpu[i].stuck = w->cpu[i].known && n == w->cpu[i].blocks &&
				  !json_object_get_boolean(halted);
		w->cpu[i].blocks = n;
		w->cpu[i].known = true;
	}
}

int watch_stuck(const struct watch *w)
{
	for (int i = 0; i < WATCH_CPUS; i++)
		if (w->cpu[i].stuck)
			return i;
	return -1;
}
