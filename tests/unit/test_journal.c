/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.yaml to the letter: others read it. */
#include "adapt/journal.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"

static const char golden[] = "version: 1\n"
			     "partition: 2\n"
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
			     "  after:\n"
			     "    sha256: abc0\n"
			     "    mode: \"0644\"\n"
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
			     "  list: \"004\"\n"
			     "  left: \"004.left\"\n";

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
	struct journal_after after[5] = {
		[1] = { .sha256 = xstrdup("abc0"), .mode = 0644 },
		[4] = { .left = xstrdup("004.left") },
	};
	struct journal *j = journal_new(3000000000, 2);
	autofree char *text = NULL;
	struct plan plan = { 0 };
	struct err err;

	*vec_add(&before[1].attributes) = (struct journal_attribute){
		xstrdup("security.capability"), journal_hex("\1\0\xff", 3)
	};
	add_rows(&plan);
	for (size_t i = 0; i < plan.changes.n; i++) {
		journal_add(j, &plan.changes.at[i], &before[i], &after[i]);
		journal_before_fini(&before[i]);
		journal_after_fini(&after[i]);
		check(!before[i].file && !before[i].attributes.n);
	}
	check_eq(journal_write(j, path, &err), 0);
	check_eq(files_read(path, 1 << 20, &text, NULL, &err), 0);
	check_text(text, golden);
	journal_free(j);
	plan_free(&plan);
}

/* The same again; and a mark. */
static void read_back(const char *path)
{
	autojournal struct journal_read read;
	autofree char *text = NULL;
	const struct journal_row *row;
	struct err err;

	check_eq(journal_load(path, &read, &err), 0);
	check_eq(read.partition, 2);
	check_eq(read.rows.n, 5);
	row = &read.rows.at[1];
	check_eq(row->number, 2);
	check_eq(row->kind, CHANGE_WRITE);
	check_eq(row->before.kind, BEFORE_FILE);
	check_eq(row->before.mode, 0644);
	check_eq(row->before.uid, 1000);
	check_eq(row->before.mtime, 1795250000);
	check_eq(row->before.mtime_nsec, 7);
	check_text(row->before.attributes.at[0].value, "0100ff");
	check_text(row->after.sha256, "abc0");
	check_text(read.rows.at[2].target, "/dev/null");
	check_text(read.rows.at[2].before.made_parent, "/etc/a");
	check_eq(read.rows.at[3].before.mtime, -1);
	check_text(read.rows.at[3].before.target, "/dev/null");
	check_text(read.rows.at[4].after.left, "004.left");
	check(!row->reverted);
	read.rows.at[1].reverted = true;
	check_eq(journal_mark(&read, path, &err), 0);
	journal_read_free(&read);
	check_eq(journal_load(path, &read, &err), 0);
	check(read.rows.at[1].reverted && !read.rows.at[0].reverted);
}

/* A journal that would lead out of undo/, or makes no sense. */
static void bad_rows(const char *path)
{
	static const char *const rows[] = {
		"kind: write, path: /a, id: x",
		"kind: write, path: a, id: x, before: {kind: nothing}",
		"kind: eat, path: /a, id: x, before: {kind: nothing}",
		"kind: write, path: /a, id: x, before: {kind: file, file: "
		"../x, mode: '0644', uid: 0, gid: 0, mtime: '1.0'}",
		"kind: write, path: /a, id: x, before: {kind: file, file: "
		"'001', mode: '9', uid: 0, gid: 0, mtime: '1.0'}",
		"kind: tree, path: /, id: x, list: ../../list",
		"kind: symlink, path: /a, id: x, before: {kind: nothing}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		autofree char *text = xasprintf("changes:\n- {%s}\n", rows[i]);
		autojournal struct journal_read read;
		struct err err;

		check_eq(files_replace(path, text, strlen(text), 0644, &err),
			 0);
		check_eq(journal_load(path, &read, &err), -EINVAL);
		check(strstr(err.text, "changes.yaml:2: ") != NULL);
	}
}

static void bad_place(void)
{
	struct journal *j = journal_new(0, 2);
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
	read_back(path);
	bad_rows(path);
	bad_place();
	check_eq(files_remove_tree(dir, &err), 0);
	return test_done();
}
