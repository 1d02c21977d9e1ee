/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/plan.h"

#include <stdlib.h>

struct change *plan_add(struct plan *p, enum change_kind kind, const char *id,
			const char *path, const char *reason)
{
	struct change *c = vec_add(&p->changes);

	c->id = xstrdup(id);
	c->kind = kind;
	c->path = xstrdup(path);
	c->reason = xstrdup(reason);
	return c;
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->changes.n; i++) {
		struct change *c = &p->changes.at[i];

		free(c->id);
		free(c->path);
		free(c->reason);
		free(c->content);
		free(c->target);
	}
	vec_free(&p->changes);
	free(p->kernel_cmdline);
	free(p->kernel_release);
	free(p->kernel_reason);
	*p = (struct plan){ 0 };
}

const char *change_kind_name(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_WRITE:
		return "write";
	case CHANGE_SYMLINK:
		return "symlink";
	case CHANGE_REMOVE:
		return "remove";
	case CHANGE_MKDIR:
		return "mkdir";
	case CHANGE_TREE:
		return "tree";
	case CHANGE_GROW:
		return "grow";
	}
	return "unknown";
}
