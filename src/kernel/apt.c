/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Package: *" at 100 would still install what only Debian has: tried; -1
 * refuses it.  The pin is by the Release file's origin, not by the host: a
 * mirror may carry both archives.  Names are listed, not "src:linux", which
 * would let in linux-libc-dev and the like.
 */
#include "kernel/apt.h"

#include <string.h>

#include "common/mem.h"
#include "common/str.h"

bool apt_needs_source(const struct guest *g)
{
	return g->os_id && !strcmp(g->os_id, "raspbian");
}

char *apt_source_text(const struct flavour *flavour, const char *suite,
		      const char *main_url, const char *security_url)
{
	const char *const urls[2] = { main_url, security_url };
	const char *const tails[2] = { "", "-security" };
	struct str text = { 0 };

	str_add(&text, "# Written by pimigrate: Debian's kernel for this "
		       "virtual machine.\n"
		       "# " APT_PIN_PATH " lets nothing else in.\n");
	for (int i = 0; i < (security_url ? 2 : 1); i++)
		str_addf(&text,
			 "%sTypes: deb\nURIs: %s\nSuites: %s%s\n"
			 "Components: main\nArchitectures: %s\n"
			 "Signed-By: " APT_KEYRING_PATH "\n",
			 i ? "\n" : "", urls[i], suite, tails[i],
			 flavour->arch);
	return str_steal(&text);
}

char *apt_pin_text(const struct flavour *flavour)
{
	const char *name = flavour->name;

	return xasprintf(
		"# Written by pimigrate: from Debian's archive come kernels, "
		"and nothing else.\n"
		"Package: *\n"
		"Pin: release o=Debian\n"
		"Pin-Priority: -1\n"
		"\n"
		"Package: linux-image-*%s linux-base-*%s "
		"linux-binary-*%s linux-modules-*%s\n"
		"Pin: release o=Debian\n"
		"Pin-Priority: 500\n",
		name, name, name, name);
}
