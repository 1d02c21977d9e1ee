/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libfdisk reads the table (it knows chains of logical partitions, protective
 * and hybrid MBRs and backup GPTs), libblkid the start of each partition.
 * Both work on our read-only descriptor, so neither can open or change
 * anything.
 *
 * A table's values are not trusted: what lies outside of the card, or over
 * something else, is refused, because the copy would be grown and written to
 * by them.  A GPT whose header asks for an absurd array is refused before
 * libfdisk allocates it (UEFI 2.10, 5.3.2).
 */
#include "image/partition.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <errno.h>
#include <libfdisk/libfdisk.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/overflow.h"
#include "image/gpt.h"

enum {
	SECTOR = 512,
	MAX_GPT_ROWS = 1024, /* sgdisk and parted make 128 */
	MAX_GPT_ROW = 4096,  /* bytes */
};

static void drop_context(struct fdisk_context **c)
{
	fdisk_unref_context(*c);
}

static void drop_table(struct fdisk_table **t)
{
	fdisk_unref_table(*t);
}

static void drop_probe(blkid_probe *p)
{
	blkid_free_probe(*p);
}

/* A value of the probe's, or NULL. */
static char *probed(blkid_probe probe, const char *name)
{
	const char *value;
	size_t len;

	if (blkid_probe_lookup_value(probe, name, &value, &len) < 0)
		return NULL;
	return xstrndup(value, strnlen(value, len));
}

static enum guest_fs fs_kind(const char *name)
{
	/* clang-format off */
	static const struct {
		const char *name;
		enum guest_fs fs;
	} rows[] = {
		{ "ext2", FS_EXT }, { "ext3", FS_EXT }, { "ext4", FS_EXT },
		{ "vfat", FS_FAT }, { "swap", FS_SWAP },
	};
	/* clang-format on */

	if (!name)
		return FS_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].fs;
	return FS_OTHER;
}

/* blkid takes the range in; a file system that two readers claim is OTHER. */
static void probe_fs(const struct image *img, struct guest_partition *p)
{
	cleanup(drop_probe) blkid_probe probe = blkid_new_probe();
	int rc;

	if (!probe || blkid_probe_set_device(probe, img->fd, (off_t)p->start,
					     (off_t)p->size) < 0)
		return;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(
		probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
			       BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
	rc = blkid_do_safeprobe(probe);
	if (rc == -2)
		p->fs = FS_OTHER;
	if (rc)
		return;
	p->fs_name = probed(probe, "TYPE");
	p->label = probed(probe, "LABEL");
	p->uuid = probed(probe, "UUID");
	p->fs = fs_kind(p->fs_name);
}

static char *lower(char *text)
{
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

/* "0x5e3da3da" becomes "5e3da3da", as in PARTUUID; a GUID is lowered. */
static char *disk_id(struct fdisk_context *ctx)
{
	char *id = NULL;
	char *text;

	if (fdisk_get_disklabel_id(ctx, &id) || !id)
		return NULL;
	text = xstrdup(!strncmp(id, "0x", 2) ? id + 2 : id);
	free(id);
	return lower(text);
}

static char *partuuid(const struct guest *g, struct fdisk_partition *row,
		      unsigned int number)
{
	const char *guid = fdisk_partition_get_uuid(row);

	if (guid)
		return lower(xstrdup(guid));
	if (!g->disk_id || !strcmp(g->disk_id, "00000000"))
		return NULL;
	return xasprintf("%s-%02x", g->disk_id, number);
}

static int add_partition(const struct image *img, struct guest *g,
			 struct fdisk_context *ctx, struct fdisk_partition *row,
			 struct err *err)
{
	uint64_t sector = fdisk_get_sector_size(ctx);
	struct fdisk_parttype *type = fdisk_partition_get_type(row);
	struct guest_partition p = { 0 };

	if (!fdisk_partition_has_start(row) || !fdisk_partition_has_size(row) ||
	    fdisk_partition_is_container(row))
		return 0;
	p.number = (unsigned int)fdisk_partition_get_partno(row) + 1;
	if (!mul_fits(fdisk_partition_get_start(row), sector, &p.start) ||
	    !mul_fits(fdisk_partition_get_size(row), sector, &p.size) ||
	    !range_fits(p.start, p.size, img->source.size))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is cut off: partition %u reaches beyond "
			       "its end; was the copy of the card complete?",
			       img->source.path, p.number);
	if (!p.size)
		return 0; /* Linux passes over it too */
	p.type = type ? fdisk_parttype_get_code(type) : 0;
	p.partuuid = partuuid(g, row, p.number);
	if (type && fdisk_parttype_get_name(type))
		p.type_name = xstrdup(fdisk_parttype_get_name(type));
	probe_fs(img, &p);
	*vec_add(&g->partitions) = p;
	return 0;
}

/* Of two partitions only one can have a sector; and sector 0 is the table's. */
static int check_overlaps(const struct image *img, const struct guest *g,
			  struct err *err)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *a = &g->partitions.at[i];

		if (!a->start)
			return err_set(
				err, EMEDIUMTYPE,
				"the partition table of '%s' is "
				"damaged: partition %u lies on the table "
				"itself",
				img->source.path, a->number);
		for (size_t k = 0; k < i; k++) {
			const struct guest_partition *b = &g->partitions.at[k];

			if (a->start < b->start + b->size &&
			    b->start < a->start + a->size)
				return err_set(err, EMEDIUMTYPE,
					       "the partition table of '%s' "
					       "is damaged: partitions %u and "
					       "%u overlap",
					       img->source.path, b->number,
					       a->number);
		}
	}
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	unsigned int na = ((const struct guest_partition *)a)->number;
	unsigned int nb = ((const struct guest_partition *)b)->number;

	return na < nb ? -1 : na > nb;
}

static int read_rows(const struct image *img, struct guest *g,
		     struct fdisk_context *ctx, struct err *err)
{
	cleanup(drop_table) struct fdisk_table *rows = NULL;
	size_t n;

	if (fdisk_get_partitions(ctx, &rows))
		return err_set(err, EMEDIUMTYPE,
			       "reading the partition table of '%s' failed",
			       img->source.path);
	n = fdisk_table_get_nents(rows);
	for (size_t i = 0; i < n; i++) {
		int rc = add_partition(img, g, ctx,
				       fdisk_table_get_partition(rows, i), err);

		if (rc < 0)
			return rc;
	}
	if (!g->partitions.n)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' has an empty partition table",
			       img->source.path);
	qsort(g->partitions.at, g->partitions.n, sizeof(*g->partitions.at),
	      compare_numbers);
	return check_overlaps(img, g, err);
}

/* No table: perhaps the image of one partition, which is worth saying. */
static int refuse_tableless(const struct image *img, struct err *err)
{
	struct guest_partition whole = { .size = img->source.size };
	autofree char *name = NULL;

	probe_fs(img, &whole);
	free(whole.label);
	free(whole.uuid);
	name = whole.fs_name;
	if (name)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' holds a %s file system without a "
			       "partition table: the image of a whole card is "
			       "needed, not of one partition",
			       img->source.path, name);
	return err_set(err, EMEDIUMTYPE,
		       "'%s' has no partition table: it is no image of a "
		       "memory card",
		       img->source.path);
}

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* The headers of a GPT, the first and the last sector: is the array sane? */
static int check_gpt(const struct image *img, struct err *err)
{
	const uint64_t places[] = { SECTOR, img->source.size / SECTOR * SECTOR -
						    SECTOR };

	for (size_t i = 0; i < 2; i++) {
		unsigned char h[SECTOR];

		if (io_pread(img->fd, h, sizeof(h), places[i]) != sizeof(h) ||
		    memcmp(h, "EFI PART", 8) != 0)
			continue;
		if (le32(h + 80) > MAX_GPT_ROWS || le32(h + 84) > MAX_GPT_ROW ||
		    le32(h + 12) > SECTOR)
			return err_set(err, EMEDIUMTYPE,
				       "the partition table of '%s' is "
				       "damaged: a GPT of %u rows of %u bytes",
				       img->source.path, le32(h + 80),
				       le32(h + 84));
	}
	return 0;
}

int partition_read(const struct image *img, struct guest *g, struct err *err)
{
	cleanup(drop_context) struct fdisk_context *ctx = fdisk_new_context();
	int rc;

	if (!ctx)
		return err_set(err, ENOMEM, "no memory for libfdisk");
	rc = check_gpt(img, err);
	if (rc < 0)
		return rc;
	/* Without dialogs, and it never asks what to do about a clash. */
	fdisk_disable_dialogs(ctx, 1);
	rc = fdisk_assign_device_by_fd(ctx, img->fd, img->source.path, 1);
	if (rc < 0)
		return err_errno(err, -rc, "reading '%s'", img->source.path);
	if (!fdisk_has_label(ctx))
		return refuse_tableless(img, err);
	if (!fdisk_is_labeltype(ctx, FDISK_DISKLABEL_DOS) &&
	    !fdisk_is_labeltype(ctx, FDISK_DISKLABEL_GPT))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' has a partition table of a kind that no "
			       "Pi starts from",
			       img->source.path);
	g->table = xstrdup(
		fdisk_is_labeltype(ctx, FDISK_DISKLABEL_GPT) ? "gpt" : "dos");
	if (!strcmp(g->table, "gpt") && !gpt_first_is_sound(img->fd))
		guest_say(g, FINDING_NOTE, "gpt-damaged",
			  "The first copy of the partition table is damaged; "
			  "the guest gets it back from the second.");
	g->disk_size = img->source.size;
	g->disk_id = disk_id(ctx);
	return read_rows(img, g, ctx, err);
}
