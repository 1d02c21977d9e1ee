/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only the first members of an archive are looked at, by their headers (POSIX
 * ustar): backup.json stands in front, behind it are gigabytes.  What is
 * written by others is not trusted, so a size leads to no allocation but of a
 * small file, and each header moves the place on.
 */
#include "guest/ha_backup.h"

#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/json.h"

enum {
	BLOCK = 512,
	NAME = 100,    /* bytes of a header's name */
	SIZE_AT = 124, /* octal digits */
	SIZE_DIGITS = 12,
	MAX_JSON = 1 << 20,
	MAX_MEMBERS = 8,
	MAX_FILES = 1000,
};

static const char *const folders[] = {
	"/supervisor/backup",            /* of hassos-data */
	"/usr/share/hassio/backup",      /* supervised */
	"/var/lib/homeassistant/backup", /* supervised, newer */
};

const struct guest_partition *ha_data(const struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		if (p->fs == FS_EXT && p->label &&
		    !strcmp(p->label, "hassos-data"))
			return p;
	}
	return NULL;
}

static uint64_t octal(const char *digits)
{
	uint64_t n = 0;

	for (int i = 0; i < SIZE_DIGITS && digits[i] >= '0' && digits[i] <= '7';
	     i++)
		n = n << 3 | (uint64_t)(digits[i] - '0');
	return n;
}

static bool is_about(const char *name)
{
	name += str_starts(name, "./") ? 2 : 0;
	return !strcmp(name, "backup.json") || !strcmp(name, "snapshot.json");
}

static struct json_object *read_at(const struct tree *t, const char *path,
				   uint64_t at, size_t size)
{
	autofree char *text = xmalloc(size + 1);

	if (tree_read_at(t, path, text, size, at) != (ssize_t)size)
		return NULL;
	return json_parse(text, size);
}

/* What an archive says about itself; NULL: nothing. */
static struct json_object *about(const struct tree *t, const char *path)
{
	uint64_t at = 0;

	for (int i = 0; i < MAX_MEMBERS; i++) {
		char header[BLOCK], name[NAME + 1] = "";
		uint64_t size;

		if (tree_read_at(t, path, header, BLOCK, at) != BLOCK ||
		    !header[0])
			return NULL;
		memcpy(name, header, NAME);
		size = octal(header + SIZE_AT);
		at += BLOCK;
		if (is_about(name))
			return size > MAX_JSON
				       ? NULL
				       : read_at(t, path, at, (size_t)size);
		at += (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return NULL;
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static char *date_of(int64_t mtime)
{
	time_t when = (time_t)mtime;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return xstrdup(text);
}

/* False: it is no backup, or one that was not finished. */
static bool read_one(const struct tree *t, const char *path,
		     const struct tree_stat *st, struct ha_backup *ret)
{
	cleanup(json_free) struct json_object *o = about(t, path);
	const char *date = json_text(o, "date");
	struct json_object *closed = json_member(o, "protected");
	const char *version = json_text(o, "homeassistant.version");

	if (!o)
		return false;
	*ret = (struct ha_backup){
		.path = xstrdup(path),
		.size = st->size,
		.date = date ? xstrdup(date) : date_of(st->mtime),
		.name = copy(json_text(o, "name")),
		.version = copy(version ? version
					: json_text(o, "homeassistant")),
		.encrypted = json_object_get_boolean(closed),
	};
	return true;
}

bool ha_backup_newest(const struct tree *t, struct ha_backup *ret)
{
	struct ha_backup best = { 0 };

	for (size_t f = 0; f < sizeof(folders) / sizeof(*folders); f++) {
		autonames struct tree_names names = { 0 };

		(void)tree_list(t, folders[f], &names);
		for (size_t i = 0; i < names.all.n && i < MAX_FILES; i++) {
			autofree char *path = xasprintf("%s/%s", folders[f],
							names.all.at[i]);
			struct ha_backup b;
			struct tree_stat st;

			if (!str_ends(path, ".tar") ||
			    tree_lstat(t, path, &st) < 0 ||
			    st.kind != TREE_FILE || !read_one(t, path, &st, &b))
				continue;
			if (best.path && strcmp(b.date, best.date) <= 0) {
				ha_backup_free(&b);
				continue;
			}
			ha_backup_free(&best);
			best = b;
		}
	}
	if (best.path)
		*ret = best;
	return best.path != NULL;
}

void ha_backup_free(struct ha_backup *b)
{
	free(b->path);
	free(b->date);
	free(b->name);
	free(b->version);
	*b = (struct ha_backup){ 0 };
}
