/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that /etc/udev/rules.d gives to serial ports, so that a stick has the
 * same one whatever is plugged in: SYMLINK+="zigbee".
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/devices.h"
#include "guest/text.h"
#include "model/serial.h"

/* The names in a value that holds several, or some that udev makes up. */
static void add_names(struct udev_names *names, const char *value, size_t len,
		      bool on_pins)
{
	autofree char *copy = xstrndup(value, len);
	char *save = NULL;

	for (char *name = strtok_r(copy, " \t", &save); name;
	     name = strtok_r(NULL, " \t", &save))
		if (serial_name_ok(name))
			*vec_add(&names->all) =
				(struct udev_name){ xstrdup(name), on_pins };
}

static void one_rule(struct udev_names *names, const char *rule)
{
	bool on_pins = strstr(rule, "\"ttyAMA") || strstr(rule, "\"ttyS");

	for (const char *at = strstr(rule, "SYMLINK"); at;
	     at = strstr(at, "SYMLINK")) {
		const char *value, *end;

		at += strlen("SYMLINK");
		value = at + strspn(at, "+:=\"");
		end = strchr(value, '"');
		if (end && !str_starts(at, "=="))
			add_names(names, value, (size_t)(end - value), on_pins);
	}
}

/* The text is changed. */
static void one_file(struct udev_names *names, char *text)
{
	/* what is none goes to the end of the file */
	bool all_tty = strstr(text, "SUBSYSTEM!=\"tty\"");
	char *rest = text;

	for (char *at = text; (at = strstr(at, "\\\n"));)
		at[0] = at[1] = ' '; /* goes on in the next line */
	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (*line != '#' && (all_tty || strstr(line, "\"tty")))
			one_rule(names, line);
	}
}

void udev_names_read(const struct tree *root, struct udev_names *ret)
{
	static const char folder[] = "/etc/udev/rules.d";
	autotexts struct tree_texts it = tree_texts(root, folder, ".rules");

	while (tree_next_text(&it))
		one_file(ret, it.text);
}

void udev_names_free(struct udev_names *names)
{
	for (size_t i = 0; i < names->all.n; i++)
		free(names->all.at[i].name);
	vec_free(&names->all);
}
