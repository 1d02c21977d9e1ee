/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/ext4_features.h"

#include <ext2fs/ext2fs.h>
#include <stddef.h>

#include "common/str.h"

const struct ext4_features ext4_features_known = {
	.compat = EXT2_LIB_FEATURE_COMPAT_SUPP,
	.incompat = EXT2_LIB_FEATURE_INCOMPAT_SUPP,
	.ro_compat = EXT2_LIB_FEATURE_RO_COMPAT_SUPP |
		     EXT2_LIB_SOFTSUPP_RO_COMPAT,
};

enum kind {
	COMPAT,
	INCOMPAT,
	RO_COMPAT
};

static const char *const kind_names[] = { "compatible", "incompatible",
					  "read-only compatible" };

/* Releases by e2fsprogs' NEWS; names by its ext4(5).  Bits as in Linux's
 * fs/ext4/ext4.h: older headers lack the newer ones. */
static const struct feature {
	enum kind kind;
	uint32_t bit;
	const char *name, *release;
} features[] = {
	{ COMPAT, 0x400, "fast_commit", "1.46.0" },
	{ COMPAT, 0x800, "stable_inodes", "1.46.0" },
	{ COMPAT, 0x1000, "orphan_file", "1.47.0" },
	{ INCOMPAT, 0x2000, "metadata_csum_seed", "1.43" },
	{ INCOMPAT, 0x4000, "large_dir", "1.44.0" },
	{ INCOMPAT, 0x8000, "inline_data", "1.43" },
	{ INCOMPAT, 0x10000, "encrypt", "1.43" },
	{ INCOMPAT, 0x20000, "casefold", "1.45.1" },
	{ RO_COMPAT, 0x8000, "verity", "1.44.4" },
	{ RO_COMPAT, 0x10000, "orphan_file's list in use", "1.47.0" },
};

static const struct feature *find(enum kind kind, uint32_t bit)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		if (features[i].kind == kind && features[i].bit == bit)
			return &features[i];
	return NULL;
}

static void add(struct str *out, enum kind kind, unsigned int n)
{
	const struct feature *f = find(kind, UINT32_C(1) << n);

	if (out->len)
		str_addf(out, ", ");
	if (f)
		str_addf(out, "%s (from e2fsprogs %s on)", f->name, f->release);
	else
		str_addf(out, "the %s feature of bit %u (a newer release may)",
			 kind_names[kind], n);
}

char *ext4_features_unknown(struct ext4_features has,
			    struct ext4_features known)
{
	const uint32_t more[] = { has.compat & ~known.compat,
				  has.incompat & ~known.incompat,
				  has.ro_compat & ~known.ro_compat };
	struct str out = { 0 };

	for (enum kind kind = COMPAT; kind <= RO_COMPAT; kind++)
		for (unsigned int n = 0; n < 32; n++)
			if (more[kind] >> n & 1)
				add(&out, kind, n);
	return out.len ? str_steal(&out) : NULL;
}
