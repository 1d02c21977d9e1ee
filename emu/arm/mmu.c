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
 * what invalidates any of them changes one of the last two.
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
	REGIME_SCTLR = SCTLR_M | SCTLR_WXN | SCTLR_UWXN | SCTLR_EE | SCTLR_TRE |
		       SCTLR_AFE,
	PAR_F = 1 << 0,
	PAR_LPAE = 1 << 11,
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

const uint8_t *mmu_fetch(struct cpu *cpu, vaddr va, paddr *ret_pa,
			 uint32_t *ret_fsr)
{
	vaddr page = va & ~UINT32_C(0xfff);
	struct fetch_page *at =
		&cpu->fetch
			 ->page[(va >> 12 ^ cpu->fetch_id * 37) % FETCH_PAGES];
	struct translation t;

	if (at->page == page && at->id == cpu->fetch_id && at->host &&
	    at->generation == cpu->fetch_generation) {
		*ret_pa = at->pa;
		return at->host;
	}
	if (!mmu_translate(cpu, va, ACCESS_EXEC, cpu_privileged(cpu), &t)) {
		/* the IFSR has no domain */
		*ret_fsr = t.fsr & FSR_LPAE ? t.fsr : t.fsr & ~0xf0u;
		return NULL;
	}
	t.pa &= ~UINT64_C(0xfff);
	*at = (struct fetch_page){ page, cpu->fetch_id, cpu->fetch_generation,
				   ram_at(cpu->sys->ram, t.pa, 4096), t.pa };
	if (!at->host) {
		*ret_fsr = mmu_fsr(cpu, FAULT_EXTERNAL, 0, 0);
		return NULL;
	}
	*ret_pa = t.pa;
	return at->host;
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

void mmu_context_changed(struct cpu *cpu)
{
	const struct cp15 *c = &cpu->cp15;
	struct view_pool *pool = cpu->views;
	struct view_regime_key key = { 0 };
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
	if (!cpu->view) {
		cpu->fetch_id = ++pool->next_id;
		return;
	}
	cpu->fetch_id = cpu->view->id;
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

void mmu_flush_all(struct cpu *cpu)
{
	view_clear_all(cpu->views);
	cpu->fetch_generation++;
}

void mmu_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		    bool all_asids)
{
	view_clear_page(cpu->views, va, asid, all_asids);
	cpu->fetch_generation++;
}

void mmu_flush_asid(struct cpu *cpu, unsigned int asid)
{
	view_clear_asid(cpu->views, asid);
	cpu->fetch_generation++;
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
