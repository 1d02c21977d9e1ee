/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/plan_print.h"

#include <json-c/json.h>

#include "common/mem.h"
#include "common/str.h"
#include "host/ui.h"

/* Of a TREE's list: what comes. */
static size_t count_lines(const struct change *c)
{
	size_t n = 0;

	for (const char *p = c->content; p && *p; p++)
		n += *p == '\n';
	return n;
}

static void add_row(struct str *s, const struct change *c)
{
	char size[16];

	switch (c->kind) {
	case CHANGE_SYMLINK:
		str_addf(s, "  %-8s %s -> %s\n", change_kind_name(c->kind),
			 c->path, c->target);
		break;
	case CHANGE_GROW:
		str_addf(s, "  %-8s the disk to %s\n",
			 change_kind_name(c->kind), ui_bytes(c->size, size));
		break;
	case CHANGE_TREE:
		str_addf(s, "  %-8s %s: %zu files\n", change_kind_name(c->kind),
			 c->path, count_lines(c));
		break;
	case CHANGE_WRITE:
	case CHANGE_REMOVE:
	case CHANGE_MKDIR:
		str_addf(s, "  %-8s %s\n", change_kind_name(c->kind), c->path);
		break;
	}
	str_addf(s, "           %s\n", c->reason);
}

char *plan_text(const struct plan *plan, const struct machine *m)
{
	struct str s = { 0 };
	char size[16];

	str_addf(&s, "guest    %s: %u CPUs, %llu MiB, disk of %s\n", m->name,
		 m->cpus, (unsigned long long)(m->memory >> 20),
		 ui_bytes(plan->disk_size, size));
	if (plan->kernel_release)
		str_addf(&s, "kernel   %s: %s\n", plan->kernel_release,
			 plan->kernel_reason);
	str_addf(&s, "started  %s\n", plan->kernel_cmdline);
	if (plan->needs_replay)
		str_add(&s, "note     the card was not shut down: its journal "
			    "is replayed on the copy, and\n         what "
			    "follows is planned again from that\n");
	str_addf(&s, "\n%zu changes, on the copy only:\n", plan->changes.n);
	for (size_t i = 0; i < plan->changes.n; i++)
		add_row(&s, &plan->changes.at[i]);
	return str_steal(&s);
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *row_json(const struct change *c)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "id", c->id);
	add_text(o, "kind", change_kind_name(c->kind));
	add_text(o, "path", c->path);
	add_text(o, "reason", c->reason);
	switch (c->kind) {
	case CHANGE_WRITE:
		add_text(o, "content", c->content);
		break;
	case CHANGE_SYMLINK:
		add_text(o, "target", c->target);
		break;
	case CHANGE_GROW:
		json_object_object_add(o, "size",
				       json_object_new_int64((int64_t)c->size));
		break;
	case CHANGE_TREE:
		json_object_object_add(
			o, "files",
			json_object_new_int64((int64_t)count_lines(c)));
		break;
	case CHANGE_REMOVE:
	case CHANGE_MKDIR:
		break;
	}
	return o;
}

char *plan_json(const struct plan *plan, const struct machine *m)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	char *text;

	add_text(o, "name", m->name);
	add_text(o, "arch", machine_is_arm64(m) ? "arm64" : "armhf");
	add_text(o, "engine", m->engine == ENGINE_QEMU ? "qemu" : "pimigrate");
	json_object_object_add(o, "cpus", json_object_new_int((int)m->cpus));
	json_object_object_add(o, "memory",
			       json_object_new_int64((int64_t)m->memory));
	json_object_object_add(o, "disk-size",
			       json_object_new_int64((int64_t)plan->disk_size));
	add_text(o, "kernel", plan->kernel_release);
	add_text(o, "kernel-reason", plan->kernel_reason);
	add_text(o, "cmdline", plan->kernel_cmdline);
	json_object_object_add(o, "needs-replay",
			       json_object_new_boolean(plan->needs_replay));
	for (size_t i = 0; i < plan->changes.n; i++)
		json_object_array_add(rows, row_json(&plan->changes.at[i]));
	json_object_object_add(o, "changes", rows);
	text = xasprintf("%s\n", json_object_to_json_string_ext(
					 o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
	return text;
}
