/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All numbers of the header are somebody else's.  They are bounded here, once:
 * the tables' sizes by what QEMU accepts, too, and their places by the file.
 */
#include "block/qcow2_header.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/overflow.h"

enum {
	MAGIC = 0x514649fb,
	V2_SIZE = 72,
	V3_SIZE = 104,
	HEADER_MAX = 65536, /* with all extensions; more is not looked at */

	EXT_END = 0,
	EXT_BACKING_FORMAT = (int)0xe2792aca,
	EXT_FEATURE_NAMES = 0x6803f857,
	FEATURE_ROW = 48,

	SNAPSHOTS_AT = 60,
};

struct bytes {
	const uint8_t *p;
	uint64_t n;
};

static uint32_t get32(const struct bytes *b, uint64_t at)
{
	uint32_t v = 0;

	if (range_fits(at, sizeof(v), b->n))
		memcpy(&v, b->p + at, sizeof(v));
	return be32toh(v);
}

static uint64_t get64(const struct bytes *b, uint64_t at)
{
	return (uint64_t)get32(b, at) << 32 | get32(b, at + 4);
}

/* The image's own name of a feature bit, or a number. */
static void feature_name(const struct bytes *table, unsigned int bit,
			 char *name, size_t size)
{
	for (uint64_t at = 0; at + FEATURE_ROW <= table->n; at += FEATURE_ROW) {
		if (table->p[at] == 0 && table->p[at + 1] == bit) {
			snprintf(name, size, "\"%.46s\"",
				 (const char *)table->p + at + 2);
			for (char *c = name; *c; c++)
				if (*c < ' ' || *c > '~')
					*c = '?';
			return;
		}
	}
	snprintf(name, size, "number %u", bit);
}

static int check_features(const struct block *file,
			  const struct qcow2_header *h,
			  const struct bytes *names, struct err *err)
{
	uint64_t unknown = h->incompatible &
			   ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT |
				       QCOW2_COMPRESSION);
	char name[64];

	if (unknown & QCOW2_DATA_FILE)
		return err_set(err, ENOTSUP,
			       "\"%s\": its data is in a file beside it "
			       "(external data file), which is not supported; "
			       "qemu-img convert makes one image of both",
			       file->filename);
	if (unknown & QCOW2_EXTENDED_L2)
		return err_set(err, ENOTSUP,
			       "\"%s\": it has subclusters (extended L2 "
			       "entries), which are not supported; qemu-img "
			       "convert -O qcow2 makes an image without",
			       file->filename);
	if (!unknown)
		return 0;
	feature_name(names, (unsigned int)__builtin_ctzll(unknown), name,
		     sizeof(name));
	return err_set(err, ENOTSUP,
		       "\"%s\": it needs the feature %s, which is not known "
		       "here; qemu-img convert -O qcow2 makes an image "
		       "without",
		       file->filename, name);
}

/* Extensions: type, length, data up to a multiple of 8. */
static void read_extensions(const struct bytes *b, uint64_t at, uint64_t end,
			    struct qcow2_header *h, struct bytes *names)
{
	while (at + 8 <= end) {
		uint32_t type = get32(b, at), len = get32(b, at + 4);

		at += 8;
		if (type == EXT_END || len > end - at)
			return;
		if (type == (uint32_t)EXT_BACKING_FORMAT &&
		    len < sizeof(h->backing_format))
			memcpy(h->backing_format, b->p + at, len);
		else if (type == EXT_FEATURE_NAMES)
			*names = (struct bytes){ b->p + at, len };
		at += (len + UINT64_C(7)) & ~UINT64_C(7);
	}
}

static int damaged(const struct block *file, const char *what, struct err *err)
{
	return err_set(err, EINVAL, "\"%s\" is damaged: %s", file->filename,
		       what);
}

static int check_tables(const struct block *file, const struct qcow2_header *h,
			struct err *err)
{
	uint64_t cluster = UINT64_C(1) << h->cluster_bits;
	uint64_t reftable = (uint64_t)h->reftable_clusters << h->cluster_bits;

	if (h->l1_entries > QCOW2_L1_MAX / 8)
		return damaged(file, "its L1 table is too large", err);
	if (h->l1_entries < qcow2_l1_needed(h, h->size))
		return damaged(file, "its L1 table is too small", err);
	if (h->l1_at % cluster || (h->l1_entries && !h->l1_at) ||
	    !range_fits(h->l1_at, h->l1_entries * UINT64_C(8), file->size))
		return damaged(file, "its L1 table is not inside of the file",
			       err);
	if (!h->reftable_clusters || reftable > QCOW2_REFTABLE_MAX)
		return damaged(
			file, "its refcount table has an impossible size", err);
	if (!h->reftable_at || h->reftable_at % cluster ||
	    !range_fits(h->reftable_at, reftable, file->size))
		return damaged(file,
			       "its refcount table is not inside of the file",
			       err);
	return 0;
}

static int check_numbers(const struct block *file, const struct bytes *b,
			 const struct qcow2_header *h, struct err *err)
{
	if (h->cluster_bits < 9 || h->cluster_bits > 21)
		return damaged(file, "its cluster size is impossible", err);
	if (h->refcount_order > 6)
		return damaged(file, "its refcounts' width is impossible", err);
	if (get32(b, 32))
		return err_set(err, ENOTSUP,
			       "\"%s\" is encrypted, which is not supported; "
			       "qemu-img convert makes an image that is not",
			       file->filename);
	if (get32(b, SNAPSHOTS_AT))
		return err_set(err, ENOTSUP,
			       "\"%s\" has internal snapshots (%u), which are "
			       "not supported; qemu-img snapshot -l lists "
			       "them, -d deletes one",
			       file->filename, get32(b, SNAPSHOTS_AT));
	if (h->compression != !!(h->incompatible & QCOW2_COMPRESSION) ||
	    h->compression > QCOW2_ZSTD)
		return err_set(err, ENOTSUP,
			       "\"%s\": its compression (number %u) is not "
			       "known here",
			       file->filename, h->compression);
	if (h->size / BLOCK_SECTOR == 0)
		return err_set(err, EINVAL, "\"%s\" is empty", file->filename);
	return check_tables(file, h, err);
}

static int read_backing(const struct block *file, const struct bytes *b,
			struct qcow2_header *h, uint64_t *end, struct err *err)
{
	uint64_t at = get64(b, 8);
	uint32_t len = get32(b, 16);

	if (!at)
		return 0;
	if (len >= sizeof(h->backing_file) || !range_fits(at, len, *end))
		return damaged(file,
			       "the name of its backing file is not inside of "
			       "the header",
			       err);
	memcpy(h->backing_file, b->p + at, len);
	if (strlen(h->backing_file) != len)
		return damaged(file, "the name of its backing file is none",
			       err);
	*end = at; /* the extensions lie before */
	return 0;
}

static int parse(const struct block *file, const struct bytes *b,
		 struct qcow2_header *h, struct err *err)
{
	uint64_t end = b->n, header = V2_SIZE;
	struct bytes names = { 0 };
	int code;

	h->version = get32(b, 4);
	if (h->version != 2 && h->version != 3)
		return err_set(err, ENOTSUP,
			       "\"%s\" is qcow2 of version %u; only 2 and 3 "
			       "are known",
			       file->filename, h->version);
	h->cluster_bits = get32(b, 20);
	h->size = get64(b, QCOW2_AT_SIZE);
	h->l1_entries = get32(b, 36);
	h->l1_at = get64(b, 40);
	h->reftable_at = get64(b, QCOW2_AT_REFTABLE);
	h->reftable_clusters = get32(b, 56);
	h->refcount_order = 4;
	if (h->version == 3) {
		h->incompatible = get64(b, QCOW2_AT_FEATURES);
		h->compatible = get64(b, QCOW2_AT_FEATURES + 8);
		h->autoclear = get64(b, QCOW2_AT_FEATURES + 16);
		h->refcount_order = get32(b, 96);
		header = get32(b, 100);
		if (header < V3_SIZE || header > b->n)
			return damaged(file, "its header has no end", err);
		if (header > V3_SIZE)
			h->compression = b->p[V3_SIZE];
	}
	if (h->cluster_bits >= 9 && h->cluster_bits < 16 &&
	    end > UINT64_C(1) << h->cluster_bits)
		end = UINT64_C(1) << h->cluster_bits;
	code = read_backing(file, b, h, &end, err);
	if (code < 0)
		return code;
	read_extensions(b, header, end, h, &names);
	code = check_features(file, h, &names, err);
	return code < 0 ? code : check_numbers(file, b, h, err);
}

int qcow2_header_read(struct block *file, struct qcow2_header *ret_header,
		      struct err *err)
{
	uint8_t *buf = xcalloc(1, HEADER_MAX);
	struct bytes b = { buf,
			   file->size < HEADER_MAX ? file->size : HEADER_MAX };
	struct qcow2_header h = { 0 };
	int code = node_read(file, buf, b.n, 0);

	if (code < 0)
		err_errno(err, -code, "cannot read \"%s\"", file->filename);
	else if (b.n < V2_SIZE || get32(&b, 0) != MAGIC)
		code = err_set(err, EINVAL, "\"%s\" is no qcow2 image",
			       file->filename);
	else
		code = parse(file, &b, &h, err);
	free(buf);
	if (code >= 0)
		*ret_header = h;
	return code;
}

uint64_t qcow2_l1_needed(const struct qcow2_header *h, uint64_t size)
{
	unsigned int bits = 2 * h->cluster_bits - 3;

	return (size >> bits) + !!(size & ((UINT64_C(1) << bits) - 1));
}

int qcow2_header_features(struct block *file, const struct qcow2_header *h)
{
	const uint64_t words[3] = { htobe64(h->incompatible),
				    htobe64(h->compatible),
				    htobe64(h->autoclear) };

	return node_write(file, words, sizeof(words), QCOW2_AT_FEATURES);
}

int qcow2_header_reftable(struct block *file, uint64_t at, uint32_t clusters)
{
	const struct {
		uint64_t at;
		uint32_t clusters;
	} __attribute__((packed)) head = { htobe64(at), htobe32(clusters) };
	int code = node_write(file, &head, sizeof(head), QCOW2_AT_REFTABLE);

	return code ? code : node_flush(file);
}

uint64_t qcow2_packed(const struct qcow2_header *h, uint64_t entry,
		      uint64_t *ret_at)
{
	unsigned int shift = 62 - (h->cluster_bits - 8);
	uint64_t at = entry & ((UINT64_C(1) << shift) - 1);
	uint64_t more = entry >> shift &
			((UINT64_C(1) << (h->cluster_bits - 8)) - 1);

	*ret_at = at;
	return (more + 1) * 512 - at % 512;
}

uint64_t qcow2_get_count(const uint8_t *p, unsigned int order, uint64_t i)
{
	uint64_t v = 0;

	if (order < 3) {
		unsigned int width = 1u << order, per = 8 / width;

		return p[i / per] >> i % per * width & ((1u << width) - 1);
	}
	for (unsigned int n = 1u << order >> 3, k = 0; k < n; k++)
		v = v << 8 | p[i * n + k];
	return v;
}

void qcow2_set_count(uint8_t *p, unsigned int order, uint64_t i, uint64_t v)
{
	if (order < 3) {
		unsigned int width = 1u << order, per = 8 / width;
		unsigned int shift = (unsigned int)(i % per) * width;
		unsigned int mask = ((1u << width) - 1) << shift;

		p[i / per] = (uint8_t)((p[i / per] & ~mask) |
				       ((unsigned int)v << shift & mask));
		return;
	}
	for (unsigned int n = 1u << order >> 3, k = n; k--; v >>= 8)
		p[i * n + k] = (uint8_t)v;
}
