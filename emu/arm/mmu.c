/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation, above the two formats of tables (walk_short.c, walk_lpae.c)
 * and beside what remembers it (view.c for data, fetch.c for code): rights,
 * fault status, the choice of the view.
 *
 * With the MMU off memory is flat, everything may be done everywhere, and RAM
 * counts as Normal: the manual calls data Strongly-ordered then (B3.2.1), but
 * without the Virtualization Extensions an unaligned access to such memory is
 * UNPREDICTABLE, and QEMU lets it pass.
 */
#include "arm/mmu.h"

#include <errno.h>

#include "arm/fetch.h"
#include "arm/sync.h"
#include "arm/view.h"
#include "arm/walk.h"
#include "common/bits.h"
#include "common/mem.h"

enum {
	TTBCR_A1 = 1 << 22,
	/* A is no matter of translation, but of translated code's */
	REGIME_SCTLR = SCTLR_M | SCTLR_A | SCTLR_WXN | SCTLR_UWXN | SCTLR_EE |
		       SCTLR_TRE | SCTLR_AFE,
	PAR_F = 1 << 0,
	PAR_LPAE = 1 << 11,
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

/* Code */

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
	struct view_regime_key key = { .sctlr = c->sctlr & SCTLR_A };
	bool privileged = cpu_privileged(cpu);
	unsigned int asid = 0;

	if (c->sctlr & SCTLR_M) {
		key.sctlr = c->sctlr & REGIME_SCTLR;
		key.ttbcr = c->ttbcr;
		key.dacr = c->ttbcr & TTBCR_EAE ? 0 : c->dacr;
		asid = current_asid(cpu);
	}
	cpu->view = view_select(pool, &key, asid, privileged);
	cpu->view_r = pool->empty;
	cpu->view_w = pool->empty + VIEW_PAGES;
	fetch_context_changed(cpu);
	if (cpu->view && !cpu->big_endian) {
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
	fetch_flush_all(cpu);
}

void mmu_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		    bool all_asids)
{
	view_clear_page(cpu->views, va, asid, all_asids);
	fetch_flush_page(cpu, va, asid, all_asids);
}

void mmu_flush_asid(struct cpu *cpu, unsigned int asid)
{
	view_clear_asid(cpu->views, asid);
	fetch_flush_asid(cpu, asid);
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
	fetch_init(cpu);
	mmu_context_changed(cpu);
	return 0;
}

void mmu_fini(struct cpu *cpu)
{
	fetch_fini(cpu);
	view_pool_free(cpu->views);
	cpu->views = NULL;
	cpu->view = NULL;
	cpu->view_r = cpu->view_w = NULL;
}
