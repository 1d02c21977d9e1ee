/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The userland decides, not the kernel on the card: a Pi with a 64 bit kernel
 * often has a 32 bit userland.  And the suite of the userland decides on the
 * series, because its systemd, iptables and glibc were tested with that
 * kernel: bullseye 5.10, bookworm 6.1, trixie 6.12.
 *
 * armmp-lpae runs on every ARMv7 with LPAE, which our CPU is.  It is built for
 * the architecture armhf; an armel userland (ARMv5) runs on it as well, but
 * its dpkg would have to know armhf, so there the kernel is not entered.  A
 * 64 bit userland gets linux-image-arm64, and a CPU of QEMU's.
 */
#include "kernel/select.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "kernel/relation.h"

/* Debian's releases, old to new. */
static const struct {
	const char *suite;
	bool has_kernel; /* linux-image-armmp-lpae on the mirrors today */
} releases[] = {
	{ "wheezy", false }, { "jessie", false },  { "stretch", false },
	{ "buster", false }, { "bullseye", true }, { "bookworm", true },
	{ "trixie", true },  { "forky", true },    { "sid", true },
};

enum {
	N_RELEASES = sizeof(releases) / sizeof(releases[0])
};

static const char prefix[] = "linux-image-";

/*
 * "6.1.0-50-armmp-lpae" has three numbers, "6.12-armmp-lpae" has two: that is
 * the metapackage of a series.
 */
const char *select_release(const char *name)
{
	const char *release = name + sizeof(prefix) - 1;
	unsigned int dots = 0;

	if (!str_starts(name, prefix) || !isdigit((unsigned char)*release))
		return NULL;
	for (const char *p = release; *p && *p != '-' && *p != '+'; p++)
		dots += *p == '.';
	return dots >= 2 ? release : NULL;
}

static int find_suite(const char *suite)
{
	for (int i = 0; i < N_RELEASES; i++)
		if (suite && !strcmp(releases[i].suite, suite))
			return i;
	return -1;
}

/* The suite of that row, or the oldest one that has a kernel. */
static const char *suite_or_oldest(int row)
{
	if (row < 0 || !releases[row].has_kernel)
		for (row = 0; !releases[row].has_kernel;)
			row++;
	return releases[row].suite;
}

/* A kernel that runs on our board, with its modules, is on the card. */
static bool has_fitting(const struct guest *g)
{
	const char *release;

	if (!g->kernel_package)
		return false;
	release = select_release(g->kernel_package);
	for (size_t i = 0; release && i < g->modules.n; i++)
		if (!strcmp(g->modules.at[i].release, release))
			return true;
	return false;
}

static int refuse_architecture(const struct guest *g, struct err *err)
{
	switch (g->arch) {
	case ARCH_ARMHF:
	case ARCH_ARMEL:
	case ARCH_ARM64:
		return 0;
	case ARCH_UNKNOWN:
	case ARCH_OTHER:
		break;
	}
	return err_set(err, ENOTSUP,
		       "the card's userland is for '%s', not for 32 bit ARM "
		       "(armhf)",
		       g->arch_name ? g->arch_name : "an unknown processor");
}

/* Row of the suite that is meant, or a refusal. */
static int choose_suite(const struct guest *g, const struct kernel_wish *wish,
			struct err *err)
{
	int row = find_suite(wish->suite ? wish->suite : g->suite);

	if (row >= 0 &&
	    (wish->suite || !g->os_id || strcmp(g->os_id, "ubuntu") != 0))
		return row;
	if (wish->suite)
		return err_set(err, ENOTSUP,
			       "'%s' is no release of Debian with a kernel "
			       "for us: try bookworm",
			       wish->suite);
	return err_set(err, ENOTSUP,
		       "the card is '%s', which is no release of Debian or "
		       "Raspberry Pi OS that is known here; to give it a "
		       "kernel of Debian's all the same, name a suite "
		       "(bookworm, for example)",
		       g->os_name ? g->os_name : "an unknown system");
}

int select_rule(const struct guest *g, const struct kernel_wish *wish,
		struct kernel_rule *ret_rule, struct err *err)
{
	const char *own = g->suite ? g->suite : "unknown";
	int r, row;

	r = refuse_architecture(g, err);
	if (r < 0)
		return r;
	if (has_fitting(g) && !wish->renew && !wish->suite &&
	    !wish->backports && !wish->debs.n) {
		*ret_rule = (struct kernel_rule){
			.keep = true,
			.suite = suite_or_oldest(find_suite(g->suite)),
			.flavour = flavour_of(g->arch),
			.reason = xasprintf("the card already has a kernel "
					    "that fits, %s",
					    g->kernel_package)
		};
		return 0;
	}
	row = choose_suite(g, wish, err);
	if (row < 0)
		return row;
	*ret_rule = (struct kernel_rule){
		.enter = g->arch != ARCH_ARMEL,
		.flavour = flavour_of(g->arch),
		.suite = suite_or_oldest(row),
	};
	if (!releases[row].has_kernel)
		ret_rule->reason = xasprintf(
			"%s is archived and has no kernel for us; "
			"the oldest that is supported is taken, %s",
			releases[row].suite, ret_rule->suite);
	else if (wish->suite)
		ret_rule->reason = xasprintf("%s was asked for; the card is %s",
					     ret_rule->suite, own);
	else
		ret_rule->reason = xasprintf(
			"Debian's kernel of the card's own suite, %s%s",
			ret_rule->suite,
			wish->backports ? ", or its backports" : "");
	return 0;
}

void select_rule_free(struct kernel_rule *rule)
{
	free(rule->reason);
	rule->reason = NULL;
}

const struct package *select_top(const struct packages *offers,
				 const struct flavour *flavour)
{
	const struct package *best;

	best = packages_find(offers, flavour->meta);
	if (best)
		return best;
	for (size_t i = 0; i < offers->n; i++) {
		const struct package *p = &offers->at[i];

		if (select_release(p->name) &&
		    (!best || version_compare(p->version, best->version) > 0))
			best = p;
	}
	return best;
}
