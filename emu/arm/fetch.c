/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where code was fetched from.
 *
 * An answer is remembered under an id (mmu.h): that of the view, or, for the
 * upper half at PL1, that of the regime.  Caches of code remember it by that
 * id, too, and what makes an answer wrong gives the view another id; for a
 * regime, whose answers the interpreter also knows by views' ids, the
 * generation moves.
 *
 * Each view and regime logs the leaves that were fetched from under its id.
 * So maintenance by address, which Linux does all the time for single pages
 * of data, finds out whether it concerns code.  And after maintenance of
 * everything, which is what fork, exec and exit do, the leaves are walked
 * again, the next time the view is in force: hardly ever is one of them
 * another, and then all that was remembered stays.  That is as if the
 * processor had loaded these entries again on its own (B3.9): it may hold
 * what the tables say now until they are maintained again.
 */
#include "arm/fetch.h"

#include <stdlib.h>

#include "arm/mmu.h"
#include "arm/view.h"
#include "common/bits.h"
#include "common/mem.h"

enum {
	FETCH_PAGES = 1024,
	ID_LIMIT = 1u << 31, /* before ids come round */
};

struct fetch_page {
	vaddr page;
	uint32_t id, generation;
	const uint8_t *host; /* NULL: nothing is remembered here */
	paddr pa;
};

struct fetch_cache {
	struct fetch_page page[FETCH_PAGES];
};

/* Logs */

static void log_clear(struct view_fetched *log)
{
	log->n = 0;
	log->full = false;
	log->pages = 0;
}

/* The bit of a page in a log's pages. */
static uint64_t page_bit(vaddr va)
{
	return UINT64_C(1) << (va >> 12 & 63);
}

static void log_leaf(struct view_fetched *log, vaddr va,
		     const struct translation *t)
{
	uint32_t mask = ~(t->page - 1);
	unsigned int i = log->n;

	while (i--)
		if (log->leaf[i].va == (va & mask))
			return;
	log->pages |= t->page == 4096 ? page_bit(va) : ~UINT64_C(0);
	if (log->n == VIEW_FETCHED)
		log->full = true;
	else
		log->leaf[log->n++] = (struct view_fetched_leaf){
			va & mask, t->page, t->pa & ~(paddr)~mask
		};
}

static bool log_has(const struct view_fetched *log, vaddr va)
{
	if (!(log->pages & page_bit(va)))
		return log->full;
	for (unsigned int i = 0; i < log->n; i++)
		if (va - log->leaf[i].va < log->leaf[i].size)
			return true;
	return log->full;
}

/* Whether each leaf is still what it was.  global: and belongs to all address
 * spaces. */
static bool log_holds(struct cpu *cpu, const struct view_fetched *log,
		      bool privileged, bool global)
{
	if (log->full)
		return false;
	for (unsigned int i = 0; i < log->n; i++) {
		const struct view_fetched_leaf *leaf = &log->leaf[i];
		struct translation t;

		if (!mmu_translate(cpu, leaf->va, ACCESS_EXEC, privileged,
				   &t) ||
		    t.page != leaf->size || t.pa != leaf->pa ||
		    t.global < global)
			return false;
	}
	return true;
}

/* Ids */

static void renew(struct view_pool *pool, struct view *view)
{
	view->id = ++pool->next_id;
	log_clear(&view->fetched);
	pool->fetched &= ~(UINT64_C(1) << (view - pool->views));
}

/* No answer holds any more. */
static void forget_all(struct cpu *cpu)
{
	struct view_pool *pool = cpu->views;
	unsigned int i;

	cpu->fetch_generation++;
	for (i = 0; i < pool->count; i++)
		log_clear(&pool->views[i].fetched);
	pool->fetched = 0;
	pool->own_global = false;
	for (i = 0; i < VIEW_REGIMES; i++)
		log_clear(&pool->regimes[i].fetched);
}

static void restart_ids(struct cpu *cpu)
{
	struct view_pool *pool = cpu->views;
	unsigned int i;

	pool->next_id = 0;
	for (i = 0; i < pool->count; i++)
		pool->views[i].id = ++pool->next_id;
	for (i = 0; i < VIEW_REGIMES; i++)
		pool->regimes[i].id = ++pool->next_id;
	forget_all(cpu);
}

static void choose(struct cpu *cpu)
{
	const struct view *view = cpu->view;
	uint32_t *context = cpu->fetch_context;

	if (unlikely(cpu->views->next_id > ID_LIMIT))
		restart_ids(cpu);
	if (!view) {
		context[0] = context[1] = ++cpu->views->next_id;
		return;
	}
	context[0] = context[1] = view->id;
	if (view->privileged)
		context[1] = cpu->views->regimes[view->regime].id;
}

/* Since the view in force was last looked at, all or its ASID was flushed. */
static __attribute__((noinline)) void look_again(struct cpu *cpu)
{
	struct view_pool *pool = cpu->views;
	struct view *view = cpu->view;
	struct view_regime *regime = &pool->regimes[view->regime];

	if (!log_holds(cpu, &view->fetched, view->privileged, false))
		renew(pool, view);
	view->flushes = pool->flushes;
	if (!view->privileged || regime->flushes == pool->flushes)
		return;
	if (!log_holds(cpu, &regime->fetched, true, true))
		forget_all(cpu);
	regime->flushes = pool->flushes;
}

void fetch_context_changed(struct cpu *cpu)
{
	if (cpu->view && unlikely(cpu->view->flushes != cpu->views->flushes))
		look_again(cpu);
	choose(cpu);
}

/* Fetching */

static struct fetch_page *slot(const struct cpu *cpu, vaddr va, uint32_t id)
{
	return &cpu->fetch->page[(va >> 12 ^ id * 37) % FETCH_PAGES];
}

/* What is remembered of va under this id, or NULL. */
static const struct fetch_page *find(const struct cpu *cpu, vaddr va,
				     uint32_t id)
{
	const struct fetch_page *at = slot(cpu, va, id);

	return at->page == (va & ~UINT32_C(0xfff)) && at->id == id &&
			       at->generation == cpu->fetch_generation &&
			       at->host
		       ? at
		       : NULL;
}

bool mmu_fetch_shared(const struct cpu *cpu, vaddr va)
{
	uint32_t id = cpu->fetch_context[va >> 31];

	return id == cpu->fetch_context[0] || find(cpu, va, id);
}

static void remember(struct cpu *cpu, vaddr va, const struct translation *t,
		     const uint8_t *host)
{
	uint32_t id = cpu->fetch_context[va >> 31];
	struct view_pool *pool = cpu->views;
	struct view *view = cpu->view;

	if (!t->global)
		id = cpu->fetch_context[0];
	*slot(cpu, va, id) = (struct fetch_page){ va & ~UINT32_C(0xfff), id,
						  cpu->fetch_generation, host,
						  t->pa & ~UINT64_C(0xfff) };
	if (!view)
		return;
	if (id == cpu->fetch_context[0]) {
		log_leaf(&view->fetched, va, t);
		pool->own_global |= t->global;
		pool->fetched |= UINT64_C(1) << (view - pool->views);
	} else {
		log_leaf(&pool->regimes[view->regime].fetched, va, t);
	}
}

const uint8_t *mmu_fetch(struct cpu *cpu, vaddr va, paddr *ret_pa,
			 uint32_t *ret_fsr)
{
	const struct fetch_page *at = find(cpu, va,
					   cpu->fetch_context[va >> 31]);
	struct translation t;
	const uint8_t *host;

	if (!at)
		at = find(cpu, va, cpu->fetch_context[0]);
	if (at) {
		*ret_pa = at->pa;
		return at->host;
	}
	if (!mmu_translate(cpu, va, ACCESS_EXEC, cpu_privileged(cpu), &t)) {
		/* the IFSR has no domain */
		*ret_fsr = t.fsr & FSR_LPAE ? t.fsr : t.fsr & ~0xf0u;
		return NULL;
	}
	*ret_pa = t.pa & ~UINT64_C(0xfff);
	host = ram_at(cpu->sys->ram, *ret_pa, 4096);
	if (!host) {
		*ret_fsr = mmu_fsr(cpu, FAULT_EXTERNAL, 0, 0);
		return NULL;
	}
	remember(cpu, va, &t, host);
	return host;
}

/* Maintenance */

void fetch_flush_all(struct cpu *cpu)
{
	cpu->views->flushes++;
	fetch_context_changed(cpu);
}

void fetch_flush_asid(struct cpu *cpu, unsigned int asid)
{
	struct view_pool *pool = cpu->views;
	uint64_t left;

	for (left = pool->fetched; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		if (pool->asids[i] == asid)
			pool->views[i].flushes = pool->flushes - 1;
	}
	fetch_context_changed(cpu);
}

void fetch_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		      bool all_asids)
{
	struct view_pool *pool = cpu->views;
	uint64_t left;
	unsigned int i;

	for (i = 0; i < VIEW_REGIMES; i++) {
		if (log_has(&pool->regimes[i].fetched, va)) {
			forget_all(cpu);
			return;
		}
	}
	for (left = pool->fetched; left; left &= left - 1) {
		struct view *view;

		i = (unsigned int)__builtin_ctzll(left);
		if (!all_asids && pool->asids[i] != asid && !pool->own_global)
			continue;
		view = &pool->views[i];
		if (log_has(&view->fetched, va))
			renew(pool, view);
	}
	choose(cpu);
}

void mmu_fetch_forget(struct cpu *cpu)
{
	struct view_pool *pool = cpu->views;
	unsigned int i;

	for (i = 0; i < VIEW_REGIMES; i++) {
		pool->regimes[i].id = ++pool->next_id;
		log_clear(&pool->regimes[i].fetched);
	}
	for (i = 0; i < pool->count; i++)
		renew(pool, &pool->views[i]);
	pool->own_global = false;
	choose(cpu);
}

void fetch_init(struct cpu *cpu)
{
	cpu->fetch = xnew(struct fetch_cache);
}

void fetch_fini(struct cpu *cpu)
{
	free(cpu->fetch);
	cpu->fetch = NULL;
}
