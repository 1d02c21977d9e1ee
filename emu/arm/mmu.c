/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation, above the two formats of tables (walk_short.c, walk_lpae.c)
 * and beside the views that remember it (view.c): rights, fault status, the
 * choice of the view, and a small cache for instruction pages.
 *
 * With the MMU off memory is flat, everything may be done everywhere, and RAM
 * counts as Normal: the manual calls data Strongly-ordered then (B3.2.1), but
 * without the Virtualization Extensions an unaligned access to such memory is
 * UNPREDICTABLE, and QEMU lets it pass.
 *
 * Instruction pages are remembered by virtual page, context and generation;
 * what invalidates any of them changes one of the last two.  Linux maintains
 * the TLB for single pages of data all the time, so what was fetched from is
 * remembered, and the rest changes nothing.
 */
#include "arm/mmu.h"

#include <errno.h>
#include <stdlib.h>

#include "arm/sync.h"
#include "arm/view.h"
#include "arm/walk.h"
#include "common/bits.h"
#include "common/mem.h"

enum {
	FETCH_PAGES = 256,
	TTBCR_A1 = 1 << 22,
	/* A is no matter of translation, but of translated code's */
	REGIME_SCTLR = SCTLR_M | SCTLR_A | SCTLR_WXN | SCTLR_UWXN | SCTLR_EE |
		       SCTLR_TRE | SCTLR_AFE,
	PAR_F = 1 << 0,
	PAR_LPAE = 1 << 11,
};

struct fetch_page {
	vaddr page;
	uint32_t id, generation;
	const uint8_t *host; /* NULL: nothing is remembered here */
	paddr pa;
};

/* Which pages were fetched from, perhaps; by hash of the page's number, and by
 * 2 MiB for what larger leaves map. */
struct fetched {
	uint64_t page[64], block[32];
	bool any; /* a leaf of more than 2 MiB */
};

struct fetch_cache {
	struct fetch_page page[FETCH_PAGES];
	struct fetched own, shared; /* under a view's id, a regime's id */
	bool own_global;            /* a global leaf under a view's id */
};

/* Fault status */

uint32_t mmu_fsr(const struct cpu *cpu, enum fault fault, unsigned int level,
		 unsigned int domain)
{
	/* clang-format off */
	static const struct {
		uint8_t lpae, first, second; /* the short format by level */
		bool by_level;               /* LPAE: level in bits 1:0 */
	} status[] = {
		[FAULT_ALIGNMENT]     = { 0x21, 0x01, 0x01, false },
		[FAULT_TRANSLATION]   = { 0x04, 0x05, 0x07, true },
		[FAULT_ACCESS_FLAG]   = { 0x08, 0x03, 0x06, true },
		[FAULT_DOMAIN]        = { 0x3c, 0x09, 0x0b, true },
		[FAULT_PERMISSION]    = { 0x0c, 0x0d, 0x0f, true },
		[FAULT_EXTERNAL]      = { 0x10, 0x08, 0x08, false },
		[FAULT_EXTERNAL_WALK] = { 0x14, 0x0c, 0x0e, true },
	};
	/* clang-format on */

	if (cpu->cp15.ttbcr & TTBCR_EAE)
		return FSR_LPAE | status[fault].lpae |
		       (status[fault].by_level ? level : 0);
	return (level == 2 ? status[fault].second : status[fault].first) |
	       domain << 4;
}

/* Translation */

void walk_add_exec(const struct cpu *cpu, bool xn, bool pxn,
		   struct translation *t)
{
	uint32_t sctlr = cpu->cp15.sctlr;
	bool wxn = sctlr & SCTLR_WXN, uwxn = sctlr & SCTLR_UWXN;

	if (xn)
		return;
	if (t->rights_user & ACCESS_READ &&
	    !(wxn && t->rights_user & ACCESS_WRITE))
		t->rights_user |= ACCESS_EXEC;
	if (t->rights_priv & ACCESS_READ && !pxn &&
	    !(wxn && t->rights_priv & ACCESS_WRITE) &&
	    !(uwxn && t->rights_user & ACCESS_WRITE))
		t->rights_priv |= ACCESS_EXEC;
}

static bool walk(const struct cpu *cpu, vaddr va, struct translation *t)
{
	*t = (struct translation){ 0 };
	if (!(cpu->cp15.sctlr & SCTLR_M)) {
		t->pa = va;
		t->page = 2 << 20;
		t->global = true;
		t->rights_user = t->rights_priv = ACCESS_ALL;
		return true;
	}
	if (cpu->cp15.ttbcr & TTBCR_EAE)
		return walk_lpae(cpu, va, t);
	return walk_short(cpu, va, t);
}

bool mmu_translate(struct cpu *cpu, vaddr va, enum access access,
		   bool privileged, struct translation *ret)
{
	bool ok = walk(cpu, va, ret);

	if (ok) {
		if ((privileged ? ret->rights_priv : ret->rights_user) & access)
			return true;
		ret->fsr = mmu_fsr(cpu, FAULT_PERMISSION, ret->level,
				   ret->domain);
	}
	if (access == ACCESS_WRITE)
		ret->fsr |= FSR_WNR;
	return false;
}

uint64_t mmu_par(struct cpu *cpu, vaddr va, enum access access, bool privileged)
{
	bool lpae = cpu->cp15.ttbcr & TTBCR_EAE;
	struct translation t;
	uint32_t fsr;

	if (mmu_translate(cpu, va, access, privileged, &t))
		return lpae ? walk_lpae_par(cpu, &t) : walk_short_par(cpu, &t);
	fsr = t.fsr;
	if (lpae)
		return PAR_F | PAR_LPAE | (fsr & 0x3f) << 1;
	return PAR_F | (fsr & 0xf) << 1 | (fsr & FSR_FS4) >> 5 |
	       (fsr & FSR_EXT) >> 6;
}

/* Fetching */

static unsigned int fetched_hash(vaddr va)
{
	return (va >> 12) * 0x9e3779b1u >> 20; /* 12 bits */
}

static void note_fetched(struct fetched *f, vaddr va, uint32_t leaf)
{
	unsigned int h = fetched_hash(va), block = va >> 21;

	if (leaf <= 4096)
		f->page[h / 64] |= UINT64_C(1) << h % 64;
	else if (leaf <= 2 << 20)
		f->block[block / 64] |= UINT64_C(1) << block % 64;
	else
		f->any = true;
}

static bool was_fetched(const struct fetched *f, vaddr va)
{
	unsigned int h = fetched_hash(va), block = va >> 21;

	return f->any || f->page[h / 64] >> h % 64 & 1 ||
	       f->block[block / 64] >> block % 64 & 1;
}

static struct fetch_page *fetch_slot(const struct cpu *cpu, vaddr va,
				     uint32_t id)
{
	return &cpu->fetch->page[(va >> 12 ^ id * 37) % FETCH_PAGES];
}

/* What is remembered of va under this id, or NULL. */
static const struct fetch_page *find_fetched(const struct cpu *cpu, vaddr va,
					     uint32_t id)
{
	const struct fetch_page *at = fetch_slot(cpu, va, id);

	return at->page == (va & ~UINT32_C(0xfff)) && at->id == id &&
			       at->generation == cpu->fetch_generation &&
			       at->host
		       ? at
		       : NULL;
}

bool mmu_fetch_shared(const struct cpu *cpu, vaddr va)
{
	uint32_t id = cpu->fetch_context[va >> 31];

	return id == cpu->fetch_context[0] || find_fetched(cpu, va, id);
}

static void remember_fetch(struct cpu *cpu, vaddr va,
			   const struct translation *t, const uint8_t *host)
{
	uint32_t id = cpu->fetch_context[va >> 31];
	struct fetch_cache *f = cpu->fetch;

	if (!t->global)
		id = cpu->fetch_context[0];
	*fetch_slot(cpu, va, id) = (struct fetch_page){
		va & ~UINT32_C(0xfff), id, cpu->fetch_generation, host, t->pa
	};
	if (id == cpu->fetch_context[0]) {
		note_fetched(&f->own, va, t->page);
		f->own_global |= t->global;
	} else {
		note_fetched(&f->shared, va, t->page);
	}
}

const uint8_t *mmu_fetch(struct cpu *cpu, vaddr va, paddr *ret_pa,
			 uint32_t *ret_fsr)
{
	const struct fetch_page *at = find_fetched(
		cpu, va, cpu->fetch_context[va >> 31]);
	struct translation t;
	const uint8_t *host;

	if (!at)
		at = find_fetched(cpu, va, cpu->fetch_context[0]);
	if (at) {
		*ret_pa = at->pa;
		return at->host;
	}
	if (!mmu_translate(cpu, va, ACCESS_EXEC, cpu_privileged(cpu), &t)) {
		/* the IFSR has no domain */
		*ret_fsr = t.fsr & FSR_LPAE ? t.fsr : t.fsr & ~0xf0u;
		return NULL;
	}
	t.pa &= ~UINT64_C(0xfff);
	host = ram_at(cpu->sys->ram, t.pa, 4096);
	if (!host) {
		*ret_fsr = mmu_fsr(cpu, FAULT_EXTERNAL, 0, 0);
		return NULL;
	}
	remember_fetch(cpu, va, &t, host);
	*ret_pa = t.pa;
	return host;
}

uint32_t mmu_mark_code(struct cpu *cpu, paddr pa, unsigned int len)
{
	struct codepages *cp = cpu->sys->codepages;
	uint32_t version;

	if (codepages_mark(cp, pa, len, &version)) {
		mmu_unmap_writes(cpu, pa);
		sync_post(cpu, SYNC_UNMAP_WRITES, pa);
		sync_wait(cpu);
		codepages_withdrawn(cp, pa, version);
	}
	return version;
}

/* Contexts */

static unsigned int current_asid(const struct cpu *cpu)
{
	const struct cp15 *c = &cpu->cp15;

	if (!(c->ttbcr & TTBCR_EAE))
		return c->contextidr & 0xff;
	return (c->ttbcr & TTBCR_A1 ? c->ttbr1 : c->ttbr0) >> 48 & 0xff;
}

static void choose_fetch_context(struct cpu *cpu)
{
	const struct view *view = cpu->view;
	uint32_t *context = cpu->fetch_context;

	if (!view) {
		context[0] = context[1] = ++cpu->views->next_id;
		return;
	}
	context[0] = context[1] = view->id;
	if (view->privileged)
		context[1] = cpu->views->regimes[view->regime].id;
}

void mmu_context_changed(struct cpu *cpu)
{
	const struct cp15 *c = &cpu->cp15;
	struct view_pool *pool = cpu->views;
	struct view_regime_key key = { .sctlr = c->sctlr & SCTLR_A };
	unsigned int asid = 0;
	bool privileged = true;

	if (c->sctlr & SCTLR_M) {
		key.sctlr = c->sctlr & REGIME_SCTLR;
		key.ttbcr = c->ttbcr;
		key.dacr = c->ttbcr & TTBCR_EAE ? 0 : c->dacr;
		asid = current_asid(cpu);
		privileged = cpu_privileged(cpu);
	}
	cpu->view = view_select(pool, &key, asid, privileged);
	cpu->view_r = pool->empty;
	cpu->view_w = pool->empty + VIEW_PAGES;
	choose_fetch_context(cpu);
	if (!cpu->view)
		return;
	if (!cpu->big_endian) {
		cpu->view_r = cpu->view->r;
		cpu->view_w = cpu->view->w;
	}
}

void mmu_attributes_changed(struct cpu *cpu)
{
	mmu_flush_all(cpu);
}

/* Maintenance */

/* No answer of mmu_fetch() holds any more. */
static void forget_fetched(struct cpu *cpu)
{
	struct fetch_cache *f = cpu->fetch;

	cpu->fetch_generation++;
	f->own = f->shared = (struct fetched){ 0 };
	f->own_global = false;
}

/* None of this address space. */
static void forget_own(struct cpu *cpu, unsigned int asid, bool all_asids)
{
	view_renew(cpu->views, asid, all_asids);
	choose_fetch_context(cpu);
}

void mmu_flush_all(struct cpu *cpu)
{
	view_clear_all(cpu->views);
	forget_fetched(cpu);
}

void mmu_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		    bool all_asids)
{
	const struct fetch_cache *f = cpu->fetch;

	view_clear_page(cpu->views, va, asid, all_asids);
	if (was_fetched(&f->shared, va))
		forget_fetched(cpu);
	else if (was_fetched(&f->own, va))
		forget_own(cpu, asid, all_asids || f->own_global);
}

void mmu_flush_asid(struct cpu *cpu, unsigned int asid)
{
	view_clear_asid(cpu->views, asid);
	forget_own(cpu, asid, false);
}

void mmu_unmap_writes(struct cpu *cpu, paddr page)
{
	view_unmap_writes(cpu->views, page);
}

int mmu_init(struct cpu *cpu, struct err *err)
{
	cpu->views = view_pool_new(cpu->sys->ram, cpu->sys->codepages, err);
	if (!cpu->views)
		return -ENOMEM;
	cpu->fetch = xnew(struct fetch_cache);
	mmu_context_changed(cpu);
	return 0;
}

void mmu_fini(struct cpu *cpu)
{
	view_pool_free(cpu->views);
	free(cpu->fetch);
	cpu->views = NULL;
	cpu->fetch = NULL;
	cpu->view = NULL;
	cpu->view_r = cpu->view_w = NULL;
}
