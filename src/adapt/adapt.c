/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapt/adapt.h"

#include <stdlib.h>

#include "common/mem.h"

void adapt_names_free(char ***names)
{
	for (char **n = *names; n && *n; n++)
		free(*n);
	free(*names);
}

int adapt_plan(const struct adapt_facts *facts, struct plan *ret_plan,
	       struct err *err)
{
	const struct guest *g = facts->guest;
	const struct guest_partition *root = guest_partition(g, g->root);
	int r;

	*ret_plan = (struct plan){ .source_size = g->disk_size,
				   .disk_size = g->disk_size };
	ret_plan->needs_replay = root && root->needs_recovery;
	if (facts->kernel.release)
		ret_plan->kernel_release = xstrdup(facts->kernel.release);
	if (facts->kernel.reason)
		ret_plan->kernel_reason = xstrdup(facts->kernel.reason);
	r = adapt_grow(facts, ret_plan, err);
	if (r < 0)
		return r;
	adapt_fstab(facts, ret_plan);
	adapt_boot(facts, ret_plan);
	adapt_kernel(facts, ret_plan);
	adapt_cmdline(facts, ret_plan);
	adapt_console(facts, ret_plan);
	adapt_modules(facts, ret_plan);
	adapt_services(facts, ret_plan);
	adapt_network(facts, ret_plan);
	adapt_sticks(facts, ret_plan);
	adapt_identity(facts, ret_plan);
	return 0;
}
