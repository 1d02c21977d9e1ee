/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A partial file may be of an older version of what the URL names, so that
 * beginning and end do not belong together.  The hash shows it; then it is
 * thrown away and fetched once more from the start, and only what is wrong
 * after that is the server's fault.
 */
#include "kernel/cache.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/fetch.h"
#include "host/files.h"
#include "host/sha256.h"

/* NULL: none that only its user can have made. */
static char *default_dir(void)
{
	const char *set = getenv("PIMIGRATE_CACHE");
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (set && *set)
		return xstrdup(set);
	if (!geteuid())
		return xstrdup("/var/cache/pimigrate");
	if (xdg && *xdg == '/')
		return xasprintf("%s/pimigrate", xdg);
	return home && *home == '/' ? xasprintf("%s/.cache/pimigrate", home)
				    : NULL;
}

int cache_open(struct cache *cache, const char *dir, struct err *err)
{
	int r;

	*cache = (struct cache){ .dir = dir ? xstrdup(dir) : default_dir() };
	if (!cache->dir)
		return err_set(err, ENOENT,
			       "HOME is not set: name a folder for what is "
			       "downloaded by PIMIGRATE_CACHE");
	r = files_mkdir_p(cache->dir, 0755, err);
	if (r < 0)
		cache_close(cache);
	return r;
}

void cache_close(struct cache *cache)
{
	free(cache->dir);
	cache->dir = NULL;
}

char *cache_path(const struct cache *cache, const char *sha256,
		 const char *suffix)
{
	return xasprintf("%s/sha256-%s%s", cache->dir, sha256, suffix);
}

char *cache_list_path(const struct cache *cache, const char *url)
{
	char *path = xasprintf("%s/list-%s", cache->dir, url);

	for (char *p = path + strlen(cache->dir) + 1; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.", *p))
			*p = '_';
	return path;
}

/* Is it the file?  1 yes, 0 no (or not there), -errno. */
static int is_it(const char *path, const char *sha256, uint64_t size,
		 struct err *err)
{
	char got[SHA256_HEX];
	uint64_t bytes;
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = sha256_file(path, got, &bytes, err);
	if (r < 0)
		return r;
	return bytes == size && !strcmp(got, sha256);
}

/* struct cache's progress, bound to a URL. */
struct watcher {
	const struct cache *cache;
	const char *url;
};

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct watcher *w = arg;

	return w->cache->progress(w->cache->progress_arg, w->url, done, total);
}

/* Fetch into the partial file; 1 if that is now the whole, 0 if it is not. */
static int fetch_part(const struct cache *cache, const char *url,
		      const char *sha256, uint64_t size, const char *part,
		      struct err *err)
{
	struct watcher watcher = { cache, url };
	struct fetch f = { .url = url,
			   .max = size,
			   .progress = cache->progress ? on_progress : NULL,
			   .progress_arg = &watcher };
	int r;

	/* All of it may be there already: we were killed before the rename. */
	r = is_it(part, sha256, size, err);
	if (r)
		return r;
	r = fetch_file(&f, part, err);
	if (r < 0)
		return r;
	return is_it(part, sha256, size, err);
}

static int give_name(const struct cache *cache, const char *part,
		     const char *path, struct err *err)
{
	autoclose int fd = open(part, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0 || rename(part, path) < 0)
		return err_errno(err, errno, "cannot keep '%s'", path);
	return files_sync_dir(cache->dir, err);
}

static int fetch_locked(const struct cache *cache, const char *url,
			const char *sha256, uint64_t size, const char *path,
			struct err *err)
{
	autofree char *part = xasprintf("%s.part", path);
	struct stat st;
	int r;

	r = fetch_part(cache, url, sha256, size, part, err);
	if (!r || r == -EFBIG) {
		unlink(part);
		r = fetch_part(cache, url, sha256, size, part, err);
	}
	if (r == 1)
		return give_name(cache, part, path, err);
	if (r && r != -EFBIG) {
		/* An empty beginning is worth nothing. */
		if (!stat(part, &st) && !st.st_size)
			unlink(part);
		return r;
	}
	unlink(part);
	return err_set(err, EBADMSG,
		       "what '%s' sends is not the file that the repository "
		       "signed (SHA256 or size differ); try another mirror",
		       url);
}

int cache_get(const struct cache *cache, const char *url, const char *sha256,
	      uint64_t size, const char *suffix, char **ret_path,
	      struct err *err)
{
	autofree char *path = cache_path(cache, sha256, suffix);
	autofree char *lock = cache_path(cache, sha256, ".lock");
	autoclose int held = -1;
	int r;

	r = is_it(path, sha256, size, err);
	if (!r) {
		held = files_lock(lock, true, err);
		if (held < 0)
			return held;
		/* Somebody else may have fetched it while we waited. */
		r = is_it(path, sha256, size, err);
		if (!r)
			r = fetch_locked(cache, url, sha256, size, path, err);
		unlink(lock);
	}
	if (r < 0)
		return r;
	*ret_path = steal_ptr(path);
	return 0;
}
