/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/netplan.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

bool netplan_each(const struct tree *root, const char *kind, netplan_fn *fn,
		  void *arg)
{
	static const char folder[] = "/etc/netplan";
	autofree char *key = xasprintf("network.%s", kind);
	autotexts struct tree_texts it = tree_texts(root, folder, ".yaml");
	bool any = false;

	while (tree_next_text(&it)) {
		autoyaml struct yaml_node *tree = NULL;
		const struct yaml_node *all;
		struct err ignored;

		if (yaml_parse(it.path, it.text, strlen(it.text), &tree,
			       &ignored) < 0)
			continue;
		all = yaml_get(tree, key);
		for (size_t k = 0;
		     all && all->kind == YAML_MAP && k < all->items.n; k++) {
			any = true;
			fn(arg, it.path, all->items.at[k].key,
			   all->items.at[k].value);
		}
	}
	return any;
}
