/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd tells on the console what it starts, or only what fails:
 * "[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.", with
 * colours around FAILED.
 */
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "doctor/doctor.h"

static const char *last_boot(const char *console)
{
	const char *found = console;

	for (const char *at = console;
	     (at = strstr(at, "Booting Linux on physical CPU")); at++)
		found = at;
	return found;
}

/* "ssh.service - OpenBSD …" or, before systemd 250, "OpenBSD …": up to the
 * dash, or without the full stop. */
static size_t length_of_name(const char *name)
{
	size_t n = strcspn(name, "\r\n");
	const char *dash = memmem(name, n, " - ", 3);

	if (dash)
		return (size_t)(dash - name);
	return n && name[n - 1] == '.' ? n - 1 : n;
}

char *doctor_failed_units(const char *console)
{
	static const char what[] = "Failed to start ";
	struct str out = { 0 };

	for (const char *at = last_boot(console); (at = strstr(at, what));) {
		const char *line = at;

		while (line > console && line[-1] != '\n')
			line--;
		at += strlen(what);
		if (!memmem(line, (size_t)(at - line), "FAILED", 6))
			continue;
		if (out.len)
			str_add(&out, ", ");
		str_addn(&out, at, length_of_name(at));
	}
	return out.len ? str_steal(&out) : NULL;
}
