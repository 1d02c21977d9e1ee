/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * What is remembered and how it is forgotten; view_pool.c has the memory and
 * the choice of a view.
 *
 * Emptying is the common case: Linux empties the whole TLB at each fork, exec
 * and exit.  So each part logs what was filled: single pages, and aligned
 * groups of 16, 256 or 512 pages with one addend.  A log that is full gives
 * up (overflow), and then the memory itself is handed back to the host, which
 * costs some 100 us but comes after thousands of fills.
 *
 * Maintenance by address must forget the whole leaf, not the page that was
 * asked for, and the tables no longer say how large it was: kind[] remembers
 * which sizes of leaf there are in each 2 MiB, and the largest is believed.
 * For larger ones (supersections, 1 GiB blocks) the part is emptied.
 *
 * A group is filled with one addend and cleared as one, so its first slot
 * stands for all when view_unmap_writes() looks for a physical page; only its
 * write slots may be missing, where pages once held code.  Pages filled by
 * themselves are found through a hash of their physical numbers first,
 * because hardly ever is a page written through a user's mapping and then
 * decoded.
 *
 * A global leaf that is in a view's own part (below VIEW_GLOBAL_FIRST, or
 * anywhere in an unprivileged view) is in one view but true in all:
 * pool->global has a bit for its 2 MiB, and maintenance there visits all.
 */
#include "arm/view.h"

#include <string.h>
#include <sys/mman.h>

enum {
	ORDER_SHIFT = 20,
	KIND_4K = 1 << 0,
	KIND_64K = 1 << 1,
	KIND_1M = 1 << 2,
	KIND_2M = 1 << 3,
};

static inline vaddr page_of(vaddr va)
{
	return va >> 12;
}

/* log2 of the pages that maintenance by address must clear together. */
static unsigned int kind_order(unsigned int kind)
{
	if (kind & KIND_2M)
		return 9;
	if (kind & KIND_1M)
		return 8;
	return kind & KIND_64K ? 4 : 0;
}

static unsigned int size_order(uint32_t size)
{
	if (size >= 2 << 20)
		return 9;
	if (size >= 1 << 20)
		return 8;
	return size >= 1 << 16 ? 4 : 0;
}

static unsigned int order_kind(unsigned int order)
{
	switch (order) {
	case 9:
		return KIND_2M;
	case 8:
		return KIND_1M;
	case 4:
		return KIND_64K;
	default:
		return KIND_4K;
	}
}

/* Parts */

static void clear_slots(struct view_part *part, uint32_t page, unsigned int n)
{
	uint32_t at = page - part->first;

	memset(part->r + at, 0, n * sizeof(*part->r));
	memset(part->w + at, 0, n * sizeof(*part->w));
}

/* Give the memory back; what is read next is zero. */
static void drop_memory(const struct view_part *part)
{
	int how = part->shared ? MADV_REMOVE : MADV_DONTNEED;
	size_t size = part->count * sizeof(*part->r);

	if (madvise(part->r, size, how) < 0)
		memset(part->r, 0, size);
	if (madvise(part->w, size, how) < 0)
		memset(part->w, 0, size);
}

void view_part_clear(struct view_part *part)
{
	unsigned int i;

	if (part->overflow) {
		drop_memory(part);
		memset(part->kind, 0, sizeof(part->kind));
	} else {
		for (i = 0; i < part->pages; i++) {
			uint32_t page = part->page_log[i];

			part->r[page - part->first] = 0;
			part->w[page - part->first] = 0;
			part->kind[page / 512] = 0;
		}
		for (i = 0; i < part->blocks; i++) {
			uint32_t page = part->block_log[i] & (VIEW_PAGES - 1);

			clear_slots(part, page,
				    1u << (part->block_log[i] >> ORDER_SHIFT));
			part->kind[page / 512] = 0;
		}
	}
	part->pages = part->blocks = 0;
	part->overflow = part->huge = false;
}

static void part_clear_page(struct view_part *part, uint32_t page)
{
	unsigned int kind = part->kind[page / 512];
	unsigned int order = kind_order(kind);

	if (part->huge)
		view_part_clear(part);
	else if (kind)
		clear_slots(part, page & ~0u << order, 1u << order);
}

static void log_page(struct view_part *part, uint32_t page)
{
	if (part->pages < VIEW_PAGE_LOG)
		part->page_log[part->pages++] = page;
	else
		part->overflow = true;
}

static void log_block(struct view_part *part, uint32_t page, unsigned int order)
{
	if (part->blocks < VIEW_BLOCK_LOG)
		part->block_log[part->blocks++] = page | order << ORDER_SHIFT;
	else
		part->overflow = true;
}

/* Filling */

static unsigned int hash_page(paddr pa)
{
	return (uint32_t)(pa >> 12) * 0x9e3779b1u >> 19; /* 13 bits */
}

static bool holds_code(const struct view_pool *pool, paddr pa)
{
	const struct codepage *page = codepages_at(pool->codepages, pa);

	return page && atomic_load(&page->lines);
}

static void fill_page(struct view_pool *pool, struct view_part *part,
		      const struct view_leaf *leaf, int64_t addend)
{
	uint32_t page = page_of(leaf->va), at = page - part->first;
	unsigned int h = hash_page(leaf->pa);

	if (!part->r[at] && !part->w[at])
		log_page(part, page);
	part->r[at] = addend;
	if (leaf->writable && !holds_code(pool, leaf->pa)) {
		part->w[at] = addend;
		pool->written[h / 64] |= UINT64_C(1) << h % 64;
	}
}

/* Groups have 16 slots or a multiple: a constant lets the compiler use wide
 * stores. */
static void fill_reads(int64_t *r, uint32_t count, int64_t addend)
{
	uint32_t at, i;

	for (at = 0; at < count; at += 16)
		for (i = 0; i < 16; i++)
			r[at + i] = addend;
}

/* 64 write slots for pages that begin with physical page n (of RAM): not
 * those that ever held code. */
static void fill_writes(const struct view_pool *pool, int64_t *w, uint64_t n,
			int64_t addend)
{
	uint64_t ever = atomic_load(&pool->codepages->ever[n / 64]);
	unsigned int i;

	for (i = 0; i < 64; i++)
		w[i] = addend;
	for (; ever; ever &= ever - 1)
		w[__builtin_ctzll(ever)] = 0;
}

static void fill_block(struct view_pool *pool, struct view_part *part,
		       const struct view_leaf *leaf, unsigned int order,
		       int64_t addend)
{
	uint32_t count = 1u << order;
	uint32_t page = page_of(leaf->va) & -count, at = page - part->first, i;
	uint64_t n = ((leaf->pa - pool->ram->base) >> 12) & -(uint64_t)count;
	const _Atomic uint64_t *ever = pool->codepages->ever;

	log_block(part, page, order);
	fill_reads(part->r + at, count, addend);
	if (!leaf->writable)
		return;
	if (count >= 64) {
		for (i = 0; i < count; i += 64)
			fill_writes(pool, part->w + at + i, n + i, addend);
		return;
	}
	for (i = 0; i < count; i++, n++)
		part->w[at + i] = ever[n / 64] >> n % 64 & 1 ? 0 : addend;
}

/* Is the group of pages around leaf->va RAM with one addend?  RAM may begin
 * or end inside of the leaf; its base may be at an odd page in a test. */
static bool block_fits(const struct view_pool *pool,
		       const struct view_leaf *leaf, unsigned int order)
{
	uint64_t size = UINT64_C(4096) << order;

	return order && !(pool->ram->base & (size - 1)) &&
	       ram_at(pool->ram, leaf->pa & -size, size);
}

static struct view_part *part_for(struct view_pool *pool, struct view *view,
				  vaddr va)
{
	if (view->privileged && page_of(va) >= VIEW_GLOBAL_FIRST)
		return &pool->regimes[view->regime].part;
	return &view->part;
}

/* In all of its blocks: maintenance of any address in it counts for others. */
static void note_global(struct view_pool *pool, const struct view_leaf *leaf)
{
	uint32_t last = page_of(leaf->va | (leaf->size - 1)) / 512;

	for (uint32_t n = page_of(leaf->va & ~(leaf->size - 1)) / 512;
	     n <= last; n++)
		pool->global[n / 64] |= UINT64_C(1) << n % 64;
}

void view_fill(struct view_pool *pool, struct view *view,
	       const struct view_leaf *leaf)
{
	struct view_part *part = part_for(pool, view, leaf->va);
	int64_t addend = (int64_t)((uintptr_t)leaf->host -
				   (leaf->va & ~UINT32_C(0xfff)));
	uint32_t page = page_of(leaf->va);
	unsigned int order = size_order(leaf->size);
	int64_t old = part->r[page - part->first];

	if (addend <= 0 || (part->shared && !leaf->global))
		return;
	if (!part->shared) {
		pool->dirty |= UINT64_C(1) << (view - pool->views);
		if (leaf->global)
			note_global(pool, leaf);
	}
	if (old && old != addend) /* the guest changed it without a word */
		part_clear_page(part, page);
	part->kind[page / 512] |= (uint8_t)order_kind(order);
	if (leaf->size > 2 << 20)
		part->huge = true;
	if (old != addend && block_fits(pool, leaf, order))
		fill_block(pool, part, leaf, order, addend);
	else
		fill_page(pool, part, leaf, addend);
}

/* Maintenance */

void view_clear_all(struct view_pool *pool)
{
	unsigned int i;

	for (; pool->dirty; pool->dirty &= pool->dirty - 1)
		view_part_clear(
			&pool->views[__builtin_ctzll(pool->dirty)].part);
	for (i = 0; i < VIEW_REGIMES; i++)
		view_part_clear(&pool->regimes[i].part);
	memset(pool->written, 0, sizeof(pool->written));
	memset(pool->global, 0, sizeof(pool->global));
}

void view_clear_asid(struct view_pool *pool, unsigned int asid)
{
	uint64_t left;

	for (left = pool->dirty; left; left &= left - 1) {
		struct view *view = &pool->views[__builtin_ctzll(left)];

		if (view->asid == asid)
			view_part_clear(&view->part);
	}
}

void view_clear_page(struct view_pool *pool, vaddr va, unsigned int asid,
		     bool all_asids)
{
	uint32_t page = page_of(va);
	bool global = pool->global[page / 512 / 64] >> page / 512 % 64 & 1;
	uint64_t left;
	unsigned int i;

	for (left = pool->dirty; left; left &= left - 1) {
		struct view *view = &pool->views[__builtin_ctzll(left)];

		if ((all_asids || global || view->asid == asid) &&
		    page - view->part.first < view->part.count)
			part_clear_page(&view->part, page);
	}
	if (page < VIEW_GLOBAL_FIRST)
		return;
	for (i = 0; i < VIEW_REGIMES; i++)
		part_clear_page(&pool->regimes[i].part, page);
}

/* singly: pages that were filled by themselves may lead there, too. */
static void part_unmap(struct view_part *part, uintptr_t host, bool singly)
{
	unsigned int i;

	if (part->overflow) {
		view_part_clear(part);
		return;
	}
	for (i = 0; i < part->blocks; i++) {
		uint32_t page = part->block_log[i] & (VIEW_PAGES - 1);
		uint64_t addend = (uint64_t)part->r[page - part->first];
		uint64_t hit = ((host - addend) >> 12) - page;

		if (addend && hit >> (part->block_log[i] >> ORDER_SHIFT) == 0)
			part->w[page + (uint32_t)hit - part->first] = 0;
	}
	for (i = 0; singly && i < part->pages; i++) {
		uint32_t page = part->page_log[i];
		int64_t *w = &part->w[page - part->first];

		if (*w && (uint64_t)*w + ((uint64_t)page << 12) == host)
			*w = 0;
	}
}

void view_unmap_writes(struct view_pool *pool, paddr page)
{
	uintptr_t host = (uintptr_t)ram_at(pool->ram, page & ~UINT64_C(0xfff),
					   4096);
	unsigned int h = hash_page(page), i;
	bool singly = pool->written[h / 64] >> h % 64 & 1;
	uint64_t left;

	if (!host)
		return;
	for (left = pool->dirty; left; left &= left - 1)
		part_unmap(&pool->views[__builtin_ctzll(left)].part, host,
			   singly);
	for (i = 0; i < VIEW_REGIMES; i++)
		part_unmap(&pool->regimes[i].part, host, singly);
}
