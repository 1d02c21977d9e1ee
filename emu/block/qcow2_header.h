/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a qcow2 image, in the host's byte order and checked: what has
 * passed here can be added and multiplied without care.
 *
 * Source: docs/interop/qcow2.txt of QEMU.
 */
#ifndef BLOCK_QCOW2_HEADER_H
#define BLOCK_QCOW2_HEADER_H

#include "block/node.h"

enum {
	/* incompatible features */
	QCOW2_DIRTY = 1 << 0,
	QCOW2_CORRUPT = 1 << 1,
	QCOW2_DATA_FILE = 1 << 2,
	QCOW2_COMPRESSION = 1 << 3,
	QCOW2_EXTENDED_L2 = 1 << 4,
	/* compatible features */
	QCOW2_LAZY_REFCOUNTS = 1 << 0,
	/* autoclear features */
	QCOW2_BITMAPS = 1 << 0,

	QCOW2_ZLIB = 0,
	QCOW2_ZSTD = 1,

	/* where things are in the file */
	QCOW2_AT_SIZE = 24,
	QCOW2_AT_REFTABLE = 48,
	QCOW2_AT_FEATURES = 72,

	QCOW2_L1_MAX = 32 << 20,      /* bytes */
	QCOW2_REFTABLE_MAX = 8 << 20, /* bytes */
};

/* Of L1 and L2 entries, and of the refcount table's. */
#define QCOW2_OFFSET_MASK UINT64_C(0x00fffffffffffe00)
#define QCOW2_COPIED      (UINT64_C(1) << 63)
#define QCOW2_COMPRESSED  (UINT64_C(1) << 62)
#define QCOW2_ZERO        UINT64_C(1)

struct qcow2_header {
	unsigned int version; /* 2 or 3 */
	unsigned int cluster_bits;
	uint64_t size; /* bytes of the disk */
	uint32_t l1_entries;
	uint64_t l1_at;
	uint64_t reftable_at;
	uint32_t reftable_clusters;
	uint64_t incompatible, compatible, autoclear;
	unsigned int refcount_order; /* a counter has 1 << this bits */
	unsigned int compression;    /* QCOW2_ZLIB, QCOW2_ZSTD */
	char backing_file[1024];     /* empty: none */
	char backing_format[16];     /* empty: not said */
};

/* Read and check it; what this emulator does not do is refused by name. */
int qcow2_header_read(struct block *file, struct qcow2_header *ret_header,
		      struct err *err);

/* L1 entries that a disk of this size needs. */
uint64_t qcow2_l1_needed(const struct qcow2_header *h, uint64_t size);

/* Write the three words of feature bits (version 3). */
int qcow2_header_features(struct block *file, const struct qcow2_header *h);

/* Let it lead to another refcount table, in one sector, and flush. */
int qcow2_header_reftable(struct block *file, uint64_t at, uint32_t clusters);

/* A counter of a refcount block, or of a piece of one. */
uint64_t qcow2_get_count(const uint8_t *p, unsigned int order, uint64_t i);
void qcow2_set_count(uint8_t *p, unsigned int order, uint64_t i, uint64_t v);

/* A compressed cluster's place: bytes from *ret_at, in whole sectors. */
uint64_t qcow2_packed(const struct qcow2_header *h, uint64_t entry,
		      uint64_t *ret_at);

#endif
