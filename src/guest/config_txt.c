/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.txt line by line, as the Pi's firmware reads it: "[…]" begins what is
 * for some boards only, "include NAME" takes in another file of the boot
 * partition.  Which board the card was in is not on the card: so lines for any
 * Pi with pins count, those for compute modules ([cm4] is in every image) and
 * for no board at all do not.
 *
 * "dtparam=a=on,b=on" are two settings, and become two lines.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

enum {
	MAX_DEPTH = 8, /* of includes; the firmware ends there too */
	MAX_LINES = 4000,
};

struct reader {
	struct guest *g;
	const struct tree *root, *boot; /* boot may be NULL */
	char *section;
};

static bool applies(const char *section)
{
	return strcmp(section, "none") != 0 && !str_starts(section, "cm") &&
	       strcmp(section, "tryboot") != 0;
}

static void add(struct reader *r, const char *text, const char *file,
		unsigned int line)
{
	*vec_add(&r->g->config_lines) = (struct guest_config){
		.text = xstrdup(text),
		.section = xstrdup(r->section),
		.file = xstrdup(file),
		.line = line,
		.applies = applies(r->section),
	};
}

static void add_params(struct reader *r, char *params, const char *file,
		       unsigned int line)
{
	for (char *one = strtok_r(params, ",", &params); one;
	     one = strtok_r(NULL, ",", &params)) {
		autofree char *text = xasprintf("dtparam=%s", one);

		add(r, text, file, line);
	}
}

static void begin_section(struct reader *r, const char *line)
{
	free(r->section);
	r->section = xstrndup(line + 1, strcspn(line + 1, "]"));
}

static void read_text(struct reader *r, char *text, const char *file,
		      unsigned int depth);

static char *boot_text(const struct reader *r, const char *name)
{
	autofree char *path = xasprintf(
		"%s/%s", r->g->boot_dir ? r->g->boot_dir : "/boot", name);

	return r->boot ? tree_text(r->boot, name) : tree_text(r->root, path);
}

static void include(struct reader *r, const char *name, unsigned int depth)
{
	autofree char *text = depth < MAX_DEPTH ? boot_text(r, name) : NULL;

	if (text)
		read_text(r, text, name, depth + 1);
}

static void read_text(struct reader *r, char *text, const char *file,
		      unsigned int depth)
{
	unsigned int number = 0;

	for (char *line = text_line(&text); line; line = text_line(&text)) {
		number++;
		line = text_trim(line);
		if (r->g->config_lines.n >= MAX_LINES)
			return;
		if (!*line || *line == '#')
			continue;
		if (*line == '[')
			begin_section(r, line);
		else if (str_starts(line, "include "))
			include(r, text_trim(line + strlen("include ")), depth);
		else if (str_starts(line, "dtparam="))
			add_params(r, line + strlen("dtparam="), file, number);
		else
			add(r, line, file, number);
	}
}

void config_txt_inspect(struct guest *g, const struct tree *root,
			const struct tree *boot)
{
	autofree char *text = g->config ? xstrdup(g->config) : NULL;
	struct reader r = { g, root, boot, xstrdup("all") };

	if (text)
		read_text(&r, text, "config.txt", 0);
	free(r.section);
}
