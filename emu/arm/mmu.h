/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation (B3): the walks, the rights, and the flat views that
 * remember their results (DESIGN.md §7 "Memory").
 *
 * A view is two arrays indexed by va >> 12, one for reading, one for writing,
 * whose entries are host minus guest address, or <= 0 for "ask the slow
 * path".  A CPU has a pool of views, keyed by what the translation depends on
 * (ASID, privilege, and the interned regime: SCTLR.{M,AFE,TRE,WXN,UWXN},
 * TTBCR, and DACR in the short format); changing TTBR, TTBCR, CONTEXTIDR,
 * DACR or the mode loads another view and drops nothing.
 */
#ifndef ARM_MMU_H
#define ARM_MMU_H

#include "arm/access.h"
#include "arm/cpu.h"

/* Fault status registers, both formats (B4.1.51, B4.1.52). */
enum fsr_bit {
	FSR_LPAE = 1 << 9,
	FSR_FS4 = 1 << 10, /* short format: bit 4 of the status */
	FSR_WNR = 1 << 11, /* not in the IFSR */
	FSR_EXT = 1 << 12,
	FSR_CM = 1 << 13, /* cache maintenance; with WnR */
};

/* Not in the order of their priority. */
enum fault {
	FAULT_ALIGNMENT,
	FAULT_TRANSLATION,
	FAULT_ACCESS_FLAG,
	FAULT_DOMAIN,
	FAULT_PERMISSION,
	FAULT_EXTERNAL,
	FAULT_EXTERNAL_WALK,
};

/* The status of a fault in the format in force (TTBCR.EAE); level 1 to 3 and
 * the domain count only where the format has them. */
uint32_t mmu_fsr(const struct cpu *cpu, enum fault fault, unsigned int level,
		 unsigned int domain);

/* The result of one translation. */
struct translation {
	paddr pa;
	uint32_t fsr;  /* fault status in the format in force, or 0: ok; with
			* WnR for a write */
	uint32_t page; /* size that is mapped alike: 4 KiB up to 1 GiB;
			* what a fill may cover */
	bool global;   /* nG was 0 */
	bool device;   /* Device or Strongly-ordered memory */
	uint8_t rights_user, rights_priv; /* of enum access */
	uint8_t level, domain;            /* of the last descriptor */
	uint32_t memattr; /* for the PAR: see walk_short.c, walk_lpae.c */
};

/* Walk the tables as they are; no exception, nothing remembered.  access
 * is what is checked against the rights of PL1 (privileged) or PL0.
 * With the MMU off: flat, all rights. */
bool mmu_translate(struct cpu *cpu, vaddr va, enum access access,
		   bool privileged, struct translation *ret);

/*
 * For fetching: the host address of the page of va, NULL after a fault (then
 * *ret_fsr is set); *ret_pa is the page's physical address.  Code outside of
 * RAM is an external abort.
 *
 * The answer holds as long as mmu_generation() and mmu_fetch_id() are what
 * they were.  PL1 code in the upper half of the addresses, fetched through
 * global leaves, is the same in all address spaces: its answer holds under
 * cpu->fetch_context[1], if mmu_fetch_shared() says so.  Below, and at PL0,
 * fetch_context[va >> 31] is mmu_fetch_id().
 */
const uint8_t *mmu_fetch(struct cpu *cpu, vaddr va, paddr *ret_pa,
			 uint32_t *ret_fsr);

/* Of an address that was just fetched from: whether the answer may be
 * remembered under fetch_context[va >> 31]. */
bool mmu_fetch_shared(const struct cpu *cpu, vaddr va);

/* All answers get other ids: for a cache of code that is to be emptied. */
void mmu_fetch_forget(struct cpu *cpu);

/* An id of the current view for tags of code caches; ids are not reused
 * before mmu_generation() has moved on. */
static inline uint32_t mmu_fetch_id(const struct cpu *cpu)
{
	return cpu->fetch_context[0];
}

/* Moves when answers under any id become wrong.  What concerns one address
 * space gives its views new ids instead; and maintenance that changes nothing
 * for what was fetched from, as most of it, does neither. */
static inline uint32_t mmu_generation(const struct cpu *cpu)
{
	return cpu->fetch_generation;
}

/* To be called after each change of what the current view depends on. */
void mmu_context_changed(struct cpu *cpu); /* mode, E, ASID, TTB*, SCTLR… */
void mmu_attributes_changed(struct cpu *cpu); /* MAIR, PRRR, NMRR: drop all */

/* TLB maintenance on this CPU only; sync.h broadcasts. */
void mmu_flush_all(struct cpu *cpu);
void mmu_flush_page(struct cpu *cpu, vaddr va, unsigned int asid,
		    bool all_asids);
void mmu_flush_asid(struct cpu *cpu, unsigned int asid);

/* Withdraw all write addends that reach this physical page, of this CPU. */
void mmu_unmap_writes(struct cpu *cpu, paddr page);

/*
 * To be called before [pa, pa + len), inside of one page of RAM, is decoded:
 * from now on writes to it are noticed, on all CPUs.  Returns the version
 * (mem/codepages.h) to keep with what is decoded: throw it away when
 * codepages_version() is another.  May serve requests of other CPUs.
 */
uint32_t mmu_mark_code(struct cpu *cpu, paddr pa, unsigned int len);

/* PAR, as ATS1CPR and its kin leave it; in the format in force. */
uint64_t mmu_par(struct cpu *cpu, vaddr va, enum access access,
		 bool privileged);

int mmu_init(struct cpu *cpu, struct err *err);
void mmu_fini(struct cpu *cpu);

#endif
