/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * InRelease is fetched each time: it is small and says what is new.  The
 * index is named there by its hash, so an index we have seen is not fetched
 * again; of it only the wanted paragraphs are kept, as "sha256-HASH.kernel".
 *
 * The file that gpgv reads is the one that is kept: what was verified and
 * what is used after the network is gone cannot differ.
 */
#include "kernel/pocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/fetch.h"
#include "host/files.h"
#include "kernel/release.h"

enum {
	MAX_INRELEASE = 4 << 20,
	MAX_KEPT = 16 << 20
};

/* Verify and check the file at path. */
static int read_release(const struct pocket *p, const char *path,
			struct release *ret_rel, struct err *err)
{
	autofree char *text = NULL;
	int r;

	r = release_verify(path, p->keyring, &text, err);
	if (r < 0)
		return r;
	r = release_parse(text, ret_rel, err);
	if (r < 0)
		return r;
	r = release_check(ret_rel, p->suite, p->now, err);
	if (r < 0)
		release_free(ret_rel);
	return r;
}

/* Is what we have newer, and still good?  Then it is what *rel becomes. */
static bool kept_is_newer(const struct pocket *p, const char *kept,
			  struct release *rel)
{
	autorelease struct release old = { 0 };
	struct release fresh = *rel;
	struct err ignored;

	if (access(kept, R_OK) < 0 ||
	    read_release(p, kept, &old, &ignored) < 0 || old.date <= rel->date)
		return false;
	*rel = old;
	old = fresh;
	return true;
}

/*
 * A fresh InRelease, which takes the place of the old one if it is good.  One
 * that is older does not, though it is genuine: whoever is between the mirror
 * and us may hide a security fix so, as long as it is valid.
 */
static int fresh_release(const struct pocket *p, const char *url,
			 const char *kept, struct release *ret_rel,
			 struct str *note, struct err *err)
{
	autofree char *path = xasprintf("%s.new", kept);
	autostr struct str text = { 0 };
	struct fetch f = { .url = url, .max = MAX_INRELEASE };
	int r;

	r = fetch_text(&f, &text, err);
	if (r < 0)
		return r;
	r = files_replace(path, text.text, text.len, 0644, err);
	if (r < 0)
		return r;
	r = read_release(p, path, ret_rel, err);
	if (r < 0) {
		unlink(path);
		return r;
	}
	if (kept_is_newer(p, kept, ret_rel)) {
		unlink(path);
		str_addf(note,
			 "'%s' is older than what the mirror said before, "
			 "which is used",
			 url);
		return 0;
	}
	if (rename(path, kept) < 0)
		unlink(path);
	return 0;
}

static int get_release(const struct pocket *p, const struct cache *cache,
		       struct release *ret_rel, struct str *note,
		       struct err *err)
{
	autofree char *url = xasprintf("%s/dists/%s/InRelease", p->url,
				       p->suite);
	autofree char *kept = cache_list_path(cache, url);
	autofree char *lock = xasprintf("%s.lock", kept);
	autoclose int held = files_lock(lock, true, err);
	struct err why;
	int r;

	if (held < 0)
		return held;
	r = fresh_release(p, url, kept, ret_rel, note, &why);
	if ((r == -EHOSTUNREACH || r == -ETIMEDOUT) && !access(kept, R_OK) &&
	    read_release(p, kept, ret_rel, err) == 0) {
		str_addf(note, "%s; what it said before is used", why.text);
		return 0;
	}
	if (r < 0)
		*err = why;
	return r;
}

/* Fetch the index and write what is wanted of it to `kept`. */
static int get_index(const struct pocket *p, const struct cache *cache,
		     const struct release *rel, const struct release_file *file,
		     const char *kept, struct err *err)
{
	autofree char *plain = xasprintf("%s/dists/%s/%s", p->url, p->suite,
					 file->path);
	autofree char *by_hash = xasprintf(
		"%s/dists/%s/main/binary-%s/by-hash/SHA256/%s", p->url,
		p->suite, p->arch, file->sha256);
	autofree char *path = NULL;
	autostr struct str text = { 0 };
	int r = -ENOENT;

	/* By hash it cannot be half way through the mirror's update. */
	if (rel->by_hash)
		r = cache_get(cache, by_hash, file->sha256, file->size,
			      ".index", &path, err);
	if (r == -ENOENT)
		r = cache_get(cache, plain, file->sha256, file->size, ".index",
			      &path, err);
	if (r < 0)
		return r;
	r = packages_filter(path, &text, err);
	if (!r)
		r = files_replace(kept, text.text ? text.text : "", text.len,
				  0644, err);
	unlink(path);
	return r;
}

/*
 * Have the index of that name as the file *kept.  r and err are from the name
 * before; they stay if this one is just not there.
 */
static int try_index(const struct pocket *p, const struct cache *cache,
		     const struct release *rel, const char *name, int r,
		     char **kept, struct err *err)
{
	const struct release_file *file = release_find(rel, name);
	autofree char *path = NULL;
	struct err why;
	int now = 0;

	if (!file)
		return r;
	path = cache_path(cache, file->sha256, ".kernel");
	if (access(path, R_OK) < 0)
		now = get_index(p, cache, rel, file, path, &why);
	if (now == -ENOENT && r != -ENOENT)
		return r;
	if (now < 0)
		*err = why;
	else
		*kept = steal_ptr(path);
	return now;
}

int pocket_load(const struct pocket *p, const struct cache *cache,
		struct packages *list, struct str *note, struct err *err)
{
	static const char *const tails[] = { ".xz", ".gz", "" };
	autorelease struct release rel = { 0 };
	autofree char *kept = NULL, *text = NULL;
	int r;

	r = get_release(p, cache, &rel, note, err);
	if (r < 0)
		return r;
	r = err_set(err, ENOENT, "'%s' at '%s' has no packages for %s",
		    p->suite, p->url, p->arch);
	/* A mirror that lags behind may have one of them and not the other. */
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]) && r < 0; i++) {
		autofree char *name = xasprintf("main/binary-%s/Packages%s",
						p->arch, tails[i]);

		r = try_index(p, cache, &rel, name, r, &kept, err);
	}
	if (r < 0)
		return r;
	r = files_read(kept, MAX_KEPT, &text, NULL, err);
	if (r < 0)
		return r;
	return packages_parse(text, p->url, p->suite, list, err);
}
