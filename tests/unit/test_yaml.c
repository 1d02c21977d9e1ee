/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/yaml.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "test.h"

static struct err err;

static struct yaml_node *parse(const char *text)
{
	struct yaml_node *tree = NULL;

	err.text[0] = 0;
	if (yaml_parse("f.yaml", text, strlen(text), &tree, &err) < 0)
		return NULL;
	return tree;
}

static void test_ask(void)
{
	autoyaml struct yaml_node *t = parse("name: pi\n"
					     "disks:\n"
					     "  - file: a.raw\n"
					     "  - file: 'b.raw'\n"
					     "on: true\n"
					     "n: 12\n");
	uint64_t n = 7;
	bool b = false;

	check(t && !strcmp(yaml_text(t, "name"), "pi"));
	check(!strcmp(yaml_text(t, "disks.1.file"), "b.raw"));
	check(yaml_get(t, "disks.1.file")->quoted);
	check_eq(yaml_get(t, "disks.1.file")->line, 4);
	check(!yaml_get(t, "disks.2"));
	check(!yaml_get(t, "disks.x"));
	check(!yaml_get(t, "name.x"));
	check(!yaml_text(t, "disks"));
	check(!yaml_get(NULL, "x"));
	check(yaml_get(t, "") == t);
	check(yaml_bool(t, "on", &b) && b);
	check(!yaml_bool(t, "name", &b));
	check(yaml_number(t, "n", &n) && n == 12);
	check(!yaml_number(t, "name", &n));
}

static void refused(const char *text, const char *says)
{
	check(!parse(text));
	if (!strstr(err.text, says)) {
		fprintf(stderr, "said '%s', not '%s'\n", err.text, says);
		test_failed();
	}
}

static void test_refused(void)
{
	autostr struct str deep = { 0 };

	refused("a: 1\nb: [1,\n", "f.yaml:3:");
	refused("a: 1\na: 2\n", "f.yaml:2: 'a' stands here twice");
	refused("a: &x 1\nb: *x\n", "anchors");
	refused("a: !!int 1\n", "tags");
	refused("a: *x\n", "aliases");
	refused("? [a]\n: b\n", "plain word");
	refused("a: 1\n---\nb: 2\n", "one document");
	refused("a: \"x\\0y\"\n", "zero byte");
	refused("a: \xff\xfe\n", "f.yaml:");
	for (int i = 0; i < 40; i++)
		str_add(&deep, "[");
	refused(deep.text, "nested too deeply");
	check(yaml_load("/nonexistent/x.yaml", &(struct yaml_node *){ 0 },
			&err) == -ENOENT);
	check(strstr(err.text, "/nonexistent/x.yaml") != NULL);
}

static void test_empty(void)
{
	autoyaml struct yaml_node *t = parse("");
	autoyaml struct yaml_node *c = parse("# only a comment\n");

	check(t && t->kind == YAML_MAP && !t->items.n);
	check(c && c->kind == YAML_MAP && !c->items.n);
}

static void test_make(void)
{
	autoyaml struct yaml_node *t = yaml_node_new(YAML_MAP);
	struct yaml_node *list = yaml_set(t, "l", yaml_node_new(YAML_LIST));
	autoyaml struct yaml_node *back = NULL;
	autofree char *text = NULL;

	yaml_set_text(t, "plain", "a word");
	yaml_set_text(t, "number", "0123");
	yaml_set_text(t, "no", "no");
	yaml_set_text(t, "nothing", "");
	yaml_set_text(t, "lines", "one\n  two\n");
	yaml_set_text(t, "odd", "a: b # c\ttab \"q\" \x01");
	yaml_set_text(t, "umlaut", "M\xc3\xbcller");
	yaml_set_number(t, "n", UINT64_MAX);
	yaml_set_bool(t, "b", false);
	yaml_append_text(list, "x");
	yaml_append_text(list, "- y");
	yaml_set_text(t, "plain", "other");
	yaml_remove(t, "nothing");
	yaml_remove(t, "not there");
	text = yaml_emit(t);
	back = parse(text);
	check(back != NULL);
	check_eq(back->items.n, t->items.n);
	for (size_t i = 0; back && i < t->items.n; i++) {
		const char *a = t->items.at[i].value->text;
		const char *b = back->items.at[i].value->text;

		check(!strcmp(back->items.at[i].key, t->items.at[i].key));
		check(!a == !b && (!a || !strcmp(a, b)));
	}
	check(!strcmp(yaml_text(back, "l.1"), "- y"));
	check(yaml_get(back, "number")->quoted);
	check(!yaml_get(back, "n")->quoted);
	check(!yaml_get(back, "nothing"));
}

int main(void)
{
	test_ask();
	test_refused();
	test_empty();
	test_make();
	return test_done();
}
