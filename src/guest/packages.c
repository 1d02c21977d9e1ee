/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The architecture is what the userland was built for.  The kernel on the card
 * says nothing (Raspberry Pi OS runs 32-bit programs on a 64-bit kernel), and
 * neither do foreign architectures of dpkg.  So: the Architecture of package
 * dpkg, and the dynamic linker, which must agree with it.
 */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "guest/parts.h"
#include "guest/text.h"

enum {
	MAX_STATUS = 64 << 20,
	EM_386 = 3,
	EM_ARM = 40,
	EM_X86_64 = 62,
	EM_AARCH64 = 183,
};

/* clang-format off */
static const struct linker {
	const char *path;
	unsigned int machine; /* of its ELF header */
	enum guest_arch arch;
	const char *name;
} linkers[] = {
	{ "/lib/ld-linux-armhf.so.3", EM_ARM, ARCH_ARMHF, "armhf" },
	{ "/lib/ld-linux.so.3", EM_ARM, ARCH_ARMEL, "armel" },
	{ "/lib/ld-linux-aarch64.so.1", EM_AARCH64, ARCH_ARM64, "arm64" },
	{ "/lib64/ld-linux-x86-64.so.2", EM_X86_64, ARCH_OTHER, "amd64" },
	{ "/lib/ld-linux.so.2", EM_386, ARCH_OTHER, "i386" },
	{ "/lib/ld-musl-armhf.so.1", EM_ARM, ARCH_ARMHF, "armhf" },
	{ "/lib/ld-musl-aarch64.so.1", EM_AARCH64, ARCH_ARM64, "arm64" },
};
/* clang-format on */

enum {
	N_LINKERS = sizeof(linkers) / sizeof(*linkers)
};

/* Is that dynamic linker there, and for its machine? */
static bool has_linker(const struct tree *root, const struct linker *l)
{
	unsigned char head[20];

	return tree_read_at(root, l->path, head, sizeof(head), 0) ==
		       (ssize_t)sizeof(head) &&
	       !memcmp(head, "\177ELF", 4) &&
	       (head[18] | (unsigned int)head[19] << 8) == l->machine;
}

/* One paragraph of the status file. */
struct paragraph {
	const char *package, *status, *version, *arch;
};

/* The next paragraph, its lines ended in place; false at the end. */
static bool next_paragraph(char **rest, struct paragraph *ret)
{
	/* clang-format off */
	struct {
		const char *key;
		const char **value;
	} keys[] = {
		{ "Package: ", &ret->package },
		{ "Status: ", &ret->status },
		{ "Version: ", &ret->version },
		{ "Architecture: ", &ret->arch },
	};
	/* clang-format on */
	char *line = text_line(rest);

	*ret = (struct paragraph){ "", "", "", "" };
	while (line && !*line)
		line = text_line(rest);
	if (!line)
		return false;
	for (; line && *line; line = text_line(rest))
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (str_starts(line, keys[i].key))
				*keys[i].value = line + strlen(keys[i].key);
	return true;
}

/* "linux-image-6.1.0-50-armmp-lpae", but no metapackage, -dbg, -unsigned; and
 * no kernel for clouds, which has no drivers of a board's. */
static bool is_debian_kernel(const struct paragraph *p)
{
	const char *package = p->package;

	if (!str_starts(package, "linux-image-") ||
	    !strchr("0123456789", package[12]) || !package[12])
		return false;
	if (!strcmp(p->arch, "arm64"))
		return str_ends(package, "-arm64") &&
		       !str_ends(package, "-cloud-arm64");
	return str_ends(package, "-armmp") || str_ends(package, "-armmp-lpae");
}

/* Raspberry Pi's own builds carry its mark in the version. */
static bool is_raspberry(const struct paragraph *p)
{
	return strstr(p->version, "+rpt") || strstr(p->version, "+rpi") ||
	       !strcmp(p->package, "raspi-config") ||
	       !strcmp(p->package, "raspberrypi-kernel");
}

/* Programs for 64 bits on a 32-bit system; kernels do not count. */
static bool is_foreign64(const struct paragraph *p)
{
	return !strcmp(p->arch, "arm64") && !str_starts(p->package, "linux-") &&
	       !str_starts(p->package, "gcc-") &&
	       !str_starts(p->package, "libc6") &&
	       !str_starts(p->package, "libgcc");
}

struct counts {
	char *dpkg_arch;
	unsigned int foreign64;
	char *foreign64_name; /* of the first */
	char *kernels[2];     /* for 32 bits, for 64 */
};

static void one_package(struct guest *g, const struct paragraph *p,
			struct counts *c)
{
	if (!str_ends(p->status, " installed"))
		return;
	if (!strcmp(p->package, "dpkg") && !c->dpkg_arch)
		c->dpkg_arch = xstrdup(p->arch);
	if (is_raspberry(p))
		g->raspberry = true;
	if (is_foreign64(p) && !c->foreign64++)
		c->foreign64_name = xstrdup(p->package);
	if (is_debian_kernel(p)) {
		bool arm64 = !strcmp(p->arch, "arm64");

		free(c->kernels[arm64]);
		c->kernels[arm64] = xstrdup(p->package);
	}
}

static void set_arch(struct guest *g, const struct tree *root,
		     const char *dpkg_arch)
{
	const struct linker *found = NULL;

	for (size_t i = 0; i < N_LINKERS && !found; i++)
		if ((!dpkg_arch || !strcmp(linkers[i].name, dpkg_arch)) &&
		    has_linker(root, &linkers[i]))
			found = &linkers[i];
	if (found) {
		g->arch = found->arch;
		g->arch_name = xstrdup(found->name);
		return;
	}
	if (!dpkg_arch)
		return;
	g->arch = ARCH_OTHER;
	g->arch_name = xstrdup(dpkg_arch);
	for (size_t i = 0; i < N_LINKERS; i++)
		if (!strcmp(linkers[i].name, dpkg_arch))
			g->arch = linkers[i].arch;
	guest_say(g, FINDING_WARN, "no-linker",
		  "packages are for %s, but the dynamic linker for it is "
		  "missing or damaged: programs may not start",
		  dpkg_arch);
}

void packages_inspect(struct guest *g, const struct tree *root)
{
	autofree char *status = NULL;
	struct counts c = { 0 };
	struct paragraph p;
	char *rest;
	size_t len;

	if (tree_read(root, "/var/lib/dpkg/status", MAX_STATUS, &status, &len) <
	    0)
		status = NULL;
	rest = status;
	while (rest && next_paragraph(&rest, &p))
		one_package(g, &p, &c);
	set_arch(g, root, c.dpkg_arch);
	g->kernel_package = steal_ptr(c.kernels[g->arch == ARCH_ARM64]);
	free(c.kernels[0]);
	free(c.kernels[1]);
	if (c.foreign64 && g->arch == ARCH_ARMHF)
		guest_say(g, FINDING_WARN, "programs-64bit",
			  "%u packages are 64-bit programs (%s …): this VM has "
			  "a 32-bit processor, they will not run",
			  c.foreign64, c.foreign64_name);
	if (!status)
		guest_say(g, FINDING_STOP, "no-dpkg",
			  "no list of Debian packages can be read: only "
			  "systems of Debian's family are supported");
	free(c.dpkg_arch);
	free(c.foreign64_name);
}
