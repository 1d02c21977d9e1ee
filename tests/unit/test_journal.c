/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.yaml to the letter: others read it. */
#include "adapt/journal.h"
#include "test.h"
#include "texts.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"

static const char golden[] = "version: 1\n"
			     "changes:\n"
			     "- id: grow\n"
			     "  kind: grow\n"
			     "  path: /\n"
			     "  reason: room\n"
			     "  size: 4000000000\n"
			     "  before:\n"
			     "    size: 3000000000\n"
			     "- id: fstab\n"
			     "  kind: write\n"
			     "  path: /etc/fstab\n"
			     "  reason: names that stay\n"
			     "  before:\n"
			     "    kind: file\n"
			     "    file: \"001\"\n"
			     "    mode: \"0644\"\n"
			     "    uid: 1000\n"
			     "    gid: 0\n"
			     "    mtime: \"1795250000.000000007\"\n"
			     "    attributes:\n"
			     "      security.capability: \"0100ff\"\n"
			     "- id: mask\n"
			     "  kind: symlink\n"
			     "  path: /etc/a/b/x.service\n"
			     "  reason: none here\n"
			     "  target: /dev/null\n"
			     "  before:\n"
			     "    kind: nothing\n"
			     "    made-folder: /etc/a\n"
			     "- id: console\n"
			     "  kind: remove\n"
			     "  path: /etc/y\n"
			     "  reason: was masked\n"
			     "  before:\n"
			     "    kind: link\n"
			     "    target: /dev/null\n"
			     "    mode: \"0777\"\n"
			     "    uid: 0\n"
			     "    gid: 0\n"
			     "    mtime: \"-1.000000000\"\n"
			     "- id: kernel\n"
			     "  kind: tree\n"
			     "  path: /\n"
			     "  reason: 'kernel 6.1: because'\n"
			     "  list: \"004\"\n";

static void add_rows(struct plan *plan)
{
	plan_add(plan, CHANGE_GROW, "grow", "/", "room")->size = 4000000000;
	plan_add(plan, CHANGE_WRITE, "fstab", "/etc/fstab", "names that stay");
	plan_add(plan, CHANGE_SYMLINK, "mask", "/etc/a/b/x.service",
		 "none here")
		->target = xstrdup("/dev/null");
	plan_add(plan, CHANGE_REMOVE, "console", "/etc/y", "was masked");
	plan_add(plan, CHANGE_TREE, "kernel", "/", "kernel 6.1: because");
}

static void all_kinds(const char *path)
{
	struct journal_before before[5] = {
		{ 0 },
		{ .kind = BEFORE_FILE,
		  .file = xstrdup("001"),
		  .mode = 0644,
		  .uid = 1000,
		  .mtime = 1795250000,
		  .mtime_nsec = 7 },
		{ .made_parent = xstrdup("/etc/a") },
		{ .kind = BEFORE_LINK,
		  .target = xstrdup("/dev/null"),
		  .mode = 0777,
		  .mtime = -1 },
		{ .file = xstrdup("004") },
	};
	struct journal *j = journal_new(3000000000);
	autofree char *text = NULL;
	struct plan plan = { 0 };
	struct err err;

	*vec_add(&before[1].attributes) = (struct journal_attribute){
		xstrdup("security.capability"), journal_hex("\1\0\xff", 3)
	};
	add_rows(&plan);
	for (size_t i = 0; i < plan.changes.n; i++) {
		journal_add(j, &plan.changes.at[i], &before[i]);
		journal_before_fini(&before[i]);
		check(!before[i].file && !before[i].attributes.n);
	}
	check_eq(journal_write(j, path, &err), 0);
	check_eq(files_read(path, 1 << 20, &text, NULL, &err), 0);
	check_text(text, golden);
	journal_free(j);
	plan_free(&plan);
}

static void bad_place(void)
{
	struct journal *j = journal_new(0);
	struct err err;

	check(journal_write(j, "/nonexistent/changes.yaml", &err) < 0);
	journal_free(j);
	journal_free(NULL);
}

int main(void)
{
	char dir[] = "/tmp/test-journal-XXXXXX";
	autofree char *path = NULL;
	struct err err;

	if (!mkdtemp(dir))
		return 1;
	path = xasprintf("%s/changes.yaml", dir);
	all_kinds(path);
	bad_place();
	check_eq(files_remove_tree(dir, &err), 0);
	return test_done();
}
