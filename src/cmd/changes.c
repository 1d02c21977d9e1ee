/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes: what was done to a guest's system when it was converted, and why.
 * The journal is read as it stands: an owner may have added to it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/ui.h"
#include "host/yaml.h"
#include "store/store.h"

/* The whole of it: maps as objects, lists as arrays, texts and numbers. */
static struct json_object *to_json(const struct yaml_node *node)
{
	struct json_object *o;
	uint64_t n;

	if (node->kind == YAML_TEXT) {
		if (!node->quoted && str_number(node->text, 0, INT64_MAX, &n))
			return json_object_new_int64((int64_t)n);
		return json_object_new_string(node->text);
	}
	o = node->kind == YAML_LIST ? json_object_new_array()
				    : json_object_new_object();
	for (size_t i = 0; i < node->items.n; i++) {
		const struct yaml_item *item = &node->items.at[i];

		if (node->kind == YAML_LIST)
			json_object_array_add(o, to_json(item->value));
		else
			json_object_object_add(o, item->key,
					       to_json(item->value));
	}
	return o;
}

static const char *text_of(const struct yaml_node *row, const char *key)
{
	const char *text = yaml_text(row, key);

	return text ? text : "?";
}

/* Where the old content lies, if there is one. */
static void print_before(const struct yaml_node *row, const char *dir)
{
	const char *file = yaml_text(row, "before.file");
	const char *target = yaml_text(row, "before.target");
	const char *list = yaml_text(row, "list");

	if (file)
		printf("              before: %s/undo/%s\n", dir, file);
	if (target)
		printf("              before: a link to %s\n", target);
	if (list)
		printf("              what came: %s/undo/%s\n", dir, list);
}

static void print_row(size_t n, const struct yaml_node *row, const char *dir)
{
	bool reverted = false;
	const char *kind = text_of(row, "kind");
	uint64_t size;
	char text[16];

	printf("%4zu ", n);
	(void)yaml_bool(row, "reverted", &reverted);
	if (!strcmp(kind, "grow") && yaml_number(row, "size", &size))
		printf("%-8s the disk to %s\n", kind, ui_bytes(size, text));
	else if (!strcmp(kind, "symlink"))
		printf("%-8s %s -> %s\n", kind, text_of(row, "path"),
		       text_of(row, "target"));
	else
		printf("%-8s %s\n", kind, text_of(row, "path"));
	printf("              %s\n", text_of(row, "reason"));
	print_before(row, dir);
	if (reverted)
		printf("              undone since\n");
}

static void print_json(const struct yaml_node *tree)
{
	struct json_object *o = to_json(tree);

	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
}

static int changes_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autofree char *dir = store_dir(name);
	autofree char *file = store_file(name, "changes.yaml");
	autoyaml struct yaml_node *tree = NULL;
	const struct yaml_node *rows;
	struct machine m;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	machine_free(&m);
	r = yaml_load(file, &tree, err);
	if (r < 0)
		return r;
	rows = yaml_get(tree, "changes");
	if (!rows || rows->kind != YAML_LIST)
		return err_set(err, EINVAL, "%s: 'changes' is missing", file);
	if (ctx->json) {
		print_json(tree);
		return 0;
	}
	printf("%zu changes were made to %s; the card is as it was:\n",
	       rows->items.n, name);
	for (size_t i = 0; i < rows->items.n; i++)
		print_row(i + 1, rows->items.at[i].value, dir);
	return 0;
}

const struct cmd cmd_changes = {
	.name = "changes",
	.help = "what convert changed in a guest's system, and why",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.run = changes_run,
};
