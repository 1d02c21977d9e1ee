/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libyaml's events are read by one loop with a stack of open collections, so
 * that the depth of a file is bounded by a number and not by our stack.
 * Writing recurses over a tree that was bounded when it was made.
 */
#include "host/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <yaml.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/str.h"

enum {
	MAX_BYTES = 4 << 20,
	MAX_DEPTH = 32,
	MAX_NODES = 200000,
};

struct reader {
	const char *name;
	struct yaml_node *root;
	struct yaml_node *open[MAX_DEPTH];
	char *key[MAX_DEPTH]; /* of the value that comes next */
	unsigned int depth;
	unsigned int nodes;
	struct err *err;
};

struct yaml_node *yaml_node_new(enum yaml_kind kind)
{
	struct yaml_node *node = xnew(struct yaml_node);

	node->kind = kind;
	return node;
}

void yaml_node_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->items.n; i++) {
		free(node->items.at[i].key);
		yaml_node_free(node->items.at[i].value);
	}
	vec_free(&node->items);
	free(node->text);
	free(node);
}

void yaml_node_drop(struct yaml_node **node)
{
	yaml_node_free(*node);
}

static struct yaml_item *find(const struct yaml_node *map, const char *key,
			      size_t len)
{
	for (size_t i = 0; i < map->items.n; i++) {
		const char *have = map->items.at[i].key;

		if (have && strlen(have) == len && !memcmp(have, key, len))
			return &map->items.at[i];
	}
	return NULL;
}

/* Reading */

static unsigned int line_of(const yaml_event_t *event)
{
	return (unsigned int)event->start_mark.line + 1;
}

static int refuse(struct reader *r, const yaml_event_t *event, const char *what)
{
	return err_set(r->err, EINVAL, "%s:%u: %s", r->name, line_of(event),
		       what);
}

/* A finished scalar, or a collection that begins, finds its place. */
static int place(struct reader *r, const yaml_event_t *event,
		 struct yaml_node *node)
{
	struct yaml_node *in = r->depth ? r->open[r->depth - 1] : NULL;

	node->line = line_of(event);
	if (!in) {
		r->root = node;
		return 0;
	}
	*vec_add(&in->items) = (struct yaml_item){
		.key = in->kind == YAML_MAP ? steal_ptr(r->key[r->depth - 1])
					    : NULL,
		.value = node,
	};
	return 0;
}

static bool wants_key(const struct reader *r)
{
	return r->depth && r->open[r->depth - 1]->kind == YAML_MAP &&
	       !r->key[r->depth - 1];
}

static int on_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct yaml_node *node;

	if (event->data.scalar.anchor || event->data.scalar.tag)
		return refuse(r, event, "anchors and tags are not used here");
	if (memchr(text, 0, len))
		return refuse(r, event, "a text holds a zero byte");
	if (wants_key(r)) {
		if (find(r->open[r->depth - 1], text, len))
			return err_set(r->err, EINVAL,
				       "%s:%u: '%s' stands here twice", r->name,
				       line_of(event), text);
		r->key[r->depth - 1] = xstrndup(text, len);
		return 0;
	}
	node = yaml_node_new(YAML_TEXT);
	node->text = xstrndup(text, len);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return place(r, event, node);
}

static int on_begin(struct reader *r, const yaml_event_t *event, bool map)
{
	struct yaml_node *node;

	if (map ? event->data.mapping_start.anchor ||
			    event->data.mapping_start.tag
		: event->data.sequence_start.anchor ||
			    event->data.sequence_start.tag)
		return refuse(r, event, "anchors and tags are not used here");
	if (wants_key(r))
		return refuse(r, event, "a key must be a plain word");
	if (r->depth == MAX_DEPTH)
		return refuse(r, event, "nested too deeply");
	node = yaml_node_new(map ? YAML_MAP : YAML_LIST);
	place(r, event, node);
	r->open[r->depth++] = node;
	return 0;
}

static int on_event(struct reader *r, const yaml_event_t *event, bool *ret_end)
{
	if (++r->nodes > MAX_NODES)
		return refuse(r, event, "too much for one file");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_begin(r, event, false);
	case YAML_MAPPING_START_EVENT:
		return on_begin(r, event, true);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(r, event, "aliases are not used here");
	case YAML_DOCUMENT_START_EVENT:
		if (r->root)
			return refuse(r, event, "want one document only");
		return 0;
	case YAML_STREAM_END_EVENT:
		*ret_end = true;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

static int read_events(struct reader *r, yaml_parser_t *parser)
{
	bool end = false;

	while (!end) {
		yaml_event_t event;
		int rc;

		if (!yaml_parser_parse(parser, &event))
			return err_set(
				r->err, EINVAL, "%s:%u: %s", r->name,
				(unsigned int)parser->problem_mark.line + 1,
				parser->problem ? parser->problem : "not YAML");
		rc = on_event(r, &event, &end);
		yaml_event_delete(&event);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int yaml_parse(const char *name, const char *text, size_t len,
	       struct yaml_node **ret_tree, struct err *err)
{
	struct reader r = { .name = name, .err = err };
	yaml_parser_t parser;
	int rc;

	if (len > MAX_BYTES)
		return err_set(err, EFBIG, "%s: too large to be ours", name);
	if (!yaml_parser_initialize(&parser))
		return err_set(err, ENOMEM, "%s: no memory to read it", name);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = read_events(&r, &parser);
	yaml_parser_delete(&parser);
	for (unsigned int i = 0; i < MAX_DEPTH; i++)
		free(r.key[i]);
	if (rc < 0) {
		yaml_node_free(r.root);
		return rc;
	}
	*ret_tree = r.root ? r.root : yaml_node_new(YAML_MAP);
	return 0;
}

int yaml_load(const char *path, struct yaml_node **ret_tree, struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "reading '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_BYTES)
		return err_set(err, EINVAL, "'%s' is no file of ours", path);
	text = xmalloc((size_t)st.st_size + 1);
	n = io_read(fd, text, (size_t)st.st_size);
	if (n < 0)
		return err_errno(err, (int)-n, "reading '%s'", path);
	return yaml_parse(path, text, (size_t)n, ret_tree, err);
}

/* Writing */

/* Would a reader take this plain text for a number, a truth value, nothing? */
static bool looks_typed(const char *text)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return !*text || strchr("0123456789+-.", text[0]);
}

static int emit_scalar(yaml_emitter_t *out, const char *text, bool quoted)
{
	yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
	yaml_event_t event;

	if (strchr(text, '\n') && text[strlen(text) - 1] == '\n')
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (quoted)
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	return yaml_scalar_event_initialize(&event, NULL, NULL,
					    (const unsigned char *)text,
					    (int)strlen(text), 1, 1, style) &&
	       yaml_emitter_emit(out, &event);
}

static int emit_node(yaml_emitter_t *out, const struct yaml_node *node)
{
	bool map = node->kind == YAML_MAP;
	yaml_event_t event;
	int ok;

	if (node->kind == YAML_TEXT)
		return emit_scalar(out, node->text, node->quoted);
	ok = map ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
						       YAML_BLOCK_MAPPING_STYLE)
		 : yaml_sequence_start_event_initialize(
			   &event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
	ok = ok && yaml_emitter_emit(out, &event);
	for (size_t i = 0; ok && i < node->items.n; i++) {
		if (map)
			ok = emit_scalar(out, node->items.at[i].key, false);
		ok = ok && emit_node(out, node->items.at[i].value);
	}
	if (!ok)
		return 0;
	ok = map ? yaml_mapping_end_event_initialize(&event)
		 : yaml_sequence_end_event_initialize(&event);
	return ok && yaml_emitter_emit(out, &event);
}

static int append_bytes(void *s, unsigned char *bytes, size_t n)
{
	str_addn(s, (const char *)bytes, n);
	return 1;
}

static int emit_document(yaml_emitter_t *out, const struct yaml_node *tree)
{
	yaml_event_t event;

	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	       yaml_emitter_emit(out, &event) &&
	       yaml_document_start_event_initialize(&event, NULL, NULL, NULL,
						    1) &&
	       yaml_emitter_emit(out, &event) && emit_node(out, tree) &&
	       yaml_document_end_event_initialize(&event, 1) &&
	       yaml_emitter_emit(out, &event) &&
	       yaml_stream_end_event_initialize(&event) &&
	       yaml_emitter_emit(out, &event);
}

char *yaml_emit(const struct yaml_node *tree)
{
	struct str text = { 0 };
	yaml_emitter_t out;
	bool ok;

	ok = yaml_emitter_initialize(&out);
	if (ok) {
		yaml_emitter_set_output(&out, append_bytes, &text);
		yaml_emitter_set_unicode(&out, 1);
		yaml_emitter_set_width(&out, -1);
		ok = emit_document(&out, tree);
		yaml_emitter_delete(&out);
	}
	if (!ok) {
		/* Only memory can be short: the tree is ours. */
		fputs("pimigrate: out of memory\n", stderr);
		abort();
	}
	return str_steal(&text);
}

/* Asking */

struct yaml_node *yaml_get(const struct yaml_node *node, const char *path)
{
	const struct yaml_node *at = node;

	while (at && *path) {
		size_t len = strcspn(path, ".");
		const struct yaml_item *item = NULL;

		if (at->kind == YAML_MAP) {
			item = find(at, path, len);
		} else if (at->kind == YAML_LIST) {
			autofree char *word = xstrndup(path, len);
			uint64_t n;

			if (str_number(word, 0, UINT32_MAX, &n) &&
			    n < at->items.n)
				item = &at->items.at[n];
		}
		at = item ? item->value : NULL;
		path += len + (path[len] == '.');
	}
	/* The tree is the caller's: const here only says we do not touch it. */
	return (struct yaml_node *)(uintptr_t)at;
}

const char *yaml_text(const struct yaml_node *node, const char *path)
{
	const struct yaml_node *found = yaml_get(node, path);

	return found && found->kind == YAML_TEXT ? found->text : NULL;
}

bool yaml_bool(const struct yaml_node *node, const char *path, bool *ret_b)
{
	const char *text = yaml_text(node, path);

	if (!text)
		return false;
	if (!strcmp(text, "true") || !strcmp(text, "yes")) {
		*ret_b = true;
		return true;
	}
	if (!strcmp(text, "false") || !strcmp(text, "no")) {
		*ret_b = false;
		return true;
	}
	return false;
}

bool yaml_number(const struct yaml_node *node, const char *path,
		 uint64_t *ret_n)
{
	const char *text = yaml_text(node, path);

	return text && str_number(text, 0, UINT64_MAX, ret_n);
}

/* Making */

struct yaml_node *yaml_set(struct yaml_node *map, const char *key,
			   struct yaml_node *value)
{
	struct yaml_item *item = find(map, key, strlen(key));

	if (item) {
		yaml_node_free(item->value);
	} else {
		item = vec_add(&map->items);
		item->key = xstrdup(key);
	}
	item->value = value;
	return value;
}

static struct yaml_node *text_node(const char *text, bool quoted)
{
	struct yaml_node *node = yaml_node_new(YAML_TEXT);

	node->text = xstrdup(text);
	node->quoted = quoted;
	return node;
}

void yaml_set_text(struct yaml_node *map, const char *key, const char *text)
{
	yaml_set(map, key, text_node(text, looks_typed(text)));
}

void yaml_set_number(struct yaml_node *map, const char *key, uint64_t n)
{
	autofree char *text = xasprintf("%llu", (unsigned long long)n);

	yaml_set(map, key, text_node(text, false));
}

void yaml_set_bool(struct yaml_node *map, const char *key, bool b)
{
	yaml_set(map, key, text_node(b ? "true" : "false", false));
}

struct yaml_node *yaml_append(struct yaml_node *list, struct yaml_node *value)
{
	*vec_add(&list->items) = (struct yaml_item){ .value = value };
	return value;
}

void yaml_append_text(struct yaml_node *list, const char *text)
{
	yaml_append(list, text_node(text, looks_typed(text)));
}

void yaml_remove(struct yaml_node *map, const char *key)
{
	struct yaml_item *item = find(map, key, strlen(key));
	size_t after;

	if (!item)
		return;
	free(item->key);
	yaml_node_free(item->value);
	after = (size_t)(map->items.at + map->items.n - item) - 1;
	memmove(item, item + 1, after * sizeof(*item));
	map->items.n--;
}
