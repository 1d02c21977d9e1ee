/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A repository's InRelease file: what the archive signed, and until when it
 * says so.  Only what the verifier gives out is parsed; what surrounds the
 * signature never reaches the parser.
 */
#ifndef KERNEL_RELEASE_H
#define KERNEL_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"

/* A file of the repository, relative to dists/SUITE. */
struct release_file {
	char *path;
	char *sha256; /* 64 digits, lower case */
	uint64_t size;
};

struct release {
	char *suite, *codename; /* "oldstable", "bookworm"; or NULL */
	int64_t date;           /* seconds since 1970 */
	int64_t valid_until;    /* 0: it does not say (bullseye-security) */
	bool by_hash;           /* files can be had by their hash, too */
	struct vec_of(struct release_file) files;
};

void release_free(struct release *rel);
#define autorelease __attribute__((__cleanup__(release_free)))

/*
 * Verify the signature of the file at path with the keys of keyring, and
 * return the signed text alone; the caller frees it.  gpgv is used, or sqv
 * (1.3 and later) where that is what the system has.
 *
 * -EKEYREJECTED: not signed by any of these keys, or changed afterwards;
 * -ENOKEY: neither program is there, or the keyring is missing.
 */
int release_verify(const char *path, const char *keyring, char **ret_text,
		   struct err *err);

/* Read the signed text.  -EBADMSG if it is none. */
int release_parse(const char *text, struct release *ret_rel, struct err *err);

/*
 * Is it the suite that was asked for (by its code name or its suite name),
 * and still valid at now (seconds since 1970)?  An old but once genuine file
 * is how a mirror hides a security fix.  -ESTALE if not.
 */
int release_check(const struct release *rel, const char *suite, int64_t now,
		  struct err *err);

/* A file by its path, or NULL. */
const struct release_file *release_find(const struct release *rel,
					const char *path);

#endif
