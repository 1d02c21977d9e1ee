/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as people and as programs read it. */
#include "cmd/plan_print.h"
#include "test.h"
#include "texts.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/mem.h"

static struct plan sample(void)
{
	struct plan plan = {
		.kernel_cmdline = xstrdup("root=PARTUUID=5e3da3da-02 ro"),
		.kernel_release = xstrdup("6.1.0-50-armmp-lpae"),
		.kernel_reason = xstrdup("the card's own suite"),
		.disk_size = 3221225472,
	};

	plan_add(&plan, CHANGE_GROW, "grow", "/", "room is needed")->size =
		3221225472;
	plan_add(&plan, CHANGE_WRITE, "fstab", "/etc/fstab", "names that stay")
		->content = xstrdup("new\n");
	plan_add(&plan, CHANGE_SYMLINK, "mask-x", "/etc/x", "none here")
		->target = xstrdup("/dev/null");
	plan_add(&plan, CHANGE_TREE, "kernel", "/", "the kernel")->content =
		xstrdup("/boot/a\n/boot/b\n");
	return plan;
}

static const struct machine machine = { .name = (char *)(uintptr_t) "homepi",
					.cpus = 2,
					.memory = 1 << 30 };

static const char golden[] =
	"guest    homepi: 2 CPUs, 1024 MiB, disk of 3.2 GB\n"
	"kernel   6.1.0-50-armmp-lpae: the card's own suite\n"
	"started  root=PARTUUID=5e3da3da-02 ro\n"
	"%s"
	"\n"
	"4 changes, on the copy only:\n"
	"  grow     the disk to 3.2 GB\n"
	"           room is needed\n"
	"  write    /etc/fstab\n"
	"           names that stay\n"
	"  symlink  /etc/x -> /dev/null\n"
	"           none here\n"
	"  tree     /: 2 files\n"
	"           the kernel\n";

static void as_text(void)
{
	struct plan plan = sample();
	autofree char *want = xasprintf(golden, "");
	autofree char *want_replay = xasprintf(
		golden, "note     the card was not shut down: its journal is "
			"replayed on the copy, and\n         what follows is "
			"planned again from that\n");
	autofree char *text = plan_text(&plan, &machine), *replay = NULL;

	check_text(text, want);
	plan.needs_replay = true;
	replay = plan_text(&plan, &machine);
	check_text(replay, want_replay);
	plan_free(&plan);
}

static const char *at(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

static void as_json(void)
{
	struct plan plan = sample();
	autofree char *text = plan_json(&plan, &machine);
	struct json_object *o = json_tokener_parse(text), *rows, *row;

	check(o != NULL);
	check_text(at(o, "name"), "homepi");
	check_text(at(o, "kernel"), "6.1.0-50-armmp-lpae");
	check_text(at(o, "cmdline"), "root=PARTUUID=5e3da3da-02 ro");
	check_text(at(o, "needs-replay"), "false");
	check_text(at(o, "memory"), "1073741824");
	check_text(at(o, "disk-size"), "3221225472");
	rows = json_object_object_get(o, "changes");
	check_eq(json_object_array_length(rows), 4);
	row = json_object_array_get_idx(rows, 0);
	check_text(at(row, "size"), "3221225472");
	row = json_object_array_get_idx(rows, 1);
	check_text(at(row, "id"), "fstab");
	check_text(at(row, "kind"), "write");
	check_text(at(row, "path"), "/etc/fstab");
	check_text(at(row, "reason"), "names that stay");
	check_text(at(row, "content"), "new\n");
	row = json_object_array_get_idx(rows, 2);
	check_text(at(row, "target"), "/dev/null");
	/* the list of a kernel is long, and of the host's path nobody asks */
	row = json_object_array_get_idx(rows, 3);
	check_text(at(row, "files"), "2");
	check(!at(row, "content") && !at(row, "target"));
	json_object_put(o);
	plan_free(&plan);
}

/* A card that keeps its kernel; text that is no UTF-8. */
static void without_kernel(void)
{
	struct plan plan = { .kernel_cmdline = xstrdup("x") };
	struct json_object *o;
	autofree char *text = NULL, *json = NULL;

	plan_add(&plan, CHANGE_WRITE, "a", "/\xff\x01\"", "r")->content =
		xstrdup("\xe4\n");
	text = plan_text(&plan, &machine);
	check_lacks(text, "kernel ");
	json = plan_json(&plan, &machine);
	o = json_tokener_parse(json);
	check(o && !json_object_object_get(o, "kernel"));
	json_object_put(o);
	plan_free(&plan);
}

int main(void)
{
	as_text();
	as_json();
	without_kernel();
	return test_done();
}
