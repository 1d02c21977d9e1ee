/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and closing a qcow2 image.
 *
 * To be read it needs its L1 table only; everything else is checked where it
 * is used.  Before it is written, all metadata is found once, so that none of
 * it can be taken for data later; where two of it overlap, nothing is written.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/qcow2.h"
#include "common/mem.h"
#include "common/overflow.h"
#include "common/str.h"

enum {
	SLICE = 4096,
	CHAIN = 64 /* backing files, one below the other */
};

static int info(struct block *b, struct block_info *ret)
{
	const struct qcow2 *q = qcow2_of(b);
	const struct qcow2_header *h = &q->h;
	int code = b->file->ops->info(b->file, ret);

	ret->backing_file = h->backing_file[0] ? h->backing_file : NULL;
	ret->backing_format = h->backing_format[0] ? h->backing_format : NULL;
	ret->cluster_size = q->cluster;
	ret->version = h->version;
	ret->refcount_bits = 1u << h->refcount_order;
	ret->compression = h->compression == QCOW2_ZSTD ? "zstd" : "zlib";
	ret->dirty = h->incompatible & QCOW2_DIRTY;
	ret->corrupt = h->incompatible & QCOW2_CORRUPT || q->corrupt;
	ret->lazy_refcounts = h->compatible & QCOW2_LAZY_REFCOUNTS;
	return code;
}

static void close_image(struct block *b)
{
	struct qcow2 *q = qcow2_of(b);
	bool flushed;
	int code = q->reftable ? qcow2_write_back(q, &flushed) : 0;

	if (!code) /* of what became free last */
		code = qcow2_write_refcounts(q);
	if (code < 0)
		log_warn("\"%s\": what was written last is lost: %s",
			 b->filename, strerror(-code));
	for (int i = 0; i < QCOW2_BUFFERS; i++)
		free(q->pads[i]);
	qcow2_unpacker_free(q->unpacker);
	qcow2_cache_fini(&q->l2);
	qcow2_cache_fini(&q->refcounts);
	free(q->metadata.slot);
	free(q->reftable);
	free(q->l1);
	pthread_mutex_destroy(&q->map);
	pthread_mutex_destroy(&q->meta);
	pthread_mutex_destroy(&q->pads_lock);
	pthread_cond_destroy(&q->ended);
	pthread_cond_destroy(&q->pad_free);
}

static const struct block_ops qcow2_ops = {
	.execute = qcow2_execute,
	.resize = qcow2_resize,
	.info = info,
	.close = close_image,
};

/* Tables */

static int read_table(const struct qcow2 *q, uint64_t *table, uint64_t entries,
		      uint64_t at, struct err *err)
{
	int code = node_read(q->b.file, table, entries * 8, at);

	if (code < 0)
		return err_errno(err, -code, "cannot read \"%s\"",
				 q->b.filename);
	for (uint64_t i = 0; i < entries; i++)
		table[i] = be64toh(table[i]);
	return 0;
}

static int clean_l2(void *arg)
{
	return qcow2_write_tables(arg);
}

static int clean_refcounts(void *arg)
{
	return qcow2_write_refcounts(arg);
}

static int read_l1(struct qcow2 *q, struct err *err)
{
	uint32_t slice = q->cluster < SLICE ? q->cluster : SLICE;
	uint64_t covers = (uint64_t)slice / 8 << q->bits;

	q->l1_entries = q->h.l1_entries;
	q->l1 = xcalloc(q->l1_entries + 1u, sizeof(*q->l1));
	qcow2_cache_init(&q->l2, slice, q->h.size / covers + 1);
	q->l2.guard = &q->map;
	q->l2.clean = clean_l2;
	q->l2.arg = q;
	return read_table(q, q->l1, q->l1_entries, q->h.l1_at, err);
}

static int read_reftable(struct qcow2 *q, struct err *err)
{
	uint32_t slice = q->cluster < SLICE ? q->cluster : SLICE;
	uint64_t per_slice = UINT64_C(8) * slice >> q->h.refcount_order;

	q->reftable_entries = (uint64_t)q->h.reftable_clusters << q->bits >> 3;
	q->reftable = xcalloc(QCOW2_REFTABLE_MAX, 1);
	qcow2_cache_init(&q->refcounts, slice,
			 (q->file_end >> q->bits) / per_slice + 16);
	q->refcounts.clean = clean_refcounts;
	q->refcounts.arg = q;
	return read_table(q, q->reftable, q->reftable_entries, q->h.reftable_at,
			  err);
}

static int damaged(const struct qcow2 *q, const char *what, uint64_t at,
		   struct err *err)
{
	return err_set(err, EIO,
		       "\"%s\" is damaged (%s, %#llx) and is not written; "
		       "pimigrate-emu --check-image says more",
		       q->b.filename, what, (unsigned long long)at);
}

static int add_range(struct qcow2 *q, uint64_t at, uint64_t len,
		     struct err *err)
{
	if (at & (q->cluster - 1u) || at >= q->file_end)
		return damaged(q, "metadata is not inside of the file", at,
			       err);
	for (uint64_t c = at >> q->bits; c <= (at + len - 1) >> q->bits; c++)
		if (!qcow2_set_add(&q->metadata, c))
			return damaged(q, "metadata lies over metadata",
				       c << q->bits, err);
	return 0;
}

static int add_l2_tables(struct qcow2 *q, struct err *err)
{
	int code = 0;

	for (uint32_t i = 0; i < q->l1_entries && !code; i++) {
		uint64_t at = q->l1[i] & QCOW2_OFFSET_MASK, count = 1;

		if (!at)
			continue;
		code = add_range(q, at, q->cluster, err);
		if (!code && !(q->l1[i] & QCOW2_COPIED))
			code = qcow2_refcount(q, at >> q->bits, &count);
		if (!code && count != 1)
			return damaged(q, "an L2 table has several users", at,
				       err);
	}
	return code;
}

static int find_metadata(struct qcow2 *q, struct err *err)
{
	uint64_t mask = ~QCOW2_OFFSET_MASK;
	int code;

	qcow2_set_init(&q->metadata, 1024 + 2 * (uint64_t)q->l1_entries);
	code = add_range(q, 0, 1, err);
	if (!code && q->l1_entries)
		code = add_range(q, q->h.l1_at, q->l1_entries * UINT64_C(8),
				 err);
	if (!code)
		code = add_range(q, q->h.reftable_at, 8 * q->reftable_entries,
				 err);
	for (uint64_t i = 0; i < q->reftable_entries && !code; i++) {
		if (q->reftable[i] & mask)
			code = damaged(q, "a refcount table entry", i, err);
		else if (q->reftable[i])
			code = add_range(q, q->reftable[i], 1, err);
	}
	if (!code && !q->reftable[0])
		code = damaged(q, "its header is not counted", 0, err);
	return code ? code : add_l2_tables(q, err);
}

static void say_repair(void *arg, const char *line)
{
	(void)arg;
	log_info("%s", line);
}

/* Somebody kept lazy refcounts and did not close it. */
static int repair(struct qcow2 *q, struct err *err)
{
	struct block_check check;
	int code;

	log_warn("\"%s\" was not closed; its refcounts are made anew",
		 q->b.filename);
	code = qcow2_check(q->b.file, true, say_repair, NULL, &check, err);
	if (code < 0)
		return code;
	if (check.corruptions > check.fixed_corruptions)
		return damaged(q, "it cannot be repaired", check.corruptions,
			       err);
	q->file_end = q->b.file->size;
	return qcow2_header_read(q->b.file, &q->h, err);
}

static int clear_features(struct qcow2 *q, struct err *err)
{
	int code;

	if (!q->h.autoclear)
		return 0;
	if (q->h.autoclear & QCOW2_BITMAPS)
		log_warn("\"%s\": its bitmaps are not kept up, and count as "
			 "out of date from now",
			 q->b.filename);
	q->h.autoclear = 0;
	code = qcow2_header_features(q->b.file, &q->h);
	if (!code)
		code = node_flush(q->b.file);
	return code ? err_errno(err, -code, "cannot write \"%s\"",
				q->b.filename)
		    : 0;
}

static int open_for_writing(struct qcow2 *q, struct err *err)
{
	int code = 0;

	if (q->h.incompatible & QCOW2_CORRUPT)
		return err_set(err, EROFS,
			       "\"%s\" is marked as damaged; pimigrate-emu "
			       "--check-image --repair may mend it, "
			       "read-only=on opens it as it is",
			       q->b.filename);
	if (q->h.incompatible & QCOW2_DIRTY)
		code = repair(q, err);
	if (!code)
		code = clear_features(q, err);
	if (!code)
		code = read_l1(q, err);
	if (!code)
		code = read_reftable(q, err);
	if (!code)
		code = find_metadata(q, err);
	q->fresh_from = strcmp(q->b.file->driver, "host_device") != 0
				? (q->file_end + q->cluster - 1) >> q->bits
				: UINT64_MAX;
	return code;
}

/* What is below */

static int backing_format(const struct qcow2 *q, enum block_format *ret_format,
			  struct err *err)
{
	const char *name = q->h.backing_format;

	if (!strcmp(name, "qcow2"))
		*ret_format = BLOCK_QCOW2;
	else if (!strcmp(name, "raw") || !strcmp(name, "file") ||
		 !strcmp(name, "host_device"))
		*ret_format = BLOCK_RAW;
	else if (!*name)
		return err_set(err, EINVAL,
			       "\"%s\" does not say of what format its "
			       "backing file \"%s\" is; qemu-img rebase -u -F "
			       "raw or qcow2 writes it down",
			       q->b.filename, q->h.backing_file);
	else
		return err_set(err, ENOTSUP,
			       "\"%s\": its backing file \"%s\" has the "
			       "format %s; only raw and qcow2 are known here",
			       q->b.filename, q->h.backing_file, name);
	return 0;
}

/* Relative to the image; not a place that needs a protocol. */
static int backing_name(const struct qcow2 *q, char **ret_name, struct err *err)
{
	const char *name = q->h.backing_file, *colon, *slash;

	if (str_starts(name, "file:"))
		name += strlen("file:");
	colon = strchr(name, ':');
	slash = strchr(name, '/');
	if (colon && (!slash || colon < slash))
		return err_set(err, ENOTSUP,
			       "\"%s\": its backing file \"%s\" is no file "
			       "on this host",
			       q->b.filename, name);
	slash = strrchr(q->b.filename, '/');
	if (*name == '/' || !slash)
		*ret_name = xstrdup(name);
	else
		*ret_name = xasprintf("%.*s/%s", (int)(slash - q->b.filename),
				      q->b.filename, name);
	return 0;
}

static int open_backing(struct qcow2 *q, const struct block_options *opt,
			struct err *err)
{
	struct block_options below = { .base = true,
				       .read_only = true,
				       .no_lock = opt->no_lock,
				       .direct = q->b.file->direct,
				       .depth = opt->depth + 1 };
	enum block_format format = BLOCK_RAW;
	char *name = NULL;
	int code;

	if (!q->h.backing_file[0])
		return 0;
	if (opt->depth >= CHAIN)
		return err_set(err, ELOOP,
			       "\"%s\" is the %dth backing file in a row; "
			       "does one stand on itself?",
			       q->b.filename, CHAIN);
	code = backing_format(q, &format, err);
	if (!code)
		code = backing_name(q, &name, err);
	if (code < 0)
		return code;
	below.filename = name;
	code = block_image_open(&q->b.backing, format, &below, q->b.pool, err);
	if (code < 0 && !opt->depth)
		err_within(err, code, "backing file of \"%s\"", q->b.filename);
	free(name);
	return code;
}

static void init(struct qcow2 *q)
{
	q->bits = q->h.cluster_bits;
	q->cluster = 1u << q->bits;
	q->b.size = q->h.size - q->h.size % BLOCK_SECTOR;
	q->file_end = q->b.file->size;
	pthread_mutex_init(&q->map, NULL);
	pthread_mutex_init(&q->meta, NULL);
	pthread_mutex_init(&q->pads_lock, NULL);
	pthread_cond_init(&q->ended, NULL);
	pthread_cond_init(&q->pad_free, NULL);
	for (int i = 0; i < QCOW2_BUFFERS; i++)
		q->pads[i] = xmalloc(q->cluster);
	q->unpacker = qcow2_unpacker_new(q);
}

int node_qcow2_open(struct block **ret_block, const struct block_options *opt,
		    const struct block_below *below, struct err *err)
{
	struct block_options named = *opt;
	struct qcow2_header h;
	struct qcow2 *q;
	int code = qcow2_header_read(below->file, &h, err);

	if (code < 0)
		return code;
	q = xnew(struct qcow2);
	named.filename = below->file->filename;
	named.read_only |= below->file->read_only;
	node_init(&q->b, &qcow2_ops, "qcow2", &named, below->file->pool);
	q->b.file = block_ref(below->file);
	q->h = h;
	init(q);
	code = q->b.read_only ? read_l1(q, err) : open_for_writing(q, err);
	if (code >= 0 && below->backing)
		q->b.backing = block_ref(below->backing);
	else if (code >= 0 && !below->no_backing)
		code = open_backing(q, opt, err);
	if (code < 0) {
		block_free(&q->b);
		return code;
	}
	*ret_block = &q->b;
	return 0;
}
