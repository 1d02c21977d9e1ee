/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The features of an ext4 file system, and which release of e2fsprogs knows
 * them: a card may have been made by newer tools than this host has.
 */
#ifndef FS_EXT4_FEATURES_H
#define FS_EXT4_FEATURES_H

#include <stdint.h>

/* As the superblock has them: s_feature_compat, _incompat, _ro_compat. */
struct ext4_features {
	uint32_t compat, incompat, ro_compat;
};

/* What the e2fsprogs that this was built with know. */
extern const struct ext4_features ext4_features_known;

/*
 * What of has is not in known, for a person, with the release that knows it:
 * "orphan_file (from e2fsprogs 1.47.0 on)"; NULL: nothing.  The caller frees
 * it.
 */
char *ext4_features_unknown(struct ext4_features has,
			    struct ext4_features known);

#endif
