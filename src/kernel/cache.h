/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was downloaded, by its hash.
 *
 * $PIMIGRATE_CACHE, else /var/cache/pimigrate for root, else
 * $XDG_CACHE_HOME/pimigrate or ~/.cache/pimigrate:
 *
 *	sha256-HASH.deb       a whole file with that hash
 *	sha256-HASH.deb.part  the beginning of one; continued next time
 *	sha256-HASH.lock      held while it is fetched
 *	list-…                the last InRelease of a pocket
 *
 * A file under a hash's name has that hash: it gets its name after it was
 * compared, and is compared again whenever it is used.  All of it may be
 * deleted at any time.
 */
#ifndef KERNEL_CACHE_H
#define KERNEL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct cache {
	char *dir;

	/* As in struct fetch, with the URL; may be NULL. */
	bool (*progress)(void *arg, const char *url, uint64_t done,
			 uint64_t total);
	void *progress_arg;
};

/* dir NULL: the default; -ENOENT if a user has no HOME. The folder is made if
 * it is missing. */
int cache_open(struct cache *cache, const char *dir, struct err *err);
void cache_close(struct cache *cache);

/* Where the file with that hash is or would be; the caller frees it. */
char *cache_path(const struct cache *cache, const char *sha256,
		 const char *suffix);

/*
 * The file of that hash and size (bytes), from the cache or else from url.
 * suffix is what its name ends in (".deb").  The caller frees *ret_path.
 * -EBADMSG if what the server has is something else.
 */
int cache_get(const struct cache *cache, const char *url, const char *sha256,
	      uint64_t size, const char *suffix, char **ret_path,
	      struct err *err);

/* Where the pocket at that URL keeps its InRelease; the caller frees it. */
char *cache_list_path(const struct cache *cache, const char *url);

#endif
