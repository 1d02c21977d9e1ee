/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "common/cleanup.h"
#include "kernel/control.h"
#include "test.h"

static const char text[] = "\n \n"
			   "Package: one\n"
			   "VERSION:   1:2.0-3  \n"
			   "# Version: a comment\n"
			   "Description: short\n"
			   " long\n"
			   "# in between\n"
			   " .\n"
			   "\tend\n"
			   "Empty:\n"
			   "Pack: no prefix match\n"
			   "\n\t\n"
			   "Package: two\r\n"
			   "\n"
			   "no field here\n"
			   " continued\n"
			   "\n"
			   "Package: last";

static bool field_is(const struct control *par, const char *name,
		     const char *want)
{
	autofree char *got = control_field(par, name);

	return want ? got && !strcmp(got, want) : !got;
}

int main(void)
{
	const char *at = text, *end = text + strlen(text);
	struct control par;

	check(control_next(&at, end, &par));
	check(field_is(&par, "package", "one"));
	check(field_is(&par, "Version", "1:2.0-3"));
	check(field_is(&par, "Description", "short\nlong\n.\nend"));
	check(field_is(&par, "Empty", ""));
	check(field_is(&par, "Pack", "no prefix match"));
	check(field_is(&par, "Packag", NULL));
	check(field_is(&par, "", NULL));
	check(control_is(&par, "Package", "one"));
	check(!control_is(&par, "Package", "on"));

	check(control_next(&at, end, &par));
	check(field_is(&par, "Package", "two"));
	check(field_is(&par, "Version", NULL)); /* not the first one's */
	check(control_next(&at, end, &par));
	check(field_is(&par, "no field here", NULL));
	check(control_next(&at, end, &par));
	check(field_is(&par, "Package", "last"));
	check(!control_next(&at, end, &par));
	check(at == end);
	return test_done();
}
