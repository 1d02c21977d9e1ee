/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look at all that a file system shows: list every folder, read every file. */
#ifndef VISIT_H
#define VISIT_H

#include <stdlib.h>

#include "common/cleanup.h"
#include "fs/tree.h"

enum {
	VISIT_DEPTH = 3,
	VISIT_FILES = 200
};

static inline void visit(const struct tree *t, const char *path,
			 unsigned int depth, unsigned int *left)
{
	autonames struct tree_names names = { 0 };

	if (tree_list(t, path, &names) < 0)
		return;
	for (size_t i = 0; i < names.all.n && *left; i++) {
		autofree char *below = xasprintf("%s/%s", path,
						 names.all.at[i]);
		struct tree_stat st;

		--*left;
		free(tree_readlink(t, below));
		if (tree_stat(t, below, &st) < 0)
			continue;
		if (st.kind == TREE_DIR && depth < VISIT_DEPTH)
			visit(t, below, depth + 1, left);
		else
			free(tree_text(t, below));
	}
}

#endif
