/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where views live and which one is taken.
 *
 * A view's arrays are 8 MiB each of which only the touched pages exist.  All
 * views stand side by side in one reservation, made at start; huge pages are
 * forbidden there, because each touch would cost 2 MiB.  The shared pieces
 * are pages of one memfd, mapped once for us (to clear them) and once more at
 * the upper end of each privileged view.
 */
#include "arm/view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/mem.h"

enum {
	PIECE_PAGES = VIEW_PAGES - VIEW_GLOBAL_FIRST,
};

static const size_t array_size = VIEW_PAGES * sizeof(int64_t);
static const size_t piece_size = PIECE_PAGES * sizeof(int64_t);

static unsigned int least_used_regime(const struct view_pool *pool)
{
	unsigned int i, best = 0;

	for (i = 1; i < VIEW_REGIMES; i++)
		if (pool->regimes[i].stamp < pool->regimes[best].stamp)
			best = i;
	return best;
}

static void retire(struct view_pool *pool, struct view *view)
{
	view_part_clear(&view->part);
	pool->dirty &= ~(UINT64_C(1) << (view - pool->views));
	pool->fetched &= ~(UINT64_C(1) << (view - pool->views));
	view->live = false;
}

static bool same_regime(const struct view_regime *regime,
			const struct view_regime_key *key)
{
	return regime->live && regime->key.sctlr == key->sctlr &&
	       regime->key.ttbcr == key->ttbcr && regime->key.dacr == key->dacr;
}

/* The number of this regime; a new one displaces the least used and all of
 * its views. */
static unsigned int select_regime(struct view_pool *pool,
				  const struct view_regime_key *key)
{
	struct view_regime *regime;
	unsigned int i, n;

	if (same_regime(&pool->regimes[pool->regime], key))
		return pool->regime;
	for (i = 0; i < VIEW_REGIMES; i++)
		if (same_regime(&pool->regimes[i], key))
			return i;
	n = least_used_regime(pool);
	regime = &pool->regimes[n];
	for (i = 0; i < pool->count; i++)
		if (pool->views[i].live && pool->views[i].regime == n)
			retire(pool, &pool->views[i]);
	view_part_clear(&regime->part);
	regime->key = *key;
	regime->id = ++pool->next_id;
	regime->flushes = pool->flushes;
	regime->fetched.n = 0;
	regime->fetched.full = false;
	regime->fetched.pages = 0;
	regime->live = true;
	return n;
}

/* Put the shared pieces of a regime, or memory of its own (-1), at the upper
 * end of a view. */
static bool map_pieces(struct view_pool *pool, struct view *view, int regime)
{
	int how = MAP_FIXED | MAP_NORESERVE;
	int64_t *to[2] = { view->r, view->w };
	unsigned int i;

	if (view->pieces == regime)
		return true;
	for (i = 0; i < 2; i++) {
		off_t at = regime < 0
				   ? 0
				   : (2 * regime + (int)i) * (off_t)piece_size;
		void *p = mmap(to[i] + VIEW_GLOBAL_FIRST, piece_size,
			       PROT_READ | PROT_WRITE,
			       how | (regime < 0 ? MAP_PRIVATE | MAP_ANONYMOUS
						 : MAP_SHARED),
			       regime < 0 ? -1 : pool->fd, at);

		if (p == MAP_FAILED)
			return false;
		madvise(p, piece_size, MADV_NOHUGEPAGE);
	}
	view->pieces = regime;
	return true;
}

static struct view *least_used(struct view_pool *pool)
{
	struct view *best = NULL;
	unsigned int i;

	for (i = 0; i < pool->count; i++) {
		struct view *view = &pool->views[i];

		if (view->broken)
			continue;
		if (!view->live)
			return view;
		if (!best || view->stamp < best->stamp)
			best = view;
	}
	return best;
}

static struct view *find_view(struct view_pool *pool, unsigned int regime,
			      unsigned int asid, bool privileged)
{
	uint8_t *hint = &pool->hint[(asid * 4 + regime * 2 + privileged) & 255];
	unsigned int i, n = *hint;

	for (i = 0; i <= pool->count; i++) {
		struct view *view = &pool->views[n];

		if (view->live && view->regime == regime &&
		    view->asid == asid && view->privileged == privileged) {
			*hint = (uint8_t)n;
			return view;
		}
		n = i;
	}
	return NULL;
}

/* NULL if the host lets no view be mapped so any more. */
static struct view *make_view(struct view_pool *pool, unsigned int regime,
			      unsigned int asid, bool privileged)
{
	struct view *view;

	while ((view = least_used(pool))) {
		retire(pool, view);
		view->regime = regime;
		view->asid = asid;
		pool->asids[view - pool->views] = (uint8_t)asid;
		view->privileged = privileged;
		view->id = ++pool->next_id;
		view->flushes = pool->flushes;
		view->fetched.n = 0;
		view->fetched.full = false;
		view->fetched.pages = 0;
		view->part.count = privileged ? VIEW_GLOBAL_FIRST : VIEW_PAGES;
		view->live = map_pieces(pool, view,
					privileged ? (int)regime : -1);
		if (view->live)
			return view;
		view->broken = true; /* there may be a hole in it now */
	}
	return NULL;
}

struct view *view_select(struct view_pool *pool,
			 const struct view_regime_key *key, unsigned int asid,
			 bool privileged)
{
	unsigned int regime = select_regime(pool, key);
	struct view *view = find_view(pool, regime, asid, privileged);

	pool->regime = regime;
	pool->regimes[regime].stamp = ++pool->clock;
	if (!view)
		view = make_view(pool, regime, asid, privileged);
	if (view)
		view->stamp = pool->clock;
	return view;
}

/* As many views as the host reserves; after a refusal half of what it would
 * give, for the threads and the stacks that come later. */
static unsigned int reserve_views(struct view_pool *pool)
{
	unsigned int n;
	bool refused = false;

	for (n = VIEW_MAX; n >= 2; n /= 2) {
		void *p = mmap(NULL, n * 2 * array_size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			       0);

		if (p == MAP_FAILED) {
			refused = true;
			continue;
		}
		pool->memory = p;
		if (refused && n > 2) {
			munmap((char *)p + n * array_size, n * array_size);
			n /= 2;
		}
		madvise(p, n * 2 * array_size, MADV_NOHUGEPAGE);
		return n;
	}
	return 0;
}

static bool reserve_pieces(struct view_pool *pool)
{
	size_t size = 2 * VIEW_REGIMES * piece_size;
	void *p;

	pool->fd = memfd_create("views", MFD_CLOEXEC);
	if (pool->fd < 0 || ftruncate(pool->fd, (off_t)size) < 0)
		return false;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		 pool->fd, 0);
	if (p == MAP_FAILED)
		return false;
	pool->pieces = p;
	p = mmap(NULL, 2 * array_size, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	pool->empty = p;
	madvise(p, 2 * array_size, MADV_NOHUGEPAGE);
	return true;
}

struct view_pool *view_pool_new(const struct ram *ram,
				const struct codepages *codepages,
				struct err *err)
{
	struct view_pool *pool = xnew(struct view_pool);
	unsigned int i;

	pool->ram = ram;
	pool->codepages = codepages;
	pool->fd = -1;
	pool->count = reserve_pieces(pool) ? reserve_views(pool) : 0;
	if (!pool->count) {
		err_errno(err, errno,
			  "cannot reserve memory for address translation");
		view_pool_free(pool);
		return NULL;
	}
	for (i = 0; i < pool->count; i++) {
		struct view *view = &pool->views[i];

		view->r = pool->memory + (size_t)i * 2 * VIEW_PAGES;
		view->w = view->r + VIEW_PAGES;
		view->pieces = -1;
		view->part.r = view->r;
		view->part.w = view->w;
		view->part.count = VIEW_PAGES;
	}
	for (i = 0; i < VIEW_REGIMES; i++) {
		struct view_part *part = &pool->regimes[i].part;

		part->r = pool->pieces + (size_t)i * 2 * PIECE_PAGES;
		part->w = part->r + PIECE_PAGES;
		part->first = VIEW_GLOBAL_FIRST;
		part->count = PIECE_PAGES;
		part->shared = true;
	}
	return pool;
}

void view_pool_free(struct view_pool *pool)
{
	if (!pool)
		return;
	if (pool->memory)
		munmap(pool->memory, pool->count * 2 * array_size);
	if (pool->pieces)
		munmap(pool->pieces, 2 * VIEW_REGIMES * piece_size);
	if (pool->empty)
		munmap((void *)(uintptr_t)pool->empty, 2 * array_size);
	if (pool->fd >= 0)
		close(pool->fd);
	free(pool);
}
