/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flat views: what the fast path of a memory access reads (DESIGN.md §7).
 *
 * A view is two arrays, for reading and for writing, with an addend (host
 * minus guest address, <= 0: none) for each 4 KiB of virtual address.  A pool
 * belongs to one CPU and is touched by its thread only.  It holds views by
 * key: the regime (all registers but TTBR that decide what a table means),
 * the ASID, and the privilege.
 *
 * From VIEW_GLOBAL_VA up all privileged views of a regime see one and the
 * same pair of pieces, which holds global leaves only; other leaves there are
 * never remembered.
 */
#ifndef ARM_VIEW_H
#define ARM_VIEW_H

#include "arm/cpu.h"

enum {
	VIEW_PAGES = 1 << 20, /* of 4 KiB */
	VIEW_BLOCKS = VIEW_PAGES / 512,
	VIEW_GLOBAL_FIRST = 0xbf000, /* page; Linux keeps modules here */
	VIEW_PAGE_LOG = 8192,
	VIEW_BLOCK_LOG = 2048,
	VIEW_MAX = 64,
	VIEW_REGIMES = 8,
	VIEW_FETCHED = 256,
};

/* What decides, beside TTBR and ASID, what a virtual address means. */
struct view_regime_key {
	uint32_t sctlr, ttbcr, dacr;
};

/* A pair of arrays with what was filled in it. */
struct view_part {
	int64_t *r, *w; /* of page number first */
	uint32_t first, count;
	bool shared;   /* pages of a memfd */
	bool huge;     /* holds pieces of leaves larger than 2 MiB */
	bool overflow; /* the logs do not tell all */
	unsigned int pages, blocks;
	uint8_t kind[VIEW_BLOCKS]; /* sizes of leaf in each 2 MiB of VA */
	uint32_t page_log[VIEW_PAGE_LOG];   /* page numbers */
	uint32_t block_log[VIEW_BLOCK_LOG]; /* page number | order << 20 */
};

/* The leaves that code was fetched from (fetch.c): addresses of their first
 * bytes. */
struct view_fetched_leaf {
	vaddr va;
	uint32_t size;
	paddr pa;
};

struct view_fetched {
	unsigned int n;
	bool full;      /* there were more */
	uint64_t pages; /* a bit for each page, modulo 64: what is not set has
			 * no leaf */
	struct view_fetched_leaf leaf[VIEW_FETCHED];
};

struct view {
	int64_t *r, *w; /* VIEW_PAGES each; w lies right behind r, as in each
			 * pair: translated code counts on it */
	unsigned int asid;
	unsigned int regime;
	bool live, privileged, broken;
	int pieces;       /* whose shared pieces are mapped, or -1 */
	uint32_t id;      /* another for each use of this structure */
	uint64_t stamp;   /* of the last use */
	uint64_t flushes; /* pool->flushes, when fetched was known to hold */
	struct view_part part;
	struct view_fetched fetched;
};

struct view_regime {
	struct view_regime_key key;
	bool live;
	uint32_t id; /* another for each use of this structure */
	uint64_t stamp;
	uint64_t flushes;
	struct view_part part;
	struct view_fetched fetched; /* by PL1, global, in the upper half */
};

struct view_pool {
	const struct ram *ram;
	const struct codepages *codepages;
	uint64_t clock, flushes; /* flushes: of all */
	uint32_t next_id;
	unsigned int count, regime; /* regime: the last one used */
	uint64_t dirty;             /* views with something in their part */
	uint64_t fetched;           /* views whose log is not empty */
	bool own_global;            /* a global leaf may be in a view's log */
	uint8_t asids[VIEW_MAX];    /* of the views, close together */
	uint64_t written[128];      /* hashes of pages with a single write
				     * addend: see view_unmap_writes() */
	uint64_t global[VIEW_BLOCKS / 64]; /* global leaves in views' parts */
	int64_t *memory, *pieces;
	const int64_t *empty; /* a pair of zeroes, for big-endian data */
	int fd;
	uint8_t hint[256]; /* index of the view with such a key, perhaps */
	struct view_regime regimes[VIEW_REGIMES];
	struct view views[VIEW_MAX];
};

/* What a walk found for the page of va; host is the page's address. */
struct view_leaf {
	vaddr va;
	uint8_t *host;
	paddr pa;
	uint32_t size; /* of the leaf, 4 KiB to 1 GiB */
	bool global, writable;
};

/* NULL and *err if the host refuses even two views. */
struct view_pool *view_pool_new(const struct ram *ram,
				const struct codepages *codepages,
				struct err *err);
void view_pool_free(struct view_pool *pool);

/* The view of this key, made if need be: the least recently used goes.  NULL
 * if the host refuses: then nothing is remembered. */
struct view *view_select(struct view_pool *pool,
			 const struct view_regime_key *key, unsigned int asid,
			 bool privileged);

/* Remember a readable leaf. */
void view_fill(struct view_pool *pool, struct view *view,
	       const struct view_leaf *leaf);

void view_clear_all(struct view_pool *pool);
void view_clear_asid(struct view_pool *pool, unsigned int asid);
/* The leaf that va is in: of this ASID and global ones, or of all. */
void view_clear_page(struct view_pool *pool, vaddr va, unsigned int asid,
		     bool all_asids);

/* Forget all of one part. */
void view_part_clear(struct view_part *part);

/* No write addend leads to this physical page any more. */
void view_unmap_writes(struct view_pool *pool, paddr page);

#endif
