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
	autonames struct tree_names names = { 0 };
	bool any = false;

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n; i++) {
		autofree char *path = xasprintf("%s/%s", folder,
						names.all.at[i]);
		autofree char *text = tree_text(root, path);
		autoyaml struct yaml_node *tree = NULL;
		const struct yaml_node *all;
		struct err ignored;

		if (!text || !str_ends(path, ".yaml") ||
		    yaml_parse(path, text, strlen(text), &tree, &ignored) < 0)
			continue;
		all = yaml_get(tree, key);
		for (size_t k = 0;
		     all && all->kind == YAML_MAP && k < all->items.n; k++) {
			any = true;
			fn(arg, path, all->items.at[k].key,
			   all->items.at[k].value);
		}
	}
	return any;
}
