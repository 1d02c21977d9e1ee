/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy.  Of a clean ext4 file system only the blocks in use are read; the
 * bitmaps of one that was not shut down are not to be believed, so that it is
 * copied whole, but for zeros (facts: content that was fsynced was lost).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/convert.h"
#include "cmd/layout.h"
#include "common/cleanup.h"
#include "fs/ext4.h"
#include "image/copy.h"
#include "image/gpt.h"

struct ranges vec_of(struct copy_range);

static void add_range(struct ranges *all, uint64_t from, uint64_t to,
		      int64_t move)
{
	if (to > from)
		*vec_add(all) = (struct copy_range){ from, to - from, move };
}

/* What of a clean ext4 file system is in use.  False: it is not to be
 * believed, or is none. */
static bool add_used(const struct image *img, const struct guest_partition *p,
		     int64_t move, struct ranges *all)
{
	autoext4 struct ext4 *fs = NULL;
	struct ext4_ranges used = { 0 };
	struct err ignored;
	bool ok;

	if (p->fs != FS_EXT || p->needs_recovery)
		return false;
	ok = ext4_open(img->fd, p->start, p->size, img->source.path, &fs,
		       &ignored) == 0 &&
	     ext4_used(fs, &used, &ignored) == 0;
	for (size_t i = 0; ok && i < used.all.n; i++) {
		uint64_t at = p->start + used.all.at[i].at;

		add_range(all, at, at + used.all.at[i].len, move);
	}
	vec_free(&used.all);
	return ok;
}

static int by_start(const void *a, const void *b)
{
	const struct guest_partition *const *x = a, *const *y = b;

	return ((*x)->start > (*y)->start) - ((*x)->start < (*y)->start);
}

/* The partitions of a disk that is laid out anew. */
static void move_ranges(const struct guest *g, const struct image *img,
			struct ranges *all)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		int64_t move;

		if (p->disk)
			continue;
		move = (int64_t)(layout_place(g, p) - p->start);
		if (!add_used(img, p, move, all))
			add_range(all, p->start, p->start + p->size, move);
	}
}

/* The whole disk but for the free blocks of clean ext4 file systems. */
static void find_ranges(const struct guest *g, unsigned int disk,
			const struct image *img, struct ranges *all)
{
	struct vec_of(const struct guest_partition *) sorted = { 0 };
	uint64_t done = 0;

	if (!disk && g->laid_out) {
		move_ranges(g, img, all);
		return;
	}
	for (size_t i = 0; i < g->partitions.n; i++)
		if (g->partitions.at[i].disk == disk)
			*vec_add(&sorted) = &g->partitions.at[i];
	if (sorted.n)
		qsort(sorted.at, sorted.n, sizeof(*sorted.at), by_start);
	for (size_t i = 0; i < sorted.n; i++) {
		const struct guest_partition *p = sorted.at[i];
		struct ranges used = { 0 };

		if (p->start >= done && add_used(img, p, 0, &used)) {
			add_range(all, done, p->start, 0);
			for (size_t u = 0; u < used.n; u++)
				*vec_add(all) = used.at[u];
			done = p->start + p->size;
		}
		vec_free(&used);
	}
	add_range(all, done, img->source.size, 0);
	vec_free(&sorted);
}

static void copy_progress(void *arg, uint64_t done, uint64_t total)
{
	struct conversion *c = arg;

	ui_progress(c->ui, done, total);
}

static int write_table(const struct conversion *c, int to, const char *path,
		       struct err *err)
{
	uint8_t sector[LAYOUT_SECTOR];

	layout_table(&c->card.guest, sector);
	if (pwrite(to, sector, sizeof(sector), 0) != sizeof(sector))
		return err_errno(err, errno,
				 "cannot write the partition table of '%s'",
				 path);
	return 0;
}

static const char *table_of(const struct guest *g, unsigned int disk)
{
	return disk ? g->disks.at[disk - 1].table : g->table;
}

static int copy_disk(struct conversion *c, unsigned int disk,
		     const struct image *img, struct err *err)
{
	autofree char *path = conversion_disk(c, disk);
	struct ranges ranges = { 0 };
	autoclose int to = -1;
	struct copy_job job = {
		.from = img->fd,
		.from_name = img->source.path,
		.to_name = path,
		.size = disk ? img->source.size : c->card.guest.disk_size,
		.progress = copy_progress,
		.arg = c,
	};
	int r;

	to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(err, errno, "cannot make '%s'", path);
	job.to = to;
	find_ranges(&c->card.guest, disk, img, &ranges);
	job.ranges = ranges.at;
	job.n_ranges = ranges.n;
	r = copy_run(&job, err);
	vec_free(&ranges);
	ui_progress_end(c->ui, job.size);
	if (!r && !disk && c->card.guest.laid_out)
		return write_table(c, to, path, err);
	if (!r && !strcmp(table_of(&c->card.guest, disk), "gpt"))
		r = gpt_mend(to, path, err);
	return r;
}

int conversion_copy(struct conversion *c, struct err *err)
{
	int r = copy_disk(c, 0, &c->card.img, err);

	for (size_t i = 0; !r && i < c->card.disks.n; i++)
		r = copy_disk(c, (unsigned int)i + 1, &c->card.disks.at[i],
			      err);
	return r;
}
